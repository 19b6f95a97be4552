"""The formulas of the metrics: pure functions from features to numbers."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torch_fidelity.metric_isc import isc_features_to_metric
from torch_fidelity.metric_kid import kid_features_to_metric
from torch_fidelity.metric_prc import prc_features_to_metric

KID_SUBSETS = 100
KID_SUBSET = 1000  # pictures in each at most
NEIGHBOURS = 3  # k of precision and recall (Kynkäänniemi et al. 2019)
IS_SPLITS = 10
SEED = 2020  # torch-fidelity's, of subsets and shuffles
NEAREST = 5  # k of density and coverage (Naeem et al. 2020)
PART = 1000  # rows compared at once


def compare(fake: Tensor, real: Tensor) -> dict[str, float | tuple[float, float]]:
    """All figures of pictures against photos, by the metric's key in the glossary.

    Features are [N,d] and [M,d]. A value, or a mean with its standard deviation.
    """
    precision, recall = precision_recall(fake, real)
    return {
        "fd": frechet_distance(fake, real),
        "kid": kernel_distance(fake, real),
        "precision": precision,
        "recall": recall,
    }


def frechet_distance(fake: Tensor, real: Tensor) -> float:
    """Fréchet distance between Gaussians fitted to features [N,d] and [M,d] (Heusel et al. 2017).

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)). On Inception's features it is the FID. It is too
    large for small sets, by a bias that falls with 1/N + 1/M.
    """
    statistics = [fid_features_to_statistics(side.double()) for side in (fake, real)]
    return fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]


def moments(features: Tensor, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean [d] and unbiased covariance [d,d] of features [N,d] with weights [N] that sum to 1."""
    values = features.double().numpy()
    if weights is None:
        weights = np.full(len(values), 1 / len(values))
    mean = weights @ values
    centred = values - mean
    covariance = (centred * weights[:, None]).T @ centred / (1 - np.square(weights).sum())
    return mean, covariance


def frechet_distance_of(
    fake: tuple[np.ndarray, np.ndarray], real: tuple[np.ndarray, np.ndarray]
) -> float:
    """`frechet_distance` between two pairs of mean and covariance."""
    statistics = [{"mu": mean, "sigma": covariance} for mean, covariance in (fake, real)]
    return fid_statistics_to_metric(*statistics, verbose=False)["frechet_inception_distance"]


def kernel_distance(fake: Tensor, real: Tensor, subset: int = KID_SUBSET) -> tuple[float, float]:
    """KID (Binkowski et al. 2018): unbiased MMD^2, cubic kernel; mean and std over subsets.

    Features are [N,d] and [M,d]. For equal distributions it can be slightly below 0.
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
    """Share of pictures within the manifold of photos, and of photos within that of pictures.

    A manifold is the union of balls around its pictures, each reaching to the picture's nearest
    neighbour number NEIGHBOURS (Kynkäänniemi et al. 2019). Features are [N,d] and [M,d], each with
    more than NEIGHBOURS pictures.
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


def density_coverage(fake: Tensor, real: Tensor, k: int = NEAREST) -> tuple[float, float]:
    """Density of pictures in the neighbourhoods of photos, and share of these with a picture.

    The neighbourhood of a photo is the ball that reaches to its k-th nearest other photo (Naeem et
    al. 2020, equations 3 and 4, as in their package `prdc`). Features are [N,d] and [M,d], M above
    `k`. For equal distributions density is 1 on average, and coverage is
    1 - (M-1)...(M-k) / ((M+N-1)...(M+N-k)), near 1 - 2^-k at equal counts.
    """
    radii = torch.cat([torch.cdist(part, real).kthvalue(k + 1).values for part in real.split(PART)])
    inside = torch.zeros(len(real))
    for part in fake.split(PART):
        inside += (torch.cdist(real, part) < radii[:, None]).sum(1)
    return float(inside.mean() * len(real) / (k * len(fake))), float((inside > 0).float().mean())


def inception_score(logits: Tensor) -> tuple[float, float]:
    """exp(E KL(p(y|x) || p(y))) of logits [N,classes] (Salimans et al. 2016).

    Mean and standard deviation over IS_SPLITS parts of the set.
    """
    result = isc_features_to_metric(logits, splits=IS_SPLITS, shuffle=True, rng_seed=SEED)
    mean, deviation = result.values()
    return mean, deviation


def nearest(features: Tensor, reference: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distance to the nearest row of `reference`, float32 [N], and its index, int64 [N].

    Features are [N,d] and [M,d].
    """
    parts = [torch.cdist(part, reference).argmin(1) for part in features.split(PART)]
    index = torch.cat(parts) if parts else torch.empty(0, dtype=torch.int64)
    # Computed again, since cdist rounds: the distance of a copy should be 0.
    distance = (features - reference[index]).norm(dim=1)
    return distance.numpy(), index.numpy()


def median_distance(features: Tensor, reference: Tensor) -> float:
    """Median Euclidean distance from a row of [N,d] to the nearest one of `reference` [M,d]."""
    return float(np.median(nearest(features, reference)[0]))


def mean_pairwise_distance(features: Tensor) -> float:
    """Mean Euclidean distance over all pairs of [N,d], N at least 2."""
    return float(torch.pdist(features.double()).mean())


def diversity(fake: Tensor, real: Tensor) -> float:
    """Mean pairwise distance of features [N,d] over that of [M,d]; 1 is as varied as `real`.

    Neither mean is biased by the number of rows.
    """
    return mean_pairwise_distance(fake) / mean_pairwise_distance(real)


def by_class(
    fake: tuple[Tensor, np.ndarray],
    real: tuple[Tensor, np.ndarray],
    classes: Sequence[str],
    most: int | None = None,
) -> list[tuple[str, Tensor, Tensor]]:
    """(class, fake features, real features) at equal counts, `most` rows a side at most.

    Each side is features [N,d] with labels [N]. Rows are evenly spaced over a class, since
    neighbours in a folder may look alike; with `most` None the first ones are taken. A class with
    fewer than two rows on a side is left out.
    """
    result = []
    for k, name in enumerate(classes):
        places = [np.flatnonzero(labels == k) for _, labels in (fake, real)]
        count = min(map(len, places))
        if most is not None:
            count = min(count, most)
            places = [side[np.arange(count) * len(side) // max(1, count)] for side in places]
        if count > 1:
            ours, theirs = (
                features[side[:count]]
                for (features, _), side in zip((fake, real), places, strict=True)
            )
            result.append((name, ours, theirs))
    return result
