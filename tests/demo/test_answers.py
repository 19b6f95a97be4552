"""Verdicts at the edges where they turn over."""

import numpy as np
import pandas as pd
import pytest

from gan.demo import answers
from gan.demo.spreads import Spread
from gan.experiments.results import rising


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        # The ranges overlap: what counts is that A is ahead with every seed.
        ({"A": [4, 5, 6], "B": [5, 6, 7]}, "the difference is real"),
        ({"A": [4, 5, 6], "B": [5, 4, 9]}, "no difference is shown"),
        ({"A": [5], "B": [8]}, "fewer than 3 seeds"),
        ({"A": [5, 5, np.nan], "B": [8, 8, 1]}, "fewer than 3 seeds"),
        ({"A": [4, 5, 6], "B": [4.1, 4.9, 6.2], "C": [7, 8, 9]}, "beats C with every seed"),
    ],
)
def test_a_difference_is_real_if_every_seed_shows_it(
    columns: dict[str, list[float]], expected: str
) -> None:
    wide = pd.DataFrame(columns)
    found = answers.best_setting(wide, "fd")
    assert found is not None
    assert found.verdict.startswith("A ")
    assert expected in found.verdict


def test_the_direction_of_the_metric_counts() -> None:
    wide = pd.DataFrame({"A": [4.0, 5.0, 6.0], "B": [7.0, 8.0, 9.0]})
    found = answers.best_setting(wide, "is")
    assert found is not None
    assert found.verdict.startswith("B is best")
    assert "A is behind by 3.00" in found.evidence
    assert answers.best_setting(wide[["A"]], "fd") is None


def test_the_app_and_the_findings_judge_alike() -> None:
    """One rule: what the page calls real is what the experiment's script calls shown."""
    stream = np.random.RandomState(0)
    for _ in range(50):
        fd = pd.DataFrame({"k4": stream.rand(3) + 0.5, "k6": stream.rand(3)})
        page = answers.best_setting(fd, "fd")
        assert page is not None
        script = rising("", fd, ["k6", "k4"]).holds
        assert ("the difference is real" in page.verdict) == (script is not None)
        if script is not None:
            assert page.verdict.startswith("k6" if script else "k4")


def test_a_narrowed_kernel_speaks_at_equal_parameters_alone() -> None:
    views = ("equal-pictures", "equal-parameters")
    table = pd.DataFrame(
        [(setting, view) for setting in ("k4", "k6", "k6-matched", "photos") for view in views],
        columns=["setting", "view"],
    )
    named = answers.settings_named(table)
    assert list(zip(named["view"], named["setting"], named["name"], strict=True)) == [
        ("equal-pictures", "k4", "Kernel 4"),
        ("equal-parameters", "k4", "Kernel 4"),
        ("equal-pictures", "k6", "Kernel 6"),
        ("equal-parameters", "k6-matched", "Kernel 6"),
    ]


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


def test_cut_types_are_compared_with_the_whole_ones() -> None:
    wide = pd.DataFrame({"full": [0.6, 0.58, 0.62], "cut-1/8": [0.4, 0.38, 0.42]})

    def verdict(table: pd.DataFrame) -> str:
        found = answers.rare_by_experiment(table, "gan_test", "full")
        assert found is not None
        return found.verdict

    assert verdict(wide).startswith("Yes")
    assert verdict(wide.assign(**{"cut-1/8": [0.4, 0.6, 0.4]})).startswith("No difference")
    assert verdict(wide.head(2)).startswith("Fewer than 3")
    assert answers.rare_by_experiment(wide, "gan_test", "absent") is None
    mixed = wide.assign(**{"cut-1/8-balanced": [0.5, 0.5, 0.5], "cut-1/2": [0.5, 0.7, 0.6]})
    assert "photos: 1/8; with balanced batches 1/8." in verdict(mixed)


def test_balance_is_judged_over_all_cuts_together() -> None:
    wide = pd.DataFrame(
        {
            "full": [0.6, 0.6, 0.6],
            "cut-1/2": [0.5, 0.5, 0.5],
            "cut-1/2-balanced": [0.4, 0.6, 0.6],
            "cut-1/8": [0.2, 0.2, 0.2],
            "cut-1/8-balanced": [0.5, 0.3, 0.4],
        }
    )

    def said(table: pd.DataFrame, metric: str = "gan_test") -> answers.Answer:
        found = answers.balance_helps(table, metric)
        assert found is not None
        return found

    # By seed: (-0.1 + 0.3) / 2, (0.1 + 0.1) / 2, (0.1 + 0.2) / 2.
    assert said(wide).verdict.endswith("rare types better.")
    assert "11.7 % (10.0 % to 15.0 %, 3 seeds)" in said(wide).evidence
    assert said(wide, "kid").verdict.endswith("rare types worse.")
    mixed = wide.assign(**{"cut-1/8-balanced": [0.1, 0.3, 0.4]})
    assert "no difference" in said(mixed).verdict
    # On average the seeds don't agree, yet the hardest cut is helped in each.
    helped = wide.assign(**{"cut-1/2-balanced": [0.1, 0.6, 0.6]})
    assert said(helped).verdict.startswith("Balanced sampling helps types with 1/8 of their")
    assert "too few" in said(wide.head(2)).verdict
    assert answers.balance_helps(wide[["full", "cut-1/2"]], "gan_test") is None


def test_copies_are_what_chance_does_not_explain() -> None:
    ratio = pd.DataFrame({"cut-1/8": [0.9, 1.0, 1.1], "cut-1/16": [0.6, 0.7, 0.8]})
    rank = pd.DataFrame({"cut-1/8": [0.2, 0.5, 0.9], "cut-1/16": [0.025, 0.05, 0.025]})
    found = answers.few_are_copied(ratio, rank)
    assert found is not None
    assert found.verdict == "Nearer to the few photos than chance explains: 1/16."
    assert found.evidence.startswith(
        "Nearest with 1/16 of the photos: 0.70 (0.60 to 0.80, 3 seeds)"
    )
    found = answers.few_are_copied(ratio, rank.assign(**{"cut-1/16": [0.025, 0.05, 0.2]}))
    assert found is not None
    assert found.verdict.startswith("No copies")
    found = answers.few_are_copied(ratio.head(2), rank.head(2))
    assert found is not None
    assert "too few" in found.verdict
    assert answers.few_are_copied(ratio.head(0), rank) is None
