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
from tests.data.made_up import encoded, noise
from tests.data.test_archive import make_zip
from tests.data.test_photos import members, table

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
    assert output.count("15 train       3 validation       2 test") == 8


BAD: dict[str, tuple[tuple[str, ...], str]] = {
    "wrong path": (("--data", "/no/such/place"), "/no/such/place"),
    "no path": (("--data", ""), "--data is empty"),
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
    for path in class_folders("corrupt", sedan=9, suv=9).rglob("*.png"):
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
        ("sorting", "_flat", 30),
        ("filling", "_held_out", 9),
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


def every_fault(folder: Path) -> Path:
    """Photos as people have them: every kind of fault at once."""
    kinds = {"Sedans": 12, "Ford F-150 Crew Cab 2012": 12, "test_set/SUV/2019": 10}
    kinds |= {
        "training_set/SUV/2018": 10,
        "coupe\u0301": 6,
        "coup\u00e9": 6,
        "my test pics/van": 10,
    }
    seed = 0
    for name, count in kinds.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            ending = ("png", "jpg.1", "", "txt")[number % 4]
            (folder / name / f"{number}.{ending}").write_bytes(encoded(noise(seed)))
            seed += 1
    raw = os.fsencode(folder) + b"/cabriol\xe9t"  # not UTF-8
    os.mkdir(raw)  # noqa: PTH102
    (folder.parent / "pool").mkdir()
    for number in range(10):
        photo = encoded(noise(500 + number))
        Path(os.fsdecode(raw), f"{number}.png").write_bytes(photo)
        (folder.parent / "pool" / f"{number}.png").write_bytes(encoded(noise(600 + number)))
    (folder / "Hatch-back").symlink_to(folder.parent / "pool")
    (folder / "loop").symlink_to(folder)
    (folder / "wagon").mkdir()
    heic = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)
    for number in range(9):
        (folder / "wagon" / f"{number}.heic").write_bytes(heic)
    sedans = folder / "Sedans"
    files = {
        sedans / "page.jpg": b"<!doctype html><title>Sign in</title>",
        sedans / "pointer.jpg": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        sedans / "empty.jpg": b"",
        sedans / "cut.jpg": encoded(noise(1), "JPEG")[:900],
        sedans / "small.png": encoded(noise(1, 20, 20)),
        sedans / "again.bmp": encoded(noise(1), "BMP"),
        sedans / ".hidden.png": encoded(noise(3)),
        sedans / "._0.png": b"\0\5\x16\7",
        folder / "alone.png": encoded(noise(4)),
        folder / "Ford F-150 Crew Cab 2012" / "also.png": encoded(noise(0)),
        folder / "notes.pdf": b"%PDF-1.7",
        folder / "specs.csv": b"name,price,type\nCorolla,1,x\nCivic,2,y\n",
        folder / "labels.csv": "filename;body_type\n\xc4.png;sedan\n".encode("cp1252"),
    }
    for path, data in files.items():
        path.write_bytes(data)
    (sedans / "gone.png").symlink_to("nowhere.png")
    os.mkfifo(sedans / "pipe.png")
    return folder


def test_every_fault_at_once_ends_in_one_summary(run: Run, tmp_path: Path) -> None:
    folder = every_fault(tmp_path / "own photos")
    code, output, errors = run("--data", folder, "--out", tmp_path / "a set")
    assert code == 0, errors
    before, _, after = output.partition(f"pictures of 64 px in {tmp_path / 'a set'}")
    # Who labels and what the classes are stands before anything is decoded.
    assert "labelled by folder" in before.splitlines()[0]
    assert "coupe 12" in before
    for words in (
        "classes:",
        "split:",
        "no UTF-8 are read as 'cabriol\xe9t'",
        "'my test pics'",
        "specs.csv is not used for labels",
    ):
        assert words in before
    for reason, count in {
        "not a picture: it is a web page": 1,
        "not a picture: it is a Git LFS pointer": 1,
        "not a picture: it is empty": 1,
        "not a picture: it is a PDF": 1,
        "unreadable": 1,
        "too small": 1,
        "duplicate": 1,
        "duplicate with another label": 1,
        "a hidden file": 1,
        "macOS's own, no photo": 1,
        "no label": 1,
        "a link that leads nowhere": 1,
        "not a regular file": 1,
        "a link to a folder that holds this one": 1,
        "HEIC photos need pillow-heif: pip install pillow-heif": 9,
    }.items():
        assert f"  skipped: {count} ({reason}" in after, reason
    assert "warning: the class 'wagon' is left out (9 x HEIC photos need pillow-heif" in after
    command = "python train/train_cgan.py --data"
    assert after.splitlines()[-1] == f"next: {command} '{tmp_path / 'a set'}'"

    # Every file of the folder is in the set or named with its reason.
    photos = load(str(tmp_path / "a set"), 64)
    assert photos.counts("train").keys() | {"wagon"} == {
        "coupe", "hatchback", "pickup", "sedan", "suv", "van", "wagon", photos.classes[0],
    }  # fmt: skip
    used = [row["file"] for row in table(photos.folder / "files.csv")]
    skipped = [row["file"] for row in table(photos.folder / "skipped.csv")]
    here = [path for path in folder.rglob("*") if not path.is_dir()]
    linked = [f"Hatch-back/{number}.png" for number in range(10)]
    assert len(used) + len(skipped) == len(here) + len(linked) + len(["loop"])
    assert set(linked) <= set(used)
    rows = table(photos.folder / "files.csv")
    suvs = {row["file"].split("/")[0]: row["split"] for row in rows if "SUV" in row["file"]}
    assert suvs == {"test_set": "test", "training_set": "train"}
    # The second time the same is said, and nothing is done.
    assert run("--data", folder, "--out", tmp_path / "a set")[1].endswith(after)
