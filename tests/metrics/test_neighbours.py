"""Nearest photos and pairwise distances against every pair."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gan.metrics.neighbours import mean_pairwise_distance, nearest, write_sheet


def test_nearest_agrees_with_every_pair() -> None:
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(1500, 8, generator=generator)
    reference = torch.randn(70, 8, generator=generator)
    distance, index = nearest(features, reference)
    pairs = (features[:, None] - reference[None]).norm(dim=2)
    assert np.allclose(distance, pairs.min(1).values.numpy(), atol=1e-5)
    assert np.array_equal(index, pairs.argmin(1).numpy())


def test_a_copy_is_at_zero() -> None:
    reference = torch.randn(50, 192, generator=torch.Generator().manual_seed(0)) + 5
    distance, index = nearest(reference[[7, 3]], reference)
    assert distance.tolist() == [0, 0]
    assert index.tolist() == [7, 3]
    assert nearest(reference[:0], reference)[0].shape == (0,)


def test_mean_pairwise_distance_of_a_triangle() -> None:
    triangle = torch.tensor([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]])
    assert mean_pairwise_distance(triangle) == pytest.approx((3 + 4 + 5) / 3)


def test_the_sheet_shows_each_picture_beside_its_neighbour(tmp_path: Path) -> None:
    write_sheet(
        tmp_path / "sheet.png",
        np.full((9, 64, 64, 3), 10, np.uint8),
        np.full((9, 64, 64, 3), 200, np.uint8),
    )
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (2 * 64 + 6, 8 * 128 + 7 * 6, 3)
    assert (sheet[:64, :64] == 10).all()
    assert (sheet[:64, 64:128] == 200).all()
