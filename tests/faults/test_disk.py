"""Disks that fill, that can't be written, and a folder that goes away: one line, nothing lost."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gan import training
from gan.checkpoint import load_generator
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.runs import Run
from tests.conftest import tiny_config
from tests.faults.conftest import SHORT, Disk, Script, refused


def test_disk_that_fills_during_a_save(disk: Disk, trained: Run, script: Script) -> None:
    run = Run(disk.path / "run")
    shutil.copytree(trained.path, run.path)
    before = {path: path.read_bytes() for path in run.path.rglob("*") if path.is_file()}
    resume = ("train_gan.py", "--out", run.path, "--resume", "--pictures", 128)
    # Room for the tables, not for the weights.
    disk.fill(but=run.resume_path.stat().st_size // 2)
    refused(script(*resume), "No space left on device", str(run.path), "make room")
    load_generator(run)
    assert run.resume_path.read_bytes() == before[run.resume_path]
    assert not list(run.path.rglob("*.tmp"))
    disk.empty()
    assert script(*resume)[0] == 0
    assert run.read_losses()["iteration"].tolist() == list(range(1, 17))


def test_file_that_may_not_grow(
    trained: Run, script: Script, no_large_files: Callable[[int], None]
) -> None:
    kept = trained.resume_path.read_bytes()
    no_large_files(len(kept) // 2)
    answer = script("train_gan.py", "--out", trained.path, "--resume", "--pictures", 128)
    no_large_files(-1)
    refused(answer, str(trained.resume_path), "ulimit")
    assert trained.resume_path.read_bytes() == kept
    load_generator(trained)


def test_full_disk_names_the_set_that_is_prepared(
    disk: Disk, cars: Path, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAR_GAN_DATA", str(disk.path))
    disk.fill(but=200_000)
    refused(script("prepare_data.py", "--data", cars), str(disk.path / "sets"), "make room")
    assert not list(disk.path.glob("sets/*"))
    disk.empty()
    assert script("prepare_data.py", "--data", cars)[0] == 0


def test_read_only_folder(
    disk: Disk, cars: Path, trained: Run, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(disk.path / "run")
    shutil.copytree(trained.path, run.path)
    disk.forbid()
    words = ("Read-only", str(disk.path), "name a folder that can be written")
    refused(script("train_gan.py", "--out", run.path, "--resume", "--pictures", 128), *words)
    data = load_generator(run).config.data.data
    new = ("train_gan.py", "--data", data, "--out", disk.path / "new", *SHORT.split())
    refused(script(*new), *words)
    monkeypatch.setenv("CAR_GAN_DATA", str(disk.path))
    refused(script("prepare_data.py", "--data", cars), *words)
    with pytest.raises(OSError, match="Read-only") as failure:
        run.add_metrics([{"metric": "fd", "value": 1.0}])
    assert failure.value.filename == str(run.metrics_path)


def meanwhile(at: int, do: Callable[[], Any], patch: pytest.MonkeyPatch, path: str = "get") -> None:
    """Do something while a training fetches batch `at`."""
    real = getattr(training.Batches, path)

    def and_do(self: Any, iteration: int, *arguments: Any) -> Any:
        if iteration == at:
            do()
        return real(self, iteration, *arguments)

    patch.setattr(training.Batches, path, and_do)


def test_run_folder_deleted_under_a_training(
    tiny_photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next save makes it anew, with every row."""
    run, whole = Run(tmp_path / "run"), Run(tmp_path / "whole")
    training.train(tiny_config(), tiny_photos, whole)
    meanwhile(5, lambda: shutil.rmtree(run.path), monkeypatch)
    assert training.train(tiny_config(), tiny_photos, run)
    assert run.generator_path.read_bytes() == whole.generator_path.read_bytes()
    assert run.read_losses()["iteration"].tolist() == [2, 4, 6, 8]
    assert run.read_config()["progress"]["finished"]


def test_deleted_folder_that_another_training_took(
    tiny_photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path / "run")

    def take() -> None:
        shutil.rmtree(run.path)
        with run.lock():
            run.owner_path.write_text(str(os.getpid() + 1), encoding="utf-8")
        run.losses_path.write_text("theirs", encoding="utf-8")

    meanwhile(5, take, monkeypatch)
    with pytest.raises(UserError, match="another training writes there"):
        training.train(tiny_config(sample_every=100), tiny_photos, run)
    assert run.losses_path.read_text(encoding="utf-8") == "theirs"
    assert not run.generator_path.exists()


def test_clock_set_back(
    tiny_photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at the wall clock gives an hour less than the one before."""
    whole, run = Run(tmp_path / "whole"), Run(tmp_path / "run")
    training.train(tiny_config(), tiny_photos, whole)
    now = [2e9]

    def back() -> float:
        now[0] -= 3600
        return now[0]

    for name in ("time.time", "tqdm.std.time"):
        monkeypatch.setattr(name, back)
    training.train(tiny_config(pictures=32, save_minutes=1e-9), tiny_photos, run)
    os.utime(run.resume_path, (0, 0))
    training.train(tiny_config(), tiny_photos, run, resume=True)
    assert run.generator_path.read_bytes() == whole.generator_path.read_bytes()
    assert run.read_losses()["seconds"].is_monotonic_increasing
    assert now[0] < 2e9  # somebody did look


def test_second_training_in_a_folder(trained: Run, script: Script) -> None:
    with trained.lock():
        answer = script("train_gan.py", "--out", trained.path, "--resume", "--pictures", 128)
    refused(answer, "another training writes to", "--out")
