"""What the experiments' scripts share: their flags, and the way from them to results.csv."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from gan import atomic
from gan.errors import UserError
from gan.experiments import results
from gan.experiments.running import Experiment, carry_out, show_plan
from gan.runs import find_run


@dataclass(frozen=True)
class Options:
    """Flags of every experiment."""

    data: str = "drawn"  # "drawn" (embedded), a prepared folder, photos, an archive or its URL
    budget: Literal["full", "short", "tiny"] = "full"  # short: fewer pictures; tiny: a miniature
    out: str = ""  # the runs' folder, or its name under checkpoints/; default: the experiment's
    dry_run: bool = False  # show the runs and the time that they would take, do nothing
    findings: bool = False  # say what results.csv shows, do nothing else
    threads: int = 0  # threads that compute; 0: one a core; fewer where other programs run too

    def folder(self, name: str) -> Path:
        """Where the experiment `name` keeps its runs; a miniature has a folder of its own."""
        return find_run(self.out or name + ("-tiny" if self.budget == "tiny" else "")).path


def conduct(
    options: Options,
    name: str,
    build: Callable[[Path], Experiment],
    report: Callable[[pd.DataFrame], str],
) -> None:
    """Do what the flags ask for.

    Raises:
        UserError: The folder holds something else, or a run failed.
        KeyboardInterrupt: Asked to stop; the run under way was saved.
    """
    folder = options.folder(name)
    if options.findings:
        print(report(results.read(folder)))
        return
    experiment = build(folder)
    if options.dry_run:
        for line in show_plan(experiment):
            print(line, flush=True)
        return
    atomic.check_place(folder, "--out")
    try:
        failed = carry_out(experiment)
    except KeyboardInterrupt:
        print("\nSaved. The same command goes on from here.")
        raise
    print(f"\n{report(results.read(folder))}\n\nfigures: {folder / results.FILE}")
    if failed:
        listed = [f"{run} ({reason})" for run, reason in failed.items()]
        shown = "; ".join(listed[:3] + ["..."] * (len(listed) > 3))
        count = f"{len(failed)} of {len(experiment.plan())} runs"
        raise UserError(f"{count} failed, the same command tries again: {shown}")
