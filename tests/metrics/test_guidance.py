"""The table of guidance measures each step's own pictures, and refuses runs without guidance."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from gan.calibration import Calibration
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics import guidance
from gan.metrics.features import Features
from gan.metrics.guidance import STEPS, calibrate, check_guided, check_validation, sweep
from gan.runs import Run
from tests.conftest import tiny_config
from tests.metrics.conftest import CLASSES
from tests.test_sampling import loaded


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


def test_each_type_is_drawn_with_the_guidance_at_which_it_is_named_as_often_as_photos(
    photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in draws of the first type twice, of the last half as many as asked as guidance is.

    Of validation photos 0.6 of each type are named right.
    """
    asked_for = []

    def draw(one: Any, count: int, seed: int, guidance: float) -> tuple[np.ndarray, np.ndarray]:
        asked_for.append(one.calibration)
        labels, place = np.arange(count) % 3, np.arange(count) // 3 / (count // 3)
        off = place >= guidance * np.array([2, 1, 0.5])[labels]
        shade = 20 + 80 * ((labels + off) % 3)
        return np.tile(shade[:, None, None, None], (1, 8, 8, 3)).astype(np.uint8), labels

    monkeypatch.setattr(guidance, "generate_set", draw)
    monkeypatch.setattr(guidance, "predict", _named_by_shade)
    held = photos.indices("validation")
    few = replace(photos, test=photos.test.copy(), validation=photos.validation.copy())
    few.validation[held[15:]], few.test[held[15:]] = False, True
    named = few.labels.copy()
    for kind in range(3):
        of = held[:15][few.labels[held[:15]] == kind]
        named[of[3:]] = (kind + 1) % 3  # 2 of 5 are named wrong
    read = Features(torch.zeros(len(named), 1), torch.eye(3)[torch.from_numpy(named)])
    judge: Any = SimpleNamespace(networks=[None, None], features=lambda photos, seed: read)
    generator = replace(loaded(tiny_config("projected"), CLASSES), calibration=Calibration((1,), 1))
    table = calibrate(generator, few, judge, 3000, 0.9)
    assert table["photos"].tolist() == pytest.approx([0.6] * 3)
    assert table["guidance"].tolist() == pytest.approx([0.3, 0.6, 1.0], abs=0.01)
    assert table["before"].tolist() == pytest.approx([1, 0.6, 0.3], abs=0.01)
    assert table["after"].tolist() == pytest.approx([0.6, 0.6, 0.5], abs=0.01)
    assert {one.typical for one in asked_for} == {()}
    assert {one.truncation for one in asked_for} == {0.9}
    check_validation(few)
    of_one = held[few.labels[held] == 1]
    few.test[of_one], few.validation[of_one] = True, False
    with pytest.raises(UserError, match="no validation photos of block to"):
        check_validation(few)


def test_a_run_without_guidance_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for guided in (True, False):
        one = SimpleNamespace(guided=guided)
        monkeypatch.setattr(guidance, "load_generator", lambda run, path, one=one: one)
        if guided:
            assert check_guided(Run(tmp_path)) is one
        else:
            with pytest.raises(UserError, match="without guidance"):
                check_guided(Run(tmp_path))
