"""What is each piece of the conditional recipe worth? Take one away and train again."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.experiments.command import conduct
from gan.experiments.studies.recipe_pieces import RecipePieces


@command
def main() -> None:
    """Plan, then train and judge what is missing."""
    conduct(RecipePieces)


if __name__ == "__main__":
    main()
