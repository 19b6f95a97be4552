"""A whole evaluation of made-up generators whose figures are known."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.calibration import PLAIN, Calibration
from gan.data.prepared import Photos, Split
from gan.errors import UserError
from gan.metrics import evaluation, tables
from gan.metrics.evaluation import Effort, Evaluation
from gan.metrics.glossary import CLASSIFIER, METRICS
from gan.metrics.judge import Judge, judge_of
from gan.metrics.run_photos import check_source
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
        self.calibration = PLAIN


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
    counts = {split: photos.counts(split) for split in ("train", "validation", "test")}
    dataset = {"name": photos.name, "content_hash": photos.content_hash, "counts": counts}
    run.path.mkdir()
    run.generator_path.write_bytes(b"weights")
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


def judged(
    run: Run, photos: Photos, judge: Judge, extractors: list[Any], effort: Effort
) -> pd.DataFrame:
    return Evaluation(photos, judge, extractors, effort).of(run)


def pick(rows: pd.DataFrame, metric: str, **equal: Any) -> pd.Series:
    for column, value in ({"metric": metric} | equal).items():
        rows = rows[rows[column] == value]
    return rows["value"]


def test_the_held_out_photos_as_pictures_score_as_held_out_photos(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    chosen = photos.indices("test")
    draws(photos.pictures[chosen], photos.labels[chosen])
    rows = judged(run, photos, judge, [Tiny()], Effort(len(chosen), SEEDS, 48, test=True))

    for body_type in ("all", *photos.classes):
        gan_test = pick(rows, "gan_test", body_type=body_type)
        ceiling = pick(rows, "classifier", body_type=body_type)
        assert gan_test.tolist() == ceiling.tolist()
        assert len(gan_test) == SEEDS
    assert pick(rows, "classifier", body_type="all").min() > 0.8
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
    curves = pd.read_csv(run.distances_path).groupby("kind")["distance"]
    # Of each kind quantiles that rise, with the figure in their middle.
    assert curves.apply(lambda curve: curve.is_monotonic_increasing).all()
    assert curves.median().to_dict() == pytest.approx(
        {"generated": near, "held-out": floor}, abs=1e-4
    )
    assert run.neighbours_path.exists()
    predictions = pd.read_csv(run.predictions_path)
    assert predictions["photo"].tolist() == chosen.tolist()
    right_names = (predictions["generated_1"] == predictions["body_type"]).mean()
    assert right_names == pytest.approx(pick(rows, "gan_train", body_type="all", seed=1).item())

    assert run.read_sources().empty  # nobody said where these come from

    text = tables.figures(rows)
    assert "efficientnet-lite2" in text
    assert "range of 2 seeds" in text
    assert set(photos.classes) <= set(tables.classes(rows).split())


def test_without_test_the_split_stays_shut_and_every_opening_is_noted(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    draws(photos.pictures[:30], photos.labels[:30])
    rows = judged(run, photos, judge, [Tiny()], Effort(30, 1, 24))
    assert "test" not in set(rows["reference"])
    assert set(pick(rows, "gan_train", reference="validation"))
    assert not run.openings_path.exists()
    looked_at = set(pd.read_csv(run.predictions_path)["photo"])
    assert looked_at == set(photos.indices("validation"))

    for opened in (1, 2):
        judged(run, photos, judge, [], Effort(30, 1, 24, test=True, again=True))
        openings = pd.read_csv(run.openings_path)
        assert len(openings) == opened
        assert (openings["generator"] == run.short_hash()).all()
    assert set(pd.read_csv(run.predictions_path)["photo"]) == set(photos.indices("test"))

    # Pages show figures on test photos first: the tables beside them stay.
    paths = (run.predictions_path, run.distances_path, run.copies_path, run.neighbours_path)
    before = [path.read_bytes() for path in paths]
    draws(photos.pictures[30:60], photos.labels[30:60])
    judged(run, photos, judge, [], Effort(30, 1, 24, again=True))
    assert [path.read_bytes() for path in paths] == before


def test_figures_of_pictures_drawn_otherwise_are_measured_again_and_go(
    run: Run,
    photos: Photos,
    judge: Judge,
    draws: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    chosen = photos.indices("validation")
    draws(photos.pictures[chosen], photos.labels[chosen])
    effort = Effort(len(chosen), 1, 24)
    before = judged(run, photos, judge, [Tiny()], effort)
    assert set(before["calibration"]) == {""}
    run.add_metrics([{"images_seen": 7, "metric": "fid", "value": 1.0}])  # not asked for again
    calibrated = Stub(photos.classes)
    calibrated.calibration = Calibration((0.5, 0.6, 0.7), 0.9)
    monkeypatch.setattr(evaluation, "load_generator", lambda _: calibrated)
    draws_wrong = photos.pictures[chosen], np.roll(photos.labels[chosen], 1)
    monkeypatch.setattr(evaluation, "generate_set", lambda *_, **__: draws_wrong)
    capsys.readouterr()
    rows = judged(run, photos, judge, [Tiny()], effort)
    assert "drawn otherwise are measured again" in capsys.readouterr().out
    assert set(run.read_metrics()["calibration"]) == {calibrated.calibration.digest()}
    assert len(rows) == len(before)
    named = [pick(table, "gan_test", body_type="all").item() for table in (before, rows)]
    assert named[0] > named[1]
    monkeypatch.setattr(evaluation, "generate_set", None)  # nothing is drawn again
    assert len(judged(run, photos, judge, [Tiny()], effort)) == len(rows)


def test_a_run_that_learned_from_the_validation_photos_has_no_figures_against_them(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    values = run.read_config()
    del values["dataset"]["counts"]["validation"]
    run.write_config(values)
    draws(photos.pictures[:30], photos.labels[:30])
    rows = judged(run, photos, judge, [Tiny()], Effort(30, 1, 24))
    assert not {"gan_train", "classifier", "copies", "neighbour_distance_floor"} & set(
        rows["metric"]
    )
    assert set(pick(rows, "fd"))
    assert not set(rows["reference"]) & {"validation", "test"}


def test_what_is_measured_already_stays_and_an_interruption_loses_one_part(
    run: Run,
    photos: Photos,
    judge: Judge,
    draws: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draws(photos.pictures[:30], photos.labels[:30])

    def interrupt(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(evaluation.teaching, "teach", interrupt)
        with pytest.raises(KeyboardInterrupt):
            judged(run, photos, judge, [Tiny()], Effort(30, 1, 24))
    before = run.read_metrics()
    assert {"fd", "gan_test", "copies"} <= set(before["metric"])

    monkeypatch.setattr(evaluation, "extract", interrupt)  # it isn't asked again
    rows = judged(run, photos, judge, [Tiny()], Effort(30, 1, 24))
    assert {"gan_train", "gan_train_mean"} <= set(rows["metric"])
    pd.testing.assert_frame_equal(rows.head(len(before)), before, check_dtype=False)
    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "generate_set", interrupt)
        assert judged(run, photos, judge, [Tiny()], Effort(30, 1, 24)).equals(rows)

    # Another judge measures what classifiers measure, and nothing else.
    other = dataclasses.replace(judge, networks=judge.networks[1:])
    anew = judged(run, photos, other, [Tiny()], Effort(30, 1, 24))
    assert set(anew.loc[anew["extractor"] == CLASSIFIER, "judge"]) == {other.digest()}
    assert set(anew.loc[anew["extractor"] != CLASSIFIER, "judge"]) == {""}
    assert len(anew) == len(rows)


def test_accuracy_is_told_by_source_where_the_photos_have_one(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    named = dataclasses.replace(
        photos, sources=tuple("ab"[i % 5 == 0] for i in range(len(photos.labels)))
    )
    draws(photos.pictures[:30], photos.labels[:30])
    rows = judged(run, named, judge, [], Effort(30, SEEDS, 24))
    table = run.read_sources()
    held = photos.indices("validation")
    assert table["n_real"].sum() == len(held)
    assert table.loc[table["source"] == "b", "n_real"].sum() == (held % 5 == 0).sum()
    for metric in ("classifier", "gan_train"):
        mean = (table[metric] * table["n_real"]).sum() / len(held)
        assert mean == pytest.approx(pick(rows, metric, body_type="all").mean(), abs=1e-4)


def test_pictures_are_compared_with_photos_at_equal_steps_alone(
    run: Run,
    photos: Photos,
    judge: Judge,
    draws: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    draws(photos.pictures[:30], photos.labels[:30])
    short = Effort(30, 1, 24, added=True, again=True)
    unequal = set(judged(run, photos, judge, [], short)["metric"])
    assert "gan_train" in unequal
    assert not {"gan_train_ratio", "added_gain"} & unequal
    assert "saw 900 pictures, those of generated ones 24" in capsys.readouterr().out
    rows = judged(run, photos, dataclasses.replace(judge, budget=24), [], short)
    assert {"gan_train_ratio", "added_gain"} <= set(rows["metric"])


def test_what_pictures_add_does_not_stand_for_seeds_of_gan_train(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    """Measured with one seed before, GAN-train is measured with two when two are asked for."""
    draws(photos.pictures[:30], photos.labels[:30])
    equal = dataclasses.replace(judge, budget=24)
    for seeds in (1, 2):
        rows = judged(run, photos, equal, [], Effort(30, seeds, 24, added=True))
        assert set(rows.loc[rows["metric"] == "gan_train", "seed"]) == set(range(seeds))


def test_copies_of_the_photos_learned_from_are_caught(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    chosen = photos.indices("train")
    draws(photos.pictures[chosen], photos.labels[chosen])
    rows = judged(run, photos, judge, [], Effort(len(chosen), 1, 24))
    assert pick(rows, "diversity").between(0.9, 1.1).all()
    copies, held_out = (pick(rows, f"neighbour_distance{end}").item() for end in ("", "_floor"))
    assert copies < held_out / 50
    assert pick(rows, "copies").item() == 1
    assert pick(rows, "copies_floor").item() < 0.2
    table = pd.read_csv(run.copies_path)
    assert table["similarity"].is_monotonic_decreasing
    assert (chosen[table["picture"]] == table["photo"]).mean() > 0.9


def test_every_figure_stands_between_photos_and_noise_at_its_own_counts(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    """Figure, floor and noise share counts and class shares, or the ruler lies."""
    first = photos.indices("train")[::2]
    labels = photos.labels[first]
    draws(photos.pictures[first], labels)
    rows = judged(run, photos, judge, [Tiny()], Effort(len(first), 1, 24))
    half = rows[rows["reference"] == "half"]
    for metric in ("fd", "kid", "precision", "recall", "density", "coverage"):
        for extractor in ("efficientnet-lite2", "car-classifier"):
            same = half[half["extractor"] == extractor]
            three = [same[same["metric"] == metric + end] for end in ("", "_floor", "_noise")]
            assert [len(part) for part in three] == [1, 1, 1], (metric, extractor)
            counts = {tuple(part[["n_fake", "n_real"]].iloc[0]) for part in three}
            assert len(counts) == 1
            figure, floor, noise = (METRICS[metric].sign * p["value"].item() for p in three)
            if metric == "fd" or extractor == "car-classifier":  # the stand-in knows no shapes
                assert min(figure, floor) > noise, (metric, extractor)
    whole = rows[(rows["metric"].isin(["fd", "fd_floor"])) & (rows["reference"] == "train")]
    assert len(whole) == 4
    assert set(whole["n_fake"]) == {len(first)}
    assert set(whole["n_real"]) == {len(photos.indices("development"))}


def test_one_picture_a_class_has_no_diversity(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    labels = np.arange(30) % 3
    draws(photos.pictures[labels], labels)
    rows = judged(run, photos, judge, [], Effort(30, 1, 24))
    assert pick(rows, "diversity").tolist() == pytest.approx([0] * 3, abs=1e-5)


def test_an_unconditional_run_has_no_class_figures(
    run: Run, photos: Photos, judge: Judge, draws: Callable[..., None]
) -> None:
    draws(photos.pictures[:30], np.zeros(30, np.int64), conditional=False)
    rows = judged(run, photos, judge, [Tiny()], Effort(30, 1, 24))
    expected = {"fd", "kid", "precision", "recall", "is", "fd_floor", "coverage", "is_noise"}
    assert expected <= set(rows["metric"])
    assert not {"gan_test", "gan_train", "diversity"} & set(rows["metric"])
    assert "generated" in pd.read_csv(run.distances_path)["kind"].tolist()
    assert not run.confusion_path.exists()


def test_other_photos_than_the_run_was_trained_on_are_refused(
    run: Run, judge: Judge, tmp_path: Path, make_photos: Callable[..., Photos]
) -> None:
    other = make_photos(tmp_path, train=8, test=2, seed=5)
    with pytest.raises(UserError, match="a-run was trained on other photos"):
        judged(run, other, judge, [], Effort(30, 1, 24))


def test_the_same_photos_decoded_otherwise_pass_with_a_note(
    run: Run, photos: Photos, capsys: pytest.CaptureFixture[str]
) -> None:
    """Other versions of Pillow round otherwise: names and counts are the same, the hash is not."""
    splits: tuple[Split, ...] = ("train", "validation", "test")
    about = {"name": photos.name, "classes": list(photos.classes), "size": photos.size}
    about |= {"content_hash": "f" * 64, "counts": {each: photos.counts(each) for each in splits}}
    run.write_config(run.read_config() | {"dataset": about})
    check_source(run, photos)
    assert "versions of Pillow" in capsys.readouterr().err
    about["counts"]["train"] = about["counts"]["train"] | {photos.classes[0]: 1}
    run.write_config(run.read_config() | {"dataset": about})
    with pytest.raises(UserError, match="other photos"):
        check_source(run, photos)
