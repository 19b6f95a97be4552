"""A cache of its own for every test, and small made-up photos."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data.made_up import encoded, noise


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("CAR_GAN_DATA", str(folder))
    return folder


@pytest.fixture
def class_folders(tmp_path: Path) -> Callable[..., Path]:
    """Makes a folder with one folder of distinct photos a class."""

    def make(where: str = "photos", **counts: int) -> Path:
        folder = tmp_path / where
        seed = 0
        for name, count in counts.items():
            (folder / name).mkdir(parents=True)
            for number in range(count):
                (folder / name / f"{number:03d}.png").write_bytes(encoded(noise(seed)))
                seed += 1
        return folder

    return make
