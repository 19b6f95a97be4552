"""GAN-train: classifiers trained on generated pictures, beside the same trained on photos."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan.data.prepared import Photos, Split
from gan.metrics.class_figures import recognition_rows
from gan.metrics.classifier import predict, train_classifier
from gan.metrics.features import Row
from gan.metrics.glossary import CLASSIFIER
from gan.metrics.judge import Judge

DRAWS = 2000  # of the bootstrap
INTERVAL = (0.025, 0.975)  # quantiles of the draws: 95 %
PHOTOS, GENERATED, BOTH = "photos", "generated", "both"  # what a classifier was trained on


@dataclass(frozen=True)
class Lessons:
    """The classes that classifiers name for held-out photos, by what they were trained on."""

    photo: np.ndarray  # int64 [N], index of each held-out photo in the data set
    labels: np.ndarray  # int64 [N], their right classes
    classes: tuple[str, ...]
    named: dict[str, np.ndarray]  # PHOTOS, GENERATED, BOTH: int64 [seeds, N]

    def table(self) -> pd.DataFrame:
        """One row a photo: its right class, then the class that each classifier names."""
        names = np.array(self.classes)
        columns = {"photo": self.photo, "body_type": names[self.labels]}
        for learned_from, named in self.named.items():
            columns |= {f"{learned_from}_{seed}": names[each] for seed, each in enumerate(named)}
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
    """Train classifiers on generated pictures and let them classify held-out photos.

    The classification accuracy score of Ravuri & Vinyals (2019). For comparison the judge's
    network of each seed, the same classifier trained on photos, classifies them too. With `added`,
    a third one is trained on photos and pictures together, for `budget` pictures like the others.

    Args:
        pictures: uint8 [N,S,S,3], generated, with `labels` int64 [N].
        held_out: The split to classify; neither generator nor judge may be trained on it.

    Raises:
        ValueError: The judge was trained on photos of that split.
    """
    if held_out not in ("validation", "test"):
        raise ValueError(f"photos of {held_out} are not held out")
    if held_out == "validation" and not judge.kept_validation:
        raise ValueError("the judge was trained on the validation photos")
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
    """Rows of metrics.csv: accuracies by seed, then class means, ratio and gain with intervals.

    Intervals are by bootstrap over photos, within each class, and over seeds; the classifiers of
    one seed are drawn together.

    Args:
        n_fake: Number of generated pictures that were trained on.
        compared: Whether to give ratio and gain, for which all classifiers must have seen equally
            many pictures in their training.
    """
    shared: Row = {"extractor": CLASSIFIER, "reference": held_out, "n_fake": n_fake}
    counts = np.bincount(lessons.labels, minlength=len(lessons.classes))
    result: list[Row] = []
    for metric, learned_from in (("classifier", PHOTOS), ("gan_train", GENERATED)):
        for seed, named in enumerate(lessons.named[learned_from]):
            columns = shared | {"metric": metric, "seed": seed}
            if learned_from == PHOTOS:
                columns["n_fake"] = None
            result += recognition_rows(named, lessons.labels, lessons.classes, "n_real", **columns)
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
        result.append(row(metric, 0, float(recall[learned_from][0]), drawn[learned_from][:, 0]))
    if not compared:
        return result
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = recall[GENERATED] / recall[PHOTOS]
        ratios = drawn[GENERATED] / drawn[PHOTOS]
    for place in range(len(kinds)):
        if np.isfinite(ratio[place]):
            result.append(row("gan_train_ratio", place, float(ratio[place]), ratios[:, place]))
        if BOTH in recall:
            gain = float(recall[BOTH][place] - recall[PHOTOS][place])
            gains = (drawn[BOTH] - drawn[PHOTOS])[:, place]
            result.append(row("added_gain", place, gain, gains))
    return result


def _recalls(
    lessons: Lessons,
) -> tuple[Sequence[int], dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The recall of each class and their mean, averaged over seeds, with bootstrap draws.

    Returns:
        The classes that have photos; by what was trained on, the recalls, float [1 + classes];
        and their draws, float [DRAWS, 1 + classes]. Index 0 is the mean over classes.
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
