"""What is each piece of the conditional recipe worth? Take one away and train again."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.cli import parse
from gan.config import DataConfig, RunConfig
from gan.errors import command
from gan.experiments.command import Options, conduct
from gan.experiments.plan import BUDGETS, SIZE, conditional, load_photos
from gan.experiments.recipe import FOLDER, RecipePieces, report
from gan.metrics.extractors import create
from gan.metrics.glossary import LITE2
from gan.recipes import PROJECTED


@dataclass(frozen=True)
class Pieces(Options):
    """Train our conditional GAN whole, without each piece, and the report's pair for as long."""


@command
def main() -> None:
    """Plan, then train and judge what is missing."""
    given = parse(Pieces)
    recipe, budget = PROJECTED, BUDGETS[given.budget]
    loop = replace(recipe.loop, threads=given.threads)
    config = RunConfig(DataConfig(given.data, SIZE), recipe.network, recipe.objective, loop)

    def build(folder: Path) -> RecipePieces:
        photos = load_photos(given.data, given.budget == "tiny")
        return RecipePieces(conditional(config, budget), photos, budget, folder, create(LITE2))

    conduct(given, FOLDER, build, report)


if __name__ == "__main__":
    main()
