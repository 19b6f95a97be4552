"""Are rare body types drawn worse? Train with fewer photos of two types."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.experiments.command import conduct
from gan.experiments.studies.rare_types import RareTypes


@command
def main() -> None:
    """Carry out the experiment, or show its plan or findings."""
    conduct(RareTypes)


if __name__ == "__main__":
    main()
