"""Try the report's settings one at a time, then the best together; a table sorted by effect."""

import sys
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.cli import parse
from gan.errors import command
from gan.experiments.ablations import FOLDER, Ablations, report
from gan.experiments.command import Options, conduct
from gan.experiments.plan import BUDGETS, load_photos
from gan.metrics.extractors import create
from gan.metrics.glossary import LITE2


@dataclass(frozen=True)
class AblationRuns(Options):
    """Train the report's networks with one setting changed at a time, judge, sort by effect."""


@command
def main() -> None:
    """Plan, then train and judge what is missing."""
    given = parse(AblationRuns)

    def build(folder: Path) -> Ablations:
        photos = load_photos(given.data, given.budget == "tiny")
        budget = BUDGETS[given.budget]
        return Ablations(given.data, photos, budget, folder, create(LITE2), given.threads)

    conduct(given, FOLDER, build, report)


if __name__ == "__main__":
    main()
