"""The classifier learns what anyone can tell apart, by its seed alone."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gan.data.prepared import Photos
from gan.metrics.classifier import CarClassifier, augment, predict, recalls, train_classifier


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan.metrics.classifier.BATCH", 24)


def test_learns_shapes_that_anyone_can_tell_apart(photos: Photos) -> None:
    train, test = photos.indices("train"), photos.indices("test")
    network = train_classifier(photos.pictures[train], photos.labels[train], 3, budget=1800)
    said = predict(network, photos.pictures[test])
    assert (said.named == photos.labels[test]).mean() > 0.9
    assert said.pooled.shape == (len(test), 192)
    assert said.pooled.min() >= 0


def test_a_seed_decides_the_weights(photos: Photos, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan.metrics.classifier.WIDTHS", (8, 8, 8, 16))

    def weights(seed: int) -> torch.Tensor:
        state = torch.get_rng_state()
        network = train_classifier(photos.pictures, photos.labels, 3, seed, budget=24)
        # The caller's random stream is left alone.
        assert torch.equal(torch.get_rng_state(), state)
        return torch.cat([p.detach().flatten() for p in network.parameters()])

    torch.manual_seed(1)
    first = weights(0)
    torch.manual_seed(2)
    assert torch.equal(weights(0), first)
    assert not torch.equal(weights(1), first)


def test_a_rare_class_is_held_for_as_likely_as_a_common_one() -> None:
    """Drawn by sqrt(64) to sqrt(4): the correction is log(4) in favour of the rare class."""
    pictures, labels = np.zeros((68, 64, 64, 3), np.uint8), np.array([0] * 64 + [1] * 4)
    uneven = train_classifier(pictures, labels, 2, budget=24).classify.bias
    assert (uneven[1] - uneven[0]).item() == pytest.approx(np.log(4), abs=0.25)
    even = train_classifier(pictures, np.arange(68) % 2, 2, budget=24).classify.bias
    assert (even[1] - even[0]).item() == pytest.approx(0, abs=0.25)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_every_size_has_its_features(size: int) -> None:
    network = CarClassifier(5, size).eval()
    pictures = torch.zeros(2, 3, size, size)
    assert network.stages(network.stem(pictures)).shape == (2, 192, 4, 4)
    assert network(pictures).shape == (2, 5)


def test_predictions_of_no_pictures() -> None:
    said = predict(CarClassifier(3, 64), np.empty((0, 64, 64, 3), np.uint8))
    assert said.pooled.shape == (0, 192)
    assert said.named.shape == (0,)


@pytest.mark.parametrize("strength", [1.0, 0.5, 0.0])
def test_augmentation_is_its_changes_one_after_the_other(strength: float) -> None:
    pictures = torch.rand(5, 3, 64, 64) * 2 - 1
    torch.manual_seed(3)
    changed = augment(pictures, strength)
    torch.manual_seed(3)
    zoom, flip = 1 + strength * (torch.rand(5) * 0.3 - 0.15), torch.rand(5) < 0.5
    theta = torch.zeros(5, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = zoom * torch.where(flip, -1.0, 1.0), zoom
    theta[:, :, 2] = (torch.rand(5, 2) * 0.3 - 0.15) * strength
    grid = F.affine_grid(theta, [5, 3, 64, 64], align_corners=False)
    x = F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    x = x + strength * (torch.rand(5, 1, 1, 1) * 0.4 - 0.2)
    grey, saturation = x.mean(1, keepdim=True), torch.rand(5, 1, 1, 1) * 1.4 + 0.1
    x = grey + (x - grey) * (1 + strength * (saturation - 1))
    middle, contrast = x.mean((1, 2, 3), keepdim=True), torch.rand(5, 1, 1, 1) * 0.8 + 0.6
    x = middle + (x - middle) * (1 + strength * (contrast - 1))
    torch.testing.assert_close(changed, x.clamp(-1, 1), rtol=0, atol=1e-4)


def test_recalls_leave_out_a_class_without_pictures() -> None:
    named, labels = np.array([0, 1, 1, 2]), np.array([0, 0, 1, 1])
    assert recalls(named, labels, ("a", "b", "c")) == {"a": 0.5, "b": 0.5}
