"""The ruler for copies: altered copies of photos are called copies, held-out photos are not."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from gan.metrics import copies
from gan.metrics.copies import Matches


def _scenes(count: int, seed: int) -> np.ndarray:
    """Pictures uint8 [N,64,64,3] of smooth grounds with a few boxes: no two alike."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, 3, 5, 5, generator=generator)
    x = F.interpolate(x, (64, 64), mode="bicubic").clamp(0, 1) * 120 + 60
    for picture in x:
        for _ in range(4):
            top, left, height, width = torch.randint(4, 40, (4,), generator=generator).tolist()
            shade = torch.rand(3, 1, 1, generator=generator) * 255
            picture[:, top : top + height // 2, left : left + width // 2] = shade
    return x.permute(0, 2, 3, 1).round().clamp(0, 255).to(torch.uint8).numpy()


def _altered(pictures: np.ndarray) -> dict[str, np.ndarray]:
    """Copies as a generator could make them, by name: pictures uint8 [N,S,S,3] each."""
    size = pictures.shape[1]
    x = torch.from_numpy(np.array(pictures)).permute(0, 3, 1, 2).float()

    def back(changed: torch.Tensor) -> np.ndarray:
        full = F.interpolate(changed, (size, size), mode="bilinear")
        return full.permute(0, 2, 3, 1).round().clamp(0, 255).to(torch.uint8).numpy()

    cut = size // 16
    moved = F.pad(x, (cut, 0, cut, 0), mode="reflect")[:, :, :size, :size]
    return {
        "same": np.array(pictures),
        "mirrored": back(x.flip(3)),
        "blurred": back(F.avg_pool2d(x, 2)),
        "brighter": back(x + 40),
        "darker": back(x * 0.7),
        "cropped": back(x[:, :, cut:-cut, cut:-cut]),
        "shifted": back(moved),
    }


@pytest.fixture(scope="module")
def photos() -> np.ndarray:
    return _scenes(150, 0)


@pytest.fixture(scope="module")
def held_out(photos: np.ndarray) -> Matches:
    return copies.match(_scenes(200, 1), photos)


def test_altered_copies_are_called_copies_and_held_out_photos_are_not(
    photos: np.ndarray, held_out: Matches
) -> None:
    rate = copies.held_out_rate(held_out)
    print(f"held-out photos called copies: {rate:.3f}")
    assert rate <= 0.05
    chosen = np.arange(0, 150, 6)
    for name, pictures in _altered(photos[chosen]).items():
        found = copies.match(pictures, photos)
        print(f"{name}: {found.copies(held_out):.3f} called copies")
        assert found.copies(held_out) >= 0.95, name
        assert (found.photo == chosen).mean() >= 0.95, name
        assert np.median(found.rank(held_out)) == 0, name


def test_other_pictures_rank_as_held_out_photos_do(photos: np.ndarray, held_out: Matches) -> None:
    found = copies.match(_scenes(40, 2), photos)
    assert found.copies(held_out) <= 0.1
    assert 0.25 < np.median(found.rank(held_out)) < 0.75


def test_pictures_of_other_sizes_and_none_at_all(photos: np.ndarray, held_out: Matches) -> None:
    large = np.repeat(np.repeat(photos[:3], 2, 1), 2, 2)
    assert copies.match(large, photos).photo.tolist() == [0, 1, 2]
    assert copies.match(photos[:0], photos).similarity.shape == (0,)
    assert copies.match(photos[:2], photos[:5]).photo.tolist() == [0, 1]


def test_one_held_out_photo_is_too_few_for_a_rate() -> None:
    one, two = (Matches(np.full(n, 0.5, np.float32), np.zeros(n, np.int64)) for n in (1, 2))
    assert np.isnan(copies.held_out_rate(one))
    assert copies.held_out_rate(two) == 0
