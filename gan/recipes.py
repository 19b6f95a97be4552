"""The recipes by name: complete settings that scripts, experiments and tests start from."""

from gan.config import (
    AdversarialConfig,
    CGANConfig,
    DataConfig,
    DCGANConfig,
    DriftConfig,
    LoopConfig,
    ProjectedConfig,
    RunConfig,
)

# The report's unconditional networks; kernel 4 unless told otherwise.
REPORT_DCGAN = RunConfig(DataConfig(), DCGANConfig(), AdversarialConfig(), LoopConfig())

# The report's conditional networks: the baseline.
REPORT_CGAN = RunConfig(DataConfig(), CGANConfig(), AdversarialConfig(), LoopConfig(epochs=20))

# Our conditional GAN: drifting towards each class's photos, sharpened by heads on frozen features.
PROJECTED = RunConfig(
    DataConfig(),
    ProjectedConfig(),
    DriftConfig(),
    LoopConfig(
        pictures=90_000,
        batch=64,
        balanced=True,
        mirror=True,
        warmup=2000,
        decay_from=0.7,
    ),
)
