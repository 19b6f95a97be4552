"""Classifiers of the photos: trained once, kept, and refused if damaged."""

import dataclasses
import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gan import atomic
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics import judge as judges
from gan.metrics.classifier import CarClassifier
from gan.runs import judge_path


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan.metrics.classifier.BATCH", 16)
    monkeypatch.setattr("gan.metrics.classifier.WIDTHS", (8, 8, 8, 16))


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds that were trained."""
    seeds: list[int] = []
    original = judges.train_classifier

    def counted(pictures: Any, labels: Any, classes: int, seed: int, *more: Any) -> CarClassifier:
        seeds.append(seed)
        return original(pictures, labels, classes, seed, *more)

    monkeypatch.setattr(judges, "train_classifier", counted)
    return seeds


def test_a_judge_is_trained_once_and_read_back_the_same(
    photos: Photos, runs_root: Path, trainings: list[int]
) -> None:
    first = judges.judge_of(photos, seeds=2, budget=16)
    again = judges.judge_of(photos, seeds=1, budget=16)
    assert trainings == [0, 1]
    assert again.accuracy == first.accuracy
    assert len(first.accuracy) == len(first.networks) == 2

    # Its own reference is what it says of the train photos, to half precision.
    train = first.features(photos, 0).pooled[photos.indices("train")]
    assert torch.allclose(first.reference, train, rtol=2e-3, atol=1e-6)
    assert np.array_equal(first.reference_labels, photos.labels[photos.indices("train")])
    assert len(first.held_out) == photos.validation.sum()
    assert (np.diff(first.held_out) >= 0).all()

    about = json.loads(
        (judge_path("shapes", 64, photos.content_hash) / "judge.json").read_text(encoding="utf-8")
    )
    assert about["counts"] == {
        split: photos.counts(split)  # type: ignore[arg-type]
        for split in ("train", "validation")
    }
    assert about["recall"][0].keys() == set(photos.classes)


def test_more_seeds_budget_or_other_photos_train_anew(
    photos: Photos, runs_root: Path, trainings: list[int]
) -> None:
    judges.judge_of(photos, seeds=1, budget=16)
    judges.judge_of(photos, seeds=2, budget=16)
    assert trainings == [0, 0, 1]
    judges.judge_of(photos, seeds=2, budget=32)
    assert trainings == [0, 0, 1, 0, 1]
    other = dataclasses.replace(photos, content_hash="f" * 64)
    assert judges.judge_of(other, seeds=1, budget=16).content_hash == "f" * 64
    assert trainings == [0, 0, 1, 0, 1, 0]


def test_the_features_of_photos_are_found_the_second_time(
    photos: Photos, runs_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = judges.judge_of(photos, seeds=1, budget=16)

    def refuse(*_: Any) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(judges, "predict", refuse)
    assert len(judge.features(photos, 0)) == len(photos.labels)


def test_a_set_without_test_photos_has_a_judge_without_accuracy(
    runs_root: Path, tmp_path: Path, make_photos: Callable[..., Photos]
) -> None:
    photos = make_photos(tmp_path, train=8, test=0, validation=0)
    judge = judges.judge_of(photos, seeds=1, budget=16)
    assert judge.accuracy == ()
    assert len(judge.held_out) == 0


@pytest.mark.parametrize("file", ["judge.json", "seed0.safetensors", "reference.safetensors"])
def test_a_damaged_judge_is_refused_by_readers_and_trained_anew(
    photos: Photos, runs_root: Path, trainings: list[int], file: str
) -> None:
    judges.judge_of(photos, seeds=1, budget=16)
    path = judge_path("shapes", 64, photos.content_hash) / file
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(UserError, match="damaged"):
        judges.read(path.parent)
    judges.judge_of(photos, seeds=1, budget=16)
    assert trainings == [0, 0]


def test_no_judge_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="holds no complete judge"):
        judges.read(tmp_path)


def test_what_cannot_be_kept_does_not_end_the_work(
    photos: Photos, runs_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """Neither the judge nor the features: they are made anew the next time."""
    monkeypatch.setenv("CAR_GAN_DATA", str(tmp_path))  # no other test's features
    real = atomic.write_bytes

    def refusing(path: Path, data: bytes) -> None:
        if runs_root in path.parents or "features" in path.parts:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))
        real(path, data)

    monkeypatch.setattr(atomic, "write_bytes", refusing)
    judge = judges.judge_of(photos, seeds=1, budget=16)
    assert len(judge.features(photos, 0)) == len(photos.labels)
    said = capsys.readouterr().err
    assert "without a judge" in said
    assert "$CAR_GAN_CHECKPOINTS" in said
    assert "without a copy of the features" in said
    assert "$CAR_GAN_DATA" in said
