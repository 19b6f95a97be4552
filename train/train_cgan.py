"""Train the conditional GAN: a chosen car type on demand."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.config import (
    AdversarialConfig,
    CGANConfig,
    DataConfig,
    DriftConfig,
    LoopConfig,
    ProjectedConfig,
    RunConfig,
)
from gan.errors import command
from gan.launch import OutputConfig, launch, read_command


@dataclass(frozen=True)
class TrainProjected:
    """Train our conditional GAN; it runs as it is, on cars drawn by the program.

    --recipe report trains the report's pair instead, with flags of its own.
    """

    recipe: Literal["projected", "report"] = "projected"  # ours, or the report's
    output: OutputConfig = field(default_factory=OutputConfig)
    data: DataConfig = field(default_factory=DataConfig)
    network: ProjectedConfig = field(default_factory=ProjectedConfig)
    objective: DriftConfig = field(default_factory=DriftConfig)
    loop: LoopConfig = field(
        default_factory=lambda: LoopConfig(
            pictures=90_000,
            batch=64,
            balanced=True,
            mirror=True,
            warmup=2000,
            decay_from=0.7,
        )
    )


@dataclass(frozen=True)
class TrainReport:
    """Train the report's conditional pair: the baseline."""

    recipe: Literal["projected", "report"] = "report"  # ours, or the report's
    output: OutputConfig = field(default_factory=OutputConfig)
    data: DataConfig = field(default_factory=DataConfig)
    network: CGANConfig = field(default_factory=CGANConfig)
    objective: AdversarialConfig = field(default_factory=AdversarialConfig)
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(epochs=20))


@command
def main() -> None:
    """Read the flags, train."""
    given = read_command({"projected": TrainProjected, "report": TrainReport})
    launch(RunConfig(given.data, given.network, given.objective, given.loop), given.output)


if __name__ == "__main__":
    main()
