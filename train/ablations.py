"""Train the report's networks with one setting changed at a time, then with the best together."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.experiments.command import conduct
from gan.experiments.studies.ablations import Ablations


@command
def main() -> None:
    """Carry out the experiment, or show its plan or findings."""
    conduct(Ablations)


if __name__ == "__main__":
    main()
