"""Rows of features: equal counts, and floors that say what they compare."""

import numpy as np
import pytest
import torch
from torch import Tensor

from gan.metrics import fidelity
from gan.metrics.features import Features
from gan.metrics.glossary import INCEPTION
from gan.metrics.measures import frechet_distance
from tests.metrics.test_measures import gaussian


def test_class_rows_compare_each_class_at_one_count() -> None:
    fake = gaussian(90, 0), np.arange(90) % 3
    real = gaussian(90, 1), np.repeat([0, 1, 2], [50, 30, 10])
    real[0][80:] += 3
    rows = fidelity.class_rows(fake, real, ("a", "b", "c"), "x")
    assert {(row["n_fake"], row["n_real"]) for row in rows} == {(10, 10)}
    values = {row["body_type"]: row["value"] for row in rows}
    assert max(values["a"], values["b"]) < values["c"] / 10


def test_a_class_without_pictures_gives_no_class_rows() -> None:
    side = gaussian(20, 0), np.zeros(20, int)
    assert fidelity.class_rows(side, side, ("a", "b"), "x") == []


def test_the_floor_of_halves_says_what_it_compares() -> None:
    row = fidelity.half_floor(gaussian(401, 0), "x")
    assert (row["reference"], row["n_fake"], row["n_real"]) == ("half", 200, 200)
    first, second = fidelity.halves(401)
    assert not set(first) & set(second)
    # The half of a few is noisier than that of many.
    assert row["value"] < fidelity.half_floor(gaussian(100, 0), "x")["value"]


def test_the_floor_of_fid_is_named_after_it() -> None:
    """The page looks `fid_floor` up beside `fid`."""
    features = Features(gaussian(40, 0), gaussian(40, 1))
    metrics = {row["metric"] for row in fidelity.rows(features, features, INCEPTION)}
    assert "fid" in metrics
    assert fidelity.half_floor(gaussian(40, 0), INCEPTION)["metric"] == "fid_floor"


def _two_kinds(counts: tuple[int, int], seed: int) -> tuple[Tensor, np.ndarray]:
    """Two classes that lie apart."""
    labels = np.repeat([0, 1], counts)
    features = gaussian(len(labels), seed)
    features[labels == 1, 0] += 6
    return features, labels


def test_fds_own_floor_is_what_fresh_photos_score_at_those_counts_and_shares() -> None:
    real, labels = _two_kinds((1500, 300), 0)
    for counts in ((900, 900), (2500, 500), (150, 150), (250, 50)):
        fresh = [_two_kinds(counts, seed)[0] for seed in range(1, 6)]
        measured = np.mean([frechet_distance(one, real) for one in fresh])
        shares = np.array(counts) / sum(counts)
        row = fidelity.own_floor(real, labels, sum(counts), shares, "x")
        assert row["value"] == pytest.approx(measured, rel=0.3), counts
        assert (row["n_fake"], row["n_real"]) == (sum(counts), 1800)
        assert row["reference"] == "train"
    natural = fidelity.own_floor(real, labels, 1800, None, "x")["value"]
    uniform = fidelity.own_floor(real, labels, 1800, np.array([0.5, 0.5]), "x")["value"]
    assert natural < uniform / 5


def test_a_ruler_has_the_pictures_counts_and_class_shares() -> None:
    real, labels = _two_kinds((300, 100), 0)
    photos = Features(real, torch.zeros(400, 4))
    noise = Features(gaussian(200, 3, shift=9), torch.zeros(200, 4))
    ruler = fidelity.Ruler("x", photos, labels, noise)
    made, asked = _two_kinds((60, 60), 5)
    rows = ruler.rows(Features(made, torch.zeros(120, 4)), asked)
    figure, floor, far = (
        next(row for row in rows if row["metric"] == f"fd{end}") for end in ("", "_floor", "_noise")
    )
    assert figure["n_fake"] == floor["n_fake"] == far["n_fake"] < 120
    assert figure["n_real"] == floor["n_real"] == far["n_real"] == 200
    assert figure["value"] < 3 * floor["value"] < far["value"]
    # Uniform pictures against photos in other shares would have stood out.
    assert frechet_distance(made, real[ruler.second]) > 1.3 * figure["value"]
    density = {row["metric"]: row["value"] for row in rows if "density" in row["metric"]}
    assert density["density_floor"] == pytest.approx(1, abs=0.25)
    assert density["density_noise"] == 0


def test_rows_keep_realism_and_variety_apart() -> None:
    """Fakes that are a corner of the photos: as real as these, and little of their variety."""
    real = gaussian(300, 0, dimensions=3)
    fake = real[real[:, 0] > 0.7]
    features = (Features(side, torch.zeros(len(side), 4)) for side in (fake, real))
    found = [*fidelity.rows(*features, "x"), *fidelity.neighbourhood_rows(fake, real, "x")]
    values = {row["metric"]: row["value"] for row in found}
    assert values["precision"] == 1
    assert values["recall"] < 0.6
    assert values["density"] > 0.8 > 0.5 > values["coverage"]
