"""Recipes: complete settings by name, from which scripts, experiments and tests start."""

from dataclasses import replace

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

# The same on a GPU: batches of 512 keep an H100 busy and put 64 pictures of each of eight types
# into a step. Learning rates, joining and averaging take as many steps as with batches of 64.
_MANY = replace(_SHORT, batch=512, warmup=16_000, half_life=80_000, log_every=20, sample_every=500)
LONG_GPU = RunConfig(
    DataConfig(),
    replace(_WIDE, width=56),
    replace(_CROWDED, join=48_000, ramp=64_000, references=128, crowd=64),
    replace(_MANY, pictures=4_000_000),
)
GROWN_GPU = replace(LONG_GPU, loop=replace(_MANY, pictures=2_000_000))


def of_kind(conditional: bool) -> dict[str, RunConfig]:
    """The recipes of conditional or of unconditional networks; the default one comes first.

    A network of NETWORKS without a recipe here has one of its own name: its defaults, with the
    report's losses.
    """
    named = {"projected": PROJECTED, "long": LONG, "grown": GROWN}
    named |= {"long-gpu": LONG_GPU, "grown-gpu": GROWN_GPU}
    named["report"] = REPORT_CGAN if conditional else REPORT_DCGAN
    known = {type(recipe.network) for recipe in (PROJECTED, REPORT_CGAN, REPORT_DCGAN)}
    for kind, network in NETWORKS.items():
        if network not in known:
            named[kind] = RunConfig(DataConfig(), network(), AdversarialConfig(), LoopConfig())
    return {name: recipe for name, recipe in named.items() if recipe.conditional == conditional}
