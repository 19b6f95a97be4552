"""Photos that moved are the same photos: runs go on and are judged by their content."""

import shutil
from pathlib import Path

import pytest

from gan.runs import Run
from tests.faults.conftest import SHORT, Script, refused


@pytest.fixture
def moved(
    cars: Path, tmp_path: Path, root: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A run of photos that have a new place."""
    monkeypatch.setenv("CAR_GAN_DATA", str(tmp_path / "cache"))
    shutil.copytree(cars, tmp_path / "old")
    code, _, errors = script(
        "train_gan.py", "--data", tmp_path / "old", "--out", "run", *SHORT.split()
    )
    assert code == 0, errors
    return (tmp_path / "old").rename(tmp_path / "new")


def test_a_run_goes_on_wherever_its_photos_are(
    moved: Path, tmp_path: Path, root: Path, script: Script
) -> None:
    resume = ["--out", "run", "--resume", "--pictures", 256]
    code, _, errors = script("train_gan.py", *resume, "--data", moved)
    assert code == 0, errors
    assert Run(root / "run").read_config()["settings"]["data"]["data"] == str(moved)

    # Gone altogether: what was prepared from them serves, until that is gone too.
    moved.rename(tmp_path / "elsewhere")
    resume[-1] = 384
    code, output, errors = script("train_gan.py", *resume)
    assert code == 0, errors
    assert "is gone: the set that was prepared from it serves" in output
    shutil.rmtree(tmp_path / "cache")
    refused(script("train_gan.py", *resume), "--data")
    refused(script("evaluate.py", "run"), "--data")

    other = tmp_path / "other"
    shutil.copytree(tmp_path / "elsewhere", other)
    next((other / "suv").iterdir()).unlink()
    refused(script("train_gan.py", *resume, "--data", other), "trained on others", "--data")
    refused(script("evaluate.py", "run", "--data", other), "trained on other photos", "--data")
