"""The rows of results.csv for a run: its figures, its losses, and the cost of its networks."""

import functools

import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from gan.config import CGANConfig, DCGANConfig
from gan.experiments.plan import SIZE, Planned, Stage
from gan.experiments.results import measured
from gan.metrics.features import Row
from gan.models import build_discriminator, build_generator
from gan.runs import Run

# evaluate.py may have added further figures to an unconditional run; these alone belong here.
JUDGED = ("fd", "fid", "is", "kid", "precision", "recall")
SMOOTHING = 0.9  # weight of the past in the moving average of a loss


def rows_of(planned: Planned, run: Run, stage: Stage, seen: int) -> list[Row]:
    """The rows of results.csv for a run at one of its stages, which was judged at `seen` photos."""
    metrics = run.read_metrics()
    if not planned.config.conditional:
        metrics = metrics[metrics["metric"].isin(JUDGED) & metrics["reference"].ne("half")]
    rows = measured(metrics, seen)
    rows += [
        {"metric": metric, "extractor": "", "body_type": "all", "value": value}
        for metric, value in (_losses(run, seen) | _costs(planned)).items()
    ]
    shared = {"setting": planned.setting, "seed": planned.seed}
    return [shared | {"view": view} | row for view in stage.views for row in rows]


def _losses(run: Run, seen: int) -> dict[str, float]:
    losses = run.read_losses()
    losses = losses[losses["images_seen"] <= seen]
    if losses.empty:
        return {}
    tenth = max(1, len(losses) // 10)
    last, middle = losses.tail(tenth), losses.head(len(losses) // 2 or 1).tail(tenth)
    seconds = float(losses["seconds"].iloc[-1])
    return {
        "loss_g": float(last["loss_g"].mean()),
        "loss_d": float(last["loss_d"].mean()),
        "loss_g_rise": float(last["loss_g"].mean() - middle["loss_g"].mean()),
        "loss_g_oscillation": oscillation(losses["loss_g"]),
        "pictures_per_s": float(losses["images_seen"].iloc[-1]) / seconds,
        "seconds": seconds,
        "step_seconds": step_seconds(losses),
    }


def step_seconds(losses: pd.DataFrame) -> float:
    """The median time of a training step, from losses.csv.

    Unlike the whole time it hardly changes when another program takes the processor for a while.
    """
    first = pd.DataFrame({"iteration": [0], "seconds": [0.0]})
    times = pd.concat([first, losses[["iteration", "seconds"]]]).diff().iloc[1:]
    return float((times["seconds"] / times["iteration"]).median())


def oscillation(losses: pd.Series) -> float:
    """Standard deviation of a loss around its smoothed curve, without the first tenth.

    The curve is smoothed as in TensorBoard, by an exponential moving average with debiasing.
    """
    smooth = losses.ewm(alpha=1 - SMOOTHING, adjust=True).mean()
    return float((losses - smooth).iloc[len(losses) // 10 :].std(ddof=0))


def _costs(planned: Planned) -> dict[str, float]:
    if not isinstance(planned.config.network, (DCGANConfig, CGANConfig)):
        return {}
    classes = len(planned.photos.classes) if planned.config.conditional else 0
    parameters, multiply_adds = costs(planned.config.network, classes)
    return {"parameters": parameters, "multiply_adds": multiply_adds}


@functools.cache
def costs(network: DCGANConfig | CGANConfig, classes: int) -> tuple[int, int]:
    """The cost of both of the report's networks at SIZE pixels.

    Returns:
        Parameters of both networks, and multiply-adds of one picture through both.
    """
    with torch.random.fork_rng(devices=[]):
        both = [build(network, SIZE, classes) for build in (build_generator, build_discriminator)]
        generator, discriminator = (half.eval() for half in both)
        y = torch.zeros(2, dtype=torch.int64) if classes else None
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            discriminator(generator(torch.zeros(2, network.latent), y), y)
    parameters = sum(p.numel() for half in both for p in half.parameters() if p.requires_grad)
    # Divided by two pictures (BatchNorm needs two) and by two operations in a multiply-add.
    return parameters, counter.get_total_flops() // 4
