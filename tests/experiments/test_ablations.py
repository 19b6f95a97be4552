"""What is changed one at a time, which seeds it gets, and what runs together."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gan.data.prepared import Photos
from gan.experiments import judging, results, running
from gan.experiments.experiment import Options
from gan.experiments.studies import ablations
from gan.experiments.studies.ablations import (
    BASE,
    CHANGES,
    FULL,
    PAIR,
    SHORT,
    AblationLength,
    Ablations,
)
from gan.runs import Run
from tests.experiments.conftest import SMALL

# FD of a setting less the base's, by seed; all others are worse by 5.
EFFECTS = {
    "mse": (-3, -2, -1),
    "lr-g-half": (-1, -1, -2),
    "lr-g-double": (-4, -3, -4),
    "slope-0.1": (-6, 2, -6),
    "relu": (1, 1, 1),
}


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(run: Run, photos: Photos, extractor: Any, count: int) -> list[dict[str, Any]]:
        setting, _, seed = run.name.rpartition("-seed")
        effect = 0 if setting in (BASE, PAIR) else EFFECTS.get(setting, (5, 5, 5))[int(seed)]
        if setting.startswith("best"):
            effect = -9
        value = 100 + 20 * int(seed) + effect
        shared = {"extractor": extractor.get_name(), "body_type": "all", "n_fake": count}
        return [shared | {"metric": "fd", "value": value}]

    monkeypatch.setattr(judging, "fidelity_rows", rows)


@pytest.fixture
def make(cars: Photos, tmp_path: Path, extractor: Any) -> Callable[[], Ablations]:
    length = AblationLength(epochs=0.2, full_epochs=0.4, base_seeds=(0, 1, 2), **SMALL)
    return lambda: Ablations(Options(), cars, tmp_path / "ablations", extractor, length)


def test_one_change_at_a_time(make: Callable[[], Ablations]) -> None:
    configs = make().configs
    base = configs[BASE]
    for setting, change in CHANGES.items():
        section, field = change.section, change.field
        ours, theirs = getattr(base, section), getattr(configs[setting], section)
        assert getattr(ours, field) != getattr(theirs, field)
        assert replace(theirs, **{field: getattr(ours, field)}) == ours
        assert replace(configs[setting], **{section: ours}) == base
    assert configs["lr-g-half"].objective.lr_g == pytest.approx(1e-4)
    assert configs["width-double"].network.width == 8


def test_seeds_go_to_what_looks_better_and_the_best_run_together(
    make: Callable[[], Ablations], pretend: Callable[..., Any], judged: None
) -> None:
    calls = pretend()
    first = [planned.name for planned in make().plan()]
    assert len(first) == 3 + 3 + len(CHANGES) + 1
    assert running.carry_out(make()) == {}
    ran = {name for name, *_ in calls}
    more = ran - set(first)
    assert more == {
        *(f"{one}-seed{seed}" for one in ("mse", "lr-g-half", "lr-g-double", "slope-0.1")
          for seed in (1, 2)),
        # One change a field; not the one that helps on two seeds of three.
        "best-lr-g-double-mse-seed0",
    }  # fmt: skip
    table = results.read(make().folder)
    long = results.values(table, "fd", FULL)
    assert set(long.columns) == {BASE, "best-lr-g-double-mse"}
    # Full length goes on from the short run.
    assert [c[1:] for c in calls if c[0] == "base-seed0"] == [(16, False), (32, True)]

    by_setting = ablations.changes(results.values(table, "fd", SHORT))
    # Of the same seeds: each is worse than the one before by 20.
    assert list(by_setting)[:2] == ["lr-g-double", "slope-0.1"]
    assert by_setting["mse"] == pytest.approx(-2)

    tables = Ablations.findings(table)
    several, single, best = tables.values()
    names = {f"{words} lowers FD": name for name, words in ablations.WORDS.items()}
    findings = {names[one.claim]: one for one in several}
    assert set(findings) == {"mse", "lr-g-half", "lr-g-double", "slope-0.1"}
    # The seed that chose the change is not among those that are tested: -2 and -1 of 120 and 140.
    assert "without it: 120 (100 to 140), with it: 128 (118 to 139)" in findings["mse"].evidence
    assert "with the seed that chose it 118 (97 to 139)" in findings["mse"].evidence
    assert findings["mse"].holds is None
    assert "not shown at 2 against 3 seeds" in findings["mse"].evidence
    assert "on one seed against 120 (100 to 140)" in single[0].evidence
    assert best[0].holds is None


def test_where_nothing_helps_there_is_no_best(
    make: Callable[[], Ablations],
    pretend: Callable[..., Any],
    judged: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls = pretend()
    monkeypatch.setitem(EFFECTS, "mse", (-1, 1, 1))
    for name in ("lr-g-half", "lr-g-double"):
        monkeypatch.setitem(EFFECTS, name, (1, 1, 1))
    running.carry_out(make())
    assert not [name for name, *_ in calls if name.startswith("best")]


def test_a_change_and_its_base_for_real(
    make: Callable[[], Ablations], monkeypatch: pytest.MonkeyPatch
) -> None:
    experiment = make()
    kept = ("base-seed0", "relu-seed0", "conditional-dense-3-seed0", "conditional-seed0")
    runs = [planned for planned in experiment.plan() if planned.name in kept]
    monkeypatch.setattr(experiment, "plan", lambda: runs)
    assert running.carry_out(experiment) == {}
    table = results.read(experiment.folder)
    assert set(results.values(table, "fd", SHORT)) == {name[:-6] for name in kept}
    assert len(ablations.changes(results.values(table, "fd", SHORT))) == 2
