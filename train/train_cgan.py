"""Train the conditional GAN: a chosen car type on demand."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.config import AdversarialConfig, CGANConfig, DataConfig, LoopConfig, RunConfig
from gan.errors import command
from gan.launch import OutputConfig, launch, read_command


@dataclass(frozen=True)
class TrainReport:
    """Train the report's conditional pair: the baseline (--recipe report)."""

    recipe: Literal["report"] = "report"  # which recipe; its own flags follow
    output: OutputConfig = field(default_factory=OutputConfig)
    data: DataConfig = field(default_factory=DataConfig)
    network: CGANConfig = field(default_factory=CGANConfig)
    objective: AdversarialConfig = field(default_factory=AdversarialConfig)
    loop: LoopConfig = field(default_factory=lambda: LoopConfig(epochs=20))


@command
def main() -> None:
    """Read the flags, train."""
    given = read_command(TrainReport)
    launch(RunConfig(given.data, given.network, given.objective, given.loop), given.output)


if __name__ == "__main__":
    main()
