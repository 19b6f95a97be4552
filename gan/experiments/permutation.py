"""The test of all experiments: exact permutation tests over training seeds, Holm-corrected.

Agreement of all seeds is not enough: for two settings without a difference, the differences of
three paired seeds have the same sign in a quarter of all cases.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

LEVEL = 0.05  # a claim is shown if its corrected p is at most this
TIE = 1e-9  # relative difference below which two means count as equal


@dataclass(frozen=True)
class Difference:
    """The difference between the means of two settings, with the exact test against 0."""

    mean: float
    low: float  # the interval of all differences that the test doesn't reject
    high: float
    confidence: float  # of that interval: 0.95, or less if there are few seeds
    p: float  # two-sided
    least: float  # the smallest possible p with so many seeds
    seeds: tuple[int, int]  # number of trainings of each setting
    paired: bool

    def __neg__(self) -> "Difference":
        return replace(self, mean=-self.mean, low=-self.high, high=-self.low)


def paired(after: pd.Series, before: pd.Series) -> Difference | None:
    """`after` less `before` over seeds that both have, by a sign-flip test (Fisher 1935).

    For settings whose runs of one seed share first weights, latents and order of photos. None if
    no seed has both.
    """
    changes = (after - before).dropna().to_numpy(float)
    count = len(changes)
    if not count:
        return None
    signs = np.array(list(itertools.product((1, -1), repeat=count)))
    means = signs @ changes / count
    # The means of all subsets are the possible ends of the test's intervals (Hartigan 1969).
    subsets = signs[:-1] > 0
    ends = np.sort(subsets @ changes / subsets.sum(1))
    return _difference(float(changes.mean()), means, ends, (count, count), True)


def unpaired(after: pd.Series, before: pd.Series) -> Difference | None:
    """`after` less `before` where seeds are no pairs, by a test over all regroupings of the values.

    For networks of different shapes, whose first weights have nothing in common. None if either
    has no value.
    """
    ours, theirs = (side.dropna().to_numpy(float) for side in (after, before))
    if not len(ours) or not len(theirs):
        return None
    values, total = np.concatenate([ours, theirs]), len(ours) + len(theirs)
    chosen = np.zeros((math.comb(total, len(ours)), total), bool)
    for row, places in enumerate(itertools.combinations(range(total), len(ours))):
        chosen[row, list(places)] = True
    means = chosen @ values / len(ours) - ~chosen @ values / len(theirs)
    # The differences between means of equally large subsets are the possible ends of intervals.
    into, out = chosen[:, len(ours) :], ~chosen[:, : len(ours)]
    moved = out.sum(1)
    ends = (out @ ours - into @ theirs)[moved > 0] / moved[moved > 0]
    observed = float(ours.mean() - theirs.mean())
    return _difference(observed, means, np.sort(ends), (len(ours), len(theirs)), False)


def _difference(
    observed: float, means: np.ndarray, ends: np.ndarray, seeds: tuple[int, int], pairs: bool
) -> Difference:
    """The difference, from the means of all arrangements and the sorted ends of intervals."""
    slack = TIE * max(1e-300, float(np.abs(means).max()))
    p = float((np.abs(means) >= abs(observed) - slack).mean())
    # Without ties one arrangement is the most extreme; its mirror image, if any, is so as well.
    mirrored = pairs or seeds[0] == seeds[1]
    cells = len(means)
    cut = max(1, math.floor((1 - 0.95) / 2 * cells + 1e-9))
    confidence = max(0.0, 1 - 2 * cut / cells)
    least = min(1.0, (2 if mirrored else 1) / cells)
    return Difference(
        observed, float(ends[cut - 1]), float(ends[-cut]), confidence, p, least, seeds, pairs
    )


def holm(ps: Sequence[float]) -> list[float]:
    """The p values of one table, corrected for the number of comparisons (Holm 1979)."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    corrected, highest = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[i]))
        corrected[i] = highest
    return corrected
