"""Check that the files of run folders agree with each other: counts, hashes, git revisions."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tyro

from gan.cli import parse
from gan.consistency import problems, revisions
from gan.errors import UserError, command
from gan.runs import find_run, find_runs, runs_root


@dataclass(frozen=True)
class Options:
    """Check run folders; the exit code is 2 if one contradicts itself."""

    runs: Annotated[tuple[str, ...], tyro.conf.Positional] = ()  # default: all under checkpoints/


@command
def main() -> None:
    """Print each problem with its run, then the counts."""
    named = parse(Options).runs
    runs = [find_run(name) for name in named] if named else find_runs(runs_root())
    if not runs:
        raise UserError(f"there are no runs in {runs_root()}")
    broken = uncommitted = 0
    for run in runs:
        found = problems(run)
        broken += bool(found)
        for problem in found:
            print(f"{run.path}: {problem}")
        if not found:
            uncommitted += any(revision.endswith("+") for revision in revisions(run))
    print(f"{len(runs)} runs, {uncommitted} of them by code that no commit holds")
    if broken:
        raise UserError(f"{broken} of {len(runs)} runs contradict themselves")


if __name__ == "__main__":
    main()
