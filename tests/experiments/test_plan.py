"""Budgets, subsets of photos, thinned grids and times in words."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.data.prepared import Photos
from gan.experiments import plan, running
from gan.experiments.experiment import every_experiment
from gan.experiments.plan import load_photos, subset
from gan.runs import Run


def test_a_shorter_length_keeps_the_seeds() -> None:
    for kind in every_experiment():
        assert kind.lengths["short"].seeds == kind.lengths["full"].seeds
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
    monkeypatch.setattr(plan, "load", lambda source, size: cars)
    monkeypatch.setattr(plan, "TINY_SET", 20)
    assert load_photos("cars", tiny=False) is cars
    tiny = load_photos("cars", tiny=True)
    assert len(tiny.labels) == 20
    assert tiny.name == "cars-tiny"


@pytest.mark.parametrize(
    ("keep", "left"), [(0, []), (1, [9]), (4, [0, 3, 6, 9]), (20, list(range(10)))]
)
def test_grids_are_thinned_evenly_up_to_the_last(tmp_path: Path, keep: int, left: list) -> None:
    run = Run(tmp_path)
    run.samples_path.mkdir()
    for iteration in range(10):
        Image.new("RGB", (2, 2)).save(run.sample_path(iteration))
    running.thin_grids(run, keep)
    assert [iteration for iteration, _ in run.samples()] == left


def test_times_in_words() -> None:
    assert [running.words(s) for s in (3, 89, 95, 5399, 7500)] == [
        "3 s", "89 s", "2 min", "1 h 30 min", "2 h 05 min",
    ]  # fmt: skip
