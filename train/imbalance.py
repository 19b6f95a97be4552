"""Are rare body types drawn as well as frequent ones? Cut two types' photos and see."""

import sys
from dataclasses import dataclass, replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from train_cgan import TrainProjected as Recipe  # the conditional recipe that works

from gan.cli import parse
from gan.config import DataConfig, RunConfig
from gan.errors import command
from gan.experiments.command import Options, conduct
from gan.experiments.imbalance import FOLDER, RareTypes, report
from gan.experiments.plan import BUDGETS, SIZE, load_photos
from gan.launch import find_run
from gan.metrics.extractors import LITE2, create


@dataclass(frozen=True)
class Imbalance(Options):
    """Train our conditional GAN with two types cut to 1/2, 1/4, 1/8, 1/16, judge each type."""

    cut: tuple[str, ...] = ()  # the types to cut; default: the rarest and the most frequent
    natural: str = "cgan"  # the run on all photos, whose figures stand beside


@command
def main() -> None:
    """Plan, then train and judge what is missing."""
    given = parse(Imbalance)
    recipe, budget = Recipe(), BUDGETS[given.budget]
    network, loop = recipe.network, replace(recipe.loop, threads=given.threads)
    if given.budget == "tiny":
        network = replace(network, width=budget.width, latent=budget.latent, bank=16)
        loop = replace(loop, batch=budget.batch)

    def build(folder: Path) -> RareTypes:
        photos = load_photos(given.data, given.budget == "tiny")
        config = RunConfig(DataConfig(given.data, SIZE), network, recipe.objective, loop)
        natural = find_run(given.natural)
        return RareTypes(config, photos, budget, folder, create(LITE2), given.cut, natural)

    conduct(given, FOLDER, build, report)


if __name__ == "__main__":
    main()
