"""From the archive to the array: time, cores and memory, beside ImageFolder reading once."""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import tyro
from data_handling import theirs_of
from measure import ROOT, Figure, clock_name, ratios, save, use_threads

from gan.data import photos as sets
from gan.data.prepared import read_description


@dataclass(frozen=True)
class Cost:
    """What a process used, its children's time included."""

    wall: float  # seconds
    processor: float  # seconds, of all cores
    memory: float  # MB, of the largest process at its largest

    @property
    def seconds(self) -> float:
        """By the clock of this run."""
        return self.processor if clock_name() == "cpu" else self.wall


def main(data: str = "cars8.rar", rounds: int = 2, threads: int = 0) -> None:
    """Prepare the photos anew in an empty cache, and read them once as others do.

    Args:
        data: Archive of photos, prepared before, so that ImageFolder finds them unpacked.
        rounds: How often each.
        threads: Cores; 0 takes every one.
    """
    use_threads(threads)
    folder = read_description(sets.load(data, 64).folder)["sorted"]
    cores = len(os.sched_getaffinity(0))
    ours, theirs = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=sets.cache_root()) as cache:
            command = [
                str(ROOT / "train" / "prepare_data.py"),
                "--data",
                str(Path(data).absolute()),
            ]
            ours.append(run(command, {"CAR_GAN_DATA": cache}))
        theirs.append(run([__file__, "--read", folder, str(cores)], {}))
    figures = []
    for name, costs in (("ours", ours), ("ImageFolder", theirs)):
        shares = [cost.processor / cost.wall for cost in costs]
        figures += [
            Figure("archive to array", name, [cost.seconds for cost in costs], "s"),
            Figure("processor time", name, [cost.processor for cost in costs], "s"),
            Figure("cores used", name, shares, ""),
            Figure("peak memory", name, [cost.memory for cost in costs], "MB"),
        ]
    faster = ratios([cost.seconds for cost in theirs], [cost.seconds for cost in ours])
    save("decoding", [*figures, Figure("speed-up", "ImageFolder", faster, "times")])


# Small, because a child's peak memory starts from that of the process that it was forked from.
LAUNCH = """
import json, os, subprocess, sys, time
start, nothing = time.perf_counter(), subprocess.DEVNULL
child = subprocess.Popen(sys.argv[1:], stdout=nothing, stderr=nothing)
_, status, used = os.wait4(child.pid, 0)
seconds = used.ru_utime + used.ru_stime
print(json.dumps((status, time.perf_counter() - start, seconds, used.ru_maxrss * 1024 / 1e6)))
"""


def run(command: list[str], environment: dict[str, str]) -> Cost:
    """Run a Python script to its end and see what it cost.

    Raises:
        RuntimeError: It failed.
    """
    launch = [sys.executable, "-SEc", LAUNCH, sys.executable, *command]
    done = subprocess.run(
        launch, env=os.environ | environment, check=True, capture_output=True, text=True
    )
    status, *cost = json.loads(done.stdout)
    if status:
        raise RuntimeError(f"{' '.join(command)} failed with status {status}")
    return Cost(*cost)


def read_once(folder: str, workers: str) -> None:
    """Every photo once through ImageFolder and DataLoader, in so many processes."""
    for _ in theirs_of(Path(folder), 128, int(workers)):
        pass


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read_once(*sys.argv[2:])
    else:
        tyro.cli(main)
