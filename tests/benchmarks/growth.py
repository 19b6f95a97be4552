"""How time and memory of training grow with size, width, batch and the number of photos."""

import tempfile
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
import tyro
from measure import (
    NEVER,
    Contestant,
    Figure,
    Pause,
    our_loop,
    save,
    take_turns,
    use_threads,
)

from gan.config import (
    AdversarialConfig,
    DataConfig,
    DCGANConfig,
    DriftConfig,
    LoopConfig,
    ProjectedConfig,
    RunConfig,
)
from gan.data.batches import Batches
from gan.data.prepared import Photos

# What grows, and the values that it takes while all else stays at size 64, width 32, batch 32.
AXES = {
    "size": (64, 128, 256),
    "width": (8, 16, 32, 64),
    "batch": (16, 32, 64, 128),
}
PHOTOS = (1_000, 10_000, 100_000, 1_000_000)
BEFORE = {"size": 64, "width": 32, "batch": 32}


def main(rounds: int = 2, threads: int = 0) -> None:
    """Each setting in a process of its own, so that its peak of memory is its own.

    Args:
        rounds: Steps that count; ten times as many batches.
        threads: Cores; 0 takes every one.
    """
    use_threads(threads)
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        for network in ("DCGAN", "cgan"):
            for axis, values in AXES.items():
                found = [steps(network, BEFORE | {axis: v}, rounds, Path(folder)) for v in values]
                figures += rows(f"{network} step, {axis}", values, found)
        found = []
        for count in PHOTOS:
            contestant = Contestant(batches_of, count, Path(folder) / "pictures.npy")
            contestant.step()  # makes the file
            first = contestant.step()
            seconds = [contestant.step() for _ in range(10 * rounds)]
            figures.append(Figure("first batch of photos", str(count), [first], "s"))
            found.append((seconds, contestant.memory))
            contestant.stop()
        figures += rows("batch of photos", PHOTOS, found)
    save("growth", figures)


def rows(
    what: str, values: tuple[int, ...], found: list[tuple[list[float], float]]
) -> list[Figure]:
    """Time and memory at each value, and the exponents of their growth between neighbours."""
    seconds, memory = [f[0] for f in found], [[f[1]] for f in found]
    figures = []
    for kind, unit, measured in (("seconds", "s", seconds), ("memory", "MB", memory)):
        figures += [
            Figure(f"{what}: {kind}", str(value), each, unit)
            for value, each in zip(values, measured, strict=True)
        ]
        middle = np.log([float(np.median(each)) for each in measured])
        exponent = float(np.polyfit(np.log(values), middle, 1)[0])
        between = (np.diff(middle) / np.diff(np.log(values))).tolist()
        # The fit first, then from each value to the next: where these leave it, the line bends.
        figures.append(Figure(f"{what}: exponent of {kind}", "fit", [exponent], ""))
        figures += [
            Figure(f"{what}: exponent of {kind}", f"{a} to {b}", [step], "")
            for (a, b), step in zip(pairwise(values), between, strict=True)
        ]
    return figures


def steps(
    network: str, setting: dict[str, int], rounds: int, folder: Path
) -> tuple[list[float], float]:
    """Seconds of training steps and the process's peak memory in MB."""
    width, batch = setting["width"], setting["batch"]
    pace = LoopConfig(
        pictures=NEVER, batch=batch, sample_every=NEVER, threads=torch.get_num_threads()
    )
    data = DataConfig("noise", setting["size"])  # type: ignore[arg-type]
    if network == "DCGAN":
        config = RunConfig(data, DCGANConfig(width=width), AdversarialConfig(), pace)
    else:
        pace = replace(pace, balanced=True, mirror=True)
        heads = DriftConfig(join=0, ramp=0)
        config = RunConfig(data, ProjectedConfig(width=width, bank=48), heads, pace)
    # The axes share a setting, so its name wouldn't do.
    contestant = Contestant(our_loop, config, Path(tempfile.mkdtemp(dir=folder)) / "run", 600)
    seconds = take_turns({"ours": contestant.step}, rounds, warm=1)["ours"]
    contestant.stop()
    return seconds, contestant.memory


def batches_of(pause: Pause, count: int, file: Path) -> None:
    """Batches of 128 from a file of `count` photos that is one hole: it takes no room."""
    pictures = np.lib.format.open_memmap(file, "w+", np.uint8, (count, 64, 64, 3))
    photos = Photos(
        name="holes",
        pictures=pictures,
        labels=np.arange(count) % 8,
        test=np.arange(count) % 10 == 9,
        validation=np.zeros(count, bool),
        classes=tuple("abcdefgh"),
        content_hash="0" * 64,
        folder=file.parent,
    )
    pause()
    batches = Batches(photos, 128, 0, torch.device("cpu"))
    for i in range(NEVER):
        batches.get(i)
        pause()


if __name__ == "__main__":
    tyro.cli(main)
