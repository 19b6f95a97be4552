"""Rows of metrics.csv about features: FD or FID, KID, precision, recall, IS, and their floors."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from gan.metrics.features import Features, Row
from gan.metrics.glossary import FLOOR, distance
from gan.metrics.measures import (
    SEED,
    frechet_distance,
    inception_score,
    kernel_distance,
    precision_recall,
)


def rows(fake: Features, real: Features, extractor: str) -> list[Row]:
    """Rows of metrics.csv for one set of generated pictures against the train split."""
    counts: Row = {
        "extractor": extractor,
        "body_type": "all",
        "n_real": len(real.pooled),
        "n_fake": len(fake.pooled),
        "reference": "train",
    }
    precision, recall = precision_recall(fake.pooled, real.pooled)
    return [
        counts
        | {"metric": distance(extractor), "value": frechet_distance(fake.pooled, real.pooled)},
        counts | _spread("kid", *kernel_distance(fake.pooled, real.pooled)),
        counts | {"metric": "precision", "value": precision},
        counts | {"metric": "recall", "value": recall},
        # It looks at no real picture.
        counts | _spread("is", *inception_score(fake.logits)) | {"n_real": None, "reference": ""},
    ]


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


def floor_rows(train: Tensor, test: Tensor, extractor: str) -> list[Row]:
    """`fd_floor` or `fid_floor`: one half of train against the other, and test against train.

    No generator can be expected below the value at its own counts; a floor at fewer pictures
    is higher, by about the ratio of the counts.
    """
    order = np.random.RandomState(SEED).permutation(len(train))
    half = len(train) // 2
    pairs: list[tuple[Literal["train", "test"], Tensor, Tensor]] = [
        ("train", train[order[:half]], train[order[half : 2 * half]])
    ]
    if len(test) > 1:
        pairs.append(("test", test, train))
    return [
        {
            "metric": distance(extractor) + FLOOR,
            "extractor": extractor,
            "body_type": "all",
            "value": frechet_distance(one, other),
            "n_real": len(other),
            "n_fake": len(one),
            "reference": reference,
        }
        for reference, one, other in pairs
        if len(one) > 1
    ]


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
