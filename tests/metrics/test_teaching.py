"""GAN-train: held-out photos alone are asked about, seeds stay in pairs, intervals cover both."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gan.data.prepared import Photos
from gan.metrics import judge as judges
from gan.metrics import teaching
from gan.metrics.judge import Judge, judge_of
from gan.metrics.teaching import BOTH, GENERATED, PHOTOS, Lessons


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gan.metrics.classifier.BATCH", 16)
    monkeypatch.setattr("gan.metrics.classifier.WIDTHS", (8, 8, 8, 16))


@pytest.fixture
def taught(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """The pictures of each training, in order, wherever it is called from."""
    met: list[np.ndarray] = []
    original = teaching.train_classifier

    def watched(pictures: Any, labels: Any, *more: Any) -> Any:
        met.append(np.array(pictures))
        return original(pictures, labels, *more)

    monkeypatch.setattr(teaching, "train_classifier", watched)
    monkeypatch.setattr(judges, "train_classifier", watched)
    return met


@pytest.fixture
def judge(photos: Photos, runs_root: Path, taught: list[np.ndarray]) -> Judge:
    return judge_of(photos, 2, budget=16, unseen="validation")


def _share(pictures: np.ndarray, photos: Photos, chosen: np.ndarray) -> float:
    """The share of these photos that are among the pictures."""
    among = {picture.tobytes() for picture in pictures}
    return float(np.mean([photos.pictures[i].tobytes() in among for i in chosen]))


@pytest.mark.parametrize("held_out", ["validation", "test"])
def test_no_classifier_has_seen_the_photos_that_it_is_asked_about(
    photos: Photos,
    judge: Judge,
    taught: list[np.ndarray],
    monkeypatch: pytest.MonkeyPatch,
    held_out: Any,
) -> None:
    asked: list[np.ndarray] = []
    original = teaching.predict

    def watched(network: Any, pictures: np.ndarray, what: str) -> Any:
        asked.append(np.array(pictures))
        return original(network, pictures, what)

    monkeypatch.setattr(teaching, "predict", watched)
    for seed, network in enumerate(judge.networks):
        network.classify.bias[seed] += 100  # each names all photos alike, and not as the other
    pictures = photos.pictures[:30] // 2
    lessons = teaching.teach(pictures, photos.labels[:30], photos, held_out, judge, 2, 16, True)
    held = photos.indices(held_out)
    assert lessons.photo.tolist() == held.tolist()
    assert all(np.array_equal(one, photos.pictures[held]) for one in asked)
    assert len(taught) == 2 + 4  # the judge's two, then two of either school
    for known in taught:
        assert _share(known, photos, photos.indices("validation")) == 0
        assert _share(known, photos, photos.indices("test")) == 0
    assert np.array_equal(taught[2], pictures)
    assert _share(taught[3], photos, photos.indices("train")) == 1
    for seed in range(2):
        named = judge.features(photos, seed).named[held]
        assert np.array_equal(lessons.named[PHOTOS][seed], named)
        assert set(named) == {seed}


def test_photos_that_were_learned_from_are_refused(photos: Photos, judge: Judge) -> None:
    arguments = (photos.pictures[:9], photos.labels[:9], photos)
    for split in ("train", "development"):
        with pytest.raises(ValueError, match="not held out"):
            teaching.teach(*arguments, split, judge, 1, 16)  # type: ignore[arg-type]
    before = dataclasses.replace(judge, kept_validation=False)
    with pytest.raises(ValueError, match="trained on the validation photos"):
        teaching.teach(*arguments, "validation", before, 1, 16)


def test_a_judge_from_before_there_were_validation_photos_is_not_asked_about_them(
    photos: Photos, runs_root: Path, taught: list[np.ndarray]
) -> None:
    old = judge_of(photos.without_validation(), 1, budget=16)
    assert not old.kept_validation
    assert _share(taught[0], photos, photos.indices("validation")) == 1
    assert judge_of(photos, 1, budget=16, unseen="test").kept_validation is False
    assert len(taught) == 1
    assert judge_of(photos, 1, budget=16, unseen="validation").kept_validation
    assert _share(taught[1], photos, photos.indices("validation")) == 0


def _lessons(photos: np.ndarray, generated: np.ndarray, **more: np.ndarray) -> Lessons:
    """Two classes of 40 photos; arrays say which photos each seed names right."""
    labels = np.repeat([0, 1], 40)
    right = {PHOTOS: photos, GENERATED: generated} | more
    named = {key: np.where(value, labels, 1 - labels) for key, value in right.items()}
    return Lessons(np.arange(80), labels, ("a", "b"), named)


def _row(rows: list[Any], metric: str, body_type: str = "all") -> Any:
    (found,) = [r for r in rows if r["metric"] == metric and r["body_type"] == body_type]
    return found


def test_a_seed_is_compared_with_the_reference_of_the_same_seed() -> None:
    """Where pictures teach seed by seed exactly what photos do, no doubt is left."""
    right = np.stack([np.arange(80) % 4 != 0, np.arange(80) % 4 == 0, np.arange(80) % 2 == 0])
    rows = teaching.rows(_lessons(right, right), "test", 99)
    for body_type in ("all", "a", "b"):
        ratio = _row(rows, "gan_train_ratio", body_type)
        assert (ratio["value"], ratio["low"], ratio["high"]) == (1, 1, 1)
    mean = _row(rows, "gan_train_mean")
    assert mean["low"] < mean["value"] < mean["high"]


def test_the_headline_counts_classes_alike_and_its_interval_covers_photos_and_seeds() -> None:
    stream = np.random.RandomState(0)
    labels = np.repeat([0, 1], [400, 20])
    chance = np.where(labels == 0, 0.9, 0.5)
    right = stream.rand(3, 420) < chance
    lessons = Lessons(
        np.arange(420),
        labels,
        ("a", "b"),
        dict.fromkeys((PHOTOS, GENERATED), 0),  # type: ignore[arg-type]
    )
    named = np.where(right, labels, 1 - labels)
    lessons = dataclasses.replace(lessons, named={PHOTOS: named, GENERATED: named})
    mean = _row(teaching.rows(lessons, "test", 9), "gan_train_mean")
    assert mean["value"] == pytest.approx(0.5 * (right[:, :400].mean() + right[:, 400:].mean()))
    # Twenty photos of the second class alone give 1.96 * 0.5 * 0.11 / sqrt(3) or more.
    assert 0.05 < mean["high"] - mean["low"] < 0.4
    one_seed = dataclasses.replace(
        lessons, named={key: np.repeat(value[:1], 3, 0) for key, value in lessons.named.items()}
    )
    assert _row(teaching.rows(one_seed, "test", 9), "gan_train_mean")["high"] < 1


def test_the_gain_of_added_pictures_is_over_photos_alone() -> None:
    photos = np.tile(np.arange(80) % 2 == 0, (2, 1))
    both = photos.copy()
    both[:, 1] = True  # one photo more of the first class
    rows = teaching.rows(_lessons(photos, photos, **{BOTH: both}), "test", 9)
    assert _row(rows, "added_gain", "a")["value"] == pytest.approx(1 / 40)
    assert _row(rows, "added_gain", "b")["value"] == 0
    assert _row(rows, "added_gain")["value"] == pytest.approx(1 / 80)


def test_anyone_can_recompute_the_figures_from_the_predictions() -> None:
    lessons = _lessons(np.ones((2, 80), bool), np.tile(np.arange(80) % 4 == 0, (2, 1)))
    table = lessons.table()
    assert list(table)[:2] == ["photo", "body_type"]
    right = table["generated_0"] == table["body_type"]
    value = right.groupby(table["body_type"]).mean().mean()
    assert value == pytest.approx(
        _row(teaching.rows(lessons, "test", 9), "gan_train_mean")["value"]
    )
