"""A whole evaluation of made-up generators whose figures are known."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics import evaluation, report
from gan.metrics.judge import Judge, judge_of
from gan.runs import METRIC_KEY, Run

SEEDS = 2
WIDTHS = (16, 16, 32, 32)


class Tiny(FeatureExtractorBase):
    """Stands for Lite2: the picture in 4x4 pixels."""

    def __init__(self) -> None:
        super().__init__("efficientnet-lite2", ["48", "logits"])
        self.anything = torch.nn.Parameter(torch.zeros(()))

    def forward(self, pictures: torch.Tensor) -> tuple[torch.Tensor, ...]:
        pixels = torch.nn.functional.adaptive_avg_pool2d(pictures.float() / 255, 4).flatten(1)
        return pixels, pixels[:, :10]

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        return "48", "logits"


class Stub:
    """Stands for a loaded generator."""

    def __init__(self, classes: tuple[str, ...]) -> None:
        self.classes = classes


@pytest.fixture(scope="module")
def judge(photos: Photos, tmp_path_factory: pytest.TempPathFactory) -> Judge:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path_factory.mktemp("checkpoints")))
        patch.setattr("gan.metrics.classifier.BATCH", 24)
        patch.setattr("gan.metrics.classifier.WIDTHS", WIDTHS)
        return judge_of(photos, SEEDS, budget=900)


@pytest.fixture
def run(tmp_path: Path, photos: Photos) -> Run:
    run = Run(tmp_path / "a-run")
    dataset = {"name": photos.name, "content_hash": photos.content_hash}
    run.write_config(
        {"settings": {}, "dataset": dataset, "progress": {"images_seen": 7}, "environment": {}}
    )
    return run


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch, photos: Photos) -> Callable[..., None]:
    """Make the generator draw these pictures."""
    monkeypatch.setattr("gan.metrics.classifier.BATCH", 24)
    monkeypatch.setattr("gan.metrics.classifier.WIDTHS", WIDTHS)

    def draw(pictures: np.ndarray, labels: np.ndarray, conditional: bool = True) -> None:
        def made(*_: Any, **__: Any) -> tuple[np.ndarray, np.ndarray]:
            return pictures, labels

        stub = Stub(photos.classes if conditional else ())
        monkeypatch.setattr(evaluation, "load_generator", lambda _: stub)
        monkeypatch.setattr(evaluation, "generate_set", made)

    return draw


def pick(rows: pd.DataFrame, metric: str, **equal: Any) -> pd.Series:
    for column, value in ({"metric": metric} | equal).items():
        rows = rows[rows[column] == value]
    return rows["value"]


def test_copies_of_the_test_photos_score_as_the_ceiling(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    chosen = photos.indices("test")
    draws(photos.pictures[chosen], photos.labels[chosen])
    rows = evaluation.evaluate(run, photos, judge, [Tiny()], len(chosen), SEEDS, budget=48)

    for body_type in ("all", *photos.classes):
        gan_test = pick(rows, "gan_test", body_type=body_type)
        ceiling = pick(rows, "classifier", body_type=body_type)
        assert gan_test.tolist() == ceiling.tolist()
        assert len(gan_test) == SEEDS
    assert pick(rows, "classifier", body_type="all").min() > 0.8
    assert pick(rows, "gan_train", body_type="all").between(0, 1).all()
    # Held-out photos are what "not memorised" looks like: here both are the same photos.
    near, floor = (pick(rows, f"neighbour_distance{end}").item() for end in ("", "_floor"))
    assert near == floor > 0
    assert len(pick(rows, "kid", body_type="bar")) == 1
    assert len(pick(rows, "fid")) == 0

    table = run.read_metrics()
    assert len(table) == len(rows)
    assert not table.duplicated(list(METRIC_KEY)).any()
    assert (table["images_seen"] == 7).all()
    confusion = pd.read_csv(run.confusion_path)
    assert list(confusion) == ["seed", "asked", "named", "count"]
    assert confusion.groupby("seed")["count"].sum().tolist() == [len(chosen)] * SEEDS
    right = confusion[(confusion["asked"] == confusion["named"]) & (confusion["seed"] == 1)]
    assert right["count"].sum() / len(chosen) == pytest.approx(
        pick(rows, "gan_test", body_type="all", seed=1).item()
    )
    distances = pd.read_csv(run.distances_path)
    assert distances["kind"].value_counts().to_dict() == {
        "generated": len(chosen),
        "held-out": len(chosen),
    }
    assert run.neighbours_path.exists()

    text = report.figures(rows)
    assert "efficientnet-lite2" in text
    assert "range of 2 seeds" in text
    assert set(photos.classes) <= set(report.classes(rows).split())

    # A second evaluation replaces the first.
    evaluation.evaluate(run, photos, judge, [], len(chosen), SEEDS, budget=48)
    assert len(run.read_metrics()) == len(rows)


def test_copies_of_the_train_photos_are_caught_as_diverse_copies(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    chosen = photos.indices("train")
    draws(photos.pictures[chosen], photos.labels[chosen])
    rows = evaluation.evaluate(run, photos, judge, [], len(chosen), 1, budget=24)
    assert pick(rows, "diversity").tolist() == pytest.approx([1] * 3)
    assert pick(rows, "fd", extractor="car-classifier").item() == pytest.approx(0, abs=1e-4)
    copies, held_out = (pick(rows, f"neighbour_distance{end}").item() for end in ("", "_floor"))
    assert copies < held_out / 50


def test_one_picture_a_class_has_no_diversity(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    labels = np.arange(30) % 3
    draws(photos.pictures[labels], labels)
    rows = evaluation.evaluate(run, photos, judge, [], 30, 1, budget=24)
    assert pick(rows, "diversity").tolist() == pytest.approx([0] * 3, abs=1e-5)


def test_an_unconditional_run_has_no_class_figures(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    draws(photos.pictures[:30], np.zeros(30, np.int64), conditional=False)
    rows = evaluation.evaluate(run, photos, judge, [Tiny()], 30, 1, budget=24)
    assert {"fd", "kid", "precision", "recall", "is", "fd_floor"} <= set(rows["metric"])
    assert not {"gan_test", "gan_train", "diversity"} & set(rows["metric"])
    assert (pd.read_csv(run.distances_path)["kind"] == "generated").sum() == 30
    assert not run.confusion_path.exists()


def test_other_photos_than_the_run_was_trained_on_are_refused(
    run: Run, judge: Judge, tmp_path: Path, make_photos: Callable[..., Photos]
) -> None:
    other = make_photos(tmp_path, train=8, test=2, seed=5)
    with pytest.raises(UserError, match="a-run was trained on other photos"):
        evaluation.evaluate(run, other, judge, [], 30, 1, budget=24)
