"""Kill -9 a tiny preparation, training and evaluation at random moments, go on, and compare.

    python tests/faults/kills.py --seed 0 --kills 25

Half of the kills come at a random time, half at a random one of the job's own writes, so that
many fall into a save. After each, every file under a final name must be whole; when the job is
done at last, all files must be those of a job that nobody disturbed, seconds and paths apart.
"""

import argparse
import csv
import io
import itertools
import json
import mmap
import os
import random
import runpy
import shutil
import signal
import sys
import tempfile
import time
import traceback
import zipfile
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
# The tests' folder by itself: packages that were installed may hold a `tests` too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import safetensors.torch
import torch
from PIL import Image
from tiny_network import TinyNetwork

from gan import record, weights
from gan.checkpoint import load_generator
from gan.metrics import classifier, extractors
from gan.runs import Run

REPOSITORY = Path(__file__).resolve().parents[2]
RUN = "checkpoints/run"
TRAIN = ["train_cgan.py", "--recipe", "report", "--data", "../cars.zip", "--out", "run"]
TINY = "--width 4 --latent 8 --dense 8 --batch 8 --pictures 320 --log-every 2 --sample-every 8"
COMMANDS = {
    "prepare": ["prepare_data.py", "--data", "../cars.zip"],
    "train": [*TRAIN, *TINY.split(), "--save-minutes", "1e-9", "--threads", "1"],
    "evaluate": ["evaluate.py", RUN, "--quick", "--count", "100"],
}
SHARES = {"prepare": 0.2, "train": 0.6, "evaluate": 0.2}
WRITES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.chmod", "os.truncate"}


def shrink() -> None:
    """Make judging a matter of a second, and a save one of files only."""
    extractors.efficientnet_lite = TinyNetwork
    classifier.BUDGET, classifier.BATCH, classifier.WIDTHS = 96, 16, (8, 8, 8, 16)
    record.git_revision = str
    torch.set_num_threads(1)


@dataclass(frozen=True)
class Ending:
    """How a job's process ended."""

    code: int  # as of subprocess: negative where a signal ended it
    seconds: float
    writes: int
    where: str  # its latest write


def job(command: list[str], home: Path, at: int | None = None, after: float = 1e9) -> Ending:
    """Run a command in a process of its own; kill it at its write number `at`, or after seconds.

    Forked, so that it needn't import torch again: every kill costs a second less.
    """
    note = mmap.mmap(-1, 256)
    start = time.monotonic()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = _work(command, home, at, note)
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)

    def kill(_number: int, _frame: FrameType | None) -> None:
        os.kill(child, signal.SIGKILL)

    before = signal.signal(signal.SIGALRM, kill)
    signal.setitimer(signal.ITIMER_REAL, max(after, 1e-3))
    _, status = os.waitpid(child, 0)
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    writes, _, where = note[:].rstrip(b"\0").decode(errors="ignore").partition(" ")
    code = os.waitstatus_to_exitcode(status)
    return Ending(code, time.monotonic() - start, int(writes or 0), where)


def _work(command: list[str], home: Path, at: int | None, note: mmap.mmap) -> int:
    """In the child: note every write, die at the right one, else do the job."""
    log = os.open(home / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for number in (1, 2):
        os.dup2(log, number)
    os.environ |= {
        "CAR_GAN_DATA": str(home / "data"),
        "CAR_GAN_CHECKPOINTS": str(home / "checkpoints"),
    }
    os.chdir(home)
    writes = 0

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal writes
        if event not in WRITES and not (event == "open" and _writing(arguments)):
            return
        writes += 1
        text = f"{writes} {event.removeprefix('os.')} {Path(str(arguments[0])).name}"
        note[:] = text.encode()[:256].ljust(256, b"\0")
        if writes == at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    script = str(REPOSITORY / "train" / command[0])
    sys.argv = [script, *command[1:]]
    try:
        runpy.run_path(script, run_name="__main__")
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def _writing(arguments: tuple[Any, ...]) -> bool:
    path, _, flags = arguments
    return isinstance(path, str | bytes | os.PathLike) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def files(home: Path) -> dict[str, Path]:
    """Everything under a final name: not what is hidden, a lock, or this script's own."""
    found = {}
    for top in ("data", "checkpoints"):
        for path in (home / top).rglob("*"):
            name = path.relative_to(home)
            hidden = any(part.startswith(".") for part in name.parts)
            own = name.name in ("lock", "owner") or name.parts[1] == "locks"
            if path.is_file() and not hidden and not own:
                found[str(name)] = path
    return found


def content(path: Path) -> Any:
    """What must be equal: the file's bytes, but for seconds and paths."""
    if path.name in ("config.json", "dataset.json"):
        values = json.loads(path.read_text(encoding="utf-8"))
        values.pop("sorted", None)  # the path of a folder beside it
        values.get("progress", {}).pop("seconds", None)
        return values
    if path.name == "losses.csv":
        return [line.split(",")[:2] + line.split(",")[3:] for line in path.open(encoding="utf-8")]
    if path.name == "state.safetensors":
        with safetensors.safe_open(path, "pt") as file:
            about = json.loads(file.metadata()[weights.FORMAT])
        return about["iteration"], about["identity"], about["sha256"]
    return path.read_bytes()


def figures(path: Path) -> set[tuple[object, ...]]:
    """The rows of metrics.csv, numbers as numbers: "24" and "24.0" are one count."""
    with path.open(encoding="utf-8", newline="") as file:
        return {tuple(map(_number, row)) for row in csv.reader(file)}


def _number(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return text


GROWING = ("config.json", "losses.csv", "generator.safetensors", "state.safetensors")


def half_files(home: Path, whole: Path) -> list[str]:
    """Which files under a final name are not whole, or not what they would be undisturbed."""
    expected = files(whole)
    wrong = []
    for name, path in files(home).items():
        if path.parent.name == "resume" or (path.parent == home / RUN and path.name in GROWING):
            continue
        if path.name == "metrics.csv" and name in expected:  # rows come one measure at a time
            rows, every = (figures(each) for each in (path, expected[name]))
            if not rows <= every:
                wrong.append(f"{name}: a row that is not whole, or another value")
        elif name not in expected or content(path) != content(expected[name]):
            wrong.append(name)
    run = Run(home / RUN)
    if run.losses_path.exists():
        rows, all_rows = (list(content(each / RUN / "losses.csv")) for each in (home, whole))
        if rows != all_rows[: len(rows)]:
            wrong.append("losses.csv: a gap, a repeat or another value")
    if run.config_path.exists() and not run.resume_path.exists():
        wrong.append("config.json without a state: neither to be resumed nor to be started anew")
    if run.generator_path.exists() and run.config_path.exists():
        load_generator(run)  # its digest, shapes and settings
    if run.resume_path.exists():
        safetensors.torch.load_file(run.resume_path)
    return wrong


def resumed(name: str, home: Path) -> list[str]:
    """The command that a user gives after a kill."""
    if name == "train" and Run(home / RUN).config_path.exists():
        return [*TRAIN[:3], "--out", "run", "--resume"]
    return COMMANDS[name]


def undisturbed(folder: Path) -> tuple[dict[str, Path], dict[str, Ending]]:
    """Do all three jobs in peace: how things stand before each and at the end, what each takes."""
    home = folder / "whole"
    home.mkdir()
    stream = np.random.RandomState(0)
    with zipfile.ZipFile(folder / "cars.zip", "w") as pack:
        for number in range(48):
            file = io.BytesIO()
            pixels = stream.randint(0, 256, (70, 80, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(file, "PNG")
            pack.writestr(f"{('sedan', 'suv')[number % 2]}/{number}.png", file.getvalue())
    stands, endings = {}, {}
    for name, command in COMMANDS.items():
        stands[name] = Path(shutil.copytree(home, folder / f"before-{name}"))
        endings[name] = job(command, home)
        if endings[name].code:
            raise SystemExit(
                f"{name} fails by itself:\n{(home / 'log').read_text(encoding='utf-8')}"
            )
    return stands | {"end": home}, endings


def chain(
    name: str, count: int, before: Path, whole: Path, usual: Ending, stream: random.Random
) -> list[str]:
    """Kill one job `count` times, going on after each, then let it end; what went wrong."""
    wrong: list[str] = []
    home = before.parent / "killed"
    killed = 0
    # A training goes on where it was, so that short lives reach the end; the others begin anew.
    share = 3 / (count + 2) if name == "train" else 1.0
    while True:
        if not home.exists():
            shutil.copytree(before, home)
        command = resumed(name, home)
        if killed == count:
            ending, how = job(command, home), ""
        elif stream.random() < 0.5:
            at = stream.randint(1, max(1, int(usual.writes * share)))
            ending, how = job(command, home, at=at), f"write {at}"
        else:
            after = usual.seconds * share * stream.random()
            ending, how = job(command, home, after=after), f"{after:.3f} s"
        if ending.code == -signal.SIGKILL:
            killed += 1
            print(f"{name:<10}{how:<12}{ending.where[:60]}", flush=True)
            wrong += [f"{name}, {how}: {each}" for each in half_files(home, whole)]
            continue
        if ending.code:
            said = (home / "log").read_text(encoding="utf-8")
            wrong.append(f"{name} ended with {ending.code}: {said[-500:]}")
        found, expected = files(home), files(whole)
        wrong += [
            f"{name}: {key} differs in the end"
            for key in sorted(found.keys() | expected.keys())
            if not (key in found and key in expected)
            or content(found[key]) != content(expected[key])
        ]
        shutil.rmtree(home)
        if ending.code or killed == count:
            return wrong


def main() -> None:
    """Parse, kill, print the table and the verdict."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=25)
    given = parser.parse_args()
    shrink()
    stream = random.Random(given.seed)
    counts = {name: round(given.kills * share) for name, share in SHARES.items()}
    counts["train"] += given.kills - sum(counts.values())
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        stands, endings = undisturbed(Path(name))
        print(f"{'job':<10}{'killed at':<12}latest write")
        wrong = []
        for each, then in itertools.pairwise([*COMMANDS, "end"]):
            wrong += chain(each, counts[each], stands[each], stands[then], endings[each], stream)
    seconds = time.monotonic() - start
    for line in wrong:
        print(line)
    verdict = f"{len(wrong)} faults" if wrong else "all files whole and, at the end, the same"
    print(f"{given.kills} kills, seed {given.seed}, {seconds:.0f} s: {verdict}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
