"""Compare kernels 4, 6 and 8 over seeds: at equal pictures, equal time, equal parameters."""

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.cli import parse
from gan.errors import command
from gan.experiments.command import Options, conduct
from gan.experiments.kernel import FOLDER, KernelSize, report
from gan.experiments.plan import BUDGETS, load_photos
from gan.metrics.extractors import create
from gan.metrics.glossary import LITE2


@dataclass(frozen=True)
class KernelSweep(Options):
    """Train the report's DCGAN with each kernel and seed, judge the runs, say what holds."""


@command
def main() -> None:
    """Plan, then train and judge what is missing."""
    given = parse(KernelSweep)

    def build(folder: Path) -> KernelSize:
        photos = load_photos(given.data, given.budget == "tiny")
        budget = BUDGETS[given.budget]
        return KernelSize(given.data, photos, budget, folder, create(LITE2), given.threads)

    conduct(given, FOLDER, build, report)


if __name__ == "__main__":
    main()
