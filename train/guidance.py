"""Judge a run's pictures at guidance 0 to 1.5, from unguided to typical."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro

from gan.atomic import check_place
from gan.cli import parse
from gan.errors import command
from gan.metrics.guidance import check_effort, check_guided, sweep
from gan.metrics.judge import judge_of
from gan.metrics.run_photos import photos_of
from gan.runs import find_run


@dataclass(frozen=True)
class Options:
    """Judge a run's pictures at guidance 0 (unguided) to 1 (typical) and 1.5; write the table."""

    run: Annotated[str, tyro.conf.Positional]  # the run's folder, or its name under checkpoints/
    data: str = ""  # the photos it was trained on; default: where the run found them
    count: int = 2_000  # pictures to generate at each step, uniform over classes
    seeds: int = 3  # classifiers that judge, at least: a judge that has more brings them all

    def __post_init__(self) -> None:
        check_effort(self.count, self.seeds)


@command
def main() -> None:
    """Judge the run at each guidance, and print means over the judges."""
    options = parse(Options)
    run = find_run(options.run)
    check_place(run.path, "a copy of the run in another folder will do")
    generator = check_guided(run)  # before a judge is trained
    photos = photos_of(run, options.data)
    table = sweep(run, generator, photos, judge_of(photos, options.seeds), options.count)
    means = table.pivot_table(index="guidance", columns="metric", values="value", sort=False)
    judges = table["seed"].nunique()
    print(f"{run.name}, {options.count:,} pictures, means over {judges} classifiers")
    print(means.round(3).to_string())
    print(f"figures: {run.guidance_path}")


if __name__ == "__main__":
    main()
