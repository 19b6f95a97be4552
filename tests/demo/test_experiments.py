"""The kernel page's runs, and the charts that experiments ask for."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from gan.demo import experiments
from gan.demo.catalogue import list_entries
from gan.experiments import results
from gan.experiments.experiment import every_experiment
from gan.experiments.kernel_verdicts import by_kernel
from gan.experiments.studies.rare_types import SAMPLING, RareTypes
from tests.demo.fake_runs import make_run


def test_narrowed_runs_are_shown_at_equal_parameters_alone(tmp_path: Path) -> None:
    for name, kernel in (("k4", 4), ("k6", 6), ("k6-matched", 6), ("k8-matched", 8)):
        make_run(tmp_path, f"kernel-size/{name}-seed0", conditional=False, kernel=kernel)
    make_run(tmp_path, "single", conditional=False, kernel=8)
    entries = list_entries(tmp_path)

    def names(view: str) -> dict[str, list[str]]:
        runs = experiments.kernel_runs(entries, view)
        return {kernel: [run.run.path.name for run in found] for kernel, found in runs.items()}

    assert names("equal-pictures") == {"Kernel 4": ["k4-seed0"], "Kernel 6": ["k6-seed0"]}
    assert names("equal-parameters") == {
        "Kernel 4": ["k4-seed0"],
        "Kernel 6": ["k6-matched-seed0"],
        "Kernel 8": ["k8-matched-seed0"],
    }
    assert list(experiments.kernel_runs([one for one in entries if one.name == "single"], "")) == [
        "Kernel 8"
    ]


def test_a_network_that_ships_elsewhere_draws_for_its_run(tmp_path: Path) -> None:
    for name, kernel in (("kernel-size/k4-seed0", 4), ("kernel-size/k6-seed0", 6), ("report", 4)):
        make_run(
            tmp_path, name, conditional=False, kernel=kernel, weights=name != "kernel-size/k4-seed0"
        )
    k4, k6, report = sorted(list_entries(tmp_path), key=lambda entry: entry.name)
    assert experiments.with_network(k4, [report, k4, k6]) is report
    assert experiments.with_network(k6, [report, k4, k6]) is k6
    assert experiments.with_network(k4, [k4, k6]) is None


def test_a_grid_is_found_by_how_many_photos_were_seen(tmp_path: Path) -> None:
    for kernel in (4, 6):
        make_run(tmp_path, f"kernel-size/k{kernel}-seed0", conditional=False, kernel=kernel)
    kernels = experiments.kernel_runs(list_entries(tmp_path), "equal-pictures")
    assert experiments.moments(kernels, 0) == [12_800, 25_600, 38_400, 51_200]
    assert experiments.moments(kernels, 1) == []
    (run,) = kernels["Kernel 6"]
    found = {seen: experiments.grid_at(run, seen)[1] for seen in (None, 0, 26_000)}
    assert found == {None: 51_200, 0: 12_800, 26_000: 25_600}


def test_moments_are_those_that_several_kernels_have(tmp_path: Path) -> None:
    """Of the last point of a curve and a comparison one batch later, the comparison."""
    for kernel, removed in ((4, ()), (6, (100,)), (8, (100, 200))):
        path = f"kernel-size/k{kernel}-seed0"
        run = make_run(tmp_path, path, conditional=False, kernel=kernel)
        for iteration in removed:
            run.sample_path(iteration).unlink()
        shutil.copy(run.sample_path(400), run.sample_path(401))
    kernels = experiments.kernel_runs(list_entries(tmp_path), "equal-pictures")
    assert experiments.moments(kernels, 0) == [25_600, 38_400, 401 * 128]


def test_the_grids_of_a_comparison_are_those_of_its_moment(
    full: Path, open_page: Callable[..., AppTest]
) -> None:
    file = full / "kernel-size" / "results.csv"
    table = results.read(full / "kernel-size")
    for view, shares in (("equal-pictures", (1, 1, 1)), ("equal-time", (1, 0.7, 0.25))):
        for kernel, share in zip((4, 6, 8), shares, strict=True):
            took = (table["view"] == view) & (table["setting"] == f"k{kernel}")
            took &= table["metric"] == "seconds"
            table.loc[took, "value"] = share * 38_400 / 800 * kernel
    table.to_csv(file, index=False)
    grids = {
        "Equal pictures": ["38,400"] * 3,
        "Equal time": ["38,400", "25,600", "12,800"],  # nearest to 26,880 and 9,600
    }
    for view, seen in grids.items():
        told = [one.value for one in open_page("kernel_size", at=view).caption]
        told = [one.split()[0] for one in told if one.endswith("training seed 0")]
        assert told == seen


def test_uncut_runs_stand_beside_either_sampling() -> None:
    rows = [
        (setting, seed, "equal-pictures", "gan_test", "car-classifier", body_type, value, 9.0, 9.0)
        for setting, value in (("full", 0.5), ("cut-1/16", 0.1), ("cut-1/16-balanced", 0.2))
        for seed in (0, 1)
        for body_type in ("suv", "cut", "all")
    ]
    table = pd.DataFrame(rows, columns=list(results.COLUMNS))
    (drawing,) = RareTypes.drawings(table)
    assert drawing.metric == "gan_test"
    plain, balanced = SAMPLING.values()
    means = drawing.rows.groupby(["setting", "group"])["value"].mean().round(3).to_dict()
    assert means == {
        ("all of the photos", plain): 0.5,
        ("all of the photos", balanced): 0.5,
        ("1/16 of the photos", plain): 0.1,
        ("1/16 of the photos", balanced): 0.2,
    }
    assert RareTypes.drawings(table[table["setting"] == "full"]) == []


def test_no_experiment_needs_figures_to_be_shown() -> None:
    empty = pd.DataFrame(columns=list(results.COLUMNS))
    for kind in every_experiment():
        assert kind.drawings(empty) == []
        findings = [finding for table in kind.findings(empty).values() for finding in table]
        assert all(finding.holds is None for finding in findings)


def test_a_table_of_figures_leaves_out_what_never_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path))
    rows = [
        (f"k{kernel}", seed, "equal-pictures", metric, extractor, "all", value + seed, 9.0, 9.0)
        for kernel in (4, 6)
        for seed in (0, 1)
        for metric, extractor, value in (
            ("fd", "efficientnet-lite2", 80.0 + kernel),
            ("recall", "efficientnet-lite2", -seed),
            ("seconds", "", 60.0),
        )
    ]
    floor = ("photos", 0, "", "fd_floor", "efficientnet-lite2", "all", 15.0, 9.0, 9.0)
    whole = pd.DataFrame([*rows, floor], columns=list(results.COLUMNS))
    table = by_kernel(whole)
    assert list(experiments.figures(table, "equal-pictures")) == [
        "Figure", "Kernel 4", "Kernel 6", "Better",
    ]  # fmt: skip
    whole.to_csv(tmp_path / "results.csv", index=False)
    (tmp_path / "kernel-size").mkdir()
    (tmp_path / "results.csv").rename(tmp_path / "kernel-size" / "results.csv")
    shown = experiments.figures(table, "equal-pictures").set_index("Figure")
    assert list(shown) == ["Kernel 4", "Kernel 6", "Photos", "Better"]
    assert shown["Photos"].to_dict()["FD (EfficientNet-Lite2)"] == "15.0"
    assert shown["Kernel 6"].to_dict() == {
        "FID, as the report published it": "148.9",
        "FD (EfficientNet-Lite2)": "86.5 (86.0 to 87.0)",
        "IS, as the report published it": "2.94",
        "Training time (s)": "60.5 (60.0 to 61.0)",
    }
    short = experiments.in_short(table, "equal-pictures", "Kernel 6")
    distance, time = "86.5 (86.0 to 87.0)", "60.5 (60.0 to 61.0)"
    words = f"FD (EfficientNet-Lite2) **{distance}**, Training time (s) **{time}**; 2 seeds"
    assert short == words
    timed = table.assign(view="equal-time")
    rate = timed[timed["metric"] == "seconds"].assign(metric="pictures_per_s", value=10.0)
    timed = pd.concat([timed, rate], ignore_index=True)
    told = experiments.in_short(timed, "equal-time", "Kernel 6")
    assert "**600 to 610** photos seen; 2 seeds" in told


def test_a_mean_curve_ends_where_a_training_goes_on_alone() -> None:
    curve = pd.DataFrame(
        [("Kernel 4", seed, n, n / 10, 5.0 + seed) for n in (10, 20) for seed in (0, 1)]
        + [("Kernel 4", 0, 40, 4.0, 1.0)],
        columns=["name", "seed", "pictures", "seconds", "value"],
    )
    means = experiments.along_means(curve)
    assert means["pictures"].tolist() == [10, 20]
    assert means["value"].tolist() == [5.5, 5.5]


def test_how_long_a_comparison_trained_is_read_where_it_was_judged(full: Path) -> None:
    table, _, _ = experiments.kernel_results(list_entries(full))
    told = experiments.reached(table, "equal-pictures")
    assert told.startswith("Judged after 51,200 photos seen. So early the networks draw smudges")
    longer = table["value"].where(table["metric"] != "seconds", 5 * table["value"])
    told = experiments.reached(table.assign(value=longer), "equal-pictures")
    assert told == "Judged after 256,000 photos seen."
    assert experiments.reached(table[table["metric"] != "seconds"], "equal-pictures") == ""


def test_a_figure_that_is_the_same_for_most_runs_of_every_kernel_is_left_out(full: Path) -> None:
    """A recall of 0 in all runs but two tells no kernel from another; parameters do."""
    table, _, _ = experiments.kernel_results(list_entries(full))
    rows = table[table["metric"] == "fd"].assign(metric="recall", value=0.0)
    odd = rows["name"].eq("Kernel 6") & rows["seed"].eq(1)
    rows["value"] = rows["value"].mask(odd, 0.1)
    table = pd.concat([table, rows])
    shown = experiments.figures(table, "equal-pictures")["Figure"].tolist()
    assert not any("Recall" in name for name in shown)
    assert "Parameters, both networks" in shown
    assert ("recall", "efficientnet-lite2") not in experiments.charted(table, "equal-pictures")
    # Also where one kernel has more runs than the others together.
    first = table[table["seed"].eq(0) | table["name"].eq("Kernel 4")]
    assert (
        "Parameters, both networks"
        in experiments.figures(first, "equal-pictures")["Figure"].tolist()
    )
