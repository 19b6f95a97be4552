"""The scripts in this process, a few photos, and disks that are small or can't be written."""

import os
import resource
import runpy
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.runs import Run

REPOSITORY = Path(__file__).resolve().parents[2]
SHORT = "--width 4 --latent 8 --batch 8 --pictures 64 --log-every 1 --sample-every 4 --threads 1"
Script = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="session")
def cars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of photos of two types."""
    folder = tmp_path_factory.mktemp("cars")
    stream = np.random.RandomState(0)
    for body_type, shade in (("sedan", 0), ("suv", 160)):
        (folder / body_type).mkdir()
        for number in range(24):
            pixels = stream.randint(0, 90, (70, 80, 3)) + shade
            Image.fromarray(pixels.astype(np.uint8)).save(folder / body_type / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, cars: Path) -> Path:
    """The photos as a prepared set, which tests don't change."""
    from gan.data.photos import Request, prepare

    folder = tmp_path_factory.mktemp("prepared") / "set"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAR_GAN_DATA", str(tmp_path_factory.mktemp("cache")))
        return prepare(Request(data=str(cars), out=folder))


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Script]:
    """Runs train/NAME: exit code, output, and errors without progress bars."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def run(name: str, *arguments: object) -> tuple[int, str, str]:
        path = str(REPOSITORY / "train" / name)
        monkeypatch.setattr("sys.argv", [path, *map(str, arguments)])
        code = 0
        try:
            runpy.run_path(path, run_name="__main__")
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        output, errors = capsys.readouterr()
        return code, output, "".join(line for line in errors.splitlines(True) if "|" not in line)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def trained(prepared: Path, root: Path, script: Script) -> Run:
    """A finished run of eight steps under the checkpoints folder."""
    code, _, errors = script("train_gan.py", "--data", prepared, "--out", "run", *SHORT.split())
    assert code == 0, errors
    return Run(root / "run")


def refused(answer: tuple[int, str, str], *words: str) -> None:
    """Exit code 2 and one line that holds `words`."""
    code, _, errors = answer
    lines = [line for line in errors.splitlines() if line.strip()]
    assert code == 2, errors
    assert len(lines) == 1, errors
    assert lines[0].startswith("error: ")
    for word in words:
        assert word in lines[0]


class Disk:
    """A file system of four megabytes that can be filled and made read-only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fill(self, but: int) -> None:
        """Leave `but` bytes free."""
        status = os.statvfs(self.path)
        size = max(0, status.f_bavail * status.f_frsize - but)
        (self.path / "ballast").write_bytes(bytes(size))

    def empty(self) -> None:
        (self.path / "ballast").unlink()

    def forbid(self) -> None:
        subprocess.run(["mount", "-o", "remount,ro", self.path], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", path]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk, and only where mounting is allowed")
    yield Disk(path)
    subprocess.run(["umount", "--lazy", path], check=True)


@pytest.fixture
def no_large_files() -> Iterator[Callable[[int], None]]:
    """A limit on the size of files, where no disk can be mounted: writes fail all the same."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
