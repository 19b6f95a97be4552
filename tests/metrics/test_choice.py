"""The choice among kept generators minds the class, and takes one that has none."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from gan.data.prepared import Photos
from gan.metrics import choice
from gan.metrics.features import Features
from gan.runs import Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run with two kept generators, whose pictures the test makes up."""
    run = Run(tmp_path / "run")
    for iteration in (1, 2):
        run.kept_path(iteration).parent.mkdir(parents=True, exist_ok=True)
        run.kept_path(iteration).write_bytes(bytes([iteration]))
    run.write_config({"dataset": {}, "environment": {}, "progress": {}, "settings": {}})
    # A picture's features are its mean colour here.
    monkeypatch.setattr(choice, "predict", lambda network, pictures, what: _colours(pictures))
    return run


def _colours(pictures: np.ndarray) -> Features:
    return Features(torch.from_numpy(pictures.mean((1, 2))).float(), torch.zeros(len(pictures), 1))


def _draws(monkeypatch: pytest.MonkeyPatch, classes: tuple[str, ...], *sets: Any) -> None:
    drawn: Iterator[Any] = iter(sets)
    generator = SimpleNamespace(
        classes=classes, config=SimpleNamespace(loop=SimpleNamespace(batch=8))
    )
    monkeypatch.setattr(choice, "load_generator", lambda run, path: generator)
    monkeypatch.setattr(choice, "generate_set", lambda *_: next(drawn))


def _judge(photos: Photos) -> Any:
    said = _colours(photos.pictures)
    return SimpleNamespace(networks=[None], features=lambda photos, seed: said)


def test_pictures_of_another_class_are_not_chosen(
    run: Run, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a set the first generator's are the photos; its classes are each other's."""
    train = photos.indices("development")
    pictures, labels = photos.pictures[train].copy(), photos.labels[train]
    swapped = (labels + 1) % len(photos.classes)
    noisy = pictures // 8 * 8  # a little off, each of its own class
    _draws(monkeypatch, photos.classes, (pictures, swapped), (noisy, labels))
    table = choice.choose(run, photos, _judge(photos))
    assert table["fd"].iloc[1] < table["fd"].iloc[0]
    assert run.generator_path.read_bytes() == bytes([2])


def test_a_generator_without_classes_is_judged_as_a_whole(
    run: Run, photos: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    train = photos.indices("development")
    pictures, none = photos.pictures[train].copy(), np.zeros(len(train), int)
    _draws(monkeypatch, (), (pictures // 2, none), (pictures, none))
    table = choice.choose(run, photos, _judge(photos))
    assert table["fd"].iloc[0] > 1
    assert table["fd"].iloc[1] == pytest.approx(0, abs=1e-3)
    assert run.generator_path.read_bytes() == bytes([2])
