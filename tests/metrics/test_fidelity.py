"""Distances and scores against closed forms and pytorch-fid."""

import numpy as np
import pytest
import torch
from pytorch_fid.fid_score import calculate_frechet_distance
from torch import Tensor

from gan.metrics import fidelity


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
    assert fidelity.frechet_distance(fake, real) == pytest.approx(25, abs=1e-6)


def test_frechet_distance_of_diagonal_gaussians() -> None:
    """|m1-m2|^2 + sum (s1-s2)^2 where the covariances commute."""
    fake = exactly(np.zeros(3), np.diag([1.0, 4.0, 9.0]))
    real = exactly(np.array([1.0, 0.0, 0.0]), np.diag([4.0, 4.0, 1.0]))
    assert fidelity.frechet_distance(fake, real) == pytest.approx(1 + 1 + 0 + 4, abs=1e-6)


def test_frechet_distance_agrees_with_pytorch_fid() -> None:
    fake = gaussian(300, 0) @ gaussian(16, 1) + 0.3
    real = gaussian(500, 2)
    statistics = []
    for features in (fake, real):
        array = features.double().numpy()
        statistics += [array.mean(0), np.cov(array, rowvar=False)]
    expected = calculate_frechet_distance(*statistics)
    assert fidelity.frechet_distance(fake, real) == pytest.approx(expected, rel=1e-6)


def test_kernel_distance_is_unbiased() -> None:
    same, deviation = fidelity.kernel_distance(gaussian(600, 0), gaussian(600, 1), 200)
    far, _ = fidelity.kernel_distance(gaussian(600, 0), gaussian(600, 1, shift=0.5), 200)
    assert abs(same) < deviation
    assert far > 20 * abs(same)


def test_kernel_distance_takes_small_sets() -> None:
    mean, deviation = fidelity.kernel_distance(gaussian(20, 0), gaussian(30, 1))
    assert np.isfinite([mean, deviation]).all()


def test_precision_and_recall_are_not_swapped() -> None:
    """Fakes that are copies of a corner of the real ones: all precise, little recalled."""
    real = gaussian(300, 0, dimensions=3)
    fake = real[real[:, 0] > 0.7]
    precision, recall = fidelity.precision_recall(fake, real)
    assert precision == 1
    assert recall < 0.6


def test_inception_score_of_known_predictions() -> None:
    """K sure and even predictions score K; one and the same prediction scores 1."""
    generator = torch.Generator().manual_seed(0)
    sure = 100 * torch.eye(4)[torch.randint(4, (8000,), generator=generator)]
    assert fidelity.inception_score(sure)[0] == pytest.approx(4, rel=0.01)
    assert fidelity.inception_score(torch.ones(200, 4))[0] == pytest.approx(1)


def test_class_rows_compare_each_class_at_one_count() -> None:
    fake = gaussian(90, 0), np.arange(90) % 3
    real = gaussian(90, 1), np.repeat([0, 1, 2], [50, 30, 10])
    real[0][80:] += 3
    rows = fidelity.class_rows(fake, real, ("a", "b", "c"), "x")
    assert {(row["n_fake"], row["n_real"]) for row in rows} == {(10, 10)}
    values = {row["body_type"]: row["value"] for row in rows}
    assert max(values["a"], values["b"]) < values["c"] / 10


def test_a_class_without_pictures_gives_no_class_rows() -> None:
    side = gaussian(20, 0), np.zeros(20, int)
    assert fidelity.class_rows(side, side, ("a", "b"), "x") == []


def test_floors_say_what_they_compare() -> None:
    halves, held_out = fidelity.floor_rows(gaussian(401, 0), gaussian(50, 1), "x")
    assert (halves["reference"], halves["n_fake"], halves["n_real"]) == ("train", 200, 200)
    assert (held_out["reference"], held_out["n_fake"], held_out["n_real"]) == ("test", 50, 401)
    # Both are noise about 0, larger where fewer are compared.
    assert 0 < halves["value"] < held_out["value"] < 3
    assert len(fidelity.floor_rows(gaussian(100, 0), gaussian(0, 1), "x")) == 1
