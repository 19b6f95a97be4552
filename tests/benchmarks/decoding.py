"""From the archive to the array: time, cores and memory, beside ImageFolder reading once."""

import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import torch
import tyro
from data_handling import theirs_of
from measure import ROOT, Figure, clock_name, ratios, save, use_threads

from gan.data import photos as sets
from gan.data.prepared import about


@dataclass(frozen=True)
class Cost:
    """What a process used, its children's time included."""

    wall: float  # seconds
    processor: float  # seconds, of all cores
    memory: float  # MB, of the largest process at its largest

    @property
    def seconds(self) -> float:
        """By the clock of this run: processor time is shared by the threads in use."""
        if clock_name() == "wall":
            return self.wall
        return self.processor / torch.get_num_threads()


def main(data: str = "cars8.rar", rounds: int = 2, threads: int = 0) -> None:
    """Prepare the photos anew in an empty cache, and read them once as others do.

    Args:
        data: Archive of photos, prepared before, so that ImageFolder finds them unpacked.
        rounds: How often each.
        threads: Cores; 0 takes every one.
    """
    use_threads(threads)
    folder = about(sets.load(data, 64).folder)["sorted"]
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


def run(command: list[str], environment: dict[str, str]) -> Cost:
    """Run a Python script to its end and see what it cost.

    Raises:
        RuntimeError: It failed.
    """
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command],
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} failed with {process.returncode}")
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1000)


def read_once(folder: str, workers: str) -> None:
    """Every photo once through ImageFolder and DataLoader, in so many processes."""
    for _ in theirs_of(Path(folder), 128, int(workers)):
        pass


if __name__ == "__main__":
    if sys.argv[1:2] == ["--read"]:
        read_once(*sys.argv[2:])
    else:
        tyro.cli(main)
