"""Grade the shapes of several runs by eye: write blind sheets, read the grades, compare."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro

from gan import atomic
from gan.checkpoint import load_generator
from gan.cli import parse
from gan.errors import UserError, command
from gan.experiments import grading
from gan.runs import find_run
from gan.sampling import generate_set


@dataclass(frozen=True)
class Options:
    """Grade uncurated pictures of runs for the car's shape, blind and in random order.

    First name the runs. Then let each reader grade every picture of the sheets from 0 to 3 in a
    CSV file of that folder, and read the folder. `--read` also takes a table of grades.
    """

    runs: Annotated[tuple[str, ...], tyro.conf.Positional] = ()  # folders, or names in checkpoints/
    out: Path = Path("grades")  # where the sheets and key.csv go
    count: int = 40  # pictures of each run, one type after the other
    seed: int = 0  # of latents and order
    read: Path | None = None  # a folder with key.csv and readers' answers, or a table of grades

    def __post_init__(self) -> None:
        if bool(self.runs) == bool(self.read):
            raise UserError("name the runs to grade, or --read the folder of graded sheets")
        if not 2 <= self.count <= 1000:
            raise UserError(f"--count must be from 2 to 1000, not {self.count}")
        if not 0 <= self.seed < 2**31:
            raise UserError(f"--seed must be from 0 to {2**31 - 1}, not {self.seed}")


@command
def main() -> None:
    """Write sheets, or report grades."""
    options = parse(Options)
    if options.read:
        report(options.read)
    else:
        write(options)


def write(options: Options) -> None:
    """Draw every run's pictures and write the sheets."""
    atomic.check_place(options.out, "--out")
    if (options.out / grading.KEY).exists():
        raise UserError(f"{options.out} holds sheets already: --out names another folder")
    runs = [find_run(name) for name in options.runs]
    if len({run.name for run in runs}) < len(runs):
        raise UserError("two of the runs have one name: the grades couldn't be told apart")
    generators = {run.name: load_generator(run) for run in runs}
    if len({generator.classes for generator in generators.values()}) > 1:
        raise UserError("runs of different types can't be graded blind: the captions tell them")
    drawn = {}
    for place, (name, generator) in enumerate(generators.items()):
        # Other latents for each run: one car in two versions would give away what belongs together.
        pictures, labels = generate_set(generator, options.count, seed=options.seed + place)
        types = [generator.classes[y] if generator.classes else "" for y in labels]
        drawn[name] = grading.Drawn(pictures, tuple(types))
    sheets = grading.write_sheets(options.out, drawn, options.seed)
    print(f"sheets: {len(sheets)} in {options.out}; {grading.KEY} tells which run drew what,")
    print("so readers must not open it. Each writes READER.csv with the columns number,grade:")
    for grade, meaning in enumerate(grading.GRADES):
        print(f"  {grade}  {meaning}")
    print(f"then: python train/grade.py --read {options.out}")


def report(place: Path) -> None:
    """Print what the readers found; keep it beside the sheets."""
    table = grading.read_answers(place) if place.is_dir() else grading.read(place)
    readers = sorted(table["reader"].unique())
    print(f"shapes graded 0 to 3 by {', '.join(readers)}; plausible: {grading.PLAUSIBLE} or more")
    print(grading.summary(table).to_string(index=False, float_format="%.2f"))
    settings = grading.by_setting(table)
    if several := bool((settings["run"] != settings["training"]).any()):
        print(f"\n{grading.summary(settings).to_string(index=False, float_format='%.2f')}")
    if settings["run"].nunique() > 1:
        print(f"permutation tests over {'trainings' if several else 'pictures; one training each'}")
        print(grading.comparisons(table).to_string(index=False, float_format="%.4f"))
    if place.is_dir():
        atomic.write_text(place / grading.GRADED, table.to_csv(index=False))
        print(f"all grades: {place / grading.GRADED}")


if __name__ == "__main__":
    main()
