"""Are rare body types drawn as well as frequent ones? Cut two types' photos and see."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.experiments.command import conduct
from gan.experiments.studies.rare_types import RareTypes


@command
def main() -> None:
    """Plan, then train and judge what is missing."""
    conduct(RareTypes)


if __name__ == "__main__":
    main()
