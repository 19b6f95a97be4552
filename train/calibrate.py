"""Choose how a run's pictures are drawn: each type with a guidance of its own, latents shrunk."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro

from gan import calibration
from gan.atomic import check_place
from gan.cli import parse
from gan.errors import UserError, command
from gan.metrics.guidance import calibrate, check_guided
from gan.metrics.judge import judge_of
from gan.metrics.run_photos import photos_of
from gan.runs import find_run


@dataclass(frozen=True)
class Options:
    """Choose the guidance of each type at which a run's pictures are named as often as photos.

    Validation photos are looked at, test photos never. From then on guidance 0.6, the default,
    stands for these, in the app and wherever the run is judged. At 256 px, for whose photos no
    classifier ships, --like takes the calibration of a smaller run.
    """

    run: Annotated[str, tyro.conf.Positional]  # the run's folder, or its name under checkpoints/
    data: str = ""  # the photos it was trained on; default: where the run found them
    like: str = ""  # a run of the same types whose calibration to take; nothing is measured then
    truncation: float = 1.0  # factor of all latents: less than 1 costs variety, for precision
    count: int = 2_000  # pictures to generate at each of six steps, uniform over classes
    seeds: int = 3  # classifiers that judge, at least: a judge that has more brings them all

    def __post_init__(self) -> None:
        if not 0.3 <= self.truncation <= 1:
            raise UserError(f"--truncation must be from 0.3 to 1, not {self.truncation}")
        if not 100 <= self.count <= 100_000:
            raise UserError(f"--count must be from 100 to 100000, not {self.count}")
        if not 1 <= self.seeds <= 20:
            raise UserError(f"--seeds must be from 1 to 20, not {self.seeds}")


@command
def main() -> None:
    """Calibrate the run, and print what was found for each type."""
    options = parse(Options)
    run = find_run(options.run)
    check_place(run.path, "a copy of the run in another folder will do")
    generator = check_guided(run)  # before a judge is trained
    if options.like:
        calibration.copy(find_run(options.like), run, generator.classes)
        print(f"noted: {run.calibration_path}")
        return
    photos = photos_of(run, options.data)
    judge = judge_of(photos, options.seeds)
    table = calibrate(run, generator, photos, judge, options.count, options.truncation)
    print(f"{run.name}, {options.count:,} pictures a step, {len(judge.networks)} classifiers")
    print(table.round(3).to_string(index=False))
    print(f"noted: {run.calibration_path}")
    print(f"figures from before are of other pictures: python train/evaluate.py {run.path} --again")


if __name__ == "__main__":
    main()
