"""What an experiment will run: lengths, settings, and the moments at which a run is judged."""

import hashlib
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from gan.config import DataConfig, RunConfig
from gan.data.prepared import Photos, read
from gan.experiments.results import folder_name

SIZE: Literal[64] = 64  # pixels a side, as in the report's table
TINY_SET = 480  # pictures of a miniature's data set


@dataclass(frozen=True)
class Length:
    """How large an experiment is: what all have in common; each adds how long its runs are."""

    judged: int = 10_000  # generated pictures that are judged
    seeds: tuple[int, ...] = (0, 1, 2)  # where a length shrinks, the seeds stay
    width: int = 32  # channels of the stage next to the picture
    latent: int = 128
    batch: int = 0  # 0 is the recipe's own
    judges: int = 3  # classifiers that name generated pictures
    judge_pictures: int = 0  # that each of them sees in its training; 0 is as many as elsewhere


# What the miniature of every experiment has in common.
TINY: dict[str, Any] = {
    "judged": 200,
    "seeds": (0, 1),
    "width": 8,
    "latent": 16,
    "batch": 32,
    "judges": 1,
    "judge_pictures": 2_000,
}


@dataclass(frozen=True)
class Stage:
    """A moment of a run at which it is judged."""

    views: tuple[str, ...]  # of results.csv that it belongs to
    pictures: int  # that the run may have seen by then
    seconds: float = 0  # training time that ends it before; 0 is no limit
    judged: int = 0  # generated pictures that are judged; 0 is as many as the experiment's length
    late: bool = False  # waits until every run has come to its other stages


@dataclass(frozen=True, eq=False)
class Planned:
    """One run of an experiment."""

    setting: str
    seed: int
    config: RunConfig  # the stages say how long
    photos: Photos  # to train on
    stages: tuple[Stage, ...]
    grids: Literal["all", "last", "none"]  # that stay, of the moments at which it was judged
    keep: bool = False  # and the generators, outside of version control

    @property
    def name(self) -> str:
        """The run's folder."""
        return folder_name(self.setting, self.seed)

    def batches(self, stage: Stage) -> int:
        """Pictures of a stage in whole batches, as a run counts them."""
        batch = self.config.loop.batch
        return -(-stage.pictures // batch) * batch

    def at(self, stage: Stage) -> RunConfig:
        """The settings with which to train up to `stage`."""
        loop = replace(self.config.loop, pictures=stage.pictures, minutes=stage.seconds / 60)
        return replace(self.config, loop=loop)


def resized(recipe: RunConfig, length: Length, source: str, **loop: Any) -> RunConfig:
    """`recipe` with the photos at `source`, the networks of `length`, and changes of its loop."""
    network = replace(recipe.network, width=length.width, latent=length.latent)
    batch = length.batch or recipe.loop.batch
    return RunConfig(
        DataConfig(source, SIZE),
        network,
        recipe.objective,
        replace(recipe.loop, batch=batch, **loop),
    )


def changed(base: RunConfig, section: str, **fields: Any) -> RunConfig:
    """`base` with other values in one section; ("times", n) stands for n times the old value."""
    before = getattr(base, section)
    for name, value in fields.items():
        if isinstance(value, tuple):
            old = getattr(before, name)
            fields[name] = type(old)(old * value[1])
    return replace(base, **{section: replace(before, **fields)})


def load_photos(source: str, tiny: bool) -> Photos:
    """The photos of an experiment; for a miniature a few of them, under a name of their own.

    An experiment learns from all photos but the test split: nothing in it is chosen by the
    validation photos, and its runs compare with those from before there were any.

    Raises:
        UserError: The source can't be had or used.
    """
    # Imported here: the app reads findings and needs nothing that unpacks archives.
    from gan.data.photos import Request, load, prepare

    if not tiny:
        return load(source, SIZE).without_validation()
    if source == "drawn":
        photos = read(prepare(Request(data=source, size=SIZE, count=TINY_SET)))
    else:
        photos = load(source, SIZE)
    chosen = np.arange(len(photos.labels))
    if len(chosen) > TINY_SET:
        chosen = np.sort(np.random.RandomState(0).permutation(chosen)[:TINY_SET])
    # Judge and features of the whole set must not be replaced by a miniature's.
    return subset(photos, chosen, f"{photos.name}-tiny").without_validation()


def subset(photos: Photos, chosen: np.ndarray, name: str) -> Photos:
    """The photos of these indices (int64, rising) as a set of its own, in memory."""
    digest = hashlib.sha256(photos.content_hash.encode() + chosen.astype("<i8").tobytes())
    return replace(
        photos,
        name=name,
        pictures=np.ascontiguousarray(photos.pictures[chosen]),
        labels=photos.labels[chosen],
        test=photos.test[chosen],
        validation=photos.validation[chosen],
        sources=tuple(photos.sources[i] for i in chosen) if photos.sources else (),
        content_hash=digest.hexdigest(),
    )
