"""GAN-train: what generated pictures teach a classifier, beside what photos teach the same one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan.data.prepared import Photos, Split
from gan.metrics.classifier import accuracy, predict, recalls, train_classifier
from gan.metrics.features import Row
from gan.metrics.glossary import CLASSIFIER
from gan.metrics.judge import Judge

DRAWS = 2000  # of the bootstrap
INTERVAL = (0.025, 0.975)  # quantiles of the draws: 95 %
PHOTOS, GENERATED, BOTH = "photos", "generated", "both"  # what a classifier learned from


@dataclass(frozen=True)
class Lessons:
    """What classifiers name held-out photos, by what they learned from."""

    photo: np.ndarray  # int64 [N], index of each held-out photo in the data set
    labels: np.ndarray  # int64 [N], what they show
    classes: tuple[str, ...]
    named: dict[str, np.ndarray]  # PHOTOS, GENERATED, BOTH: int64 [seeds, N]

    def table(self) -> pd.DataFrame:
        """One row a photo: what it shows, then what each classifier named it."""
        names = np.array(self.classes)
        columns = {"photo": self.photo, "body_type": names[self.labels]}
        for learned_from, named in self.named.items():
            columns |= {f"{learned_from}_{seed}": names[one] for seed, one in enumerate(named)}
        return pd.DataFrame(columns)


def teach(
    pictures: np.ndarray,
    labels: np.ndarray,
    photos: Photos,
    held_out: Split,
    judge: Judge,
    seeds: int,
    budget: int,
    added: bool = False,
) -> Lessons:
    """Train classifiers on generated pictures and ask them what the held-out photos show.

    The classification accuracy score of Ravuri & Vinyals (2019). Seed by seed the judge's network
    of the same seed is asked too: the same classifier, trained on photos. With `added`, another
    learns from photos and generated pictures together, `budget` pictures seen like the others.

    Args:
        pictures: uint8 [N,S,S,3], generated, with `labels` int64 [N].
        held_out: The split that is asked about; neither side may have learned from it.

    Raises:
        ValueError: The judge learned from photos of that split.
    """
    if held_out not in ("validation", "test"):
        raise ValueError(f"photos of {held_out} are not held out")
    if held_out == "validation" and not judge.kept_validation:
        raise ValueError("the judge learned from the validation photos")
    asked = photos.indices(held_out)
    count = len(photos.classes)
    named: dict[str, list[np.ndarray]] = {PHOTOS: [], GENERATED: []}
    known = photos.indices("train" if judge.kept_validation else "development")
    if added:
        named[BOTH] = []
        both = np.concatenate([photos.pictures[known], pictures])
        both_labels = np.concatenate([photos.labels[known], labels])
    for seed in range(seeds):
        named[PHOTOS].append(judge.features(photos, seed).named[asked])
        network = train_classifier(
            pictures, labels, count, seed, budget, f"learns from pictures, {seed}"
        )
        named[GENERATED].append(predict(network, photos.pictures[asked], "photos").named)
        if added:
            network = train_classifier(
                both, both_labels, count, seed, budget, f"learns from both, {seed}"
            )
            named[BOTH].append(predict(network, photos.pictures[asked], "photos").named)
    return Lessons(
        asked,
        photos.labels[asked],
        photos.classes,
        {learned_from: np.stack(found) for learned_from, found in named.items()},
    )


def rows(lessons: Lessons, held_out: Split, n_fake: int, compared: bool = True) -> list[Row]:
    """Rows of metrics.csv: GAN-train and its reference by seed, then means with intervals.

    An interval is a bootstrap's over photos (within each class) and over seeds (in pairs: a
    classifier of generated pictures stays with the one of photos that shares its seed).

    Args:
        n_fake: Generated pictures that were learned from.
        compared: Also what both give together, a ratio or a gain: it takes classifiers that saw
            equally many pictures in their training.
    """
    shared: Row = {"extractor": CLASSIFIER, "reference": held_out, "n_fake": n_fake}
    counts = np.bincount(lessons.labels, minlength=len(lessons.classes))
    found: list[Row] = []
    for metric, learned_from in (("classifier", PHOTOS), ("gan_train", GENERATED)):
        for seed, named in enumerate(lessons.named[learned_from]):
            one = shared | {"metric": metric, "seed": seed}
            if learned_from == PHOTOS:
                one |= {"n_fake": None}
            whole = {"body_type": "all", "value": accuracy(named, lessons.labels)}
            found.append(one | whole | {"n_real": len(lessons.labels)})
            for name, value in recalls(named, lessons.labels, lessons.classes).items():
                n_real = int(counts[lessons.classes.index(name)])
                found.append(one | {"body_type": name, "value": value, "n_real": n_real})
    known, recall, drawn = _recalls(lessons)
    kinds = ["all", *(lessons.classes[k] for k in known)]
    n_reals = [len(lessons.labels), *(int(counts[k]) for k in known)]

    def row(metric: str, place: int, value: float, draws: np.ndarray) -> Row:
        low, high = np.nanquantile(draws, INTERVAL)
        interval = {"value": value, "low": float(low), "high": float(high)}
        return (
            shared
            | interval
            | {"metric": metric, "body_type": kinds[place]}
            | {"n_real": n_reals[place]}
        )

    for metric, learned_from in (("classifier_mean", PHOTOS), ("gan_train_mean", GENERATED)):
        found.append(row(metric, 0, float(recall[learned_from][0]), drawn[learned_from][:, 0]))
    if not compared:
        return found
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = recall[GENERATED] / recall[PHOTOS]
        ratios = drawn[GENERATED] / drawn[PHOTOS]
    for place in range(len(kinds)):
        if np.isfinite(ratio[place]):
            found.append(row("gan_train_ratio", place, float(ratio[place]), ratios[:, place]))
        if BOTH in recall:
            gain = float(recall[BOTH][place] - recall[PHOTOS][place])
            gains = (drawn[BOTH] - drawn[PHOTOS])[:, place]
            found.append(row("added_gain", place, gain, gains))
    return found


def _recalls(
    lessons: Lessons,
) -> tuple[Sequence[int], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Mean over seeds of the class mean and of each class's recall, and bootstrap draws of both.

    Returns:
        The classes that have photos; by what was learned from, float [1 + classes] and the draws,
        float [DRAWS, 1 + classes]; place 0 is the mean over classes.
    """
    stream = np.random.RandomState(0)
    seeds = len(lessons.named[PHOTOS])
    chosen = stream.randint(seeds, size=(DRAWS, seeds))
    known = [k for k in range(len(lessons.classes)) if (lessons.labels == k).any()]
    recall: dict[str, list[float]] = {learned_from: [] for learned_from in lessons.named}
    drawn: dict[str, list[np.ndarray]] = {learned_from: [] for learned_from in lessons.named}
    for k in known:
        mine = np.flatnonzero(lessons.labels == k)
        weights = stream.multinomial(len(mine), np.full(len(mine), 1 / len(mine)), DRAWS)
        for learned_from, named in lessons.named.items():
            right = named[:, mine] == k  # [seeds, photos of the class]
            recall[learned_from].append(float(right.mean()))
            by_seed = weights @ right.T / len(mine)  # [DRAWS, seeds]
            drawn[learned_from].append(np.take_along_axis(by_seed, chosen, 1).mean(1))
    means = {name: np.array([np.mean(values), *values]) for name, values in recall.items()}
    draws = {name: np.stack([np.mean(values, 0), *values], 1) for name, values in drawn.items()}
    return known, means, draws
