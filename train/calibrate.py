"""Choose how a run's pictures are drawn: each type with a guidance of its own."""

import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro

from gan import calibration
from gan.atomic import check_place
from gan.calibration import Calibration
from gan.cli import parse
from gan.errors import UserError, command
from gan.metrics.guidance import calibrate, check_effort, check_guided, check_validation
from gan.metrics.judge import judge_of
from gan.metrics.run_photos import photos_of
from gan.runs import find_run


@dataclass(frozen=True)
class Options:
    """Choose for each type the guidance at which its pictures are recognised as photos are.

    The classifier names as large a share of them right as of validation photos, as far as guidance
    from 0 to 1 allows; test photos have no part in it. From then on guidance 0.6, the default,
    stands for each type's own, in the app and where the run is judged. At 256 px, for whose photos
    no classifier ships, --like takes the calibration of a smaller run.
    """

    run: Annotated[str, tyro.conf.Positional]  # the run's folder, or its name under checkpoints/
    data: str = ""  # the photos it was trained on; default: where the run found them
    like: str = ""  # a run of the same types whose calibration to take; nothing is measured then
    truncation: float = 1.0  # factor of all latents: less than 1 costs variety, for precision
    count: int = 2_000  # pictures to generate at each of six steps, uniform over classes
    seeds: int = 3  # least number of classifiers that judge: if the judge has more, all do

    def __post_init__(self) -> None:
        if self.like and replace(self, like="") != Options(self.run):
            raise UserError("--like takes a calibration as it is: leave out the other flags")
        if not 0.3 <= self.truncation <= 1:
            raise UserError(f"--truncation must be from 0.3 to 1, not {self.truncation}")
        check_effort(self.count, self.seeds)


@command
def main() -> None:
    """Calibrate the run, and print what was found for each type."""
    options = parse(Options)
    run = find_run(options.run)
    check_place(run.path, "a copy of the run in another folder will do")
    generator = check_guided(run, calibrated=False)  # before a judge is trained
    classes, before = generator.classes, run.generator_hash()
    if options.like:
        calibration.copy(find_run(options.like), run, classes)
    else:
        photos = photos_of(run, options.data)
        check_validation(photos)
        if options.count < 10 * len(classes):
            raise UserError(f"--count must be at least {10 * len(classes)}, ten pictures a type")
        judge = judge_of(photos, options.seeds, unseen="validation")
        table = calibrate(generator, photos, judge, options.count, options.truncation)
        if run.generator_hash() != before:
            raise UserError(f"{run.generator_path} has changed meanwhile: calibrate again")
        chosen = Calibration(tuple(table["guidance"]), options.truncation)
        calibration.write(run, classes, chosen)
        print(f"{run.name}, {options.count:,} pictures a step, {len(judge.networks)} classifiers")
        print(table.round(3).to_string(index=False))
    print(f"noted: {run.calibration_path}")
    place = shlex.quote(str(run.path))
    print(f"next, as pictures are drawn otherwise now: python train/evaluate.py {place}")


if __name__ == "__main__":
    main()
