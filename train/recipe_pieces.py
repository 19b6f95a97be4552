"""What is each piece of our recipe worth? Train without each of them."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.errors import command
from gan.experiments.command import conduct
from gan.experiments.studies.recipe_pieces import RecipePieces


@command
def main() -> None:
    """Carry out the experiment, or show its plan or findings."""
    conduct(RecipePieces)


if __name__ == "__main__":
    main()
