"""Verdicts at the edges where they turn over."""

import numpy as np
import pandas as pd
import pytest

from gan.demo import answers
from gan.demo.spreads import Spread


@pytest.mark.parametrize(
    ("value", "verdict"), [(0.13, "No"), (0.3, "Partly"), (0.6, "Yes, most"), (0.7, "Yes: as well")]
)
def test_types_are_told_apart_between_guessing_and_the_ceiling(value: float, verdict: str) -> None:
    ceiling = Spread(0.7, 0.69, 0.71, 3)
    found = answers.told_apart(Spread(value, value, value, 3), ceiling, 8)
    assert found is not None
    assert found.verdict.startswith(verdict)
    assert "12.5 %" in found.evidence
    assert answers.told_apart(None, ceiling, 8) is None


@pytest.mark.parametrize(
    ("shift", "verdict"), [(0.0, "No sign"), (-0.7, "A few"), (-3.0, "Possibly")]
)
def test_copies_are_pictures_closer_than_unseen_photos(shift: float, verdict: str) -> None:
    held = np.random.RandomState(0).standard_normal(4000) + 10
    table = pd.DataFrame(
        {
            "kind": ["held-out"] * 4000 + ["generated"] * 4000,
            "distance": np.concatenate([held, held + shift]),
        }
    )
    found = answers.memorised(table)
    assert found is not None
    assert found.verdict.startswith(verdict)
    assert answers.memorised(table[table["kind"] == "generated"]) is None
    assert answers.memorised(table.head(0)) is None


@pytest.mark.parametrize(
    ("values", "verdict"),
    [(range(8), "Yes"), (range(8, 0, -1), "No: types"), ((3, 1, 4, 1, 5, 2, 1, 3), "No clear")],
)
def test_rare_types_are_judged_by_rank(values: list[int], verdict: str) -> None:
    table = pd.DataFrame({"body_type": list("abcdefgh"), "photos": range(100, 900, 100)})
    found = answers.rare_by_count(table.assign(value=[value / 10 for value in values]))
    assert found is not None
    assert found.verdict.startswith(verdict)
    assert answers.rare_by_count(table.assign(value=np.nan)) is None
