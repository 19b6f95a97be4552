"""Stand-ins and tiny sets that the metrics' tests share."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from gan.data.prepared import Photos

CLASSES = ("bar", "block", "stripe")


def _make(
    folder: Path, train: int = 24, test: int = 8, seed: int = 0, validation: int = 6
) -> Photos:
    """Pictures of three shapes that anyone can tell apart, so many a class in each split."""
    rng = np.random.default_rng(seed)
    count = (train + validation + test) * len(CLASSES)
    labels = np.arange(count) % len(CLASSES)
    pictures = rng.integers(0, 90, (count, 64, 64, 3), np.uint8)
    for picture, label in zip(pictures, labels, strict=True):
        paint = rng.integers(140, 256, 3)
        top, left = rng.integers(8, 24, 2)
        if label == 0:
            picture[top : top + 8, left : left + 36] = paint
        elif label == 1:
            picture[top : top + 28, left : left + 28] = paint
        else:
            picture[top : top + 36 : 2, left : left + 8] = paint
    held_out = np.arange(count) >= (train + validation) * len(CLASSES)
    looked_at = (np.arange(count) >= train * len(CLASSES)) & ~held_out
    digest = hashlib.sha256(pictures.tobytes()).hexdigest()
    return Photos("shapes", pictures, labels, held_out, looked_at, CLASSES, digest, folder)


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    return _make(tmp_path_factory.mktemp("shapes"))


@pytest.fixture(scope="session")
def make_photos() -> Callable[..., Photos]:
    """The maker of such sets: folder, pictures a class in train and test, seed."""
    return _make


@pytest.fixture
def runs_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    return tmp_path / "checkpoints"
