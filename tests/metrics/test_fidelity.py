"""Rows of features: equal counts, and floors that say what they compare."""

import numpy as np
import torch
from torch import Tensor

from gan.metrics import fidelity
from gan.metrics.glossary import INCEPTION


def gaussian(count: int, seed: int, shift: float = 0.0, dimensions: int = 16) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, dimensions, generator=generator) + shift


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


def test_floors_say_what_they_compare() -> None:
    halves, held_out = fidelity.floor_rows(gaussian(401, 0), gaussian(50, 1), "x")
    assert (halves["reference"], halves["n_fake"], halves["n_real"]) == ("train", 200, 200)
    assert (held_out["reference"], held_out["n_fake"], held_out["n_real"]) == ("test", 50, 401)
    # Both are noise about 0, larger where fewer are compared.
    assert 0 < halves["value"] < held_out["value"] < 3
    assert len(fidelity.floor_rows(gaussian(100, 0), gaussian(0, 1), "x")) == 1


def test_the_floor_of_fid_is_named_after_it() -> None:
    """The page looks `fid_floor` up beside `fid`."""
    features = fidelity.Features(gaussian(40, 0), gaussian(40, 1))
    metrics = {row["metric"] for row in fidelity.rows(features, features, INCEPTION)}
    (floor,) = fidelity.floor_rows(gaussian(40, 0), gaussian(0, 1), INCEPTION)
    assert "fid" in metrics
    assert floor["metric"] == "fid_floor"
