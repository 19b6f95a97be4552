"""Look for artefacts that metrics don't see: a detector from scratch, a sheet for people."""

import sys
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import tyro

from gan.atomic import check_place
from gan.checkpoint import load_generator
from gan.cli import parse
from gan.errors import UserError, command
from gan.metrics.run_photos import photos_of
from gan.metrics.scrutiny import (
    SHEET,
    checker_energy,
    detector_auc,
    weave_energy,
    write_blind_sheet,
)
from gan.runs import find_run
from gan.sampling import generate_set

LOOKS = (6_400, 12_800, 25_600, 51_200)  # pictures trained on when the detector is tested


@dataclass(frozen=True)
class Options:
    """Can a network from scratch, or a person, tell a run's pictures from photos?"""

    run: Annotated[str, tyro.conf.Positional]  # the run's folder, or its name under checkpoints/
    data: str = ""  # the photos it was trained on; default: where the run found them
    out: Path = Path("blind")  # where sheet.png and key.csv go; the sheet shows photos
    count: int = 5_000  # generated pictures that the detector learns from
    seed: int = 0  # of the detector and of the sheet's order

    def __post_init__(self) -> None:
        if not 1_000 <= self.count <= 100_000:
            raise UserError(f"--count must be from 1000 to 100000, not {self.count}")


@command
def main() -> None:
    """Train the detector, measure the energies, write the sheet."""
    options = parse(Options)
    run = find_run(options.run)
    check_place(options.out, "--out")
    generator = load_generator(run)
    photos = photos_of(run, options.data)
    train = photos.pictures[photos.indices("train")]
    if len(train) < SHEET // 2:
        raise UserError(
            f"{photos.name} has {len(train)} photos to train on: the sheet needs {SHEET // 2}"
        )
    pictures, labels = generate_set(generator, options.count, seed=1)
    aucs = detector_auc(train, pictures, LOOKS, options.seed)
    energies = checker_energy(pictures), checker_energy(np.asarray(train))
    # Pictures have the same types as the photos on the sheet, so that types give nothing away.
    real = photos.labels[photos.indices("train")]
    some = np.random.RandomState(options.seed).permutation(len(real))[: SHEET // 2]
    if generator.classes:
        of_type = [cycle(np.flatnonzero(labels == y)) for y in range(len(generator.classes))]
        some_pictures = pictures[[next(of_type[y]) for y in real[some]]]
    else:
        some_pictures = pictures
    write_blind_sheet(options.out, train[some], some_pictures, options.seed)
    counts = f"{len(train):,} photos, {options.count:,} pictures, a tenth of each held out"
    print(f"{run.name}: detector from scratch ({counts}; seed {options.seed})")
    for seen, value in aucs:
        print(f"  after {seen:>7,} pictures  AUC {value:.4f}")
    ratio = energies[0] / energies[1]
    print(f"one-pixel checkerboard: {ratio:.2f} times the energy of photos")
    for period in (2, 4):
        ratio = weave_energy(pictures, period) / weave_energy(np.asarray(train), period)
        print(f"weave that repeats every {period} pixels: {ratio:.1f} times the energy of photos")
    print(f"blind sheet: {options.out / 'sheet.png'}; answers: {options.out / 'key.csv'}")


if __name__ == "__main__":
    main()
