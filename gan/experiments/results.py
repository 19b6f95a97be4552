"""results.csv of an experiment: its rows from the run folders, and how settings compare in it."""

import functools
import io
import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from gan import atomic
from gan.config import CGANConfig, DCGANConfig
from gan.errors import UserError
from gan.experiments.paired import verdict
from gan.experiments.plan import SIZE, Planned, Stage
from gan.metrics.features import Row
from gan.metrics.glossary import LITE2
from gan.models import build_discriminator, build_generator
from gan.runs import Run

COLUMNS = (
    "setting",
    "seed",
    "view",
    "metric",
    "extractor",
    "body_type",
    "value",
    "n_real",
    "n_fake",
)
TEXTS = ("setting", "view", "metric", "extractor", "body_type")
FILE = "results.csv"
SMOOTHING = 0.9  # share of the past that a smoothed loss keeps at each row


def rows_of(planned: Planned, run: Run, stage: Stage, seen: int) -> list[Row]:
    """A run's rows of results.csv at one of its stages, judged at `seen` pictures."""
    metrics = run.read_metrics()
    # A classifier's figures come once a classifier; the seed here is the training's.
    keys = ["metric", "extractor", "body_type"]
    found = metrics[metrics["images_seen"] == seen].groupby(keys, as_index=False, sort=False)
    means = found[["value", "n_real", "n_fake"]].mean()
    rows = records(means)
    rows += [
        {"metric": metric, "extractor": "", "body_type": "all", "value": value}
        for metric, value in (_losses(run, seen) | _costs(planned)).items()
    ]
    about = {"setting": planned.setting, "seed": planned.seed}
    return [about | {"view": view} | row for view in stage.views for row in rows]


def records(table: pd.DataFrame) -> list[Row]:
    """A table's rows, one by one."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _losses(run: Run, seen: int) -> dict[str, float]:
    losses = run.read_losses()
    losses = losses[losses["images_seen"] <= seen]
    if losses.empty:
        return {}
    last = losses.tail(max(1, len(losses) // 10))
    seconds = float(losses["seconds"].iloc[-1])
    return {
        "loss_g": float(last["loss_g"].mean()),
        "loss_d": float(last["loss_d"].mean()),
        "loss_g_oscillation": oscillation(losses["loss_g"]),
        "pictures_per_s": float(losses["images_seen"].iloc[-1]) / seconds,
        "seconds": seconds,
    }


def oscillation(losses: pd.Series) -> float:
    """Standard deviation of a loss around its smoothed curve.

    Smoothed as TensorBoard does: an exponential moving average with debiasing, which keeps
    SMOOTHING of the past at each row. The first tenth, where every loss leaves its start, is
    left out.
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
    """What both of the report's networks hold and do at SIZE pixels.

    Returns:
        Trained parameters of both, and multiply-adds to draw one picture and judge it once.
    """
    with torch.random.fork_rng(devices=[]):
        both = [build(network, SIZE, classes) for build in (build_generator, build_discriminator)]
        generator, discriminator = (one.eval() for one in both)
        y = torch.zeros(2, dtype=torch.int64) if classes else None
        with torch.no_grad(), FlopCounterMode(display=False) as counter:
            discriminator(generator(torch.zeros(2, network.latent), y), y)
    parameters = sum(p.numel() for one in both for p in one.parameters() if p.requires_grad)
    # A multiply-add is two operations; two pictures, since some layers compare pictures.
    return parameters, counter.get_total_flops() // 4


def write(folder: Path, rows: Iterable[Row]) -> None:
    """Write an experiment's results.csv anew."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    atomic.write_text(folder / FILE, table.to_csv(index=False, float_format="%.8g"))


def read(folder: Path) -> pd.DataFrame:
    """An experiment's results.csv.

    Raises:
        UserError: There is none, or it is something else.
    """
    path = folder / FILE
    try:
        table = pd.read_csv(
            io.StringIO(path.read_text(encoding="utf-8")), dtype=dict.fromkeys(TEXTS, "str")
        )
        if tuple(table.columns) != COLUMNS:
            raise ValueError(f"its columns are not {','.join(COLUMNS)}")
        numbers = [column for column in COLUMNS if column not in TEXTS]
        table[numbers] = table[numbers].apply(pd.to_numeric)
    except FileNotFoundError:
        raise UserError(f"there is no {path}: run the experiment first") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be read: {error}") from None
    table[list(TEXTS)] = table[list(TEXTS)].fillna("")
    return table


@dataclass(frozen=True)
class Finding:
    """A sentence, whether it holds here, and the figures behind that."""

    claim: str
    holds: bool | None  # None: the seeds don't agree, or are too few
    evidence: str

    def __str__(self) -> str:
        verdict = {True: "HOLDS", False: "DOES NOT HOLD", None: "NOT SHOWN"}[self.holds]
        return f"{verdict:<13}  {self.claim}\n{'':15}{self.evidence}"


def text(found: Iterable[Finding]) -> str:
    """Findings as a reader wants them."""
    return "\n".join(map(str, found))


def values(
    table: pd.DataFrame, metric: str, view: str, body_type: str = "all", extractor: str = ""
) -> pd.DataFrame:
    """One metric of an experiment: a row a seed, a column a setting.

    Where `extractor` is empty, EfficientNet-Lite2 speaks if it was asked.
    """
    found = table[
        (table["metric"] == metric) & (table["view"] == view) & (table["body_type"] == body_type)
    ]
    extractor = extractor or (LITE2 if LITE2 in set(found["extractor"]) else extractor)
    if extractor:
        found = found[found["extractor"] == extractor]
    return found.pivot_table(index="seed", columns="setting", values="value", sort=False)


def spread(numbers: Iterable[float]) -> str:
    """A mean with its range, as text: 3.1 (2.8 to 3.3)."""
    found = [number for number in numbers if not math.isnan(number)]
    if not found:
        return "not measured"
    mean, low, high = map(_digits, (sum(found) / len(found), min(found), max(found)))
    return mean if len(found) == 1 else f"{mean} ({low} to {high})"


def ranged(numbers: pd.Series) -> str:
    """What the bracket of `spread` spans."""
    count = int(numbers.count())
    return "one seed" if count == 1 else f"range of {count} seeds"


def rising(claim: str, table: pd.DataFrame, settings: Sequence[str]) -> Finding:
    """Whether a metric (as `values` gives it) rises from each of the settings to the next."""
    missing = [setting for setting in settings if setting not in table]
    if missing:
        return Finding(claim, None, f"not measured: {', '.join(missing)}")
    pairs = list(itertools.pairwise(settings))
    steps = [table[after] - table[before] for before, after in pairs]
    listed = ", ".join(f"{setting} {spread(table[setting])}" for setting in settings)
    changes = ", ".join(
        f"{before} to {after} {spread(step)}"
        for (before, after), step in zip(pairs, steps, strict=True)
    )
    return Finding(
        claim, verdict(*steps), f"{listed}; paired change {changes} [{ranged(steps[0])}]"
    )


def _digits(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
