"""Findings: claims about an experiment's results, with verdicts and the figures behind them."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import pandas as pd

from gan.experiments.permutation import LEVEL, Difference, holm, paired, unpaired

WORDS = {True: "HOLDS", False: "DOES NOT HOLD", None: "NOT SHOWN"}


@dataclass(frozen=True)
class Finding:
    """A claim, its verdict, and the figures behind it."""

    claim: str
    holds: bool | None  # None: neither the claim nor its opposite is shown
    evidence: str
    answer: str = ""  # the verdict as a sentence; default: made of the claim
    step: Difference | None = None  # the claim is that it is above 0; tested by `corrected`

    @property
    def verdict(self) -> str:
        """The verdict as a sentence."""
        if self.answer:
            return self.answer
        if self.step and self.holds is None and LEVEL < self.step.least < 1:
            limit = f"they allow no p below {self.step.least:.2g}"
            return f"{_seeds(self.step)} can't show whether {self.claim}: {limit}."
        if self.step:
            shown = {True: "shown", False: "shown to be false", None: "not shown"}[self.holds]
            return f"It is {shown} at {_seeds(self.step)} that {self.claim}."
        words = {True: "It holds that", False: "It does not hold that", None: "It is open whether"}
        return f"{words[self.holds]} {self.claim}."

    def __str__(self) -> str:
        return f"{WORDS[self.holds]:<13}  {self.claim}\n{'':15}{self.evidence}"


def text(tables: Mapping[str, Iterable[Finding]]) -> str:
    """Tables of findings, by heading, as text for a terminal."""
    return "\n\n".join(
        "\n".join([f"{heading}:", *map(str, findings)]) for heading, findings in tables.items()
    )


def compared(
    claim: str,
    wide: pd.DataFrame,
    settings: tuple[str, str],
    pairs: bool = False,
    sign: int = 1,
    more: str = "",
) -> Finding:
    """The claim that a metric rises from one setting to the other; tested by `corrected`.

    Args:
        claim: The claim in words.
        wide: The metric by seed and setting, from `results.values`.
        settings: Columns of `wide`.
        pairs: Whether runs of one seed are pairs.
        sign: -1 for the claim that it falls.
        more: Added to the evidence.
    """
    missing = [one for one in settings if one not in wide or wide[one].isna().all()]
    if missing:
        return Finding(claim, None, f"not measured: {', '.join(missing)}")
    before, after = settings
    step = (paired if pairs else unpaired)(wide[after], wide[before])
    if step is None:
        return Finding(claim, None, f"no seed has both {before} and {after}")
    listed = ", ".join(f"{setting}: {spread(wide[setting])}" for setting in settings)
    evidence = f"{listed}; difference from {before} to {after}: {interval(step)}{more}"
    return Finding(claim, None, evidence, step=step if sign > 0 else -step)


def corrected(findings: Iterable[Finding]) -> list[Finding]:
    """The findings of one table with verdicts, corrected for the number of comparisons."""
    findings = list(findings)
    ps = holm([finding.step.p for finding in findings if finding.step])
    left = iter(ps)
    return [
        _judged(finding, finding.step, next(left), len(ps)) if finding.step else finding
        for finding in findings
    ]


def _judged(finding: Finding, step: Difference, p: float, comparisons: int) -> Finding:
    holds = None if p > LEVEL else step.mean > 0
    n, least = _seeds(step), step.least
    words = f"{finding.evidence}; p {p:.2g}, {n}"
    if holds is None:
        words = f"{finding.evidence}; p {p:.2g}: not shown at {n}"
        if least >= 1:  # one seed a setting: there is nothing to test
            words = f"{finding.evidence}; not shown at {n}"
        elif least > LEVEL:
            words += f" (they allow no p below {least:.2g}, even before the correction)"
        elif least * comparisons > LEVEL:
            words += f" (they allow no p below {least:.2g}, times {comparisons} comparisons)"
    return replace(finding, holds=holds, evidence=words)


def _seeds(step: Difference) -> str:
    ours, theirs = step.seeds
    if step.paired or ours == theirs:
        return f"{ours} {'paired ' * step.paired}seed{'s' * (ours > 1)}"
    return f"{ours} against {theirs} seeds"


def interval(difference: Difference) -> str:
    """A difference with its interval, as text: -58 (75 % interval -65 to -45)."""
    mean, low, high = map(digits, (difference.mean, difference.low, difference.high))
    if min(difference.seeds) < 2 or not difference.confidence:
        return mean
    return f"{mean} ({100 * difference.confidence:.3g} % interval {low} to {high})"


def spread(numbers: Iterable[float]) -> str:
    """A mean with its range, as text: 3.1 (2.8 to 3.3)."""
    known = [number for number in numbers if not math.isnan(number)]
    if not known:
        return "not measured"
    mean, low, high = map(digits, (sum(known) / len(known), min(known), max(known)))
    return mean if len(known) == 1 else f"{mean} ({low} to {high})"


def ranged(numbers: pd.Series) -> str:
    """What the range of `spread` is taken over, in words."""
    count = int(numbers.count())
    return "one seed" if count == 1 else f"range of {count} seeds"


def digits(number: float) -> str:
    """A number with three significant digits; without decimals from 1,000 on."""
    return f"{number:,.0f}" if abs(number) >= 999.5 else f"{number:.3g}"
