"""Rows of metrics.csv about classes: how often a classifier names them right, and diversity."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from torch import Tensor

from gan.metrics.classifier import accuracy, recalls
from gan.metrics.features import Row
from gan.metrics.fidelity import Ruler
from gan.metrics.glossary import CLASSIFIER, FLOOR, NOISE
from gan.metrics.measures import by_class, diversity

PAIRED = 2000  # pictures of a class whose pairwise distances are averaged, at most


def recognition_rows(
    named: np.ndarray, labels: np.ndarray, classes: Sequence[str], count: str, **shared: Any
) -> list[Row]:
    """The share of pictures whose class is named right: one row for all, then one for each class.

    Args:
        named: The classes that a classifier names, int64 [N].
        labels: The right ones, int64 [N].
        classes: Names of the classes; those without pictures get no row.
        count: The column for the number of pictures, "n_fake" or "n_real".
        shared: The other columns.
    """
    shared = {"extractor": CLASSIFIER} | shared
    whole = {"body_type": "all", "value": accuracy(named, labels), count: len(labels)}
    return [shared | whole] + [
        shared
        | {"body_type": name, "value": value, count: int((labels == classes.index(name)).sum())}
        for name, value in recalls(named, labels, classes).items()
    ]


def diversity_rows(
    fake: tuple[Tensor, np.ndarray],
    real: tuple[Tensor, np.ndarray],
    classes: Sequence[str],
    metric: str = "diversity",
    most: int | None = PAIRED,
) -> list[Row]:
    """The diversity of each class at equal counts of pictures and photos.

    Each side is features [N,d] with labels int64 [N]; `most` is as for `measures.by_class`.
    """
    shared: Row = {"metric": metric, "extractor": CLASSIFIER, "reference": "train"}
    return [
        shared
        | {"body_type": name, "value": diversity(ours, theirs)}
        | {"n_real": len(theirs), "n_fake": len(ours)}
        for name, ours, theirs in by_class(fake, real, classes, most)
    ]


def diversity_ruler(ruler: Ruler, classes: Sequence[str]) -> list[Row]:
    """The diversity of one half of the photos, and of noise, over the other half: class means."""
    first, second = ruler.labels[ruler.first], ruler.labels[ruler.second]
    real = ruler.real[ruler.second].pooled
    ends = {FLOOR: ruler.real[ruler.first].pooled, NOISE: ruler.noise.pooled}
    rows: list[Row] = []
    for ending, features in ends.items():
        pairs = by_class((features, first), (real, second), classes, PAIRED)
        if pairs:
            n_fake, n_real = (sum(len(pair[side]) for pair in pairs) for side in (1, 2))
            rows.append(
                {"metric": "diversity" + ending, "extractor": CLASSIFIER, "body_type": "all"}
                | {"value": float(np.mean([diversity(*pair[1:]) for pair in pairs]))}
                | {"reference": "half", "n_real": n_real, "n_fake": n_fake}
            )
    return rows
