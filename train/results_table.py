"""Write the README's results table from the shipped runs' CSVs, so that no figure is typed."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro

from gan.cli import parse
from gan.document import write_part
from gan.errors import command
from gan.launch import find_run
from gan.metrics.report import markdown


@dataclass(frozen=True)
class Options:
    """Print a Markdown table of evaluated runs, or put it into a README between its markers."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional] = (
        "report-dcgan-k4",
        "report-cgan",
        "cgan-short",
        "cgan",
    )  # run folders, or names under checkpoints/
    write: Path | None = None  # the README to put it into


@command
def main() -> None:
    """Read metrics.csv of each run; write the table."""
    options = parse(Options)
    table = markdown({Path(name).name: find_run(name).read_metrics() for name in options.runs})
    if options.write is None:
        print(table)
        return
    write_part(options.write, "results", table)
    print(f"the table is in {options.write}")


if __name__ == "__main__":
    main()
