"""Rows of metrics.csv about features: FD or FID, KID, precision, recall, density, coverage, IS.

Each figure has a ruler: its floor (photos in the pictures' place) and what noise scores. The
photos are too few to stand in for 10,000 pictures, so the ruler is laid on halves: one half of
the photos is the reference, the other half, noise, and as many pictures in the same class shares
are compared with it, by every measure (reference "half"). FD's floor is given at the pictures'
own counts and shares too (reference "train"), where its bias is known to fall with the counts.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gan.metrics.features import Features, Row
from gan.metrics.glossary import CLASSIFIER, DINOV2, FLOOR, NOISE, distance
from gan.metrics.measures import (
    NEAREST,
    SEED,
    density_coverage,
    frechet_distance,
    frechet_distance_of,
    inception_score,
    kernel_distance,
    moments,
    precision_recall,
)


def rows(fake: Features, real: Features, extractor: str, reference: str = "train") -> list[Row]:
    """Rows of metrics.csv for one set of pictures against photos, which `reference` names."""
    counts: Row = {
        "extractor": extractor,
        "body_type": "all",
        "n_real": len(real.pooled),
        "n_fake": len(fake.pooled),
        "reference": reference,
    }
    precision, recall = precision_recall(fake.pooled, real.pooled)
    found = [
        counts
        | {"metric": distance(extractor), "value": frechet_distance(fake.pooled, real.pooled)},
        counts | _spread("kid", *kernel_distance(fake.pooled, real.pooled)),
        counts | {"metric": "precision", "value": precision},
        counts | {"metric": "recall", "value": recall},
    ]
    if extractor in (CLASSIFIER, DINOV2):
        return found  # an Inception score needs a network that names many things
    # It looks at no real picture.
    score = _spread("is", *inception_score(fake.logits))
    return [*found, counts | score | {"n_real": None, "reference": ""}]


def class_rows(
    fake: tuple[Tensor, np.ndarray],
    real: tuple[Tensor, np.ndarray],
    classes: Sequence[str],
    extractor: str,
) -> list[Row]:
    """One `kid` row a class, at one number of pictures for all: what the smallest class has.

    Each side is features [N,d] with labels [N].
    """
    sides = (fake, real)
    count = min(int((labels == k).sum()) for _, labels in sides for k in range(len(classes)))
    if count < 2:
        return []
    result = []
    for k, name in enumerate(classes):
        one, other = (features[_choose(labels == k, count)] for features, labels in sides)
        result.append(
            _spread("kid", *kernel_distance(one, other, max(2, count // 2)))
            | {"extractor": extractor, "body_type": name, "reference": "train"}
            | {"n_real": count, "n_fake": count}
        )
    return result


def neighbourhood_rows(
    fake: Tensor, real: Tensor, extractor: str, reference: str = "train"
) -> list[Row]:
    """`density` and `coverage` of features [N,d] against [M,d]."""
    if len(real) <= NEAREST:
        return []
    shared: Row = {"extractor": extractor, "body_type": "all", "reference": reference}
    shared |= {"n_real": len(real), "n_fake": len(fake)}
    density, coverage = density_coverage(fake, real)
    return [
        shared | {"metric": "density", "value": density},
        shared | {"metric": "coverage", "value": coverage},
    ]


def half_floor(real: Tensor, extractor: str) -> Row:
    """FD's floor: one half of the photos' features [N,d] against the other."""
    one, other = (real[half] for half in halves(len(real)))
    return {
        "metric": distance(extractor) + FLOOR,
        "extractor": extractor,
        "body_type": "all",
        "value": frechet_distance(one, other),
        "n_real": len(other),
        "n_fake": len(one),
        "reference": "half",
    }


def halves(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Two halves of the numbers below `count`, drawn at random, the same ones every time."""
    order = np.random.RandomState(SEED).permutation(count)
    return order[: count // 2], order[count // 2 : 2 * (count // 2)]


def own_floor(
    real: Tensor, labels: np.ndarray, n_fake: int, shares: np.ndarray | None, extractor: str
) -> Row:
    """FD's floor at the pictures' own counts and class shares.

    Two terms. FD's bias is c (1/n + 1/m) to first order (Chong & Forsyth 2020); c is what one half
    of the photos against the other has. What other class shares cost by themselves is the FD
    between all photos weighted to those shares and all photos as they are, less the bias that
    the weights bring.

    Args:
        real: Features of the photos, [N,d], with `labels` int64 [N].
        shares: Of each class among the pictures, summing to 1; None: as among the photos.
    """
    half = half_floor(real, extractor)
    slope = half["value"] / (1 / half["n_fake"] + 1 / half["n_real"])
    cost = 0.0
    if shares is not None:
        counts = np.bincount(labels, minlength=len(shares))
        weights = (shares / np.maximum(counts, 1))[labels]
        weights /= weights.sum()
        effective = 1 / np.square(weights).sum()
        cost = frechet_distance_of(moments(real, weights), moments(real))
        cost = max(0.0, cost - slope * (1 / effective - 1 / len(real)))
    value = cost + slope * (1 / n_fake + 1 / len(real))
    return half | {"value": value, "n_fake": n_fake, "n_real": len(real), "reference": "train"}


class Ruler:
    """What photos and noise score in pictures' place, for one extractor; measured once each."""

    def __init__(self, extractor: str, real: Features, labels: np.ndarray, noise: Features) -> None:
        """`real` are the photos that pictures are compared with; `noise` is of their first half.

        Labels int64 [N] are of `real`.
        """
        self.extractor, self.labels, self.noise = extractor, labels, noise
        self.real = real
        self.first, self.second = halves(len(labels))
        self._ends: dict[tuple[int, ...], list[Row]] = {}

    def rows(self, fake: Features, fake_labels: np.ndarray | None) -> list[Row]:
        """Pictures against the second half in the photos' class shares, and both ends of it."""
        mine = self.labels[self.first] if fake_labels is not None else self.labels[self.first] * 0
        made = fake_labels if fake_labels is not None else np.zeros(len(fake), int)
        wanted = np.bincount(mine)
        there = np.bincount(made, minlength=len(wanted))[: len(wanted)]
        part = min(1.0, float((there / np.maximum(wanted, 1))[wanted > 0].min()))
        counts = tuple(int(count * part) for count in wanted)
        pictures = _first_of_each(made, counts)
        if len(pictures) <= NEAREST or len(self.second) <= NEAREST:
            return []
        if counts not in self._ends:
            stand_in = _first_of_each(mine, counts)
            self._ends[counts] = [
                *self._end(self.real[self.first[stand_in]], FLOOR),
                *self._end(self.noise[stand_in], NOISE),
            ]
        return [*self._measure(fake[pictures]), *self._ends[counts]]

    def _end(self, features: Features, ending: str) -> list[Row]:
        return [row | {"metric": row["metric"] + ending} for row in self._measure(features)]

    def _measure(self, features: Features) -> list[Row]:
        real = self.real[self.second]
        found = rows(features, real, self.extractor, "half")
        found += neighbourhood_rows(features.pooled, real.pooled, self.extractor, "half")
        return [row | {"reference": "half"} for row in found]


def _first_of_each(labels: np.ndarray, counts: tuple[int, ...]) -> np.ndarray:
    """Places of the first so many of each class, int64, rising."""
    places = [np.flatnonzero(labels == k)[:count] for k, count in enumerate(counts)]
    return np.sort(np.concatenate(places))


def _choose(mask: np.ndarray, count: int) -> Tensor:
    """`count` of the indices where `mask` is true, the same ones every time."""
    indices = np.flatnonzero(mask)
    return torch.from_numpy(np.random.RandomState(SEED).permutation(indices)[:count])


def _spread(metric: str, mean: float, deviation: float) -> Row:
    return {
        "metric": metric,
        "value": mean,
        "low": mean - deviation,
        "high": mean + deviation,
    }
