"""The table of guidance measures each step's own pictures, and refuses runs without guidance."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics import guidance
from gan.metrics.features import Features
from gan.metrics.guidance import STEPS, check_guided, sweep
from gan.runs import Run


def _named_by_shade(_: Any, pictures: np.ndarray, what: str) -> Features:
    shade = torch.from_numpy(pictures.mean((1, 2))).float()
    named = (shade.mean(1) // 80).long().clamp(0, 2)
    return Features(shade, torch.eye(3)[named])


def test_each_step_is_judged_on_its_own_pictures(
    tmp_path: Path, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in draws a share of its pictures as asked that is its guidance, at most all."""

    def draw(_: Any, count: int, seed: int, guidance: float) -> tuple[np.ndarray, np.ndarray]:
        labels = np.arange(count) % 3
        off = np.arange(count) >= guidance * count
        shade = 20 + 80 * ((labels + off) % 3)
        noise = np.random.RandomState(seed).randint(0, 40, (count, 8, 8, 3))
        return (shade[:, None, None, None] + noise).astype(np.uint8), labels

    monkeypatch.setattr(guidance, "generate_set", draw)
    monkeypatch.setattr(guidance, "predict", _named_by_shade)
    real = _named_by_shade(None, photos.pictures, "")
    judge: Any = SimpleNamespace(networks=[None, None], features=lambda photos, seed: real)
    run = Run(tmp_path)
    generator: Any = None
    table = sweep(run, generator, photos, judge, 120)
    named = table[table["metric"] == "gan_test"].groupby("guidance")["value"].mean()
    assert named.to_dict() == pytest.approx({step: min(step, 1) for step in STEPS}, abs=0.01)
    assert set(table["seed"]) == {0, 1}
    pd.testing.assert_frame_equal(pd.read_csv(run.guidance_path), table)


def test_a_run_without_guidance_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for guided in (True, False):
        one = SimpleNamespace(guided=guided)
        monkeypatch.setattr(guidance, "load_generator", lambda run, one=one: one)
        if guided:
            assert check_guided(Run(tmp_path)) is one
        else:
            with pytest.raises(UserError, match="without guidance"):
                check_guided(Run(tmp_path))
