"""Budgets, subsets of photos, thinned grids and times in words."""

from dataclasses import replace

import numpy as np
import pytest

from gan.data.prepared import Photos
from gan.experiments import plan, running
from gan.experiments.experiment import every_experiment
from gan.experiments.plan import load_photos, subset


def test_a_shorter_length_keeps_some_seeds() -> None:
    for kind in every_experiment():
        assert len(kind.lengths["short"].seeds) >= 3
        assert kind.lengths["short"].judged < kind.lengths["full"].judged


def test_a_subset_is_a_set_of_its_own(cars: Photos) -> None:
    chosen = np.arange(0, len(cars.labels), 2)
    half = subset(cars, chosen, "half")
    assert np.array_equal(half.pictures, cars.pictures[chosen])
    assert half.counts("test")["coupe"] == cars.test[chosen][cars.labels[chosen] == 0].sum()
    assert half.content_hash != cars.content_hash
    assert half.content_hash == subset(cars, chosen, "other name").content_hash
    assert half.content_hash != subset(cars, chosen[1:], "half").content_hash


def test_a_miniature_takes_a_few_photos_under_another_name(
    cars: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plan, "TINY_SET", 20)
    held_back = replace(cars, validation=~cars.test)
    monkeypatch.setattr("gan.data.photos.load", lambda source, size: held_back)
    whole = load_photos("cars", tiny=False)
    assert whole.pictures is cars.pictures
    assert (whole.indices("train") == np.flatnonzero(~cars.test)).all()  # all but the test split
    tiny = load_photos("cars", tiny=True)
    assert len(tiny.labels) == 20
    assert tiny.name == "cars-tiny"


def test_times_in_words() -> None:
    assert [running.words(s) for s in (3, 89, 95, 5399, 7500)] == [
        "3 s", "89 s", "2 min", "1 h 30 min", "2 h 05 min",
    ]  # fmt: skip
