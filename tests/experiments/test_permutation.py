"""The exact tests against counting by hand, and what so few seeds can't show."""

import itertools

import numpy as np
import pandas as pd
import pytest

from gan.experiments.findings import Finding, compared, corrected
from gan.experiments.permutation import holm, paired, unpaired


def series(*values: float) -> pd.Series:
    return pd.Series(values, dtype=float)


def test_signs_are_flipped_in_all_ways() -> None:
    found = paired(series(3, 5, 8), series(2, 3, 4))  # 1, 2, 4
    assert found is not None
    assert found.mean == pytest.approx(7 / 3)
    assert found.p == found.least == 2 / 8  # all the same sign: one of 8, and its mirror
    assert (found.low, found.high, found.confidence) == (1, 4, 0.75)
    mixed = paired(series(1, 2, -4), series(0, 0, 0))
    assert mixed is not None
    # |sum| of 1, 2, -4 is 1: of the 8 sign choices none is below it.
    assert mixed.p == 1
    assert paired(series(1, np.nan), series(np.nan, 1)) is None


def test_values_are_shared_out_in_all_ways() -> None:
    found = unpaired(series(4, 5, 6), series(1, 2, 3))
    assert found is not None
    assert found.p == found.least == 2 / 20
    assert (found.low, found.high) == (1, 5)
    assert found.confidence == pytest.approx(0.9)
    five = unpaired(series(6, 7, 8, 9, 10), series(1, 2, 3, 4, 5))
    assert five is not None
    assert five.p == 2 / 252
    assert five.confidence == pytest.approx(1 - 12 / 252)
    uneven = unpaired(series(9), series(1, 2, 3))
    assert uneven is not None
    assert uneven.p == uneven.least == 1 / 4


@pytest.mark.parametrize("pairs", [True, False])
def test_the_interval_holds_what_the_test_does_not_reject(pairs: bool) -> None:
    stream = np.random.RandomState(0)
    test = paired if pairs else unpaired
    for _ in range(10):
        ours, theirs = (pd.Series(stream.standard_normal(6)) for _ in range(2))
        found = test(ours, theirs)
        assert found is not None
        inside = (found.low + 1e-6, found.high - 1e-6)
        outside = (found.low - 1e-6, found.high + 1e-6)
        for shifts, kept in ((inside, True), (outside, False)):
            for shift in shifts:
                again = test(ours - shift, theirs)
                assert again is not None
                assert (again.p > 1 - found.confidence + 1e-12) == kept


def test_no_difference_is_called_one_as_seldom_as_the_level_says() -> None:
    stream = np.random.RandomState(1)
    ps = []
    for _ in range(400):
        found = unpaired(*(pd.Series(stream.standard_normal(5)) for _ in range(2)))
        assert found is not None
        ps.append(found.p)
    assert 0.02 < np.mean(np.array(ps) <= 0.05) < 0.08


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1, 1]
    assert holm([]) == []


def test_three_seeds_show_nothing_and_five_may() -> None:
    few = pd.DataFrame({"a": [1.0, 2, 3], "b": [10.0, 11, 12]})
    for pairs, least in ((True, "0.25"), (False, "0.1")):
        (finding,) = corrected([compared("b is above a", few, ("a", "b"), pairs)])
        assert finding.holds is None
        assert f"they allow no p below {least}, even before the correction" in finding.evidence
    more = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [10.0, 11, 12, 13, 14]})
    more["c"] = more["b"] + 0.1
    claims = [
        compared("b is above a", more, ("a", "b")),
        compared("a is above b", more, ("b", "a")),
        compared("c is above b", more, ("b", "c")),
        Finding("nothing was compared", True, ""),
    ]
    assert [finding.holds for finding in corrected(claims)] == [True, False, None, True]
    assert "p 0.024, 5 seeds" in corrected(claims)[0].evidence  # 3 times 2 / 252
    assert corrected(claims)[2].evidence.endswith(": not shown at 5 seeds")


def test_one_seed_is_told_without_a_p() -> None:
    one = pd.DataFrame({"a": [1.0], "b": [10.0]})
    for pairs in (True, False):
        (finding,) = corrected([compared("b is above a", one, ("a", "b"), pairs)])
        assert finding.holds is None
        n = "1 paired seed" if pairs else "1 seed"
        assert finding.evidence == f"a: 1, b: 10; difference from a to b: 9; not shown at {n}"
    apart = pd.DataFrame({"a": [1.0, None], "b": [None, 10.0]})
    for pairs, told in ((True, "no seed has both a and b"), (False, "1 seed")):
        (finding,) = corrected([compared("b is above a", apart, ("a", "b"), pairs)])
        assert finding.evidence.endswith(told)
    (finding,) = corrected([compared("", apart.iloc[:1], ("a", "b"))])
    assert finding.evidence == "not measured: b"


def test_more_comparisons_need_more() -> None:
    more = pd.DataFrame({"a": [1.0, 2, 3, 4, 5], "b": [10.0, 11, 12, 13, 14]})
    one = compared("b is above a", more, ("a", "b"))
    shown = [all(f.holds for f in corrected(itertools.repeat(one, n))) for n in (1, 6, 7)]
    assert shown == [True, True, False]
