"""The embedded data set: cars of eight body types, drawn by this program, equal on all machines."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gan.data.body_types import BODY_TYPES
from gan.data.drawn.picture import picture
from gan.errors import UserError
from gan.progress import bar

VERSION = 4  # of the drawings; when it rises, the set is drawn again
FEWEST, MOST = 160, 10_000_000  # cars in a set; with 20 a type, 18 are in the train split


@dataclass(frozen=True)
class Car:
    """One drawn car."""

    picture: npt.NDArray[np.uint8]  # [size, size, 3]
    name: str
    body_type: str
    test: bool


def draw(count: int, size: int, seed: int = 0, workers: int | None = None) -> Iterator[Car]:
    """`count` cars, one type after another in turn; every tenth of a type is in the test split.

    A car depends on its number and the seed alone, so a larger set begins with the smaller one.

    Args:
        count: The number of cars.
        size: Pixels a side.
        seed: Another seed gives other cars.
        workers: Number of drawing processes; None: one a core, 0: this process alone.

    Raises:
        UserError: `count` is too small for a set, or absurdly large.
    """
    if not FEWEST <= count <= MOST:
        raise UserError(f"--count must be from {FEWEST} to {MOST}, not {count}")
    if workers is None:
        workers = os.cpu_count() or 1
    if workers < 2 or count < 1000:
        pictures: Iterator[npt.NDArray[np.uint8]] = (
            draw_one(number, size, seed) for number in range(count)
        )
    else:
        pictures = _draw_in_processes(count, size, seed, workers)
    for number in bar(range(count), desc="draw", unit="car"):
        kind, turn = number % len(BODY_TYPES), number // len(BODY_TYPES)
        yield Car(next(pictures), f"{number:06d}", BODY_TYPES[kind], turn % 10 == 9)


def draw_one(number: int, size: int, seed: int) -> npt.NDArray[np.uint8]:
    """Car `number` of the set that `seed` gives: uint8 [size, size, 3]."""
    # RandomState gives the same numbers in every version of NumPy.
    random = np.random.RandomState([seed, number])
    return picture(BODY_TYPES[number % len(BODY_TYPES)], size, random)


def _draw_in_processes(
    count: int, size: int, seed: int, workers: int
) -> Iterator[npt.NDArray[np.uint8]]:
    """Worker k draws cars k, k + workers, ...; pictures come through its standard output.

    Plain child processes, not multiprocessing: that forks a process with running threads, or
    imports the caller's script again.
    """
    root = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "gan.data.drawn"]
            + [str(value) for value in (worker, count, workers, size, seed)],
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C must reach this process only, which ends its children
            env=os.environ | {"PYTHONPATH": path},
        )
        for worker in range(workers)
    ]
    try:
        for number in range(count):
            stream = children[number % workers].stdout
            assert stream is not None
            data = stream.read(3 * size * size)
            if len(data) < 3 * size * size:
                raise UserError("a drawing process ended early: run again (out of memory?)")
            yield np.frombuffer(data, np.uint8).reshape(size, size, 3)
    finally:
        for child in children:
            child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
