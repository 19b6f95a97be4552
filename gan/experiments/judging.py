"""The figures by which experiments judge a run, of all pictures and of each class."""

from collections.abc import Sequence

import numpy as np
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.checkpoint import load_generator
from gan.data.prepared import Photos
from gan.metrics import copies, fidelity
from gan.metrics.class_figures import diversity_rows, recognition_rows
from gan.metrics.classifier import predict
from gan.metrics.extractors import extract, real_features
from gan.metrics.features import Row
from gan.metrics.glossary import CLASSIFIER, FLOOR
from gan.metrics.judge import Judge
from gan.metrics.measures import median_distance
from gan.metrics.memorisation import copy_figures
from gan.runs import Run
from gan.sampling import generate_set

COMPARED = 250  # pictures, and photos not trained on, of a class that are compared with its photos
DRAWS = 39  # random sets of photos not trained on, for the permutation test of `_neighbours`


def fidelity_rows(
    run: Run,
    photos: Photos,
    extractor: FeatureExtractorBase,
    count: int,
    judge: Judge | None = None,
) -> list[Row]:
    """Rows of metrics.csv: `count` pictures of the run against the photos' train split.

    With a judge there is also an FD in the features of each of its classifiers.
    """
    pictures, _ = generate_set(load_generator(run), count)
    name, development = extractor.get_name(), photos.indices("development")
    made = extract(extractor, pictures, f"{name}, generated")
    rows = fidelity.rows(made, real_features(extractor, photos)[development], name)
    if judge is None:
        return rows
    for seed, network in enumerate(judge.networks):
        read = predict(network, pictures, f"judge {seed}, generated")
        known = judge.features(photos, seed)[development]
        rows.append(fidelity.distance_row(read.pooled, known.pooled, CLASSIFIER) | {"seed": seed})
    return judge.signed(rows)


def floor_rows(
    photos: Photos, extractor: FeatureExtractorBase, judge: Judge | None = None
) -> list[Row]:
    """What one half of the train split scores against the other; by the judge, FD alone."""
    development = photos.indices("development")
    real = real_features(extractor, photos)[development]
    first, second = fidelity.halves(len(development))
    rows = fidelity.rows(real[first], real[second], extractor.get_name(), "half")
    rows = [row | {"metric": row["metric"] + FLOOR} for row in rows]
    if judge is not None:
        known = judge.features(photos, 0)[development].pooled
        rows.append(fidelity.half_floor(known, CLASSIFIER))
    return rows


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

    `base` are the train photos that all runs of the experiment are compared with, `learned` those
    that this run was trained on: indices, int64, rising. n_real of `gan_test` is the number of
    photos in `learned`.
    """
    pictures, labels = generate_set(load_generator(run), count)
    name = extractor.get_name()
    made = extract(extractor, pictures, f"{name}, generated")
    real = real_features(extractor, photos)[base]
    rows = fidelity.rows(made, real, name)
    sides = (made.pooled, labels), (real.pooled, photos.labels[base])
    rows += fidelity.class_rows(*sides, photos.classes, name)
    counts = np.bincount(photos.labels[learned], minlength=len(photos.classes))
    trained = {"all": len(learned)} | dict(zip(photos.classes, counts.tolist(), strict=True))
    for seed, network in enumerate(judge.networks):
        read = predict(network, pictures, f"judge {seed}, generated")
        known = judge.features(photos, seed).pooled
        figures = recognition_rows(
            read.named, labels, photos.classes, "n_fake", metric="gan_test", reference="train"
        )
        figures = [row | {"n_real": trained[row["body_type"]]} for row in figures]
        sides = (read.pooled, labels), (known[base], photos.labels[base])
        figures += diversity_rows(*sides, photos.classes, "diversity_first", most=None)
        if seed == 0:
            figures += _neighbours(read.pooled, labels, known, photos, learned)
        rows += [row | {"seed": seed} for row in figures]
    return judge.signed(rows)


def copy_rows(
    run: Run, photos: Photos, learned: np.ndarray, types: Sequence[str], count: int
) -> list[Row]:
    """`copies` of classes: the share of pictures that copy a photo, and that share by chance.

    Pictures of a class are compared with its photos that the run was trained on (`learned` are
    indices, int64). So are its other photos outside the test split, whose share is `copies_floor`;
    a class without any gets no row. At most `count` pictures are drawn.
    """
    count = min(count, COMPARED * len(photos.classes))
    pictures, labels = generate_set(load_generator(run), count)
    rows: list[Row] = []
    for name in types:
        k = photos.classes.index(name)
        known = learned[photos.labels[learned] == k]
        # Test photos stay closed.
        others = np.setdiff1d(np.flatnonzero((photos.labels == k) & ~photos.test), known)
        others = np.random.RandomState(k).permutation(others)[:COMPARED]
        if not len(known) or not len(others):
            continue
        trained_on = photos.pictures[known]
        unseen = copies.match(photos.pictures[others], trained_on, f"{name}, unseen photos")
        matches = copies.match(pictures[labels == k], trained_on, f"{name}, copies")
        shared: Row = {"body_type": name, "reference": "train", "n_real": len(known)}
        rows += copy_figures(matches, unseen, **shared)
    return rows


def _neighbours(
    made: Tensor, labels: np.ndarray, known: Tensor, photos: Photos, learned: np.ndarray
) -> list[Row]:
    """How near the pictures of a class are to the photos of it that the run was trained on.

    `learned_distance` is the median distance to the nearest of those photos. It rises when there
    are fewer photos, whatever the generator does. So `copying` divides it twice: by the test
    photos' distance to the same photos, and by the same ratio for random sets of as many photos
    that were withheld from the training. Far below 1 the pictures are copies. `copying_rank` is
    the p-value of a permutation test: the share of such sets, DRAWS random ones and that of the
    training, whose ratio is as low. Both need a class of which at least twice as many photos were
    withheld as were trained on, or the sets would overlap too much.
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
            median_distance(ours, some) / median_distance(unseen, some)
            for some in (near, *(known[draw] for draw in draws))
        )
        rank = (1 + sum(distance <= own for distance in drawn)) / (1 + DRAWS)
        rows.append(shared | {"metric": "copying", "value": own / float(np.mean(drawn))})
        rows.append(shared | {"metric": "copying_rank", "value": rank})
    return rows
