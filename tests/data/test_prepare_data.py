"""train/prepare_data.py as a user meets it, also when the disk fills or the process is killed."""

import importlib.util
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gan.data.photos import load
from tests.data.test_archive import make_zip
from tests.data.test_photos import members

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = REPOSITORY / "train" / "prepare_data.py"
Folders = Callable[..., Path]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run the script in this process; gives exit code, standard output and standard error."""
    spec = importlib.util.spec_from_file_location("prepare_data", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    handler = signal.getsignal(signal.SIGTERM)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", [str(SCRIPT), *map(str, arguments)])
        code = 0
        try:
            module.main()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        return code, *capsys.readouterr()

    yield call
    signal.signal(signal.SIGTERM, handler)


def test_from_another_folder_it_says_what_there_is_and_what_comes_next(
    class_folders: Folders, tmp_path: Path
) -> None:
    folder = class_folders(sedan=10, suv=12)
    (folder / "suv" / "bad.png").write_bytes(b"")
    done = subprocess.run(
        [sys.executable, SCRIPT, "--data", "photos", "--out", "here"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "22 pictures of 64 px in here" in done.stdout
    assert "sedan" in done.stdout
    assert "skipped: 1 (not a picture: it is empty)" in done.stdout
    assert done.stdout.splitlines()[-1] == "next: python train/train_cgan.py --data here"
    assert load(str(tmp_path / "here"), 64).classes == ("sedan", "suv")


def test_drawn_is_the_default(run: Run) -> None:
    code, output, _ = run("--count", 160, "--seed", 3)
    assert code == 0
    assert "160 pictures of 64 px" in output
    assert output.count("18 train        2 test") == 8


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "wrong path": (("--data", "/no/such/place"), "/no/such/place"),
    "empty folder": (("--data", "empty"), "no photos"),
    "one class": (("--data", "one"), "one body type"),
    "class of three": (("--data", "three"), "'van'"),
    "only corrupt pictures": (("--data", "corrupt"), "no photo is usable"),
    "unreachable": (("--data", "http://127.0.0.1:9/cars.rar"), "can't be reached"),
    "not an address": (("--data", "ftp://example.org/cars.rar"), "not an http"),
    "size not in the list": (("--size", "65"), "--size"),
    "size no number": (("--size", "big"), "--size"),
    "unknown flag": (("--colour", "red"), "--colour"),
    "too few cars": (("--count", "8"), "--count"),
    "limit of nothing": (("--max-gb", "0"), "--max-gb"),
    "class that isn't there": (("--data", "three", "--classes", "bus"), "'bus'"),
    "table that isn't there": (("--data", "three", "--labels", "none.csv"), "none.csv"),
    "archive over the limit": (("--data", "big.zip", "--max-gb", "1e-6"), "--max-gb"),
    "out is a file": (("--data", "three", "--out", "big.zip"), "big.zip"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_code_2(
    case: str, run: Run, class_folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "empty").mkdir()
    class_folders("one", sedan=12)
    class_folders("three", sedan=12, van=3)
    for path in class_folders("corrupt", sedan=1, suv=1).rglob("*.png"):
        path.write_bytes(b"\xff\xd8\xff")
    (tmp_path / "big.zip").write_bytes(make_zip(members(tmp_path / "three")))
    arguments, words = BAD[case]
    code, output, errors = run(*arguments)
    assert code == 2
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert words in errors
    assert "pictures of" not in output
    assert not list((tmp_path / "cache").glob("sets/*"))


def child(
    code: str, *arguments: object, limit: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `code` in a process of its own, in which no file may grow beyond `limit` bytes."""

    def cap() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPOSITORY, capture_output=True, text=True, timeout=120, preexec_fn=cap,
    )  # fmt: skip


def test_a_disk_that_fills_is_one_line(class_folders: Folders, cache: Path) -> None:
    """A limit on the size of files stands in for a full disk: writes fail with an OSError."""
    folder = class_folders(sedan=20, suv=20)
    code = "import runpy, sys; sys.argv[0] = 'x'; runpy.run_path('train/prepare_data.py', "
    done = child(code + "run_name='__main__')", "--data", folder, limit=100_000)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    assert not list((cache / "sets").iterdir())


KILL = """
import os, signal, sys
from gan.data import {module}
calls = 0
def dying(*arguments, real={module}.{name}):
    global calls
    calls += 1
    if calls == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*arguments)
{module}.{name} = dying
from gan.data.photos import load
load(sys.argv[1], 64)
"""


def test_killed_at_any_point_the_next_run_gives_the_same_set(
    class_folders: Folders, tmp_path: Path, cache: Path
) -> None:
    folder = class_folders(sedan=12, suv=12)
    archive = tmp_path / "cars.zip"
    archive.write_bytes(make_zip(members(folder)))
    for module, name, call in (
        ("archive", "_write", 1),
        ("archive", "_write", 20),
        ("photos", "_flat", 30),
        ("photos", "_held_out", 9),
        ("prepared", "_write_table", 2),
    ):
        done = child(KILL.format(module=module, name=name), archive, call)
        assert done.returncode == -signal.SIGKILL, done.stderr
        assert not list((cache / "sets").glob("[!.]*"))
    assert load(str(archive), 64).content_hash == load(str(folder), 64).content_hash
    assert not list(cache.rglob("*.tmp"))


def test_cache_that_cannot_be_written_is_one_line(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    monkeypatch.setenv("CAR_GAN_DATA", os.fspath(tmp_path / "file"))
    code, _, errors = run("--count", 160)
    assert code == 2
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
