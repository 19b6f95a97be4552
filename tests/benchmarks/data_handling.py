"""What a batch costs beside its training step, and how long the first one takes."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import tyro
from measure import (
    NEVER,
    Contestant,
    Figure,
    clock,
    clock_name,
    our_loop,
    ratios,
    save,
    take_turns,
    use_threads,
)
from torchvision import transforms
from torchvision.datasets import ImageFolder

from gan.config import (
    AdversarialConfig,
    DataConfig,
    DCGANConfig,
    DriftConfig,
    LoopConfig,
    ProjectedConfig,
    RunConfig,
)
from gan.data import photos as sets
from gan.data.batches import Batches
from gan.data.prepared import read_description


def main(data: str = "cars8.rar", rounds: int = 5, batches: int = 20, threads: int = 0) -> None:
    """Measure on a set of photos that was prepared before.

    Args:
        data: Archive or folder of photos.
        rounds: First batches, and training steps of each network.
        batches: Batches whose mean time is taken.
        threads: Cores; 0 takes every one.
    """
    use_threads(threads)
    photos = sets.load(data, 64)
    folder = Path(read_description(photos.folder)["sorted"])

    # A second run: what was prepared is there.
    first = {
        "ours": lambda: first_batch_of_ours(data),
        "ImageFolder": lambda: first_batch_of_theirs(folder, workers=0),
    }
    if clock_name() != "cpu":  # processor time would miss the workers'
        first["ImageFolder, 2 workers"] = lambda: first_batch_of_theirs(folder, workers=2)
    waits = take_turns(first, rounds, warm=1)
    figures = [Figure("first batch, second run", name, s, "s") for name, s in waits.items()]
    faster = ratios(waits["ImageFolder"], waits["ours"])
    figures.append(Figure("first batch, second run, speed-up", "ImageFolder", faster, "times"))

    pace = LoopConfig(pictures=NEVER, sample_every=NEVER, threads=torch.get_num_threads())
    recipe = replace(pace, batch=64, balanced=True, mirror=True)
    runs = {
        "cgan": RunConfig(
            DataConfig(data), ProjectedConfig(bank=64), DriftConfig(join=0, ramp=0), recipe
        ),
        "DCGAN": RunConfig(DataConfig(data), DCGANConfig(), AdversarialConfig(), pace),
    }
    with tempfile.TemporaryDirectory() as temporary:
        for name, config in runs.items():
            contestant = Contestant(our_loop, config, Path(temporary) / name)
            steps = take_turns({name: contestant.step}, rounds)[name]
            contestant.stop()
            size = config.loop.batch
            ours = Batches(
                photos, size, 0, torch.device("cpu"), config.loop.balanced, config.loop.mirror
            )
            loader = iter(theirs_of(folder, size, workers=0))
            each = take_turns(
                {
                    "ours": partial(many, ours.get, batches),
                    "ImageFolder": partial(many, partial(following, loader), 2),
                },
                rounds,
                warm=1,
            )
            for whose, seconds in each.items():
                shares = [100 * b / s for b, s in zip(seconds, steps, strict=True)]
                figures.append(Figure(f"data, share of a {name} step", whose, shares, "%"))
    save("data_handling", figures)


def first_batch_of_ours(data: str) -> float:
    """Seconds from the name of the photos to the first batch of 128."""
    start = clock()
    Batches(sets.load(data, 64), 128, 0, torch.device("cpu")).get(0)
    return clock() - start


def first_batch_of_theirs(folder: Path, workers: int) -> float:
    """The same by ImageFolder and DataLoader."""
    start = clock()
    next(iter(theirs_of(folder, 128, workers)))
    return clock() - start


def theirs_of(folder: Path, batch: int, workers: int) -> torch.utils.data.DataLoader:
    """The data set of pytorch/examples' dcgan: decoded and resized every time."""
    steps = [
        transforms.Resize((64, 64)),
        transforms.ToTensor(),
        transforms.Normalize((0.5,) * 3, (0.5,) * 3),
    ]
    photos = ImageFolder(str(folder), transforms.Compose(steps))
    return torch.utils.data.DataLoader(photos, batch, shuffle=True, num_workers=workers)


def following(loader: Iterator[Any], _: int) -> object:
    """The loader's next batch, whichever is asked for."""
    return next(loader)


def many(get: Callable[[int], object], count: int) -> float:
    """Mean seconds of `count` batches."""
    start = clock()
    for i in range(count):
        get(i)
    return (clock() - start) / count


if __name__ == "__main__":
    tyro.cli(main)
