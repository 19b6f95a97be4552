"""Carry an experiment out: skip what is done, resume what was cut off, outlive what fails."""

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gan import atomic
from gan.config import from_json, frozen_settings
from gan.errors import UserError
from gan.experiments import results
from gan.experiments.experiment import Experiment
from gan.experiments.plan import Planned, Stage
from gan.experiments.rows import rows_of
from gan.metrics.features import Row
from gan.runs import Run
from gan.training import train

Known = dict[tuple[str, Stage], list[Row]]  # a run's rows of results.csv, by its stages
TRIED = 5  # steps whose time stands for all, where no finished run tells


def carry_out(experiment: Experiment) -> dict[str, str]:
    """Train and judge whatever is not done; results.csv is written after each run.

    Returns:
        What failed: a run's name and the reason. The others were carried out all the same.

    Raises:
        UserError: The folder holds runs of something else.
        KeyboardInterrupt: Asked to stop; the run under way was saved.
    """
    failed: dict[str, str] = {}
    tried: set[tuple[str, bool]] = set()
    known: Known = {}
    clock = Clock(experiment)
    while True:
        runs = experiment.plan()
        for planned in runs:
            check_same(planned, _run(experiment, planned))
        for late in (False, True):
            untried = [p for p in runs if p.name not in failed and (p.name, late) not in tried]
            if left := [p for p in untried if _left(experiment, p, late)]:
                break
        else:
            break
        clock.look(runs)
        planned = left[0]
        tried.add((planned.name, late))
        print(
            f"\nrun {len(runs) - len(left) + 1} of {len(runs)}: {planned.name}, about "
            f"{words(clock.seconds(planned, late))}; "
            f"all: {words(sum(clock.seconds(p) for p in runs if p.name not in failed))} left",
            flush=True,
        )
        try:
            _advance(experiment, planned, clock, late)
        # One failed run must not end an overnight experiment.
        except Exception as error:
            failed[planned.name] = " ".join(str(error).split()) or type(error).__name__
            print(f"{planned.name} failed: {failed[planned.name]}", file=sys.stderr, flush=True)
        write_results(experiment, known)
    if not tried:
        write_results(experiment, known)
    return failed


def _advance(experiment: Experiment, planned: Planned, clock: "Clock", late: bool) -> None:
    """Train up to each moment at which the run is judged, whichever comes next."""
    run = _run(experiment, planned)
    judged: set[Stage] = set()
    while stages := [stage for stage in _left(experiment, planned, late) if stage not in judged]:
        if not any(_reached(planned, stage, run) for stage in stages):
            # Time and pictures both limit: which comes first depends on the machine.
            pictures = min(stage.pictures for stage in stages)
            seconds = min((stage.seconds for stage in stages if stage.seconds), default=0)
            until = planned.at(Stage((), pictures, seconds))
            train(until, planned.photos, run, resume=run.config_path.exists())
        reached = [stage for stage in stages if _reached(planned, stage, run)]
        judged.update(reached)
        # Where two counts meet at one moment the larger stays: a moment has one row a figure.
        for count in sorted({_judged(experiment, stage) for stage in reached}):
            started = time.monotonic()
            rows = experiment.judge(planned, run, count)
            run.add_metrics([{"images_seen": _progress(run)[0], "seed": 0} | row for row in rows])
            clock.judging = (time.monotonic() - started) / count
        if planned.keep:
            iteration = _progress(run)[0] // planned.config.loop.batch
            atomic.write_bytes(run.kept_path(iteration), run.generator_path.read_bytes())
        if not reached:
            raise UserError(f"{run.path} stopped before it was to be judged")
    keep_grids(experiment, planned)


def _reached(planned: Planned, stage: Stage, run: Run) -> bool:
    """Whether the run has come to the moment of a stage."""
    seen, seconds = _progress(run)
    # The record of the time is rounded.
    return seen >= planned.batches(stage) or 0 < stage.seconds <= seconds + 0.1


def _judged(experiment: Experiment, stage: Stage) -> int:
    """How many pictures are judged at a stage."""
    return stage.judged or int(experiment.length.judged)


def write_results(experiment: Experiment, known: Known) -> None:
    """Gather results.csv from the run folders; `known` spares reading what was read before."""
    rows: list[Row] = []
    for planned in experiment.plan():
        run = _run(experiment, planned)
        for stage in planned.stages:
            key = planned.name, stage
            if key not in known:
                seen = measured_at(run, planned, stage, _judged(experiment, stage))
                if seen is None:
                    continue
                known[key] = rows_of(planned, run, stage, seen)
            rows += known[key]
    results.write(experiment.folder, rows + experiment.other_rows(rows))


def measured_at(run: Run, planned: Planned, stage: Stage, judged: int) -> int | None:
    """How many pictures the run had seen when `stage` was judged; None if it was not yet.

    A stage that ends by time is found by the time at which losses.csv has the judged moment.
    """
    metrics = _metrics(run)
    moments = sorted({int(n) for n in metrics.loc[metrics["n_fake"] == judged, "images_seen"]})
    if not stage.seconds:
        return next((seen for seen in moments if seen == planned.batches(stage)), None)
    for seen in moments:
        took, slack = _time_at(run, seen, stage)
        # A run that was done before the time was up had nothing more to learn from it.
        if abs(took - stage.seconds) <= slack or (seen >= stage.pictures and took < stage.seconds):
            return seen
    return None


def seconds_at(folder: Path, planned: Planned, pictures: int) -> float:
    """Seconds that the run took for so many pictures; 0 where it has not seen as many."""
    run, stage = Run(folder / planned.name), Stage((), pictures)
    seen, seconds = _progress(run)
    wanted = planned.batches(stage)
    if seen <= wanted:
        return seconds if seen == wanted else 0.0
    return _time_at(run, wanted, stage)[0]


def _left(experiment: Experiment, planned: Planned, late: bool) -> list[Stage]:
    """The stages still to be judged; without `late`, those that need not wait for other runs."""
    stages = [stage for stage in planned.stages if late or not stage.late]
    return [stage for stage in stages if _open(experiment, planned, stage)]


def _open(experiment: Experiment, planned: Planned, stage: Stage) -> bool:
    """Whether the stage is still to be judged, and the run hasn't passed it unjudged."""
    run = _run(experiment, planned)
    if measured_at(run, planned, stage, _judged(experiment, stage)) is not None:
        return False
    seen, seconds = _progress(run)
    if not stage.seconds or not seen:
        return seen <= planned.batches(stage)
    return seconds <= stage.seconds + _time_at(run, seen, stage)[1]


def _time_at(run: Run, seen: int, stage: Stage) -> tuple[float, float]:
    """Seconds of training at `seen` pictures, and by how much that may miss the stage's end."""
    losses = _losses(run)
    if losses.empty:
        return 0.0, 0.0
    step = losses["seconds"].iloc[-1] / losses["iteration"].iloc[-1]
    took = float(np.interp(seen, losses["images_seen"], losses["seconds"]))
    return took, 0.05 * stage.seconds + 2 * step


def check_same(planned: Planned, run: Run) -> None:
    """Refuse a folder that holds something else than `planned`.

    Raises:
        UserError: Its photos or settings are others, or it went on for longer.
    """
    if not run.config_path.exists():
        return
    values = _config(run)
    theirs, ours = frozen_settings(from_json(values["settings"])), frozen_settings(planned.config)
    # The same photos may have been found at another place.
    del theirs["data"], ours["data"]
    longer = values["progress"]["images_seen"] > max(map(planned.batches, planned.stages))
    if theirs != ours or longer or values["dataset"]["content_hash"] != planned.photos.content_hash:
        what = "a longer run" if longer else "a run of other photos or settings"
        raise UserError(f"{run.path} holds {what}: name another --out, or the same --budget")


def keep_grids(experiment: Experiment, planned: Planned) -> None:
    """Remove sample grids but those that are kept of the moments at which the run was judged."""
    run = _run(experiment, planned)
    moments = [
        measured_at(run, planned, stage, _judged(experiment, stage)) for stage in planned.stages
    ]
    judged = sorted(seen // planned.config.loop.batch for seen in moments if seen)
    kept = {"all": judged, "last": judged[-1:], "none": []}[planned.grids]
    for iteration, path in run.samples():
        if iteration not in kept:
            path.unlink()


class Clock:
    """Estimates what is left from finished runs, or from a few steps where there are none."""

    def __init__(self, experiment: Experiment) -> None:
        self._experiment = experiment
        self._speeds: dict[str, float] = {}
        # Seconds a judged picture, as on two idle cores; until some were.
        self.judging = 0.009

    def look(self, runs: list[Planned]) -> None:
        """Take the pictures a second of each kind of network from the runs' own records."""
        for planned in runs:
            seen, seconds = _progress(_run(self._experiment, planned))
            if seen >= 20 * planned.config.loop.batch:
                self._speeds[_cost_key(planned)] = seen / seconds

    def seconds(self, planned: Planned, late: bool = True) -> float:
        """Time that the run still needs; without `late`, up to where it waits for others."""
        experiment = self._experiment
        stages = _left(experiment, planned, late)
        if not stages:
            return 0.0
        judged = sum(_judged(experiment, stage) for stage in stages)
        timed = [stage for stage in stages if stage.seconds]
        # A run that ends by time alone may have seen any number of pictures by then.
        last = max(stages, key=lambda stage: stage.pictures)
        end = timed[0] if len(timed) == len(stages) else last
        return self._training(planned, end) + judged * self.judging

    def _training(self, planned: Planned, end: Stage) -> float:
        seen, seconds = _progress(_run(self._experiment, planned))
        if end.seconds:
            return max(0.0, end.seconds - seconds)
        left = max(0, end.pictures - seen)
        kind = _cost_key(planned)
        if left and kind not in self._speeds:
            self._speeds[kind] = measure_speed(planned)
        return left / self._speeds[kind] if left else 0.0


def measure_speed(planned: Planned) -> float:
    """Pictures a second over a few steps of a throw-away run, the first one left out."""
    config = planned.at(Stage((), TRIED * planned.config.loop.batch))
    config = replace(config, loop=replace(config.loop, log_every=1))
    with tempfile.TemporaryDirectory() as folder:
        run = Run(Path(folder) / "trial")
        train(config, planned.photos, run)
        losses = run.read_losses()
    first, last = losses.iloc[0], losses.iloc[-1]
    return float(
        (last["images_seen"] - first["images_seen"]) / (last["seconds"] - first["seconds"])
    )


def show_plan(experiment: Experiment) -> Iterator[str]:
    """The runs with what is left of each, as lines of text."""
    clock, runs = Clock(experiment), experiment.plan()
    clock.look(runs)
    yield f"{len(runs)} runs in {experiment.folder}, {experiment.length.judged:,} pictures judged"
    total = 0.0
    for planned in runs:
        run = _run(experiment, planned)
        check_same(planned, run)
        seen, seconds = _progress(run)[0], clock.seconds(planned)
        total += seconds
        state = words(seconds) if seconds else "done"
        if seconds and seen:
            state += f", after {seen:,}"
        end = max(planned.stages, key=lambda stage: stage.pictures)
        length = words(end.seconds) if end.seconds else f"{end.pictures:,} pictures"
        yield f"  {planned.name:<28}{length:>18}  {state}"
    if experiment.note:
        yield f"  {experiment.note}"
    yield f"to do: about {words(total)}, if nothing else runs on this machine"


def words(seconds: float) -> str:
    """A time as a person would say it."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


_kept: dict[Path, tuple[tuple[int, int], Any]] = {}


def _unchanged(path: Path, read: Callable[[], Any]) -> Any:
    """What `read` makes of a file, read again only when the file changed.

    A plan is gone through after each run, and each of its stages asks several files.
    """
    found = path.stat() if path.exists() else None
    stamp = (found.st_mtime_ns, found.st_size) if found else (0, 0)
    if path not in _kept or _kept[path][0] != stamp:
        _kept[path] = stamp, read()
    return _kept[path][1]


def _metrics(run: Run) -> pd.DataFrame:
    return _unchanged(run.metrics_path, run.read_metrics)


def _losses(run: Run) -> pd.DataFrame:
    return _unchanged(run.losses_path, run.read_losses)


def _config(run: Run) -> dict[str, Any]:
    return _unchanged(run.config_path, run.read_config)


def _run(experiment: Experiment, planned: Planned) -> Run:
    return Run(experiment.folder / planned.name)


def _progress(run: Run) -> tuple[int, float]:
    """Pictures seen and seconds trained so far."""
    if not run.config_path.exists():
        return 0, 0.0
    progress: dict[str, Any] = _config(run)["progress"]
    return int(progress["images_seen"]), float(progress["seconds"])


def _cost_key(planned: Planned) -> str:
    network = planned.config.network
    names = ("kernel", "width", "dense_layers")
    return json.dumps([type(network).__name__, *(getattr(network, name, 0) for name in names)])
