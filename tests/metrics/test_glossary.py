"""One table of metrics: complete, and a stranger to none that ships."""

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from gan.metrics.glossary import (
    EXTRACTORS,
    INCEPTION,
    LITE2,
    METRICS,
    on_photos,
    title,
    without_stand_ins,
)
from gan.runs import Run

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"


@pytest.mark.parametrize("key", METRICS)
def test_every_metric_says_what_it_is(key: str) -> None:
    metric = METRICS[key]
    assert metric.name
    assert metric.meaning.endswith(".")
    assert metric.form.format(0.5)
    assert metric.home in ("", *EXTRACTORS)


def test_every_shipped_figure_is_in_the_table() -> None:
    tables = [*CHECKPOINTS.rglob("metrics.csv"), *CHECKPOINTS.rglob("results.csv")]
    assert tables
    for path in tables:
        table = pd.read_csv(path)
        if "metric" in table:
            assert set(table["metric"]) <= set(METRICS), path
            assert set(table["extractor"].dropna()) <= set(EXTRACTORS), path


def test_an_unknown_metric_can_be_neither_written_nor_named(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="unheard_of"):
        Run(tmp_path).add_metrics([{"metric": "unheard_of", "value": 1.0}])
    assert not Run(tmp_path).metrics_path.exists()
    with pytest.raises(KeyError):
        title("unheard_of", "")


@pytest.mark.parametrize(
    ("key", "better"),
    [
        *[(key, "lower") for key in ("fid", "fd", "kid", "copies", "fd_floor", "seconds")],
        *[(key, "higher") for key in ("is", "gan_test", "gan_train", "recall", "density")],
        *[(key, "higher") for key in ("diversity", "gan_train_mean", "gan_train_ratio")],
        *[(key, "higher") for key in ("added_gain", "precision", "coverage", "classifier_mean")],
        *[(key, "") for key in ("neighbour_distance", "copying_rank", "loss_g")],
    ],
)
def test_the_direction_of_a_metric(key: str, better: str) -> None:
    assert METRICS[key].better == better


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("gan_test", 0.8857, "88.6 %"),
        ("kid", 0.02316, "0.0232"),
        ("parameters", 3.6e6, "3.6 M"),
        ("fd", 33.754, "33.8"),
        ("fd", 2.581, "2.58"),
        ("fd", float("nan"), "not measured"),
    ],
)
def test_values_have_the_digits_that_they_deserve(key: str, value: float, shown: str) -> None:
    assert METRICS[key].show(value) == shown


@pytest.mark.parametrize(
    ("key", "extractor", "expected"),
    [
        ("fid", "inception-v3-compat", "FID"),
        ("fid_floor", "inception-v3-compat", "FID floor"),
        ("is", "inception-v3-compat", "IS"),
        ("is", "efficientnet-lite2", "IS (EfficientNet-Lite2)"),
        ("fd", "efficientnet-lite2", "FD (EfficientNet-Lite2)"),
        ("fd", "car-classifier", "FD (car classifier)"),
        ("gan_test", "car-classifier", "GAN-test"),
        ("parameters", "", "Parameters, both networks"),
    ],
)
def test_only_inception_is_called_fid_or_is(key: str, extractor: str, expected: str) -> None:
    assert title(key, extractor) == expected


@pytest.mark.parametrize(
    ("key", "photos"),
    [
        ("gan_test", "classifier_mean"),  # pictures of all types in equal shares
        ("gan_train", "classifier"),
        ("gan_train_mean", "classifier_mean"),
        ("fd", "fd_floor"),
    ],
)
def test_what_photos_score_in_the_pictures_place(key: str, photos: str) -> None:
    assert on_photos(key) == photos
    assert METRICS[photos].better == METRICS[key].better


def test_reading_the_table_needs_no_torch() -> None:
    code = "import sys, gan.metrics.glossary; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_lite2_stands_in_where_fewer_runs_have_inception() -> None:
    fd, fid, recall = ("fd", LITE2), ("fid", INCEPTION), ("recall", LITE2)
    assert without_stand_ins({fd: 3, recall: 3}) == [fd, recall]
    assert without_stand_ins({fid: 2, fd: 3, recall: 3}) == [fid, fd, recall]
    assert without_stand_ins({fid: 3, fd: 3, recall: 3}) == [fid, recall]
