"""How the experiments judge a run: EfficientNet-Lite2's distances, and class by class."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.checkpoint import load_generator
from gan.data.prepared import Photos
from gan.metrics import fidelity
from gan.metrics.classifier import accuracy, predict, recalls
from gan.metrics.extractors import extract, real_features
from gan.metrics.features import Features, Row
from gan.metrics.glossary import CLASSIFIER
from gan.metrics.judge import Judge
from gan.metrics.measures import by_class, diversity, median_distance
from gan.runs import Run
from gan.sampling import generate_set

DRAWS = 39  # sets of withheld photos that stand for those learned from


def fidelity_rows(
    run: Run, photos: Photos, extractor: FeatureExtractorBase, count: int
) -> list[Row]:
    """Rows of metrics.csv: `count` pictures of the run against the photos' train split."""
    pictures, _ = generate_set(load_generator(run), count)
    name = extractor.get_name()
    made = extract(extractor, pictures, f"{name}, generated")
    real = real_features(extractor, photos)[photos.indices("development")]
    return fidelity.rows(made, real, name)


def floor_row(photos: Photos, extractor: FeatureExtractorBase) -> Row:
    """`fd_floor`: one half of the train split against the other."""
    real = real_features(extractor, photos)[photos.indices("development")].pooled
    return fidelity.half_floor(real, extractor.get_name())


def class_rows(
    run: Run,
    photos: Photos,
    base: np.ndarray,
    learned: np.ndarray,
    judge: Judge,
    extractor: FeatureExtractorBase,
    count: int,
) -> list[Row]:
    """Rows of metrics.csv about each class of a conditional run.

    `base` and `learned` are indices of train photos, int64, rising: those that every run of the
    experiment is compared with, and those that this one was trained on. n_real of `gan_test` is
    how many of the latter the class had.
    """
    pictures, labels = generate_set(load_generator(run), count)
    name = extractor.get_name()
    made = extract(extractor, pictures, f"{name}, generated")
    real = real_features(extractor, photos)[base]
    rows = fidelity.rows(made, real, name)
    sides = (made.pooled, labels), (real.pooled, photos.labels[base])
    rows += fidelity.class_rows(*sides, photos.classes, name)
    for seed, network in enumerate(judge.networks):
        read = predict(network, pictures, f"judge {seed}, generated")
        known = judge.features(photos, seed).pooled
        figures = _recognised(read, labels, photos, learned)
        figures += _diversity(read.pooled, labels, known[base], photos.labels[base], photos.classes)
        if seed == 0:
            figures += _neighbours(read.pooled, labels, known, photos, learned)
        rows += [row | {"seed": seed} for row in figures]
    return rows


def _recognised(
    read: Features, labels: np.ndarray, photos: Photos, learned: np.ndarray
) -> list[Row]:
    """GAN-test: how often a classifier of photos names the class that was asked for."""
    shared: Row = {"metric": "gan_test", "extractor": CLASSIFIER, "reference": "train"}
    whole: Row = {"body_type": "all", "value": accuracy(read.named, labels)}
    rows = [shared | whole | {"n_real": len(learned), "n_fake": len(labels)}]
    for name, value in recalls(read.named, labels, photos.classes).items():
        k = photos.classes.index(name)
        had, drawn = int((photos.labels[learned] == k).sum()), int((labels == k).sum())
        rows.append(shared | {"body_type": name, "value": value, "n_real": had, "n_fake": drawn})
    return rows


def _diversity(
    made: Tensor, labels: np.ndarray, real: Tensor, real_labels: np.ndarray, classes: Sequence[str]
) -> list[Row]:
    """Mean pairwise distance within a class, generated over real, at equal counts."""
    shared: Row = {"metric": "diversity_first", "extractor": CLASSIFIER, "reference": "train"}
    return [
        shared
        | {"body_type": name, "value": diversity(ours, theirs)}
        | {"n_real": len(theirs), "n_fake": len(ours)}
        for name, ours, theirs in by_class((made, labels), (real, real_labels), classes)
    ]


def _neighbours(
    made: Tensor, labels: np.ndarray, known: Tensor, photos: Photos, learned: np.ndarray
) -> list[Row]:
    """How near the pictures of a class come to the photos of it that were learned from.

    `learned_distance` is the median distance to the nearest of them. It rises as they become
    fewer, whatever the generator does. So `copying` takes that distance in units of the test
    photos' own, and divides it by the same for as many photos that were withheld: far below 1
    the pictures are copies. A few photos may lie near by chance: `copying_rank` is the share of
    DRAWS sets of withheld photos, the learned one counted among them, that lie as near or
    nearer; a permutation test's p-value. Both need a class of which at least twice as many
    photos were withheld as were learned from, or the sets would be much the same.
    """
    rows: list[Row] = []
    train = photos.indices("train")
    withheld = np.setdiff1d(train, learned)
    for k, name in enumerate(photos.classes):
        near = known[learned[photos.labels[learned] == k]]
        others = withheld[photos.labels[withheld] == k]
        ours = made[np.flatnonzero(labels == k)]
        unseen = known[np.flatnonzero((photos.labels == k) & photos.test)]
        if not len(near) or not len(ours):
            continue
        shared: Row = {"extractor": CLASSIFIER, "body_type": name, "reference": "train"}
        shared |= {"n_real": len(near), "n_fake": len(ours)}
        distance = median_distance(ours, near)
        rows.append(shared | {"metric": "learned_distance", "value": distance})
        if len(others) < 2 * len(near) or not len(unseen):
            continue
        draws = [np.random.RandomState(i).permutation(others)[: len(near)] for i in range(DRAWS)]
        own, *drawn = (
            median_distance(ours, photos_of) / median_distance(unseen, photos_of)
            for photos_of in (near, *(known[draw] for draw in draws))
        )
        rank = (1 + sum(distance <= own for distance in drawn)) / (1 + DRAWS)
        rows.append(shared | {"metric": "copying", "value": own / float(np.mean(drawn))})
        rows.append(shared | {"metric": "copying_rank", "value": rank})
    return rows
