"""Are rare body types drawn as well as frequent ones? Cut two types' photos and see."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.cli import parse
from gan.config import DataConfig, RunConfig
from gan.errors import command
from gan.experiments.command import Options, conduct
from gan.experiments.imbalance import FOLDER, RareTypes, report
from gan.experiments.plan import BUDGETS, SIZE, conditional, load_photos
from gan.metrics.extractors import create
from gan.metrics.glossary import LITE2
from gan.recipes import PROJECTED
from gan.runs import find_run


@dataclass(frozen=True)
class Imbalance(Options):
    """Train our conditional GAN with two types cut to 1/2, 1/4, 1/8, 1/16, judge each type."""

    cut: tuple[str, ...] = ()  # the types to cut; default: the rarest and the most frequent
    natural: str = "cgan"  # the run on all photos, whose figures stand beside


@command
def main() -> None:
    """Plan, then train and judge what is missing."""
    given = parse(Imbalance)
    recipe, budget = PROJECTED, BUDGETS[given.budget]
    loop = replace(recipe.loop, threads=given.threads)
    config = RunConfig(DataConfig(given.data, SIZE), recipe.network, recipe.objective, loop)

    def build(folder: Path) -> RareTypes:
        photos = load_photos(given.data, given.budget == "tiny")
        natural = find_run(given.natural)
        if given.natural != Imbalance.natural:
            natural.read_config()  # says that there is no such run
        small = conditional(config, budget)
        return RareTypes(small, photos, budget, folder, create(LITE2), given.cut, natural)

    conduct(given, FOLDER, build, report)


if __name__ == "__main__":
    main()
