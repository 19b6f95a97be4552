"""Every page with everything, with nothing, with damage, and with what a stranger may type."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from gan.demo import store
from gan.latents import DIRECTIONS
from gan.metrics.glossary import INCEPTION
from gan.runs import Run, find_runs
from tests.demo.conftest import ENTRY, VIEWS
from tests.demo.fake_runs import add_inception, add_metrics, break_settings, make_run

Open = Callable[..., AppTest]
SHOWN = (
    "Figures",
    "Body types",
    "Rare types",
    "Memorised?",
    "Settings",
    "Experiments",
    "How measured",
    "Cards",
)


def text(app: AppTest) -> str:
    """All that a page says."""
    parts = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.code]
    parts += [*app.title, *app.header]
    return "\n".join(str(part.value) for part in parts)


def readable(app: AppTest) -> bool:
    """Whether all names are words, none of them the short one of a folder or a column."""
    raw = re.compile(r"\bk[468]\b(?!-)|equal-pictures|kernel-size/k|loss_[gd]|images_seen")
    said = "\n".join(str(part.value) for part in [*app.markdown, *app.caption, *app.title])
    options = "\n".join(str(one) for box in app.selectbox for one in box.options)
    return not raw.findall(said + options)


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_opens_with_all_that_ships(full: Path, open_page: Open, view: str) -> None:
    app = open_page(view)
    assert not app.exception
    assert not app.error
    assert "Car GAN 1" in text(app)
    assert readable(app)


@pytest.mark.parametrize("show", SHOWN)
def test_each_part_of_the_results_opens(full: Path, open_page: Open, show: str) -> None:
    app = open_page("results", show=show)
    assert not app.exception
    assert app.get_by_key("show").value == show
    assert readable(app)


def test_accuracy_is_shown_by_source_where_it_was_measured(full: Path, open_page: Open) -> None:
    shown = open_page("results", show="Body types", **{"results-run": "cgan"})
    told = [frame.value for frame in shown.dataframe]
    assert told[0]["source"].tolist() == ["one", "two"]
    assert set(told[1]["source"]) == {"one", "the others"}
    assert any("by the source that they come from" in one.label for one in shown.expander)
    other = Run(full / "report-cgan")
    other.sources_path.unlink()
    assert not open_page("results", show="Body types", **{"results-run": other.name}).dataframe


@pytest.mark.parametrize("show", ["Body types", "How measured", "Rare types"])
def test_the_results_open_with_the_shipped_runs(
    monkeypatch: pytest.MonkeyPatch, open_page: Open, show: str
) -> None:
    """Made-up runs need not hold every kind of figure that a real evaluation writes."""
    monkeypatch.delenv("CAR_GAN_CHECKPOINTS", raising=False)
    app = open_page("results", show=show, **{"results-run": "cgan"})
    assert not app.exception
    if show == "How measured":
        assert "Copies" in set(app.dataframe[0].value["Figure"])


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_opens_with_no_runs_and_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open, view: str
) -> None:
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path / "absent"))
    app = open_page(view)
    assert not app.exception
    assert "python train/" in text(app)


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_opens_with_one_bare_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, open_page: Open, view: str
) -> None:
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path))
    make_run(tmp_path, "only", conditional=False, metrics=False)
    assert not open_page(view).exception


@pytest.mark.parametrize("view", VIEWS)
def test_damaged_files_are_reported_and_the_rest_works(
    full: Path, open_page: Open, view: str
) -> None:
    dcgan = Run(full / "report-dcgan-k4")
    dcgan.losses_path.write_text(
        dcgan.losses_path.read_text(encoding="utf-8")[:-9], encoding="utf-8"
    )
    losses = dcgan.read_losses()
    losses.loc[3:9, "loss_g"] = float("nan")
    dcgan.write_losses(losses)
    metrics = Run(full / "cgan").metrics_path
    metrics.write_text(
        metrics.read_text(encoding="utf-8").replace("0.55", "nan") + "51200,fd,effic",
        encoding="utf-8",
    )
    (full / "cgan" / "confusion.csv").write_text("asked\n1", encoding="utf-8")
    (full / "cgan" / "neighbour_distances.csv").write_bytes(b"\xff\xfe\x00")
    (full / "cgan" / "by_source.csv").write_text("source,n_real\nx,-1\n", encoding="utf-8")
    (full / "kernel-size" / "results.csv").write_text("what\n", encoding="utf-8")
    break_settings(Run(full / "report-cgan"))
    samples = Run(full / "cgan").samples()
    samples[-1][1].write_bytes(samples[-1][1].read_bytes()[:200])
    app = open_page(view)
    assert not app.exception
    assert "diffusion" in text(app)
    for show in SHOWN if view == "results" else ():
        assert not open_page(view, show=show).exception


def test_a_corrupt_checkpoint_is_a_note_and_other_runs_draw(full: Path, open_page: Open) -> None:
    weights = Run(full / "cgan").generator_path
    whole = weights.read_bytes()
    weights.write_bytes(whole[:-8] + b"\xff" * 8)  # the right length, values that aren't numbers
    app = open_page("generate", run="cgan")
    assert not app.exception
    assert "damaged" in text(app)  # listed with the reason before anybody draws
    assert str(full) not in text(app)
    assert not open_page("generate", run="report-cgan").error


HOSTILE = ("", "-1", "nan", "1e999", "99999999999999999999", "../../<script>☃")
KEYS = {
    "generate": (
        *("run", "seed", "type", "each", "count", "truncation", "natural", "checkpoint"),
        *DIRECTIONS,
    ),
    "morph": ("run", "from", "to", "from-seed", "to-seed", "latent", "class", "play", "checkpoint"),
    "guess": ("run",),
    "kernel_size": (
        *("at", "against", "training-seed", "moment", "live", "kernel-seed", "kernel-smoothing"),
    ),
    "training": ("training", "compare", "photos", "iteration", "play", "smoothing"),
    "results": ("show", "results-run", "figures", "of"),
}


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("view", KEYS)
def test_whatever_a_stranger_types_is_harmless(
    full: Path, open_page: Open, view: str, value: str
) -> None:
    app = open_page(view, **dict.fromkeys(KEYS[view], value))
    assert not app.exception
    assert not app.error


def test_a_link_from_another_checkpoint_warns(full: Path, open_page: Open) -> None:
    assert "another checkpoint" in text(open_page("generate", checkpoint="00000000"))
    right = Run(full / "cgan").short_hash()
    assert "another checkpoint" not in text(open_page("generate", checkpoint=right))


def test_a_link_restores_the_whole_view(full: Path, open_page: Open) -> None:
    app = open_page(
        "generate", run="report-cgan", type="Van", seed="7", count="3", truncation="0.5"
    )
    assert app.get_by_key("run").value == "report-cgan"
    assert app.get_by_key("type").value == "Van"
    assert app.get_by_key("seed").value == 7
    assert app.get_by_key("count").value == 3
    assert app.get_by_key("truncation").value == 0.5
    link = next(code.value for code in app.code if "seed=7" in code.value)
    for part in ("run=report-cgan", "type=Van", "count=3", "truncation=0.5", "natural=true"):
        assert part in link
    assert f"checkpoint={Run(full / 'report-cgan').short_hash()}" in link


def test_a_link_restores_the_moment_of_the_kernels(full: Path, open_page: Open) -> None:
    app = open_page("kernel_size", moment="25,600")
    assert app.get_by_key("moment").value == 25_600
    assert "moment=25%2C600" in "".join(code.value for code in app.code)
    assert "25,600 photos seen" in text(app)


def test_the_card_says_on_what_machine_the_run_was_trained(full: Path, open_page: Open) -> None:
    assert "photos seen, 5 minutes on a CPU" in text(open_page("results", show="Cards"))


def test_directions_have_sliders_unless_they_are_of_another_checkpoint(
    full: Path, open_page: Open
) -> None:
    sliders = [slider.key for slider in open_page("generate", run="cgan").slider]
    assert set(DIRECTIONS) <= set(sliders)
    assert "turn=3.0" in "".join(code.value for code in open_page("generate", turn="3").code)
    path = Run(full / "cgan").directions_path
    table = path.read_text(encoding="utf-8").replace(Run(full / "cgan").short_hash(), "00000000")
    path.write_text(table, encoding="utf-8")
    sliders = [slider.key for slider in open_page("generate", run="cgan").slider]
    assert not set(DIRECTIONS) & set(sliders)


def test_the_front_page_answers_the_five_questions(full: Path, open_page: Open) -> None:
    said = text(open_page("overview"))
    assert "No kernel is shown to be better over 3 trainings of each; kernel 6 has the" in said
    assert "The answer is the same at equal pictures, equal time." in said
    assert "Yes, most of them." in said
    assert "3 paired seeds can't show whether the fewer photos of a type, the less" in said
    assert "No copy was found" in said
    assert "Can it draw a van?" in said
    assert "kernel 6**, 10 epochs: FID 148.9, IS 2.94." in said  # as published


def test_figures_change_with_the_files(full: Path, open_page: Open) -> None:
    run = Run(full / "cgan")
    metrics = run.read_metrics()
    metrics.loc[metrics["metric"] == "gan_test", "value"] = 0.1234
    run.metrics_path.write_text(metrics.to_csv(index=False), encoding="utf-8")
    assert "12.3 %" in [one.value for one in open_page("overview").metric]


def test_without_the_experiment_single_runs_stand_in(full: Path, open_page: Open) -> None:
    (full / "kernel-size" / "results.csv").unlink()
    app = open_page("kernel_size")
    assert not app.exception
    assert "python train/kernel_sweep.py" in text(app)
    assert "single runs stand in" in text(app)


def test_an_unfinished_experiment_shows_what_there_is(full: Path, open_page: Open) -> None:
    results = full / "kernel-size" / "results.csv"
    lines = results.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.startswith(("setting", "k4,0,equal-pictures"))]
    results.write_text("\n".join([*kept, ""]), encoding="utf-8")
    for path in (full / "kernel-size").glob("k*-seed*"):
        if path.name not in ("k4-seed0", "k6-seed0"):
            shutil.rmtree(path)
    app = open_page("kernel_size")
    assert not app.exception
    said = text(app)
    assert "Only kernel 4 has been judged so far" in said
    assert said.count("Not trained yet with seed 0.") == 1
    assert "Along the training" not in said
    assert len(app.get("vega_lite_chart")) == 1  # the losses
    assert list(app.dataframe[0].value) == ["Figure", "Kernel 4", "Better"]


def test_more_evaluations_become_curves(full: Path, open_page: Open) -> None:
    import numpy as np

    run = Run(full / "cgan")
    early = run.read_metrics().assign(images_seen=25600)
    add_metrics(run, (), np.random.RandomState(1))
    both = [*early.to_dict("records"), *run.read_metrics().to_dict("records")]
    run.add_metrics(both)
    app = open_page("training", training="cgan", compare="report-cgan", iteration="200")
    assert not app.exception
    assert "Metrics over the training" in text(app)


def test_kept_generators_make_the_curves_with_what_photos_score(
    full: Path, open_page: Open
) -> None:
    run = Run(full / "cgan")
    shared = {"extractor": "efficientnet-lite2", "body_type": "all", "seed": 0, "n_fake": 2000}
    shared |= {"reference": "train", "n_real": 9667}
    rows = [
        shared | {"images_seen": seen, "metric": metric, "value": value}
        for seen, fd in ((12800, 91.0), (25600, 72.0), (51200, 64.0))
        for metric, value in (("fd", fd), ("fd_floor", 22.7))
    ]
    run.add_metrics(rows, along=True)
    assert "detector" not in text(open_page("training", training="cgan", compare="None"))
    detected = {"metric": "detector_auc_16", "extractor": "", "value": 0.9, "n_real": 8665}
    run.add_metrics([shared | {"images_seen": 51200} | detected], along=True)
    app = open_page("training", training="cgan", compare="None", iteration="200")
    assert not app.exception
    said = text(app)
    assert "2,000 pictures at each point, against 9,667 train and validation photos (" in said
    assert "(detectors: 8,665 train photos)" in said
    assert "as many photos would score 22.7" in said
    assert len(app.get("vega_lite_chart")) == 2  # the losses, and FD from along.csv alone
    assert "Metrics at the end" in said


def test_no_page_imports_torch(full: Path) -> None:
    pages = [f"views/{view}.py" for view in VIEWS[1:]]
    program = f"""
import sys
from streamlit.testing.v1 import AppTest
app = AppTest.from_file({str(ENTRY)!r}, default_timeout=60).run()
assert not app.exception
for page in {pages!r}:
    app.switch_page(page).run()
    assert not app.exception and not app.error
for show in {SHOWN!r}:
    app.get_by_key("show").set_value(show).run()
    assert not app.exception
print("torch" in sys.modules)
"""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        cwd=ENTRY.parents[2],
        env=os.environ | {"CAR_GAN_CHECKPOINTS": str(full)},
        timeout=120,
        check=False,
    )
    assert ran.stdout.strip() == "False", ran.stderr


def test_a_training_is_found_by_its_old_link_and_moves_by_photos(
    full: Path, open_page: Open
) -> None:
    app = open_page("training", training="kernel-size/k6-seed1", iteration="200")
    assert app.get_by_key("group").value == "Kernel size"
    assert app.get_by_key("training").value == "kernel-size/k6-seed1"
    assert app.get_by_key("photos").value == 200 * 128
    assert "25,600 photos seen" in text(app)
    app.get_by_key("to-start").click().run()
    assert app.get_by_key("photos").value == 100 * 128
    app.get_by_key("group").set_value("Main runs").run()
    assert app.get_by_key("training").value == "cgan"
    assert not app.exception


def test_a_training_plays(full: Path, open_page: Open) -> None:
    app = open_page("training", play="true")
    assert not app.exception
    assert "from 12,800 to 51,200 photos" in text(app)


def test_a_run_without_figures_is_compared_with_one_that_has_them(
    full: Path, open_page: Open
) -> None:
    Run(full / "cgan").metrics_path.unlink()
    app = open_page("training", training="cgan", compare="report-cgan")
    assert not app.exception
    assert "not measured" in str(app.dataframe[0].value["Our network, 128 px"].tolist())


def test_the_front_page_sets_figures_beside_what_they_are_measured_against(
    full: Path, open_page: Open
) -> None:
    said = text(open_page("overview"))
    for words in ("Lower is better", "The report's network:", "Real photos", "Why no FID"):
        assert words in said
    assert "python train/train_cgan.py --data" in said
    assert "**Training**: 5 minutes on a CPU" in said


def test_fid_and_is_stand_beside_the_reports_once_they_are_measured(
    full: Path, open_page: Open
) -> None:
    """They take the place of the network that stands in for Inception, and no code changes."""
    for path in (full / "kernel-size").glob("k*-seed1"):
        shutil.rmtree(path)
    file = full / "kernel-size" / "results.csv"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines = [line for line in lines if not re.match("k[468],[12]", line)]
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    for run in find_runs(full):
        add_inception(run)

    front = open_page("overview")
    shown = {figure.label: figure.value for figure in front.metric}
    assert (shown["FID"], shown["IS"]) == ("124.0", "2.90")
    assert not any("Lite2" in name for name in shown)
    said = text(front)
    assert "Real photos: 4.50. The report's network: 124.0. The report published 109.4" in said
    assert "be shown by one training of each; kernel 4 has the lowest FID." in said
    assert "Why no FID" not in said

    page = open_page("kernel_size")
    rows = page.dataframe[0].value.set_index("Figure")
    assert list(rows.loc["FID"])[:3] == ["124.0", "126.0", "128.0"]
    assert list(rows.loc["FID, as the report published it"])[:3] == ["153.3", "148.9", "153.0"]
    said = text(page)
    assert "FID **124.0**, IS **2.90**" in said
    assert "FID of 10,000 real photos in the pictures' place, against 9,667: 4.50." in said
    assert "FD (EfficientNet-Lite2)" not in said

    beside = open_page("results", show="Figures").dataframe[0].value.set_index("Figure")
    assert beside.loc["FID", "Our network, 128 px"] == "124.0"
    assert beside.loc["IS", "Real photos"] == "6.50"


def test_fid_of_the_whole_budget_stands_beside_the_reports_in_every_view(
    full: Path, open_page: Open
) -> None:
    """The comparisons at fewer photos seen have no FID: one network a kernel ships, its last."""
    file = full / "kernel-size" / "results.csv"
    with file.open("a", encoding="utf-8") as lines:
        for kernel in (4, 6, 8):
            for metric, value in (("fid", 100 + kernel), ("is", kernel / 2)):
                row = f"k{kernel},0,whole-budget,{metric},{INCEPTION},all,{value},9667,10000"
                lines.write(row + "\n")
    add_inception(Run(full / "report-cgan"))

    page = open_page("kernel_size")
    rows = page.dataframe[0].value.set_index("Figure")
    named = "FID, the report's whole budget"
    assert list(rows.loc[named])[:3] == ["104.0", "106.0", "108.0"]
    assert list(rows.index).index("FID, as the report published it") == (
        list(rows.index).index(named) + 1
    )
    ours = "IS 2.94. Trained and measured here: FID 106.0, IS 3.00 (the report's whole budget)."
    assert ours in text(page)
    front = text(open_page("overview"))
    assert ours in front
    assert "IS 1.00. Trained and measured here: FID 124.0, IS 2.90. Losses" in front
    assert not page.exception


def test_a_view_offers_only_the_trainings_and_moments_that_it_compares(
    full: Path, open_page: Open
) -> None:
    file = full / "kernel-size" / "results.csv"
    with file.open("a", encoding="utf-8") as lines:
        for kernel in (4, 6, 8):
            for metric, value in (("fd", 50), ("seconds", 100), ("pictures_per_s", 256)):
                extractor = "efficientnet-lite2" if metric == "fd" else ""
                row = f"k{kernel},0,whole-budget,{metric},{extractor},all,{value},9667,10000"
                lines.write(row + "\n")
    text_of = file.read_text(encoding="utf-8")
    # Compared at half of the photos that the runs have seen by their end.
    rows = [line for line in text_of.splitlines() if "equal-pictures,seconds" in line]
    for line in rows:
        value = line.split(",")[6]
        text_of = text_of.replace(line, line.replace(f",{value},", f",{float(value) / 2},"))
    file.write_text(text_of, encoding="utf-8")

    page = open_page("kernel_size")
    assert page.get_by_key("training-seed").options == ["0", "1"]
    assert page.get_by_key("moment").options[-1] == "25,600"
    page = open_page("kernel_size", at="The report's whole budget")
    assert not page.exception
    assert "training-seed" not in {one.key for one in page.button_group}
    assert "25,600 photos seen, training seed 0" in text(page)


def test_figures_of_another_run_speak_where_the_first_has_none(full: Path, open_page: Open) -> None:
    Run(full / "cgan").metrics_path.unlink()
    make_run(full, "cgan-256", conditional=True)
    said = text(open_page("overview"))
    assert "Yes, most of them." in said
    assert "Our network, 256 px, one training. Ranges" in said


def test_the_table_of_figures_opens_with_the_main_runs(full: Path, open_page: Open) -> None:
    make_run(full, "kernel-size/k4-seed9", conditional=False)
    app = open_page("results", show="Figures")
    beside, every = (table.value for table in app.dataframe[:2])
    assert {"Our network, 128 px", "The report's network for body types"} <= set(beside)
    assert beside.set_index("Figure").loc["GAN-test", "Real photos"] == "65.0 %"
    assert not any("seed" in run for run in every["run"])
    app.get_by_key("of").set_value("Kernel size").run()
    assert all("Kernel size: kernel" in run for run in app.dataframe[1].value["run"])
    assert "relative of the network that our discriminator reads" in text(app)


def test_photos_own_confusion_stands_beside_or_is_said_to_be_missing(
    full: Path, open_page: Open
) -> None:
    assert "Not kept for this run" in text(open_page("results", results_run="cgan"))
    named = [("Van", "Van")] * 3 + [("Van", "Wagon")]
    table = pd.DataFrame(named, columns=["body_type", "photos_0"]).rename_axis("photo")
    table.reset_index().to_csv(Run(full / "cgan").predictions_path, index=False)
    app = open_page("results", results_run="cgan")
    assert not app.exception
    assert "Not kept for this run" not in text(app)
    found = store.photo_confusion(next(one for one in store.entries() if one.name == "cgan"))
    assert found["count"].tolist() == [3, 1]


def test_a_guess_is_counted_once_beside_the_classifier(full: Path, open_page: Open) -> None:
    app = open_page("guess")
    assert "Asked for" not in text(app)
    app.session_state["round"] = (3, 0.0)  # the first type
    app.run()
    app.get_by_key("guess-Convertible").click().run()
    assert "Asked for: Convertible." in text(app)
    assert "The classifier says" in text(app)
    app.run()
    assert "After 1: you 1 right" in text(app)
    before = app.get_by_key("run").value
    other = next(
        one.name for one in store.entries() if one.ready and one.classes and one.name != before
    )
    app.get_by_key("run").set_value(other).run()
    assert "Which body type is it?" in text(app)  # another picture, which nobody has answered
    assert "After 1: you 1 right" in text(app)
    app.get_by_key("run").set_value(before).run()
    next(button for button in app.button if button.label == "Next picture").click().run()
    assert "Asked for" not in text(app)
    assert not app.exception
