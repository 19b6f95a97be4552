"""Measures against closed forms, brute force and pytorch-fid."""

import numpy as np
import pytest
import torch
from pytorch_fid.fid_score import calculate_frechet_distance
from torch import Tensor

from gan.metrics import measures


def exactly(mean: np.ndarray, covariance: np.ndarray, count: int = 400) -> Tensor:
    """Features whose sample mean and covariance are these to rounding."""
    noise = np.random.default_rng(0).normal(size=(count, len(mean)))
    noise -= noise.mean(0)
    whitened = noise @ np.linalg.inv(np.linalg.cholesky(np.cov(noise.T)).T)
    return torch.from_numpy(whitened @ np.linalg.cholesky(covariance).T + mean)


def gaussian(count: int, seed: int, shift: float = 0.0, dimensions: int = 16) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dimensions, generator=generator) + shift


def test_frechet_distance_of_equal_covariances_is_the_squared_distance_of_the_means() -> None:
    covariance = np.array([[2.0, 0.6, 0.0], [0.6, 1.0, -0.2], [0.0, -0.2, 0.5]])
    means = np.array([0.0, 1.0, -2.0]), np.array([3.0, 1.0, 2.0])
    fake, real = (exactly(mean, covariance) for mean in means)
    assert measures.frechet_distance(fake, real) == pytest.approx(25, abs=1e-6)


def test_frechet_distance_of_diagonal_gaussians() -> None:
    """|m1-m2|^2 + sum (s1-s2)^2 where the covariances commute."""
    fake = exactly(np.zeros(3), np.diag([1.0, 4.0, 9.0]))
    real = exactly(np.array([1.0, 0.0, 0.0]), np.diag([4.0, 4.0, 1.0]))
    assert measures.frechet_distance(fake, real) == pytest.approx(1 + 1 + 0 + 4, abs=1e-6)


def test_frechet_distance_agrees_with_pytorch_fid() -> None:
    fake = gaussian(300, 0) @ gaussian(16, 1) + 0.3
    real = gaussian(500, 2)
    statistics = []
    for features in (fake, real):
        array = features.double().numpy()
        statistics += [array.mean(0), np.cov(array, rowvar=False)]
    expected = calculate_frechet_distance(*statistics)
    assert measures.frechet_distance(fake, real) == pytest.approx(expected, rel=1e-6)


def test_kernel_distance_is_unbiased() -> None:
    same, deviation = measures.kernel_distance(gaussian(600, 0), gaussian(600, 1), 200)
    far, _ = measures.kernel_distance(gaussian(600, 0), gaussian(600, 1, shift=0.5), 200)
    assert abs(same) < deviation
    assert far > 20 * abs(same)


def test_kernel_distance_takes_small_sets() -> None:
    mean, deviation = measures.kernel_distance(gaussian(20, 0), gaussian(30, 1))
    assert np.isfinite([mean, deviation]).all()


def test_inception_score_of_known_predictions() -> None:
    """K sure and even predictions score K; one and the same prediction scores 1."""
    generator = torch.Generator().manual_seed(0)
    sure = 100 * torch.eye(4)[torch.randint(4, (8000,), generator=generator)]
    assert measures.inception_score(sure)[0] == pytest.approx(4, rel=0.01)
    assert measures.inception_score(torch.ones(200, 4))[0] == pytest.approx(1)


def test_nearest_agrees_with_every_pair() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1500, 8, generator=generator)
    reference = torch.randn(70, 8, generator=generator)
    distance, index = measures.nearest(features, reference)
    pairs = (features[:, None] - reference[None]).norm(dim=2)
    assert np.allclose(distance, pairs.min(1).values.numpy(), atol=1e-5)
    assert np.array_equal(index, pairs.argmin(1).numpy())


def test_a_copy_is_at_zero() -> None:
    reference = torch.randn(50, 192, generator=torch.Generator().manual_seed(0)) + 5
    distance, index = measures.nearest(reference[[7, 3]], reference)
    assert distance.tolist() == [0, 0]
    assert index.tolist() == [7, 3]
    assert measures.nearest(reference[:0], reference)[0].shape == (0,)


def test_mean_pairwise_distance_of_a_triangle() -> None:
    triangle = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    assert measures.mean_pairwise_distance(triangle) == pytest.approx((3 + 4 + 5) / 3)


def test_density_and_coverage_agree_with_their_definition() -> None:
    """Naeem et al. 2020, equations 3 and 4, pair by pair."""
    fake, real, k = gaussian(90, 0, 0.4, 3), gaussian(60, 1, 0, 3), 5
    hits = np.zeros((60, 90), bool)
    for i in range(60):
        others = sorted(float((real[i] - real[j]).norm()) for j in range(60) if j != i)
        for j in range(90):
            hits[i, j] = float((real[i] - fake[j]).norm()) < others[k - 1]
    density, coverage = measures.density_coverage(fake, real, k)
    assert density == pytest.approx(hits.sum() / (k * 90))
    assert coverage == pytest.approx(hits.any(1).mean())


def test_density_and_coverage_of_two_sets_of_one_distribution() -> None:
    """Density 1; coverage as Naeem et al. 2020 derive it (section 3.3)."""
    density, coverage = measures.density_coverage(gaussian(3000, 0), gaussian(3000, 1))
    assert density == pytest.approx(1, abs=0.05)
    missed = np.prod([(3000 - i) / (6000 - i) for i in range(1, 6)])
    assert coverage == pytest.approx(1 - missed, abs=0.01)


def test_one_odd_photo_raises_precision_and_not_density() -> None:
    """What density is for: an outlier's wide neighbourhood holds every fake."""
    real = gaussian(400, 0, dimensions=4)
    real[0] = 60
    fake = gaussian(400, 1, shift=30, dimensions=4)
    assert measures.precision_recall(fake, real)[0] == 1
    assert measures.density_coverage(fake, real)[0] < 0.3


def test_classes_are_compared_at_equal_counts_and_evenly_spaced() -> None:
    values = torch.arange(40.0)[:, None]
    fake, real = (values, np.arange(40) // 20), (values[:10], np.zeros(10, int))
    ((name, ours, theirs),) = measures.by_class(fake, real, ("a", "b"), most=5)
    assert name == "a"
    assert ours.flatten().tolist() == [0, 4, 8, 12, 16]
    assert theirs.flatten().tolist() == [0, 2, 4, 6, 8]
    ((_, ours, theirs),) = measures.by_class(fake, real, ("a", "b"))
    assert ours.flatten().tolist() == theirs.flatten().tolist() == list(range(10))


def test_diversity_is_over_that_of_photos() -> None:
    real = gaussian(50, 0)
    assert measures.diversity(real / 2, real) == pytest.approx(0.5)


def test_precision_and_recall_agree_with_their_definition() -> None:
    """Kynkäänniemi et al. 2019: inside the ball to a picture's third nearest, pair by pair."""
    fake, real = gaussian(70, 0, 0.4, 3), gaussian(50, 1, 0, 3)

    def covered(sets: Tensor, by: Tensor) -> float:
        radii = [sorted((by - one).norm(dim=1).tolist())[3] for one in by]  # 0 is its own
        inside = [any((x - y).norm() <= r for y, r in zip(by, radii, strict=True)) for x in sets]
        return float(np.mean(inside))

    expected = covered(fake, real), covered(real, fake)
    assert 0.2 < min(expected) < max(expected) < 1
    assert measures.precision_recall(fake, real) == pytest.approx(expected)
