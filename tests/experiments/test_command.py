"""The experiments' scripts and flags, as a user meets them."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gan.data.prepared import Photos
from gan.errors import UserError
from gan.experiments import kernel_verdicts, plan, results
from gan.experiments.command import conduct
from gan.experiments.experiment import every_experiment
from gan.experiments.running import words
from gan.experiments.studies import kernel_size as kernel
from gan.experiments.studies.kernel_size import KernelLength, KernelSize
from gan.metrics import extractors
from gan.metrics.glossary import CLASSIFIER, LITE2
from gan.runs import Run
from tests.experiments.conftest import SMALL

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SCRIPTS = [kind.script for kind in every_experiment()]


LENGTH = KernelLength(compared=32, whole=32, matched=32, along=(16,), judged_along=12, **SMALL)


@pytest.fixture
def small(cars: Photos, extractor: Any, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kernel experiment in miniature, on made-up photos and with a made-up network."""
    monkeypatch.setattr(plan, "load_photos", lambda source, tiny: cars)
    monkeypatch.setattr(extractors, "create", lambda name: extractor)
    monkeypatch.setattr(KernelSize, "lengths", {"full": LENGTH})


@pytest.mark.parametrize("script", SCRIPTS)
def test_scripts_say_in_one_line_what_is_missing(script: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "train" / script, "--findings"],
        cwd=tmp_path,
        env=os.environ | {"CAR_GAN_CHECKPOINTS": str(tmp_path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1, done.stderr
    assert "run the experiment first" in done.stderr


def test_the_kernel_sweep_in_miniature(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, REPOSITORY / "train" / "kernel_sweep.py", "--budget", "tiny"],
        cwd=tmp_path,
        env=os.environ
        | {"CAR_GAN_CHECKPOINTS": str(tmp_path / "runs"), "CAR_GAN_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "runs" / "kernel-size-tiny"
    table = results.read(folder)
    for view in kernel_verdicts.COMPARED:
        here = table[table["view"] == view]
        settings = {"k4", "k6", "k8"}
        if view == kernel_verdicts.PARAMETERS:
            settings = {"k4", "k6-matched", "k8-matched"}
        assert set(here["setting"]) == settings
        wanted = {"fd", "is", "kid", "precision", "recall", "loss_g", "loss_d"}
        wanted |= {"loss_g_oscillation", "pictures_per_s", "seconds", "parameters"}
        wanted |= {"multiply_adds", "loss_g_rise", "step_seconds"}
        for setting in settings:
            runs = here[here["setting"] == setting]
            assert set(runs["metric"]) == wanted
            assert set(runs["seed"]) == {0, 1}
    whole = table[table["view"] == kernel_verdicts.WHOLE]
    assert set(whole["setting"]) == {"k4", "k6", "k8", *kernel.CHECKS}
    assert kernel_verdicts.along(table)["pictures"].nunique() == 4
    # Both networks judge every run.
    judged = table[(table["metric"] == "fd") & (table["setting"] != "photos")]
    assert judged.groupby("extractor").size().nunique() == 1
    assert set(judged["extractor"]) == {LITE2, CLASSIFIER}
    time, all_pictures = (
        results.values(table, "seconds", view)
        for view in (kernel_verdicts.TIME, kernel_verdicts.PICTURES)
    )
    assert (time <= all_pictures + 0.1).all(axis=None)
    assert not table["value"].isna().any()
    assert KernelSize.findings_text(table) in done.stdout
    # The page scrubs through the moments at which the first seed's runs were judged.
    assert len(Run(folder / "k4-seed0").samples()) == 7
    assert len(Run(folder / "k4-seed1").samples()) == 1


def test_a_dry_run_writes_nothing(
    small: None,
    pretend: Callable[..., Any],
    root: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    calls = pretend()
    conduct(KernelSize, ["--dry-run"])
    assert not calls
    assert not (root / KernelSize.name).exists()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 + 18
    assert "k4-lr-d-half-seed0" in lines[-3]
    # By the pretended clock: 32 pictures a run at 8, 5.3 or 4 a second, and what is judged.
    training = 32 / 8 * (3 * (1 + 2 * 1.5 + 2 * 2) + 3)
    pictures = 3 * 3 * (2 * 12 + 24) + (3 * 1 + 3 * 2 + 3 + 3) * 24
    assert lines[-1].startswith(f"to do: about {words(training + 0.009 * pictures)}")


def test_a_failure_is_told_at_the_end(
    small: None,
    pretend: Callable[..., Any],
    judged: list[str],
    root: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pretend(k8_seed1=RuntimeError("a loss is not finite"))
    with pytest.raises(
        UserError, match=r"1 of 18 runs failed, .*k8-seed1 \(a loss is not finite\)"
    ):
        conduct(KernelSize, [])
    before = capsys.readouterr().out
    assert "run 18 of 18" in before
    assert "a larger kernel makes a training step slower" in before

    # The findings can be had again from the table alone.
    def never(source: str, tiny: bool) -> Photos:
        raise AssertionError("no photo is needed")

    monkeypatch.setattr(plan, "load_photos", never)
    conduct(KernelSize, ["--findings"])
    again = capsys.readouterr().out
    assert again in before
    assert len(pd.read_csv(root / KernelSize.name / results.FILE)) > 0


@pytest.mark.parametrize(
    ("flags", "folder"),
    [
        ([], "kernel-size"),
        (["--budget", "short"], "kernel-size"),
        (["--budget", "tiny"], "kernel-size-tiny"),
        (["--out", "mine"], "mine"),
    ],
)
def test_a_miniature_has_a_folder_of_its_own(root: Path, flags: list[str], folder: str) -> None:
    with pytest.raises(UserError, match=f"there is no {root / folder / results.FILE}"):
        conduct(KernelSize, ["--findings", *flags])
