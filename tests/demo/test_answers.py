"""Verdicts at the edges where they turn over."""

import numpy as np
import pandas as pd
import pytest

from gan.demo import answers
from gan.demo.spreads import Spread


@pytest.mark.parametrize(
    ("value", "verdict"),
    [(0.13, "No"), (0.3, "Partly"), (0.6, "Yes, most"), (0.7, "Yes: a classifier")],
)
def test_types_are_told_apart_between_guessing_and_the_ceiling(value: float, verdict: str) -> None:
    ceiling = Spread(0.7, 0.69, 0.71, 3)
    found = answers.told_apart(Spread(value, value, value, 3), ceiling, 8)
    assert found is not None
    assert found.verdict.startswith(verdict)
    assert "12.5 %" in found.evidence
    assert answers.told_apart(None, ceiling, 8) is None
    same = answers.told_apart(Spread(value, value, value, 3), ceiling, 8, calibrated=True)
    assert same is not None
    assert ("guidance of each type was chosen" in same.verdict) == (verdict[:4] == "Yes:")


@pytest.mark.parametrize(
    ("share", "verdict"),
    [(0.0, "No copy was found among 5,000"), (0.002, "No more"), (0.02, "Possibly: more")],
)
def test_copies_are_judged_by_pixels_beside_held_out_photos(share: float, verdict: str) -> None:
    floor = Spread(0.01, 0.01, 0.01, 1)
    matches = pd.DataFrame({"similarity": [0.95, 0.9], "rank": [0.03, 0.2]})
    found = answers.copied(Spread(share, share, share, 1, 8665, 5000), floor, matches)
    assert found is not None
    assert found.verdict.startswith(verdict)
    assert found.evidence.startswith(f"{share * 5000:.0f} of 5,000 pictures")
    assert "3.0 % of held-out photos match a training photo as well" in found.evidence
    assert answers.copied(None, floor, matches) is None


def test_one_training_tells_nothing_of_rare_types() -> None:
    table = pd.DataFrame({"body_type": list("abcdefgh"), "photos": range(100, 900, 100)})
    found = answers.rare_by_count(table.assign(value=[value / 10 for value in range(8)]))
    assert found is not None
    assert found.holds is None
    assert "0.0 % of the rarest type and 70.0 % of the most frequent" in found.verdict
    assert answers.rare_by_count(table.assign(value=np.nan)) is None
