"""How the experiments judge a run: EfficientNet-Lite2's distances, and class by class."""

import numpy as np
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.checkpoint import load_generator
from gan.data.prepared import Photos
from gan.metrics import fidelity
from gan.metrics.classifier import accuracy, predict, recalls
from gan.metrics.evaluation import CLASSIFIER
from gan.metrics.extractors import extract, real_features
from gan.metrics.features import Features, Row
from gan.metrics.judge import Judge
from gan.metrics.neighbours import mean_pairwise_distance, nearest
from gan.runs import Run
from gan.sampling import generate_set


def fidelity_rows(
    run: Run, photos: Photos, extractor: FeatureExtractorBase, count: int
) -> list[Row]:
    """Rows of metrics.csv: `count` pictures of the run against the photos' train split."""
    pictures, _ = generate_set(load_generator(run), count)
    name = extractor.get_name()
    made = extract(extractor, pictures, f"{name}, generated")
    return fidelity.rows(made, real_features(extractor, photos, "train"), name)


def floor_row(photos: Photos, extractor: FeatureExtractorBase) -> Row:
    """`fd_floor`: one half of the train split against the other."""
    real = real_features(extractor, photos, "train").pooled
    return fidelity.floor_rows(real, real[:0], extractor.get_name())[0]


def class_rows(
    run: Run,
    trained_on: Photos,
    photos: Photos,
    judge: Judge,
    extractor: FeatureExtractorBase,
    count: int,
) -> list[Row]:
    """Rows of metrics.csv about each class of a conditional run.

    Every run of the experiment is judged against the same `photos`; only the distance to the
    nearest photo asks about those that it was `trained_on`. n_real of `gan_test` is how many of
    those the class had.
    """
    pictures, labels = generate_set(load_generator(run), count)
    name, train = extractor.get_name(), photos.indices("train")
    made = extract(extractor, pictures, f"{name}, generated")
    real = real_features(extractor, photos, "train")
    rows = fidelity.rows(made, real, name)
    sides = (made.pooled, labels), (real.pooled, photos.labels[train])
    rows += fidelity.class_rows(*sides, photos.classes, name)
    for seed, network in enumerate(judge.networks):
        said = predict(network, pictures, f"judge {seed}, generated")
        known = judge.features(photos, seed)
        found = _named(said, labels, trained_on)
        found += _diversity(said.pooled, labels, known.pooled[train], photos)
        if seed == 0:
            learned = judge.features(trained_on, seed).pooled
            found += _neighbours(said.pooled, labels, learned, known.pooled, trained_on, photos)
        rows += [row | {"seed": seed} for row in found]
    return rows


def _named(said: Features, labels: np.ndarray, trained_on: Photos) -> list[Row]:
    shared: Row = {"metric": "gan_test", "extractor": CLASSIFIER, "reference": "train"}
    learned, drawn = trained_on.counts("train"), np.bincount(labels).tolist()
    rows = [
        shared
        | {"body_type": "all", "value": accuracy(said.named, labels)}
        | {"n_real": sum(learned.values()), "n_fake": len(labels)}
    ]
    for name, value in recalls(said.named, labels, trained_on.classes).items():
        counts = {"n_real": learned[name], "n_fake": drawn[trained_on.classes.index(name)]}
        rows.append(shared | {"body_type": name, "value": value} | counts)
    return rows


def _diversity(made: Tensor, labels: np.ndarray, real: Tensor, photos: Photos) -> list[Row]:
    """Mean pairwise distance within a class, generated over real, at equal counts."""
    rows: list[Row] = []
    real_labels = photos.labels[photos.indices("train")]
    for k, name in enumerate(photos.classes):
        ours, theirs = np.flatnonzero(labels == k), np.flatnonzero(real_labels == k)
        count = min(len(ours), len(theirs))
        if count < 2:
            continue
        ratio = mean_pairwise_distance(made[ours[:count]]) / mean_pairwise_distance(
            real[theirs[:count]]
        )
        rows.append(
            {"metric": "diversity", "extractor": CLASSIFIER, "body_type": name, "value": ratio}
            | {"n_real": count, "n_fake": count, "reference": "train"}
        )
    return rows


def _neighbours(
    made: Tensor,
    labels: np.ndarray,
    learned: Tensor,
    known: Tensor,
    trained_on: Photos,
    photos: Photos,
) -> list[Row]:
    """How near generated pictures of a class are to the photos of it that were learned from.

    `neighbour_ratio` divides the median distance by that of held-out photos to the same ones:
    far below 1 means copies. Held-out photos are the same for every run.
    """
    rows: list[Row] = []
    for k, name in enumerate(photos.classes):
        reference = learned[np.flatnonzero((trained_on.labels == k) & ~trained_on.test)]
        ours = made[np.flatnonzero(labels == k)]
        unseen = known[np.flatnonzero((photos.labels == k) & photos.test)]
        if not len(reference) or not len(ours):
            continue
        shared: Row = {"extractor": CLASSIFIER, "body_type": name, "reference": "train"}
        counts = {"n_real": len(reference), "n_fake": len(ours)}
        median = float(np.median(nearest(ours, reference)[0]))
        rows.append(shared | counts | {"metric": "neighbour_distance", "value": median})
        if len(unseen):
            ratio = median / float(np.median(nearest(unseen, reference)[0]))
            rows.append(shared | counts | {"metric": "neighbour_ratio", "value": ratio})
    return rows
