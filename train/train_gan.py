"""Train the unconditional GAN (the report's DCGAN, kernel 4, 6 or 8)."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.config import AdversarialConfig, DataConfig, DCGANConfig, LoopConfig, RunConfig
from gan.errors import command
from gan.launch import OutputConfig, launch, read_command


@dataclass(frozen=True)
class TrainGAN:
    """Train an unconditional DCGAN on cars; it runs as it is, on cars drawn by the program."""

    output: OutputConfig = field(default_factory=OutputConfig)
    data: DataConfig = field(default_factory=DataConfig)
    network: DCGANConfig = field(default_factory=DCGANConfig)
    objective: AdversarialConfig = field(default_factory=AdversarialConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)


@command
def main() -> None:
    """Read the flags, train."""
    given = read_command({"": TrainGAN})
    launch(RunConfig(given.data, given.network, given.objective, given.loop), given.output)


if __name__ == "__main__":
    main()
