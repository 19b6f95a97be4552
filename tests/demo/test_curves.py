"""Smoothing and thinning against their definitions."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from gan.demo.curves import POINTS, loss_lines, smooth, thin


@given(some.lists(some.floats(-1e3, 1e3), min_size=1, max_size=30), some.floats(0, 0.99))
def test_smoothing_is_tensorboards(values: list[float], weight: float) -> None:
    last, expected = 0.0, []
    for step, value in enumerate(values):
        last = last * weight + (1 - weight) * value
        expected.append(last / (1 - weight ** (step + 1)))
    assert smooth(pd.Series(values), weight).to_numpy() == pytest.approx(expected, abs=1e-6)


def test_smoothing_skips_what_is_not_a_number() -> None:
    smoothed = smooth(pd.Series([1.0, np.nan, 1.0]), 0.9)
    assert smoothed.tolist() == pytest.approx([1, 1, 1])
    assert smooth(pd.Series([1.0, 2.0]), 5.0).notna().all()


def test_thinning_keeps_both_ends_and_the_order() -> None:
    table = pd.DataFrame({"iteration": np.arange(120_000)})
    thinned = thin(table)["iteration"]
    assert len(thinned) == POINTS
    assert thinned.iloc[0] == 0
    assert thinned.iloc[-1] == 119_999
    assert thinned.is_monotonic_increasing
    assert len(thin(table.head(5))) == 5


def test_lines_are_smoothed_before_they_are_thinned() -> None:
    count = 6000
    losses = pd.DataFrame(
        {
            "iteration": np.arange(count),
            "images_seen": np.arange(count) * 128,
            "loss_g": np.random.RandomState(0).standard_normal(count),
            "loss_d": np.full(count, np.inf),
        }
    )
    lines = loss_lines(losses, "a", 0.99)
    assert len(lines) == 2 * POINTS
    generator = lines[lines["network"] == "generator"]
    expected = smooth(losses["loss_g"], 0.99)[generator["iteration"]]
    assert generator["smoothed"].to_numpy() == pytest.approx(expected.to_numpy())
    assert lines[lines["network"] == "discriminator"]["raw"].isna().all()
