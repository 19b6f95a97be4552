"""Rows of metrics.csv by features: FD or FID, KID, precision, recall, density, coverage, IS.

Each figure has a ruler, two values to compare it with: its floor, which photos score in the
pictures' place, and the value of noise. There are fewer photos than pictures, so the ruler is
measured on halves: one half of the photos is the reference, with which the other half, noise, and
as many pictures with the same class shares are compared (reference "half"). FD's floor is also
given at the counts and class shares of all pictures (reference "train"): its bias is known.
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
    compare,
    density_coverage,
    frechet_distance,
    frechet_distance_of,
    inception_score,
    kernel_distance,
    moments,
)


def rows(fake: Features, real: Features, extractor: str, reference: str = "train") -> list[Row]:
    """Rows of metrics.csv for pictures against photos; `reference` names the photos."""
    counts: Row = {
        "extractor": extractor,
        "body_type": "all",
        "n_real": len(real.pooled),
        "n_fake": len(fake.pooled),
        "reference": reference,
    }
    figures: list[Row] = []
    for metric, value in compare(fake.pooled, real.pooled).items():
        key = distance(extractor) if metric == "fd" else metric
        spread = _spread(*value) if isinstance(value, tuple) else {"value": value}
        figures.append(counts | {"metric": key} | spread)
    if extractor in (CLASSIFIER, DINOV2) or not fake.logits.shape[1]:
        return figures  # IS needs a classifier of many different things
    score = {"metric": "is"} | _spread(*inception_score(fake.logits))
    return [*figures, counts | score | {"n_real": None, "reference": ""}]  # it needs no photos


def class_rows(
    fake: tuple[Tensor, np.ndarray],
    real: tuple[Tensor, np.ndarray],
    classes: Sequence[str],
    extractor: str,
) -> list[Row]:
    """One `kid` row a class, each with as many pictures as the smallest class has.

    Each side is features [N,d] with labels [N].
    """
    sides = (fake, real)
    count = min(int((labels == k).sum()) for _, labels in sides for k in range(len(classes)))
    if count < 2:
        return []
    result = []
    for k, name in enumerate(classes):
        ours, theirs = (features[_choose(labels == k, count)] for features, labels in sides)
        result.append(
            _spread(*kernel_distance(ours, theirs, max(2, count // 2)))
            | {"metric": "kid", "extractor": extractor, "body_type": name, "reference": "train"}
            | {"n_real": count, "n_fake": count}
        )
    return result


def neighbourhood_rows(fake: Tensor, real: Tensor, extractor: str) -> list[Row]:
    """`density` and `coverage` of features [N,d] against [M,d]."""
    if len(real) <= NEAREST:
        return []
    shared: Row = {"extractor": extractor, "body_type": "all", "reference": "train"}
    shared |= {"n_real": len(real), "n_fake": len(fake)}
    density, coverage = density_coverage(fake, real)
    return [
        shared | {"metric": "density", "value": density},
        shared | {"metric": "coverage", "value": coverage},
    ]


def distance_row(fake: Tensor, real: Tensor, extractor: str, reference: str = "train") -> Row:
    """FD, or FID, of features [N,d] against [M,d]; `reference` names the photos."""
    return {
        "metric": distance(extractor),
        "extractor": extractor,
        "body_type": "all",
        "value": frechet_distance(fake, real),
        "n_real": len(real),
        "n_fake": len(fake),
        "reference": reference,
    }


def half_floor(real: Tensor, extractor: str) -> Row:
    """FD's floor: one half of the photos' features [N,d] against the other."""
    first, second = (real[half] for half in halves(len(real)))
    row = distance_row(first, second, extractor, "half")
    return row | {"metric": row["metric"] + FLOOR}


def halves(count: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers below `count` in two random halves, the same ones every time."""
    order = np.random.RandomState(SEED).permutation(count)
    return order[: count // 2], order[count // 2 : 2 * (count // 2)]


def own_floor(
    real: Tensor, labels: np.ndarray, n_fake: int, shares: np.ndarray | None, extractor: str
) -> Row:
    """FD's floor at the pictures' own counts and class shares.

    It is a sum of two terms. The first is FD's bias, c (1/n + 1/m) to first order (Chong & Forsyth
    2020), where c is estimated from one half of the photos against the other. The second is the
    cost of other class shares: the FD between all photos weighted to these shares and all photos
    unweighted, less the bias of the weighting.

    Args:
        real: Features of the photos, [N,d], with `labels` int64 [N].
        n_fake: Number of pictures.
        shares: Each class's share of the pictures; None: as among the photos.
        extractor: Name of the network.
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
    """The values of photos and of noise in the pictures' place, for one extractor; see above."""

    def __init__(self, extractor: str, real: Features, labels: np.ndarray, noise: Features) -> None:
        """`real` are the features of the photos, with `labels` int64 [N].

        `noise` are the features of the scrambled photos of the first half.
        """
        self.extractor, self.labels, self.noise = extractor, labels, noise
        self.real = real
        self.first, self.second = halves(len(labels))
        self._ends: dict[tuple[int, ...], list[Row]] = {}

    def rows(self, fake: Features, fake_labels: np.ndarray | None) -> list[Row]:
        """Rows for pictures with the photos' class shares, for photos and for noise.

        All are compared with the second half of the photos.
        """
        mine = self.labels[self.first] if fake_labels is not None else self.labels[self.first] * 0
        labels = fake_labels if fake_labels is not None else np.zeros(len(fake), int)
        wanted = np.bincount(mine)
        there = np.bincount(labels, minlength=len(wanted))[: len(wanted)]
        part = min(1.0, float((there / np.maximum(wanted, 1))[wanted > 0].min()))
        counts = tuple(int(count * part) for count in wanted)
        pictures = _first_of_each(labels, counts)
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
        figures = rows(features, real, self.extractor)
        figures += neighbourhood_rows(features.pooled, real.pooled, self.extractor)
        return [row | {"reference": "half"} for row in figures]


def _first_of_each(labels: np.ndarray, counts: tuple[int, ...]) -> np.ndarray:
    """The indices of the first `counts[k]` of each class k, int64, rising."""
    indices = [np.flatnonzero(labels == k)[:count] for k, count in enumerate(counts)]
    return np.sort(np.concatenate(indices))


def _choose(mask: np.ndarray, count: int) -> Tensor:
    """`count` random indices where `mask` is true, the same ones every time."""
    indices = np.flatnonzero(mask)
    return torch.from_numpy(np.random.RandomState(SEED).permutation(indices)[:count])


def _spread(mean: float, deviation: float) -> Row:
    return {"value": mean, "low": mean - deviation, "high": mean + deviation}
