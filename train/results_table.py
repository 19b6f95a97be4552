"""Write the README's results table from the shipped runs' CSVs, so that no figure is typed."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro

from gan import atomic
from gan.cli import parse
from gan.errors import UserError, command
from gan.launch import find_run
from gan.metrics.report import markdown

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


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
    text = options.write.read_text()
    if BEGIN not in text or END not in text:
        raise UserError(f"{options.write} has no lines {BEGIN} and {END} to put the table between")
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    atomic.write_text(options.write, f"{before}{BEGIN}\n{table}\n{END}{after}")
    print(f"the table is in {options.write}")


if __name__ == "__main__":
    main()
