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
from gan.data.prepared import Photos
from gan.errors import UserError, command
from gan.metrics.choice import COUNT, SEED, check_kept
from gan.metrics.glossary import METRICS
from gan.metrics.run_photos import photos_of
from gan.metrics.scrutiny import SHEET, coarse, detector_auc, rows, write_blind_sheet
from gan.runs import find_run
from gan.sampling import generate_set

LOOKS = (6_400, 12_800, 25_600, 51_200)  # pictures trained on when the detector is tested
BRIEF = 12_800  # pictures that the detector of a generator kept on the way is trained on


@dataclass(frozen=True)
class Options:
    """Can a network from scratch, or a person, tell a run's pictures from photos?

    Pictures have the types of the photos, in the same shares. The detector's figures and the
    energies of fine patterns go into the run's metrics.csv.
    """

    run: Annotated[str, tyro.conf.Positional]  # the run's folder, or its name under checkpoints/
    data: str = ""  # the photos it was trained on; default: where the run found them
    out: Path = Path("blind")  # where sheet.png and key.csv go; the sheet shows photos
    count: int = 5_000  # generated pictures that the detector learns from
    seed: int = 0  # of the detector and of the sheet's order
    along: bool = False  # also the generators that --keep-every kept, more briefly: to along.csv

    def __post_init__(self) -> None:
        if not 1_000 <= self.count <= 100_000:
            raise UserError(f"--count must be from 1000 to 100000, not {self.count}")
        if not 0 <= self.seed < 2**31:
            raise UserError(f"--seed must be from 0 to {2**31 - 1}, not {self.seed}")


@command
def main() -> None:
    """Train the detector, measure the energies, write figures and sheet."""
    options = parse(Options)
    run = find_run(options.run)
    check_place(options.out, "--out")
    check_place(run.path, "a copy of the run in another folder will do")
    if options.along:
        check_kept(run)
    generator = load_generator(run)
    photos = photos_of(run, options.data)
    train = np.asarray(photos.pictures[photos.indices("train")])
    if len(train) < SHEET // 2:
        raise UserError(
            f"{photos.name} has {len(train)} photos to train on: the sheet needs {SHEET // 2}"
        )
    shares = np.array([*photos.counts("train").values()]) / len(train)
    pictures, labels = generate_set(generator, options.count, seed=1, shares=shares)
    aucs = detector_auc(train, pictures, LOOKS, options.seed)
    small = coarse(train)
    coarse_aucs = detector_auc(small, coarse(pictures), LOOKS, options.seed)
    found = rows(train, pictures, aucs[-1][1], coarse_aucs[-1][1], options.seed)
    of = {"images_seen": run.generator_seen(), "calibration": generator.calibration.digest()}
    run.add_metrics([row | of for row in found])
    write_sheet(options, photos, train, pictures, labels if generator.classes else None)
    counts = f"{len(train):,} photos, {options.count:,} pictures, a tenth of each held out"
    print(f"{run.name}: detector from scratch ({counts}; seed {options.seed})")
    for (seen, value), (_, value_coarse) in zip(aucs, coarse_aucs, strict=True):
        print(f"  after {seen:>7,} pictures  AUC {value:.4f}, at 16 px {value_coarse:.4f}")
    print("energy, times that of photos")
    for row in found[2:]:
        print(f"  {METRICS[row['metric']].name:<16}{row['value']:.2f}")
    if options.along:
        for iteration, path in run.kept():
            kept = load_generator(run, path)
            pictures, _ = generate_set(kept, COUNT, SEED, shares=shares)
            ((_, value),) = detector_auc(train, pictures, (BRIEF,), options.seed)
            looks = detector_auc(small, coarse(pictures), LOOKS, options.seed)
            seen = iteration * kept.config.loop.batch
            found = rows(train, pictures, value, looks[-1][1], options.seed)
            run.add_metrics([row | {"images_seen": seen} for row in found], along=True)
        briefly = f"{COUNT:,} pictures and a detector of {BRIEF:,} each, at 16 px of {LOOKS[-1]:,}"
        print(f"along the training, {briefly}: ", end="")
        print(run.along_path)
    print(f"figures: {run.metrics_path}")
    print(f"blind sheet: {options.out / 'sheet.png'}; answers: {options.out / 'key.csv'}")


def write_sheet(
    options: Options,
    photos: Photos,
    train: np.ndarray,
    pictures: np.ndarray,
    labels: np.ndarray | None,
) -> None:
    """Write the blind sheet; pictures have the types of its photos, so types give nothing away.

    A type too rare to have a picture gets one of any type.

    `train` and `pictures` are uint8 [N,S,S,3]; `labels`, int64 [N], are the pictures' types, None
    where they have none.
    """
    real = photos.labels[photos.indices("train")]
    some = np.random.RandomState(options.seed).permutation(len(real))[: SHEET // 2]
    if labels is not None:
        any_type = np.arange(len(labels))
        found = [np.flatnonzero(labels == y) for y in range(len(photos.classes))]
        of_type = [cycle(one if len(one) else any_type) for one in found]
        pictures = pictures[[next(of_type[y]) for y in real[some]]]
    write_blind_sheet(options.out, train[some], pictures, options.seed)


if __name__ == "__main__":
    main()
