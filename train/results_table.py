"""Write the tables of results from the shipped runs' CSVs, so that no figure is typed."""

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro

from gan.cli import parse
from gan.consistency import provenance
from gan.document import write_part
from gan.errors import UserError, command
from gan.metrics.tables import along, headline, markdown, of_runs
from gan.runs import Run, find_run, find_runs

REPOSITORY = Path(__file__).resolve().parent.parent
NOT_IN_HEADLINE = ("cpu-128", "cpu-256")  # of README.md, which has room for few runs


@dataclass(frozen=True)
class Options:
    """Print tables of evaluated runs as Markdown, or write them into the documents."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional] = (
        "report-dcgan-k4",
        "report-cgan",
        "cpu-64",
        "cpu-128",
        "cpu-256",
        "cgan-64",
        "cgan",
        "cgan-256",
    )  # run folders, or names under checkpoints/
    write: bool = False  # into README.md (the short table) and checkpoints/README.md (the whole)


@command
def main() -> None:
    """Read metrics.csv of each run; print or write the tables."""
    options = parse(Options)
    runs = [find_run(name) for name in options.runs]
    if len({run.name for run in runs}) < len(runs):
        raise UserError("each run needs a name of its own: rename one of the folders")
    for run, name in zip(runs, options.runs, strict=True):
        run.read_config()  # fails if there is no such run
        if run.read_metrics().empty:
            command_line = shlex.join(["python", "train/evaluate.py", name])
            raise UserError(f"{run.path} has no figures yet: {command_line}")
    tables = of_runs(runs)
    if not options.write:
        print(f"{headline(tables)}\n\n{markdown(tables)}")
        return
    shipped = REPOSITORY / "checkpoints"
    short = headline(of_runs([run for run in runs if run.name not in NOT_IN_HEADLINE]))
    followed = [Run(path.parent) for path in sorted(shipped.glob("*/along.csv"))]
    write_part(REPOSITORY / "README.md", "headline", short)
    write_part(shipped / "README.md", "results", markdown(tables))
    write_part(shipped / "README.md", "along", along(followed))
    write_part(shipped / "README.md", "provenance", provenance(find_runs(shipped)))
    print("the tables are in README.md and checkpoints/README.md")


if __name__ == "__main__":
    main()
