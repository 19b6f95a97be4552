"""Runs that start with the generator of a finished one, at its size or at twice its size."""

from dataclasses import replace

from torch import Tensor

from gan.checkpoint import LoadedGenerator
from gan.config import SIZES, DataConfig, ProjectedConfig, RunConfig, from_json
from gan.errors import UserError
from gan.runs import Run

# What the weights of a generator decide: a run that starts with them can't change it.
KEPT = ("width", "latent", "class_code", "depth", "mapping", "grown", "trunk", "start")


def start(run: Run) -> RunConfig:
    """The settings of a run that starts with the generator of `run`: those of `run`.

    They name that generator by the SHA-256 of its file. `threads`, `minutes` and `keep_every` are
    the program's defaults: those of `run` suited another machine and occasion.

    Raises:
        UserError: `run` isn't finished, has other networks, or can't be read.
    """
    saved = run.read_config()
    settings = from_json(saved["settings"])
    if not isinstance(settings.network, ProjectedConfig):
        raise UserError(f"{run.path} can't be started from: it isn't of our conditional recipe")
    if not saved["progress"].get("finished", False):
        raise UserError(f"{run.path} isn't finished: go on with --out {run.path} --resume first")
    network = replace(settings.network, start=run.generator_hash())
    loop = replace(settings.loop, threads=0, minutes=0, keep_every=0)
    return replace(settings, network=network, loop=loop)


def grow(run: Run, recipe: RunConfig) -> RunConfig:
    """The settings of a run of twice the size that starts with the generator of `run`, its trunk.

    Widths, depth, latent, class code, mapping and photos are those of `run`, all else is as in
    `recipe`.

    Raises:
        UserError: `run` can't be started from (see `start`) or draws the largest size already.
    """
    settings = start(run)
    size = 2 * settings.data.size
    if size not in SIZES:
        raise UserError(f"{run.path} draws {size // 2} px already: nothing larger is supported")
    kept = {name: getattr(settings.network, name) for name in KEPT}
    kept |= {"grown": kept["grown"] + 1, "trunk": kept["start"], "start": ""}
    network = replace(recipe.network, **kept)
    return replace(recipe, data=DataConfig(settings.data.data, size), network=network)


def check(config: RunConfig, first: RunConfig, run: Run) -> None:
    """See that `config` keeps what the generator of `run` decides; `first` has it.

    Raises:
        UserError: It doesn't.
    """
    if config.data.size != first.data.size:
        raise UserError(f"--size must be {first.data.size}, as {run.path} is the run to start from")
    for name in KEPT:
        if getattr(config.network, name) != (kept := getattr(first.network, name)):
            flag = f"--{name.replace('_', '-')}"
            raise UserError(f"{flag} must be {kept}, as in {run.path}, the run to start from")
    if from_json(run.read_config()["settings"]).guided and not config.guided:
        raise UserError(f"{run.path} takes guidance: add --guided")


def first_weights(trunk: LoadedGenerator, classes: tuple[str, ...]) -> dict[str, Tensor]:
    """The weights of `trunk` by name, of its classes only `classes`, in that order.

    Raises:
        UserError: `trunk` doesn't draw one of them.
    """
    unknown = [name for name in classes if name not in trunk.classes]
    if unknown:
        raise UserError(
            f"the run to start from draws {', '.join(trunk.classes)}, not {', '.join(unknown)}:"
            " --data must name photos of classes that it draws"
        )
    rows = [trunk.classes.index(name) for name in classes]
    weights = trunk.network.state_dict()
    return weights | {
        name: weights[name][rows] for name in ("embedding", "relaxed") if name in weights
    }
