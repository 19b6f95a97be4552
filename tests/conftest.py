"""Tiny real pieces that many tests share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gan  # isort: skip  # noqa: F401  # before torch: it says how OpenMP's threads wait
import numpy as np
import pytest
import torch

from gan.config import (
    AdversarialConfig,
    CGANConfig,
    DataConfig,
    DCGANConfig,
    DriftConfig,
    LoopConfig,
    ProjectedConfig,
    RunConfig,
)
from gan.data.prepared import Photos

torch.set_num_threads(1)


@pytest.fixture(scope="session", autouse=True)
def cache_of_the_tests(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests download or prepare goes into a folder of theirs, and not into the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAR_GAN_DATA", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def tiny_photos(tmp_path_factory: pytest.TempPathFactory) -> Photos:
    """Forty 64-pixel pictures of two classes; class 0 is dark, class 1 is light."""
    stream = np.random.RandomState(0)
    labels = np.arange(40) % 2
    base = np.where(labels == 0, 60, 190)[:, None, None, None]
    noise = stream.randint(-50, 50, (40, 64, 64, 3))
    return Photos(
        name="tiny",
        pictures=(base + noise).astype(np.uint8),
        labels=labels.astype(np.int64),
        test=np.arange(40) >= 32,
        validation=np.zeros(40, bool),
        classes=("dark", "light"),
        content_hash="0" * 64,
        folder=tmp_path_factory.mktemp("tiny"),
    )


NETWORKS = {
    "dcgan": DCGANConfig(width=4, latent=8),
    "cgan": CGANConfig(width=4, latent=8, dense=8),
    "projected": ProjectedConfig(
        width=4, latent=8, class_code=4, head_width=4, pixel_width=4, bank=8
    ),
}


def tiny_config(architecture: str = "dcgan", **loop: Any) -> RunConfig:
    """Settings of a run that takes a fraction of a second."""
    objective = (
        DriftConfig(join=16, ramp=16, references=4)
        if architecture == "projected"
        else AdversarialConfig()
    )
    settings = {"pictures": 64, "batch": 8, "sample_every": 4, "log_every": 2} | loop
    return RunConfig(
        DataConfig(data="tiny"), NETWORKS[architecture], objective, LoopConfig(**settings)
    )


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkpoints folder that the program takes for its own."""
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path))
    return tmp_path
