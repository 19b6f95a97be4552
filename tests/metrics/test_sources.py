"""Accuracy by source: counts and shares are those of the photos, whatever they are summed over."""

import numpy as np
import pytest

from gan.metrics import sources, tables
from gan.metrics.teaching import GENERATED, PHOTOS, Lessons
from gan.runs import SOURCE_KINDS


def _lessons(count: int) -> Lessons:
    """Two seeds; photos of the first half of the set are named right by classifiers of photos."""
    labels = np.arange(count) % 2
    right = np.tile(np.arange(count) < count // 2, (2, 1))
    named = {
        PHOTOS: np.where(right, labels, 1 - labels),
        GENERATED: np.stack([labels, 1 - labels]),
    }
    return Lessons(np.arange(count), labels, ("sedan", "suv"), named)


def test_each_source_has_its_own_accuracy() -> None:
    origin = np.repeat(["main", "other", ""], [20, 14, 6])
    table = sources.table(_lessons(40), origin)
    assert tuple(table) == tuple(SOURCE_KINDS)
    assert table["n_real"].sum() == 40
    assert table["source"].tolist() == ["main"] * 2 + ["other"] * 2 + ["not named"] * 2
    whole = sources.by_source(table).set_index("source")
    assert whole["n_real"].to_dict() == {"main": 20, "other": 14, "not named": 6}
    assert whole["classifier"].to_dict() == {"main": 1, "other": 0, "not named": 0}
    assert whole["gan_train"].tolist() == [0.5] * 3
    halves = sources.by_type(table).set_index(["body_type", "source"])
    assert halves.loc[("suv", "main"), "classifier"] == 1
    assert halves.loc[("suv", "the others"), "n_real"] == 10
    text = tables.by_source(table)
    assert "the others" in text
    assert "1.000" in text


def test_a_source_called_like_the_rest_keeps_its_own_row() -> None:
    names = [f"source {i}" for i in range(sources.MOST)]
    origin = np.array(["the others"] * 4 + [name for name in names for _ in range(3)])
    whole = sources.by_source(sources.table(_lessons(len(origin)), origin))
    counts = whole.set_index("source")["n_real"]
    assert (counts['"the others"'], counts["the others"]) == (4, 3)


def test_sums_weigh_photos_and_not_types() -> None:
    lessons = _lessons(40)
    table = sources.table(lessons, np.array(["main"] * 40))
    assert sources.by_source(table)["classifier"].item() == pytest.approx(0.5)
    uneven = table.assign(n_real=[30, 10], classifier=[1.0, 0.0])
    assert sources.by_source(uneven)["classifier"].item() == pytest.approx(0.75)


def test_a_column_of_one_address_a_photo_is_cut_to_a_few_sources() -> None:
    table = sources.table(_lessons(60), np.array([f"https://a/{i}.jpg" for i in range(60)]))
    whole = sources.by_source(table)
    assert len(whole) == sources.MOST + 1
    assert whole.iloc[0]["source"] == "the others"
    assert whole["n_real"].sum() == 60


def test_nothing_is_said_without_sources() -> None:
    table = sources.table(_lessons(4), np.array(["a"] * 4))
    assert tables.by_source(table.head(0)) == ""
