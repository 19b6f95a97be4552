"""What the benchmarks share: a clock, contestants that take turns, and one results.csv."""

import csv
import multiprocessing
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import psutil
import torch

import gan.training
from gan.config import RunConfig
from gan.data.photos import Photos, load
from gan.runs import Run

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).with_name("results.csv")
COLUMNS = (
    "benchmark",
    "what",
    "against",  # whose figure it is, or what a ratio is over
    "value",  # median
    "low",
    "high",
    "n",
    "unit",
    "hardware",
    "threads",
    "clock",  # wall: nothing else ran; cpu: processor time of one thread; or "wall, busy"
)
CLOCK = "BENCHMARK_CLOCK"  # the variable that says which; set it to choose
NEVER = 10**9


@dataclass(frozen=True)
class Figure:
    """One row of results.csv, without what all rows of a run share."""

    what: str
    against: str
    values: list[float]
    unit: str

    @property
    def median(self) -> float:
        return statistics.median(self.values)


def use_threads(threads: int) -> None:
    """Take so many cores (0: every one), and the clock that suits: both hold for children too."""
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[-threads:] if threads else allowed)
    count = len(os.sched_getaffinity(0))
    os.environ["OMP_NUM_THREADS"] = str(count)
    torch.set_num_threads(count)
    if CLOCK not in os.environ:
        quiet = psutil.cpu_percent(2) < 10
        os.environ[CLOCK] = "wall" if quiet else "cpu" if count == 1 else "wall, busy"


def clock_name() -> str:
    """Wall time on a quiet machine; else, for one thread, the processor time that it got."""
    return os.environ[CLOCK]


def clock() -> float:
    """Seconds by `clock_name`."""
    return time.process_time() if clock_name() == "cpu" else time.perf_counter()


def hardware() -> str:
    """Processor, cores and the library that the figures depend on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
    kind = torch.backends.cpu.get_cpu_capability()
    return f"{model}, {os.cpu_count()} cores, {kind}, torch {torch.__version__}"


def save(benchmark: str, figures: list[Figure]) -> None:
    """Put figures into results.csv in place of this benchmark's old ones, and print them."""
    shared = {"hardware": hardware(), "threads": torch.get_num_threads(), "clock": clock_name()}
    new = [
        {
            "benchmark": benchmark,
            "what": figure.what,
            "against": figure.against,
            "value": f"{figure.median:.6g}",
            "low": f"{min(figure.values):.6g}",
            "high": f"{max(figure.values):.6g}",
            "n": len(figure.values),
            "unit": figure.unit,
        }
        | shared
        for figure in figures
        if figure.values
    ]
    old = [row for row in read() if row["benchmark"] != benchmark]
    temporary = RESULTS.with_suffix(".tmp")
    with temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(old + new)
    temporary.replace(RESULTS)
    for row in new:
        print(
            f"{benchmark}: {row['what']}, {row['against']}: {row['value']} {row['unit']}"
            f" ({row['low']} to {row['high']}, n {row['n']}, {row['clock']})",
            flush=True,
        )


def read() -> list[dict[str, Any]]:
    """The rows of results.csv; none if there is no file."""
    if not RESULTS.exists():
        return []
    with RESULTS.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


Pause = Callable[[], object]  # a loop calls it once a step; it returns when the next is wanted


class Contestant:
    """A training loop in a process of its own, that stands still between two of its steps."""

    memory = 0.0  # MB, the process's peak so far

    def __init__(self, loop: Callable[..., None], *arguments: object) -> None:
        """Prepare `loop(pause, *arguments)`; its first step includes what it does before."""
        spawn = multiprocessing.get_context("spawn")
        self._connection, theirs = spawn.Pipe()
        self._process = spawn.Process(target=_contest, args=(theirs, loop, arguments))
        self._process.start()
        theirs.close()

    def step(self) -> float:
        """Let the loop take one step; the seconds that it took."""
        return self.watch(nullcontext)[0]

    def watch(self, around: Callable[[], AbstractContextManager[Any]]) -> tuple[float, Any]:
        """Let the loop take one step inside of a context; its seconds and what the context gave.

        Raises:
            RuntimeError: The loop failed or ended; it said why on standard error.
        """
        self._connection.send(around)
        try:
            seconds, found, self.memory = self._connection.recv()
        except EOFError:
            raise RuntimeError("a contestant gave up") from None
        return seconds, found

    def stop(self) -> None:
        """Leave the loop where it stands; what it holds is let go of."""
        self._connection.close()
        self._process.join()


def _contest(connection: Connection, loop: Callable[..., None], arguments: Any) -> None:
    steps = _steps(connection)
    next(steps)
    with suppress(EOFError):  # nobody waits any more
        loop(partial(next, steps), *arguments)
    connection.close()


def _steps(connection: Connection) -> Iterator[None]:
    """What happens between two `next` is one step."""
    while True:
        with connection.recv()() as found:
            start = clock()
            yield
            seconds = clock() - start
        connection.send((seconds, found, peak()))


def peak() -> float:
    """This process's peak memory in MB; getrusage's would include its parent's at the fork."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return float(line.split()[1]) * 1024 / 1e6
    return 0.0


def take_turns(
    contestants: dict[str, Callable[[], float]], rounds: int, warm: int = 2
) -> dict[str, list[float]]:
    """Seconds of each contestant's steps, one after the other, in `rounds` rounds.

    Every second round runs in the opposite order. The first `warm` rounds don't count.
    """
    found: dict[str, list[float]] = {name: [] for name in contestants}
    for turn in range(warm + rounds):
        names = list(contestants)[:: 1 if turn % 2 else -1]
        for name in names:
            seconds = contestants[name]()
            if turn >= warm:
                found[name].append(seconds)
    return found


def ratios(theirs: list[float], ours: list[float]) -> list[float]:
    """How many times as long theirs took, round by round."""
    return [t / o for t, o in zip(theirs, ours, strict=True)]


def our_loop(pause: Pause, config: RunConfig, folder: Path, count: int = 1000) -> None:
    """`gan.training.train` itself, standing still where it moves its progress bar.

    The photos are those that `config` names; "noise" is `count` random pictures.
    """

    class Bar:
        def __init__(self, **_: object) -> None: ...

        def update(self, _: int) -> None:
            pause()

        def set_postfix_str(self, _: str) -> None: ...

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None: ...

    gan.training.tqdm = Bar  # type: ignore[assignment,misc]
    data = config.data
    noise = data.data == "noise"
    photos = random_photos(count, data.size, folder) if noise else load(data.data, data.size)
    gan.training.train(config, photos, Run(folder))


def random_photos(count: int, size: int, folder: Path, classes: int = 8) -> Photos:
    """Photos of noise: what is in them doesn't change how long they take."""
    stream = np.random.RandomState(0)
    return Photos(
        name="noise",
        pictures=stream.randint(0, 256, (count, size, size, 3), np.uint8),
        labels=np.arange(count) % classes,
        test=np.arange(count) % 10 == 9,
        validation=np.zeros(count, bool),
        classes=tuple(f"class{c}" for c in range(classes)),
        content_hash="0" * 64,
        folder=folder,
    )
