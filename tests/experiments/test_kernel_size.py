"""The kernel experiment: its plan, its three views, and what it says of the report."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gan.checkpoint import load_generator
from gan.config import DCGANConfig
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.experiments import kernel_verdicts, results, running
from gan.experiments.experiment import Options
from gan.experiments.kernel_verdicts import NO_HELP, PARAMETERS, PICTURES, TIME, WHOLE
from gan.experiments.plan import Stage
from gan.experiments.rows import costs
from gan.experiments.studies import kernel_size as kernel
from gan.experiments.studies.kernel_size import CHECKS, KernelLength, KernelSize
from gan.metrics.classifier import predict
from gan.metrics.glossary import CLASSIFIER, INCEPTION, LITE2
from gan.metrics.measures import frechet_distance
from gan.runs import Run
from gan.sampling import generate_set
from gan.training import train
from tests.experiments.conftest import SMALL

STEPS = 16  # at which kernels are compared


LENGTH = KernelLength(
    compared=STEPS * 8, whole=20 * 8, matched=8 * 8, along=(4 * 8,), judged_along=12, **SMALL
)


@pytest.fixture
def make(
    cars: Photos, tmp_path: Path, extractor: Any, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], KernelSize]:
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path))
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

    # Seed by seed, kernel 4 first; the larger ones are judged at its time too: 16 s.
    def ends(name: str) -> list[int]:
        return [seen // 8 for run, seen, _ in calls if run == name]

    assert list(dict.fromkeys(name for name, *_ in calls))[:5] == [
        "k4-seed0", "k6-seed0", "k8-seed0", "k6-matched-seed0", "k8-matched-seed0",
    ]  # fmt: skip
    # Points of the curves are a step before the comparisons, which have their own count.
    assert ends("k4-seed0") == [3, 7, 8, 15, 16, 19, 20]
    assert ends("k6-seed0") == [3, 7, 11, 15, 16, 19, 20]  # 1.5 s a step
    assert ends("k8-seed1") == [3, 7, 9, 15, 16]  # 2 s a step, and the step that passes 16 s
    assert ends("k8-matched-seed1") == [8]
    assert ends("k4-mse-seed0") == [20]
    # Nothing goes on to the whole budget before every kernel and seed has been compared.
    first = next(i for i, (_, seen, _) in enumerate(calls) if seen > LENGTH.compared)
    assert {name for name, *_ in calls[first:]} == {
        "k4-seed0", "k6-seed0", "k8-seed0", "k4-d-first-seed0", "k4-mse-seed0", "k4-lr-d-half-seed0"
    }  # fmt: skip
    seconds = {
        view: results.values(table, "seconds", view).mean() for view in kernel_verdicts.VIEWS
    }
    assert seconds[PICTURES].to_dict() == {"k4": 16, "k6": 24, "k8": 32}
    assert seconds[TIME].to_dict() == {"k4": 16, "k6": 16.5, "k8": 18}
    assert set(seconds[PARAMETERS].index) == {"k4", "k6-matched", "k8-matched"}
    assert set(seconds[WHOLE].index) == {"k4", "k6", "k8", *CHECKS}
    parameters = results.values(table, "parameters", PARAMETERS).mean()
    assert parameters["k8-matched"] < results.values(table, "parameters", PICTURES).mean()["k8"]
    speed = results.values(table, "pictures_per_s", TIME).mean()
    assert speed["k4"] == pytest.approx(8)
    assert len(judged) == 3 * (7 + 5 + 5) + 3 * 2 + 3

    curves = kernel_verdicts.along(table)
    mine = curves[(curves["name"] == "Kernel 6") & (curves["seed"] == 0)]
    assert mine["pictures"].tolist() == [32, 64, 128, 160]
    assert mine["seconds"].tolist() == [4.5, 10.5, 22.5, 28.5]
    assert set(curves["n_fake"]) == {12}

    # The generators of those moments are kept.
    run = Run(experiment.folder / "k6-seed0")
    assert [iteration for iteration, _ in run.kept()] == [3, 7, 11, 15, 16, 19, 20]
    assert run.kept()[2][1].read_bytes() == bytes([11])

    # Once done, nothing is done again.
    before = len(calls), len(judged)
    assert running.carry_out(make()) == {}
    assert (len(calls), len(judged)) == before
    assert "done" in "\n".join(running.show_plan(make()))

    findings = {one.claim: one for tables in KernelSize.findings(table).values() for one in tables}
    # Every seed agrees, and three seeds are too few.
    slower = findings["a larger kernel makes a training step slower"]
    assert slower.holds is None
    assert "a step takes longer with kernel 6 than with kernel 4: not shown" in slower.evidence
    pair = findings["a step takes longer with kernel 8 than with kernel 4"]
    assert "from kernel 4 to kernel 8: 1 (90 % interval 1 to 1)" in pair.evidence
    won = findings["D's loss ends near 0.1 in every run: D has won (below 0.15)"]
    assert (won.holds, won.evidence[:15]) == (True, "in 9 of 9 runs;")
    missing = findings["kernel 8 has a higher IS than kernel 4"]
    assert missing.evidence == "not measured: kernel 4, kernel 8"
    (whole,) = [one for one in findings if "half the learning rate for D" in one]
    assert (findings[whole].holds, findings[whole].evidence) == (None, "46 against 46")


def test_a_failed_run_does_not_end_the_others_and_is_tried_again(
    make: Callable[[], KernelSize], pretend: Callable[..., Any], judged: list[str]
) -> None:
    calls = pretend(k6_seed1=RuntimeError("a loss is\nnot finite"))
    experiment = make()
    assert running.carry_out(experiment) == {"k6-seed1": "a loss is not finite"}
    assert len({name for name, *_ in calls}) == 18
    fd = results.values(results.read(experiment.folder), "fd", PICTURES)
    assert fd["k6"].notna().tolist() == [True, False, True]
    assert running.carry_out(make()) == {}
    assert [seen // 8 for name, seen, _ in calls if name == "k6-seed1"] == [2, 3, 7, 11, 15, 16]
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
        "longer run": (cars, replace(LENGTH, compared=64, whole=64, matched=32)),
    }
    for what, (photos, length) in others.items():
        with pytest.raises(UserError, match=f"holds a.*{what}"):
            running.carry_out(KernelSize(Options(), photos, folder, extractor, length))


@pytest.mark.parametrize(
    ("recall", "holds"), [((0, 0, 0), False), ((0.1, 0.2, 0.3), True), ((0, 0.1, 0), False)]
)
def test_what_is_said_of_every_run_holds_in_every_run(
    recall: tuple[float, ...], holds: bool
) -> None:
    rows = [
        {"setting": f"k{size}", "seed": seed, "view": PICTURES, "metric": "recall", "value": value}
        | {"extractor": LITE2, "body_type": "all"}
        for size in (4, 6, 8)
        for seed, value in enumerate(recall[: size // 2 - 1])  # the first kernel has one seed
    ]
    tables = KernelSize.findings(pd.DataFrame(rows)).values()
    (finding,) = [one for table in tables for one in table if "recall" in one.claim]
    assert finding.holds is holds
    assert "of 6 runs" in finding.evidence


def fd_table(extractor: str = LITE2, **values: tuple[float, ...]) -> pd.DataFrame:
    """FD by setting and seed, at equal pictures."""
    shared = {"view": PICTURES, "metric": "fd", "extractor": extractor, "body_type": "all"}
    return pd.DataFrame(
        [
            {"setting": setting, "seed": seed, "value": value} | shared
            for setting, numbers in values.items()
            for seed, value in enumerate(numbers)
        ]
    )


@pytest.mark.parametrize(
    ("values", "answer"),
    [
        (
            {"k4": (9, 8, 7), "k6": (1, 2, 3)},
            "No kernel is shown to be better over 3 trainings of each; kernel 6 has the lowest FD",
        ),
        ({"k4": (9, 8, 7, 6, 5), "k6": (0, 1, 2, 3, 4)}, "Kernel 6 is best: it is shown to be ah"),
        (
            {"k4": (90, 80, 70, 60, 50), "k6": (0, 1, 2, 3, 4), "k8": (1, 2, 3, 4, 5)},
            "No kernel is shown to be best. It is shown that kernel 6 and kernel 8 are ahead of "
            "kernel 4, by FD (EfficientNet-Lite2) over 5 trainings of each (p 0.024); kernel 6 has",
        ),
        (
            {"k4": (90, 80, 70, 60, 50), "k6": (0, 1, 2, 3, 4), "k8": (0, 99, 1, 99, 2)},
            "Kernel 6 is shown to be ahead of kernel 4, but not of kernel 8, by FD (EfficientNet-"
            "Lite2) over 5 trainings of each (p 0.024).",
        ),
    ],
)
def test_a_kernel_is_best_where_the_test_shows_it(
    values: dict[str, tuple[float, ...]], answer: str
) -> None:
    finding = KernelSize.answer(fd_table(**values))
    assert finding is not None
    assert finding.verdict.startswith(answer)
    assert KernelSize.answer(fd_table(k4=(1, 2))) is None


def test_fid_decides_where_it_was_measured() -> None:
    fd = fd_table(k4=(9, 8, 7, 6, 5), k6=(0, 1, 2, 3, 4))
    fid = fd_table(k6=(9, 8, 7, 6, 5), k4=(0, 1, 2, 3, 4))
    both = pd.concat([fd, fid.assign(metric="fid", extractor=INCEPTION)])
    finding = KernelSize.answer(both)
    assert finding is not None
    assert finding.verdict.startswith("Kernel 4 is best")
    assert finding.evidence.startswith("FID: ")
    assert "FID, equal pictures" in KernelSize.findings(both)
    # Of one seed alone it decides nothing that more seeds show.
    first = both[(both["metric"] == "fd") | (both["seed"] == 0)]
    finding = KernelSize.answer(first)
    assert finding is not None
    assert finding.verdict.startswith("Kernel 6 is best")
    tables = KernelSize.findings(first)
    assert "FD (EfficientNet-Lite2), equal pictures" in tables


LOW, MIDDLE, HIGH = (0, 1, 2, 3, 4), (2.5, 3.5, 4.5, 5.5, 6.5), (50, 60, 70, 80, 90)


@pytest.mark.parametrize(
    ("lite2", "own", "answer"),
    [
        (
            (LOW, HIGH),
            (LOW, HIGH),
            "Kernel 4 is best: it is shown to be ahead of kernel 6, by FD (EfficientNet-Lite2) "
            "and FD (car classifier) over 5 trainings of each (p 0.0079).",
        ),
        (
            (LOW, HIGH),
            (HIGH, LOW),
            "No kernel is shown to be better by both judges over 5 trainings of each: FD "
            "(EfficientNet-Lite2) alone shows that kernel 4 is ahead of kernel 6 (p 0.016); FD "
            "(car classifier) alone shows that kernel 6 is ahead of kernel 4 (p 0.016).",
        ),
        (
            (LOW, HIGH),
            (LOW, MIDDLE),
            "No kernel is shown to be better by both judges over 5 trainings of each: FD "
            "(EfficientNet-Lite2) alone shows that kernel 4 is ahead of kernel 6 (p 0.016); FD "
            "(car classifier) shows no difference.",
        ),
        (
            (LOW, MIDDLE, HIGH),
            (MIDDLE, LOW, HIGH),
            "No kernel is shown to be best. It is shown that kernel 4 and kernel 6 are ahead of "
            "kernel 8, by FD (EfficientNet-Lite2) and FD (car classifier) over 5 trainings of each "
            "(p 0.024); kernel 4 has the lowest FD (EfficientNet-Lite2) and kernel "
            "6 has the lowest FD (car classifier).",
        ),
    ],
)
def test_a_kernel_is_ahead_where_both_networks_show_it(
    lite2: tuple[Any, ...], own: tuple[Any, ...], answer: str
) -> None:
    kernels = ("k4", "k6", "k8")
    table = pd.concat(
        fd_table(name, **dict(zip(kernels, values, strict=False)))
        for name, values in ((LITE2, lite2), (CLASSIFIER, own))
    )
    finding = KernelSize.answer(table)
    assert finding is not None
    assert finding.verdict == answer


@pytest.mark.parametrize(
    ("values", "holds"),
    [
        ((LOW, (10, 11, 12, 13, 14), (20, 21, 22, 23, 24)), True),
        ((LOW, (10, 11, 12, 13, 14), (9, 12, 13, 14, 10)), None),
        ((LOW, (20, 21, 22, 23, 24), (10, 11, 12, 13, 14)), False),
        ((LOW, LOW, LOW), None),
    ],
)
def test_a_conclusion_about_larger_kernels_needs_both_steps(
    values: tuple[Any, ...], holds: bool | None
) -> None:
    table = fd_table("", **dict(zip(("k4", "k6", "k8"), values, strict=True)))
    tables = KernelSize.findings(table.assign(metric="loss_g_oscillation"))
    (claim,) = [
        one for one in tables["The report's conclusions"] if "G's loss oscillate more" in one.claim
    ]
    assert claim.holds is holds


def test_what_one_network_shows_is_corrected_for_both() -> None:
    """Kernel 6 is ahead of 4 with p 0.032 alone: too little among six comparisons."""
    far = (20, 21, 22, 23, 24)
    table = pd.concat(
        [fd_table(k4=LOW, k6=LOW, k8=LOW), fd_table(CLASSIFIER, k4=(3, 4, 5, 6, 7), k6=LOW, k8=far)]
    )
    finding = KernelSize.answer(table)
    assert finding is not None
    assert "that kernel 6 and kernel 4 are ahead of kernel 8 (p 0.048)" in finding.verdict
    (tested,) = [
        of for heading, of in KernelSize.findings(table).items() if "equal pictures" in heading
    ]
    assert [one.holds for one in tested] == [None, None, None, None, True, True]


def test_of_one_training_a_kernel_nothing_is_said_to_be_shown() -> None:
    finding = KernelSize.answer(fd_table(k4=(2,), k6=(1,)))
    assert finding is not None
    assert finding.verdict == (
        "Nothing can be shown by one training of each; kernel 6 has the lowest FD "
        "(EfficientNet-Lite2)."
    )
    assert "p " not in finding.evidence


def test_single_changes_keep_their_figures_beside_fid() -> None:
    """No network of a single change ships, so none can get an FID."""
    whole = fd_table(**{"k4": (9,), "k6": (8,), "k4-mse": (7,)}).assign(view=WHOLE)
    fid = fd_table(k4=(2,), k6=(1,)).assign(view=WHOLE, metric="fid", extractor=INCEPTION)
    tables = KernelSize.findings(pd.concat([whole, fid]))
    told = {one.claim: one.evidence for of in tables.values() for one in of}
    change = "mean squared error in place of cross-entropy lowers"
    assert told["kernel 6 in place of 4 lowers FID"] == "1 against 2"
    assert told[f"{change} FD (EfficientNet-Lite2)"] == "7 against 9"
    assert f"{change} FID" not in told


def test_pictures_judged_along_the_way_are_not_counted_as_those_of_the_comparisons() -> None:
    table = fd_table(k4=LOW, k6=HIGH).assign(n_fake=10_000)
    curve = table.assign(n_fake=2_000, view="curve-40000")
    said = KernelSize.document(pd.concat([table, curve]))
    assert "; 10,000 generated pictures judged a run." in said


def test_the_answer_is_told_for_every_view_that_compares() -> None:
    same = pd.concat([fd_table(k4=LOW, k6=HIGH).assign(view=view) for view in (PICTURES, TIME)])
    finding = KernelSize.answer(same)
    assert finding is not None
    first, _, second = finding.verdict.splitlines()
    assert first == NO_HELP
    assert second.startswith("Kernel 4 is best")
    assert second.endswith("The answer is the same at equal pictures, equal time.")
    other = fd_table(k4=LOW, k6=LOW).assign(view=TIME)
    finding = KernelSize.answer(pd.concat([fd_table(k4=LOW, k6=HIGH), other]))
    assert finding is not None
    assert finding.holds is None
    first, second = finding.verdict.splitlines()[2:]
    assert first.startswith("- Equal pictures: Kernel 4 is best")
    assert second.startswith("- Equal time: No kernel is shown to be better")
    assert "equal time: FD (EfficientNet-Lite2): " in finding.evidence
    better = pd.concat([fd_table(k4=HIGH, k6=LOW).assign(view=view) for view in (PICTURES, TIME)])
    finding = KernelSize.answer(better)
    assert finding is not None
    assert finding.verdict.startswith("Kernel 6 is best")


def test_a_larger_kernel_is_said_to_help_where_both_judges_show_it_only_together() -> None:
    """Each judge alone has p 0.04 before, and more than 0.05 after the correction for two."""
    values = {"k4": (10, 11, 12, 13, 14), "k6": (6, 7, 8, 9, 12)}
    table = pd.concat([fd_table(LITE2, **values), fd_table(CLASSIFIER, **values)])
    helped = pd.concat([table, table.assign(view=TIME)])
    finding = KernelSize.answer(helped)
    assert finding is not None
    assert finding.verdict.startswith("Kernel 6 is best")
    finding = KernelSize.answer(helped.replace({"k6": "k4", "k4": "k6"}))
    assert finding is not None
    assert finding.verdict.startswith(NO_HELP)


def test_two_networks_that_disagree_about_a_pair_do_not_ease_the_others() -> None:
    # Alone each pair has p = 2/252. One that points two ways counts in the correction all the same.
    table = pd.concat(
        [
            fd_table(k4=LOW, k6=HIGH, k8=(100, 110, 120, 130, 140)),
            fd_table(CLASSIFIER, k6=LOW, k4=HIGH, k8=(100, 110, 120, 130, 140)),
        ]
    )
    finding = KernelSize.answer(table)
    assert finding is not None
    assert finding.evidence.count(f"p for both judges {3 * 2 / 252:.2g}") == 2
    assert finding.evidence.count("p for both judges 1") == 1


def test_the_car_classifier_speaks_once_it_judged_as_many_runs() -> None:
    table = pd.concat([fd_table(k4=LOW, k6=HIGH), fd_table(CLASSIFIER, k4=(9,), k6=(1,))])
    finding = KernelSize.answer(table)
    assert finding is not None
    assert finding.verdict.startswith("Kernel 4 is best")
    assert not any("classifier" in heading for heading in KernelSize.findings(table))


def test_pictures_are_judged_by_every_classifier_too(
    cars: Photos, tmp_path: Path, make: Callable[[], KernelSize]
) -> None:
    experiment = make()
    planned = experiment.plan()[0]
    run = Run(tmp_path / "run")
    train(planned.at(Stage((), 8)), cars, run)
    rows = experiment.judge(planned, run, 12)
    own = [row for row in rows if row["extractor"] == CLASSIFIER]
    judge = experiment.judges
    assert [row["seed"] for row in own] == list(range(len(judge.networks)))
    assert {row["judge"] for row in own} == {judge.digest()}
    pictures, _ = generate_set(load_generator(run), 12)
    known = judge.features(cars, 0).pooled[cars.indices("development")]
    made = predict(judge.networks[0], pictures, "again").pooled
    assert own[0]["value"] == pytest.approx(frechet_distance(made, known))
    floors = {row["extractor"]: row["value"] for row in experiment.other_rows(rows)}
    assert set(floors) == {CLASSIFIER, experiment.extractor.get_name()}
    assert floors[CLASSIFIER] < own[0]["value"]


def test_a_narrowed_kernel_speaks_at_equal_parameters_alone() -> None:
    views = (PICTURES, PARAMETERS)
    table = pd.DataFrame(
        [(setting, view) for setting in ("k4", "k6", "k6-matched", "k4-mse") for view in views],
        columns=["setting", "view"],
    )
    rows = kernel_verdicts.by_kernel(table)
    assert list(zip(rows["view"], rows["setting"], rows["name"], strict=True)) == [
        (PICTURES, "k4", "Kernel 4"),
        (PARAMETERS, "k4", "Kernel 4"),
        (PICTURES, "k6", "Kernel 6"),
        (PARAMETERS, "k6-matched", "Kernel 6"),
    ]


def test_two_moments_that_meet_do_not_stop_the_experiment(
    cars: Photos,
    tmp_path: Path,
    extractor: Any,
    pretend: Callable[..., Any],
    judged: list[str],
) -> None:
    pretend()
    # Kernel 6 comes to kernel 4's time with its third step, where the curve has a point too.
    length = replace(LENGTH, seeds=(0,), compared=32, whole=32, matched=32, along=(16,))
    experiment = KernelSize(Options(), cars, tmp_path / "kernel-size", extractor, length)
    assert running.carry_out(experiment) == {}
    table = results.read(experiment.folder)
    assert results.values(table, "fd", TIME)["k6"].notna().all()
    # Kernel 4 takes 4 s; the next moment, at 6 s, would be near enough if this one had no figures.
    assert results.values(table, "seconds", TIME)["k6"].tolist() == [4.5]


def test_what_a_run_was_evaluated_for_by_itself_is_no_part_of_the_experiment(
    cars: Photos, tmp_path: Path, extractor: Any, pretend: Callable[..., Any], judged: list[str]
) -> None:
    pretend()
    length = replace(LENGTH, seeds=(0,), compared=32, whole=32, matched=32, along=(16,))
    experiment = KernelSize(Options(), cars, tmp_path / "kernel-size", extractor, length)
    running.carry_out(experiment)
    before = results.read(experiment.folder)
    run = Run(experiment.folder / "k4-seed0")
    shared = {"images_seen": 32, "seed": 0, "extractor": LITE2, "body_type": "all", "n_fake": 12}
    run.add_metrics(
        [shared | {"metric": metric, "value": 1.0} for metric in ("density", "fd_floor", "recall")]
        + [shared | {"metric": "is", "value": 1.0, "reference": "half"}]
    )
    running.write_results(experiment, {})
    table = results.read(experiment.folder)
    assert set(table["metric"]) == set(before["metric"]) | {"recall"}
