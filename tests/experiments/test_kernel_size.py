"""The kernel experiment: its plan, its three views, and what it says of the report."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gan.config import DCGANConfig
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.experiments import results, running
from gan.experiments.experiment import Options
from gan.experiments.rows import costs
from gan.experiments.studies import kernel_size as kernel
from gan.experiments.studies.kernel_size import (
    PARAMETERS,
    PICTURES,
    TIME,
    KernelLength,
    KernelSize,
)
from gan.metrics.glossary import LITE2
from tests.experiments.conftest import SMALL

STEPS = 16  # of a run


LENGTH = KernelLength(epochs=STEPS * SMALL["batch"] / 78, **SMALL)


@pytest.fixture
def make(cars: Photos, tmp_path: Path, extractor: Any) -> Callable[[], KernelSize]:
    return lambda: KernelSize(Options(), cars, tmp_path / "kernel-size", extractor, LENGTH)


def test_matched_widths_agree_within_5_per_cent() -> None:
    base = DCGANConfig(kernel=4, width=32)
    wanted, _ = costs(base, 0)
    for size in kernel.LARGER:
        width = kernel.matched_width(base, size)
        found, _ = costs(replace(base, kernel=size, width=width), 0)
        assert abs(found / wanted - 1) < 0.05
        assert width < base.width


def test_every_view_compares_what_it_says(
    make: Callable[[], KernelSize], pretend: Callable[..., Any], judged: list[str]
) -> None:
    calls = pretend()
    experiment = make()
    assert running.carry_out(experiment) == {}
    table = results.read(experiment.folder)
    assert tuple(table.columns) == results.COLUMNS

    # Seed by seed, kernel 4 first; the larger ones stop at its time, then go on to the end.
    pictures = STEPS * 8
    assert calls[:5] == [
        ("k4-seed0", pictures, False),
        ("k6-seed0", 11 * 8, False),  # 16 s at 1.5 s a step
        ("k6-seed0", pictures, True),
        ("k8-seed0", 9 * 8, False),  # 16 s at 2 s a step, and the step that passes it
        ("k8-seed0", pictures, True),
    ]
    seconds = {view: results.values(table, "seconds", view).mean() for view in kernel.VIEWS}
    assert seconds[PICTURES].to_dict() == {"k4": 16, "k6": 24, "k8": 32}
    assert seconds[TIME].to_dict() == {"k4": 16, "k6": 16.5, "k8": 18}
    assert set(seconds[PARAMETERS].index) == {"k4", "k6-matched", "k8-matched"}
    parameters = results.values(table, "parameters", PARAMETERS).mean()
    assert parameters["k8-matched"] < results.values(table, "parameters", PICTURES).mean()["k8"]
    speed = results.values(table, "pictures_per_s", TIME).mean()
    assert speed["k4"] == pytest.approx(8)
    assert len(judged) == 3 * (1 + 2 + 2 + 1 + 1)
    assert (table["metric"] == "fd_floor").sum() == 1

    # Once done, nothing is done again.
    before = len(calls), len(judged)
    assert running.carry_out(make()) == {}
    assert (len(calls), len(judged)) == before
    assert "done" in "\n".join(running.show_plan(make()))

    verdicts = {one.claim: one.holds for one in KernelSize.findings(table)}
    assert verdicts["a larger kernel makes training slower (seconds)"] is True
    assert verdicts["going from kernel 4 to 6 lowers FD (the report: FID 153 to 149)"] is True
    assert verdicts["going on from kernel 6 to 8 raises it (the report: 149 to 153)"] is False
    assert verdicts["D's loss ends near 0.1 with every kernel: D has won"] is True
    assert verdicts["IS is lower with kernel 8 than with 4 (the report: 2.41, 2.86)"] is None


def test_a_failed_run_does_not_end_the_others_and_is_tried_again(
    make: Callable[[], KernelSize], pretend: Callable[..., Any], judged: list[str]
) -> None:
    calls = pretend(k6_seed1=RuntimeError("a loss is\nnot finite"))
    experiment = make()
    assert running.carry_out(experiment) == {"k6-seed1": "a loss is not finite"}
    assert len({name for name, *_ in calls}) == 15
    fd = results.values(results.read(experiment.folder), "fd", PICTURES)
    assert fd["k6"].notna().tolist() == [True, False, True]
    assert running.carry_out(make()) == {}
    assert calls[-2:] == [("k6-seed1", 11 * 8, True), ("k6-seed1", STEPS * 8, True)]
    fd = results.values(results.read(experiment.folder), "fd", PICTURES)
    assert fd["k6"].notna().all()


def test_when_kernel_4_fails_the_others_have_no_time_to_be_cut_at(
    make: Callable[[], KernelSize], pretend: Callable[..., Any], judged: list[str]
) -> None:
    pretend(k4_seed0=RuntimeError("no"))
    experiment = make()
    running.carry_out(experiment)
    running.carry_out(make())
    time = results.values(results.read(experiment.folder), "fd", TIME)
    assert time["k4"].notna().all()
    # Their moment is gone for good: not taken from another one.
    assert time["k6"].notna().tolist() == [False, True, True]


def test_an_interrupted_run_is_gone_on_with(
    make: Callable[[], KernelSize], pretend: Callable[..., Any], judged: list[str]
) -> None:
    calls = pretend(k8_seed0=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        running.carry_out(make())
    assert calls[-1] == ("k8-seed0", 16, False)
    running.carry_out(make())
    assert ("k8-seed0", 9 * 8, True) in calls


def test_runs_of_something_else_are_refused(
    make: Callable[[], KernelSize],
    pretend: Callable[..., Any],
    judged: list[str],
    cars: Photos,
    extractor: Any,
) -> None:
    pretend()
    folder = make().folder
    running.carry_out(make())
    others = {
        "photos": (replace(cars, content_hash="d" * 64), LENGTH),
        "settings": (cars, replace(LENGTH, width=8)),
        "longer run": (cars, replace(LENGTH, epochs=0.2)),
    }
    for what, (photos, length) in others.items():
        with pytest.raises(UserError, match=f"holds a.*{what}"):
            running.carry_out(KernelSize(Options(), photos, folder, extractor, length))


@pytest.mark.parametrize(
    ("recall", "holds"), [((0, 0, 0), False), ((0.1, 0.2, 0.3), True), ((0, 0.1, 0), None)]
)
def test_precision_is_told_beside_recall(recall: tuple[float, ...], holds: bool | None) -> None:
    rows = [
        {"setting": f"k{size}", "seed": seed, "view": PICTURES, "metric": metric, "value": value}
        | {"extractor": LITE2, "body_type": "all"}
        for size in (4, 6, 8)
        for metric, values in (("recall", recall), ("precision", (0.5, 0.6, 0.7)))
        for seed, value in enumerate(values)
    ]
    (found,) = [one for one in KernelSize.findings(pd.DataFrame(rows)) if "recall" in one.claim]
    assert found.holds is holds
    assert found.evidence.count("precision 0.6 (0.5 to 0.7)") == 3


def test_an_empty_table_has_nothing_to_say() -> None:
    empty = pd.DataFrame(columns=list(results.COLUMNS))
    assert all(one.holds is None for one in KernelSize.findings(empty))
