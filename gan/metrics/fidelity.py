"""FID, IS, KID, precision and recall of features, by torch-fidelity's own functions."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

from gan.metrics.extractors import INCEPTION
from gan.metrics.features import Features, Row

KID_SUBSETS = 100
KID_SUBSET = 1000  # pictures in each at most
NEIGHBOURS = 3  # k of precision and recall (Kynkäänniemi et al. 2019)
IS_SPLITS = 10
SEED = 2020  # torch-fidelity's, of subsets and shuffles


def frechet_distance(fake: Tensor, real: Tensor) -> float:
    """Fréchet distance between Gaussians fitted to features [N,d] and [M,d] (Heusel et al. 2017).

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)). On Inception's features it is the FID. Its bias
    falls with 1/N; below d pictures the covariance is singular.
    """
    statistics = [fid_features_to_statistics(side.double()) for side in (fake, real)]
    return fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]


def kernel_distance(fake: Tensor, real: Tensor, subset: int = KID_SUBSET) -> tuple[float, float]:
    """KID (Binkowski et al. 2018): unbiased MMD^2, cubic kernel; mean and std over subsets.

    Features are [N,d] and [M,d]. Values slightly below 0 mean that the two can't be told apart.
    """
    result = kid_features_to_metric(
        fake,
        real,
        kid_subsets=KID_SUBSETS,
        kid_subset_size=min(subset, len(fake), len(real)),
        rng_seed=SEED,
        verbose=False,
    )
    mean, deviation = result.values()
    return mean, deviation


def precision_recall(fake: Tensor, real: Tensor) -> tuple[float, float]:
    """Share of fakes within the real manifold, and of reals within the fake one.

    Features are [N,d] and [M,d], each with more than NEIGHBOURS pictures.
    """
    result = prc_features_to_metric(
        fake,
        real,
        prc_neighborhood=NEIGHBOURS,
        prc_batch_size=2000,
        save_cpu_ram=True,
        verbose=False,
    )
    return result["precision"], result["recall"]


def inception_score(logits: Tensor) -> tuple[float, float]:
    """exp(E KL(p(y|x) || p(y))) of logits [N,classes] (Salimans et al. 2016).

    Mean and standard deviation over IS_SPLITS parts of the set.
    """
    result = isc_features_to_metric(logits, splits=IS_SPLITS, shuffle=True, rng_seed=SEED)
    mean, deviation = result.values()
    return mean, deviation


def rows(fake: Features, real: Features, extractor: str) -> list[Row]:
    """Rows of metrics.csv for one set of generated pictures against the train split."""
    counts: Row = {
        "extractor": extractor,
        "body_type": "all",
        "n_real": len(real.pooled),
        "n_fake": len(fake.pooled),
        "reference": "train",
    }
    distance = frechet_distance(fake.pooled, real.pooled)
    precision, recall = precision_recall(fake.pooled, real.pooled)
    return [
        counts | {"metric": "fid" if extractor == INCEPTION else "fd", "value": distance},
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
    """`fd_floor`, real against real: one half of train against the other, and test against train.

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
            "metric": "fd_floor",
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
