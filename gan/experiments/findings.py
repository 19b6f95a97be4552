"""What the seeds of an experiment show: claims, whether they hold, and the figures behind them."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

LINKED = 0.738  # Spearman's coefficient at the two-sided 5 % limit, for eight body types
ENOUGH = 3  # seeds, below which no setting is called better than another
WORDS = {True: "HOLDS", False: "DOES NOT HOLD", None: "NOT SHOWN"}


@dataclass(frozen=True)
class Finding:
    """A claim, whether it holds here, and the figures behind that."""

    claim: str
    holds: bool | None  # None: the seeds don't agree, or are too few
    evidence: str
    answer: str = ""  # the verdict in a sentence, where the claim with its verdict isn't one

    @property
    def verdict(self) -> str:
        """The verdict as a page shows it."""
        return self.answer or f"{WORDS[self.holds].capitalize()}: {self.claim}."

    def __str__(self) -> str:
        return f"{WORDS[self.holds]:<13}  {self.claim}\n{'':15}{self.evidence}"


def text(findings: Iterable[Finding]) -> str:
    """Findings as a terminal shows them."""
    return "\n".join(map(str, findings))


def agree(*steps: pd.Series) -> bool | None:
    """Whether every step (paired differences, one a seed) goes up in every seed.

    True where all do, False where a step goes down in every seed, None otherwise: the range of
    a step's differences holds 0, or there are fewer than ENOUGH seeds.
    """
    signs = []
    for step in steps:
        differences = step.dropna()
        enough = len(differences) >= ENOUGH
        up, down = differences.min() > 0, differences.max() < 0
        signs.append(1 if enough and up else -1 if enough and down else 0)
    if -1 in signs:
        return False
    return True if signs and all(signs) else None


def linked(ranks: pd.Series) -> bool | None:
    """Whether two things rise together over the eight body types.

    `ranks` holds Spearman's coefficient, one a seed. True where all are above LINKED, False where
    all are below -LINKED, None otherwise.
    """
    return True if ranks.min() >= LINKED else False if ranks.max() <= -LINKED else None


def everywhere(condition: pd.DataFrame) -> bool | None:
    """True where a condition (booleans) holds in every run, False where in none, else None."""
    if condition.all(axis=None):
        return True
    return None if condition.any(axis=None) else False


def rising(claim: str, table: pd.DataFrame, settings: Sequence[str]) -> Finding:
    """Whether a metric (as `results.values` gives it) rises from each setting to the next."""
    missing = [setting for setting in settings if setting not in table]
    if missing:
        return Finding(claim, None, f"not measured: {', '.join(missing)}")
    pairs = list(itertools.pairwise(settings))
    steps = [table[after] - table[before] for before, after in pairs]
    listed = ", ".join(f"{setting} {spread(table[setting])}" for setting in settings)
    changes = ", ".join(
        f"{before} to {after} {spread(step)}"
        for (before, after), step in zip(pairs, steps, strict=True)
    )
    return Finding(claim, agree(*steps), f"{listed}; paired change {changes} [{ranged(steps[0])}]")


def spread(numbers: Iterable[float]) -> str:
    """A mean with its range, as text: 3.1 (2.8 to 3.3)."""
    known = [number for number in numbers if not math.isnan(number)]
    if not known:
        return "not measured"
    mean, low, high = map(_digits, (sum(known) / len(known), min(known), max(known)))
    return mean if len(known) == 1 else f"{mean} ({low} to {high})"


def ranged(numbers: pd.Series) -> str:
    """What the bracket of `spread` spans."""
    count = int(numbers.count())
    return "one seed" if count == 1 else f"range of {count} seeds"


def _digits(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.3g}"
