"""Shipped runs agree with themselves, and a run that doesn't is told."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gan import atomic
from gan.consistency import problems, provenance, revisions
from gan.data.prepared import Photos
from gan.record import git_revision
from gan.runs import Run, find_runs
from gan.training import train
from tests.conftest import tiny_config
from tests.demo.fake_runs import CONTENT_HASH, make_judge

SHIPPED = Path(__file__).resolve().parent.parent / "checkpoints"


def test_shipped_runs_agree_with_themselves() -> None:
    found = {str(run.path.relative_to(SHIPPED)): problems(run) for run in find_runs(SHIPPED)}
    assert len(found) > 5
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.fixture(scope="module")
def trained(tiny_photos: Photos, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("consistency") / "run")
    train(tiny_config(pictures=32), tiny_photos, run)
    row = {"metric": "fd", "extractor": "x", "body_type": "all", "value": 1.0}
    run.add_metrics([row | {"images_seen": 32}])
    return run


def edit(*keys: str, value: Any) -> Callable[[Run], None]:
    def change(run: Run) -> None:
        inner = values = run.read_config()
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        run.write_config(values)

    return change


def replace(path: str, old: str, new: str) -> Callable[[Run], None]:
    def change(run: Run) -> None:
        file = run.path / path
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")

    return change


def judged_elsewhere(run: Run) -> None:
    """The figures are signed by another judge than the one that lies beside the run."""
    values = run.read_config()
    values["dataset"]["content_hash"] = CONTENT_HASH
    run.write_config(values)
    make_judge(run.path.parent)
    row = {"metric": "fd", "extractor": "car-classifier", "body_type": "all", "value": 1.0}
    run.add_metrics([row | {"images_seen": 32, "judge": "0123456789ab"}])


def drawn_otherwise(run: Run) -> None:
    """The figures are of pictures that were drawn with a calibration that is gone."""
    row = {"metric": "fd", "extractor": "x", "body_type": "all", "value": 1.0}
    run.add_metrics([row | {"images_seen": 32, "calibration": "01234567"}])


def calibrated_before(run: Run) -> None:
    """The calibration is that of the generator before the last steps of training."""
    table = "body_type,guidance,truncation,generator\nsuv,0.6,1,01234567\n"
    run.calibration_path.write_text(table, encoding="utf-8")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (edit("progress", "images_seen", value=40), "are not 4 iterations of 8"),
        (edit("progress", "iteration", value=3), "goes on after the end"),
        (edit("settings", "loop", "seed", value=9), "other settings"),
        (edit("progress", "segments", value=[{"from": 0, "git_revision": ""}]), "every segment"),
        (replace("losses.csv", "4,32,", "4,40,"), "iterations times the batch"),
        (replace("metrics.csv", "32,fd", "31,fd"), "never had"),
        (replace("metrics.csv", "32,fd", "24,fd"), "no figures of the last"),
        (lambda run: run.generator_path.write_bytes(b"what"), "damaged"),
        (lambda run: atomic.write_bytes(run.sample_path(9), b""), "samples hold"),
        (
            lambda run: atomic.write_text(
                run.openings_path, "time,images_seen,generator\nx,32,ab\n"
            ),
            "ab",
        ),
        (calibrated_before, "of another generator"),
        (drawn_otherwise, "with another calibration"),
        (judged_elsewhere, "another judge"),
    ],
)
def test_a_contradiction_is_told(
    trained: Run, tmp_path: Path, spoil: Callable[[Run], None], says: str
) -> None:
    run = Run(Path(shutil.copytree(trained.path, tmp_path / "run")))
    edit("progress", "segments", value=[{"from": 0, "git_revision": "abc"}])(run)
    assert problems(run) == []
    spoil(run)
    assert any(says in line for line in problems(run)), problems(run)


def test_a_run_may_go_on_after_the_test_split_was_opened(trained: Run, tmp_path: Path) -> None:
    run = Run(Path(shutil.copytree(trained.path, tmp_path / "run")))
    edit("progress", "segments", value=[{"from": 0, "git_revision": "abc"}])(run)
    atomic.write_text(run.openings_path, "time,images_seen,generator\nx,24,ab\n")
    assert problems(run) == []
    atomic.write_text(run.openings_path, "time,images_seen,generator\nx,40,ab\n")
    assert any("another generator" in line for line in problems(run))
    atomic.write_text(run.openings_path, "time,images_seen,generator\nx\n")
    assert any("is damaged" in line for line in problems(run))


def test_runs_of_uncommitted_code_are_named(trained: Run, tmp_path: Path) -> None:
    runs = []
    for name, revision in (("a", "abc"), ("b", "abc+"), ("some/c", "abc+"), ("some/d", "abc+")):
        runs.append(Run(Path(shutil.copytree(trained.path, tmp_path / name))))
        edit("progress", "segments", value=[{"from": 0, "git_revision": revision}])(runs[-1])
    (tmp_path / "some" / "results.csv").touch()
    said = provenance(runs)
    assert said.startswith("3 of the 4 runs")
    assert ": `b`, `some` (2)." in said
    assert provenance(runs[:1]) == "All 1 runs here were trained by committed code."


def test_every_segment_of_a_resumed_run_names_its_code(
    tiny_photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path / "run")
    for pictures, revision in ((16, "first"), (32, "second+"), (48, "third")):
        monkeypatch.setattr("gan.record.git_revision", lambda revision=revision: revision)
        train(tiny_config(pictures=pictures), tiny_photos, run, resume=pictures > 16)
    assert revisions(run) == ["first", "second+", "third"]
    assert [each["from"] for each in run.read_config()["progress"]["segments"]] == [0, 2, 4]
    # One that takes no step left nothing in the weights.
    monkeypatch.setattr("gan.record.git_revision", lambda: "fourth+")
    train(tiny_config(pictures=48), tiny_photos, run, resume=True)
    assert revisions(run) == ["first", "second+", "third"]


def test_code_that_git_does_not_hold_is_marked(tmp_path: Path) -> None:
    def git(*arguments: str) -> None:
        who = ["-c", "user.name=x", "-c", "user.email=x@example.invalid"]
        subprocess.run(["git", *who, *arguments], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "gan").mkdir()
    (tmp_path / "gan" / "__init__.py").touch()
    git("init")
    assert git_revision.__wrapped__(tmp_path) == ""  # nothing is tracked
    git("add", ".")
    git("commit", "-m", "x")
    assert not git_revision.__wrapped__(tmp_path).endswith("+")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.json").touch()  # a run is no code
    assert not git_revision.__wrapped__(tmp_path).endswith("+")
    (tmp_path / "gan" / "new.py").touch()
    assert git_revision.__wrapped__(tmp_path).endswith("+")
