"""Means and ranges."""

import math

import pandas as pd
import pytest

from gan.demo import spreads


def rows(*values: tuple[str, str, str, str, float, float]) -> pd.DataFrame:
    columns = ["metric", "extractor", "body_type", "reference", "value", "seed"]
    table = pd.DataFrame(values, columns=columns)
    return table.assign(low=math.nan, high=math.nan, n_real=10, n_fake=20, images_seen=1)


def test_mean_and_range_are_over_seeds() -> None:
    table = rows(
        *[("gan_test", "c", "all", "train", value, i) for i, value in enumerate((1, 2, 6))]
    )
    found = spreads.pick(table, "gan_test")
    assert found == spreads.Spread(3.0, 1.0, 6.0, 3, 10.0, 20.0)
    assert spreads.pick(table, "fid") is None
    assert spreads.pick(table.assign(value=math.nan), "gan_test") is None


def test_a_single_value_keeps_its_own_interval() -> None:
    table = rows(("kid", "c", "all", "train", 0.5, 0)).assign(low=0.4, high=0.7)
    found = spreads.pick(table, "kid")
    assert found is not None
    assert (found.low, found.high) == (0.4, 0.7)


def test_the_test_split_is_preferred_as_reference() -> None:
    table = rows(("fd", "c", "all", "train", 1, 0), ("fd", "c", "all", "test", 2, 0))
    found = spreads.pick(table, "fd")
    assert found is not None
    assert found.value == 2


def test_the_mean_over_types_is_taken_within_a_seed() -> None:
    table = rows(
        ("diversity", "car-classifier", "Van", "train", 0.2, 0),
        ("diversity", "car-classifier", "SUV", "train", 0.4, 0),
        ("diversity", "car-classifier", "Van", "train", 0.6, 1),
        ("diversity", "car-classifier", "SUV", "train", 0.8, 1),
    )
    found = spreads.pick_any(table, "diversity", "car-classifier")
    assert found is not None
    assert (found.value, found.low, found.high, found.seeds) == pytest.approx((0.5, 0.3, 0.7, 2))
