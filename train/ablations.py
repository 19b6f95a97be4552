"""Try the report's settings one at a time, then the best together; a table sorted by effect."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.experiments.command import conduct
from gan.experiments.studies.ablations import Ablations


@command
def main() -> None:
    """Plan, then train and judge what is missing."""
    conduct(Ablations)


if __name__ == "__main__":
    main()
