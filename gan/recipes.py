"""Recipes: complete settings by name, from which scripts, experiments and tests start."""

from dataclasses import fields, replace

from gan.config import (
    NETWORKS,
    AdversarialConfig,
    CGANConfig,
    DataConfig,
    DCGANConfig,
    DriftConfig,
    LoopConfig,
    ProjectedConfig,
    RunConfig,
)

# The report's unconditional networks, with kernel 4.
REPORT_DCGAN = RunConfig(DataConfig(), DCGANConfig(), AdversarialConfig(), LoopConfig())

# The report's conditional networks: the baseline.
REPORT_CGAN = RunConfig(DataConfig(), CGANConfig(), AdversarialConfig(), LoopConfig(epochs=20))

# Our conditional GAN: drifting towards the photos of each class, and heads on frozen features.
_SHORT = LoopConfig(
    pictures=90_000, batch=64, balanced=True, mirror=True, warmup=2000, decay_from=0.7
)
PROJECTED = RunConfig(DataConfig(), ProjectedConfig(), DriftConfig(), _SHORT)

# The same for an hour or more on photos: wider and deeper, the frozen network reads enlarged
# pictures, G takes guidance, and pictures of earlier steps repel too.
_WIDE = ProjectedConfig(width=48, view=128, guided=True, depth=2)
_CROWDED = DriftConfig(adversarial=0.5, crowd=48)
LONG = RunConfig(DataConfig(), _WIDE, _CROWDED, replace(_SHORT, pictures=320_000))

# For --grow-from. Size and widths follow from the run that it grows from (gan/growing.py).
GROWN = replace(LONG, loop=replace(_SHORT, pictures=130_000))

# The same for a GPU: large batches keep it busy and put up to 128 pictures of each of eight types
# into a step. Learning rates rise and heads join over as many steps as with batches of 64, at
# 256 px over twice as many. Here in the order of the ladder from 64 to 256 px:
_BIG = replace(_SHORT, batch=1024, warmup=32_000, half_life=160_000, log_every=20, sample_every=500)
_MANY = replace(_CROWDED, join=96_000, ramp=128_000, references=128, crowd=128)
LONG_GPU = RunConfig(
    DataConfig(), replace(_WIDE, width=56), _MANY, replace(_BIG, pictures=4_000_000)
)
GROWN_GPU = replace(LONG_GPU, loop=replace(_BIG, pictures=1_500_000))
GROWN_GPU_256 = replace(
    LONG_GPU,
    objective=replace(_MANY, join=48_000, ramp=64_000, crowd=64),
    loop=replace(_BIG, batch=256, warmup=16_000, half_life=80_000, pictures=200_000),
)


def on_gpu(name: str, size: int) -> str:
    """The recipe that on a GPU takes the place of the recipe `name` for pictures of `size` pixels.

    The default recipe, for minutes on a CPU, stays as it is; so does `long` from the first step on
    at 256 px, where batches of 1,024 would need some 50 GB.
    """
    if size == 256:
        return "grown-gpu-256" if name == "grown" else name
    return {"long": "long-gpu", "grown": "grown-gpu"}.get(name, name)


def suited(config: RunConfig, gpu: bool) -> RunConfig:
    """A run's settings for this machine, where they are those of a recipe for the other kind.

    Exchanged are the values of objective and loop in which the two recipes, for a GPU and for a
    CPU, differ. What was set otherwise stays as it is, and so do runs of other recipes.
    """
    if not isinstance(config.network, ProjectedConfig):
        return config
    name = "grown" if config.network.grown else "long"
    named = of_kind(conditional=True)
    ours, theirs = named[name], named[on_gpu(name, config.data.size)]
    if gpu:
        ours, theirs = theirs, ours
    differs = [
        (section, field.name)
        for section in ("objective", "loop")
        for field in fields(getattr(ours, section))
        if getattr(getattr(ours, section), field.name)
        != getattr(getattr(theirs, section), field.name)
    ]
    same = [
        (section, name)
        for section, name in differs
        if getattr(getattr(config, section), name) == getattr(getattr(theirs, section), name)
    ]
    if not {("loop", "batch"), *(one for one in differs if one[0] == "objective")} <= {*same}:
        return config  # it is of another recipe
    for section, name in same:
        value = getattr(getattr(ours, section), name)
        changed = replace(getattr(config, section), **{name: value})
        config = replace(config, **{section: changed})
    return config


def of_kind(conditional: bool) -> dict[str, RunConfig]:
    """The recipes of conditional or of unconditional networks; the default one comes first.

    A network of NETWORKS without a recipe here has one of its own name: its defaults, with the
    report's losses.
    """
    named = {"projected": PROJECTED, "long": LONG, "grown": GROWN}
    # By name what `long` and `grown` are on this kind of machine (gan/launch.py) or on the other.
    named |= {"long-cpu": LONG, "grown-cpu": GROWN}
    named |= {"long-gpu": LONG_GPU, "grown-gpu": GROWN_GPU, "grown-gpu-256": GROWN_GPU_256}
    named["report"] = REPORT_CGAN if conditional else REPORT_DCGAN
    known = {type(recipe.network) for recipe in (PROJECTED, REPORT_CGAN, REPORT_DCGAN)}
    for kind, network in NETWORKS.items():
        if network not in known:
            named[kind] = RunConfig(DataConfig(), network(), AdversarialConfig(), LoopConfig())
    return {name: recipe for name, recipe in named.items() if recipe.conditional == conditional}
