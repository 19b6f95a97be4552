"""What an experiment will run: budgets, settings, and the moments at which a run is judged."""

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from gan.config import ProjectedConfig, RunConfig
from gan.data.photos import Request, load, prepare
from gan.data.prepared import Photos, read
from gan.metrics.classifier import BUDGET

SIZE: Literal[64] = 64  # pixels a side, as in the report's table
TINY_SET = 480  # pictures of a miniature's data set


@dataclass(frozen=True)
class Budget:
    """What the runs of an experiment may cost; where it shrinks, the seeds stay."""

    epochs: float  # of a run at full length
    short_epochs: float  # of a run that only tries a setting
    conditional_pictures: int  # seen by a run of the conditional recipe, whatever its set's size
    piece_pictures: int  # seen by such a run when a piece of the recipe is taken away
    judged: int  # generated pictures that are judged
    seeds: tuple[int, ...] = (0, 1, 2)
    width: int = 32  # channels of the stage next to the picture
    latent: int = 128
    batch: int = 128
    judges: int = 3  # classifiers that name generated pictures
    judge_pictures: int = BUDGET  # that each of them sees in its training


BUDGETS = {
    "full": Budget(
        epochs=10,
        short_epochs=3,
        conditional_pictures=100_000,
        piece_pictures=100_000,
        judged=10_000,
    ),
    # Judging 5,000 took a third of such runs' time; every run has the same count's bias.
    "short": Budget(
        epochs=3, short_epochs=1, conditional_pictures=24_000, piece_pictures=14_000, judged=2_000
    ),
    "tiny": Budget(
        epochs=1,
        short_epochs=0.5,
        conditional_pictures=512,
        piece_pictures=512,
        judged=200,
        seeds=(0, 1),
        width=8,
        latent=16,
        batch=32,
        judges=1,
        judge_pictures=2_000,
    ),
}


@dataclass(frozen=True)
class Stage:
    """A moment of a run at which it is judged."""

    views: tuple[str, ...]  # of results.csv that it belongs to
    pictures: int  # that the run may have seen by then
    seconds: float = 0  # training time that ends it before; 0 is no limit


@dataclass(frozen=True, eq=False)
class Planned:
    """One run of an experiment."""

    setting: str
    seed: int
    config: RunConfig  # the stages say how long
    photos: Photos  # to train on
    stages: tuple[Stage, ...]  # in the order in which the run comes to them
    grids: int  # sample grids that are kept when it is finished

    @property
    def name(self) -> str:
        """The run's folder."""
        return f"{self.setting.replace('/', 'of')}-seed{self.seed}"

    def batches(self, stage: Stage) -> int:
        """Pictures of a stage in whole batches, as a run counts them."""
        batch = self.config.loop.batch
        return -(-stage.pictures // batch) * batch

    def at(self, stage: Stage) -> RunConfig:
        """The settings with which to train up to `stage`."""
        loop = replace(self.config.loop, pictures=stage.pictures, minutes=stage.seconds / 60)
        return replace(self.config, loop=loop)


def conditional(recipe: RunConfig, budget: Budget) -> RunConfig:
    """The conditional recipe as a budget wants it: a miniature has a small network."""
    if budget != BUDGETS["tiny"]:
        return recipe
    assert isinstance(recipe.network, ProjectedConfig)
    network = replace(recipe.network, width=budget.width, latent=budget.latent, bank=16)
    return replace(recipe, network=network, loop=replace(recipe.loop, batch=budget.batch))


def load_photos(source: str, tiny: bool) -> Photos:
    """The photos of an experiment; for a miniature a few of them, under a name of their own.

    Raises:
        UserError: The source can't be had or used.
    """
    if not tiny:
        return load(source, SIZE)
    if source == "drawn":
        photos = read(prepare(Request(data=source, size=SIZE, count=TINY_SET)))
    else:
        photos = load(source, SIZE)
    chosen = np.arange(len(photos.labels))
    if len(chosen) > TINY_SET:
        chosen = np.sort(np.random.RandomState(0).permutation(chosen)[:TINY_SET])
    # Judge and features of the whole set must not be replaced by a miniature's.
    return subset(photos, chosen, f"{photos.name}-tiny")


def subset(photos: Photos, chosen: np.ndarray, name: str) -> Photos:
    """The photos of these indices (int64, rising) as a set of its own, in memory."""
    digest = hashlib.sha256(photos.content_hash.encode() + chosen.astype("<i8").tobytes())
    return replace(
        photos,
        name=name,
        pictures=np.ascontiguousarray(photos.pictures[chosen]),
        labels=photos.labels[chosen],
        test=photos.test[chosen],
        content_hash=digest.hexdigest(),
    )
