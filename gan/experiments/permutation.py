"""One rule for all experiments: an exact permutation test over training seeds, Holm-corrected.

Nothing is called a difference because all seeds happen to agree: of two settings that do not
differ, three paired seeds have the same sign in a quarter of all cases.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

LEVEL = 0.05  # a corrected p at or below it counts as shown
TIE = 1e-9  # relative: two arrangements that differ by less are the same


@dataclass(frozen=True)
class Difference:
    """A setting's mean less another's, over seeds, with the exact test of no difference."""

    mean: float
    low: float  # ends of the interval of all differences that the test does not reject
    high: float
    confidence: float  # of that interval: 0.95, or the most that so few seeds allow
    p: float  # two-sided
    least: float  # the smallest p that so many seeds can give
    seeds: tuple[int, int]  # trainings of either setting
    paired: bool

    def __neg__(self) -> "Difference":
        return Difference(
            -self.mean, -self.high, -self.low, self.confidence, self.p, self.least, self.seeds,
            self.paired,
        )  # fmt: skip


def paired(after: pd.Series, before: pd.Series) -> Difference | None:
    """`after` less `before` for seeds that both have: a sign-flip test (Fisher 1935).

    For settings of one network that share a seed's first weights, latents and order of photos.
    None where no seed has both.
    """
    changes = (after - before).dropna().to_numpy(float)
    count = len(changes)
    if not count:
        return None
    signs = np.array(list(itertools.product((1, -1), repeat=count)))
    means = signs @ changes / count
    # The means of all subsets are the ends of the test's intervals (Hartigan 1969).
    subsets = (signs[:-1] < 0).__invert__()
    ends = np.sort(subsets @ changes / subsets.sum(1))
    return _difference(float(changes.mean()), means, ends, (count, count), True)


def unpaired(after: pd.Series, before: pd.Series) -> Difference | None:
    """`after` less `before` where seeds are no pairs: all ways to share the values out.

    For networks of different shapes, whose first weights have nothing in common. None where
    either has no value.
    """
    ours, theirs = (side.dropna().to_numpy(float) for side in (after, before))
    if not len(ours) or not len(theirs):
        return None
    values, total = np.concatenate([ours, theirs]), len(ours) + len(theirs)
    chosen = np.zeros((math.comb(total, len(ours)), total), bool)
    for row, places in enumerate(itertools.combinations(range(total), len(ours))):
        chosen[row, list(places)] = True
    means = chosen @ values / len(ours) - ~chosen @ values / len(theirs)
    # Differences of means of equally large subsets are the ends of the test's intervals.
    away, come = chosen[:, len(ours) :], ~chosen[:, : len(ours)]
    moved = come.sum(1)
    ends = (come @ ours - away @ theirs)[moved > 0] / moved[moved > 0]
    observed = float(ours.mean() - theirs.mean())
    return _difference(observed, means, np.sort(ends), (len(ours), len(theirs)), False)


def _difference(
    observed: float, means: np.ndarray, ends: np.ndarray, seeds: tuple[int, int], pairs: bool
) -> Difference:
    """From what all arrangements give, and the sorted ends of the intervals that they make."""
    slack = TIE * max(1e-300, float(np.abs(means).max()))
    p = float((np.abs(means) >= abs(observed) - slack).mean())
    # Without ties one arrangement is the most extreme; its mirror is as extreme where there is one.
    mirrored = pairs or seeds[0] == seeds[1]
    cells = len(means)
    cut = max(1, math.floor((1 - 0.95) / 2 * cells + 1e-9))
    confidence = max(0.0, 1 - 2 * cut / cells)
    least = min(1.0, (2 if mirrored else 1) / cells)
    return Difference(
        observed, float(ends[cut - 1]), float(ends[-cut]), confidence, p, least, seeds, pairs
    )


def holm(ps: Sequence[float]) -> list[float]:
    """p values of one table, each corrected for the number of its comparisons (Holm 1979)."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    corrected, highest = [0.0] * len(ps), 0.0
    for rank, i in enumerate(order):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[i]))
        corrected[i] = highest
    return corrected
