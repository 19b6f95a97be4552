"""Checks that the files of a run folder agree with each other."""

import functools
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from gan import calibration, weights
from gan.config import RunConfig, from_json, settings_hash
from gan.errors import UserError
from gan.metrics import judge
from gan.runs import Run, find_judges, latest


def problems(run: Run) -> list[str]:
    """The contradictions in a run folder, one line each; empty where there is none.

    Checked are: pictures seen are iterations times the batch size, in every file; figures belong
    to generators that the run had, and the last one has some; the weights file is undamaged and
    made with these settings; the test split was last opened for this generator, or for one of
    fewer pictures seen; figures come from the judge of these photos that lies in the same place;
    each segment of the training names its git revision; the calibration is of this generator.
    """
    try:
        values = run.read_config()
        config = from_json(values["settings"])
        losses, metrics, along = run.read_losses(), run.read_metrics(), run.read_along()
    except UserError as error:
        return [str(error)]
    found = []
    progress, batch = values["progress"], config.loop.batch
    iteration, seen = progress.get("iteration", -1), progress.get("images_seen", -1)
    if seen != iteration * batch:
        found.append(f"{seen} pictures are not {iteration} iterations of {batch}")
    if (losses["images_seen"] != losses["iteration"] * batch).any():
        found.append("losses.csv: pictures are not iterations times the batch")
    if len(losses) and int(losses["iteration"].max()) > iteration:
        found.append("losses.csv goes on after the end")
    measured = set(metrics["images_seen"])
    for name, counts in (("metrics.csv", measured), ("along.csv", set(along["images_seen"]))):
        if any(count % batch or count > seen for count in counts):
            found.append(f"{name}: figures of a generator that the run never had")
    if measured and seen not in measured and not run.choice_path.exists():
        found.append(f"metrics.csv has no figures of the last generator, at {seen} pictures")
    if any(at > iteration for at, _ in run.samples()):
        found.append("samples hold a grid from after the end")
    if run.generator_path.exists():
        try:
            made_with = weights.read(run.generator_path)[1].get("settings")
            if made_with != settings_hash(values["settings"]):
                found.append("the generator was made with other settings")
            at, opened = _last_opened(run)
            if at > seen or (at == seen and opened != run.short_hash()):
                found.append(f"the test split was last opened for another generator, {opened}")
        except UserError as error:
            found.append(str(error))
    found += _drawn_otherwise(run, values, metrics[metrics["images_seen"] == seen])
    judges = {_judge(path) for path in _judges(run, values, config)} - {""}
    for name, table in (("metrics.csv", latest(metrics)), ("along.csv", along)):
        if judges and set(table["judge"]) - judges - {""}:
            found.append(f"{name}: figures of another judge than the one kept for these photos")
    if not all(revisions(run)):
        found.append("config.json doesn't name the code of every segment")
    return found


def _last_opened(run: Run) -> tuple[int, str]:
    """Pictures seen and generator in the last row of test_openings.csv; (-1, "") without one.

    Raises:
        UserError: The row is damaged.
    """
    try:
        _, seen, generator = run.openings_path.read_text(encoding="utf-8").split()[-1].split(",")
        return int(seen), generator
    except (FileNotFoundError, IndexError):
        return -1, ""
    except ValueError:
        raise UserError(f"{run.openings_path} is damaged") from None


def _drawn_otherwise(run: Run, values: dict[str, Any], last: pd.DataFrame) -> list[str]:
    """What is wrong with the calibration; `last` are the figures of the last generator."""
    if not run.generator_path.exists():
        return ["calibration.csv has no generator"] if run.calibration_path.exists() else []
    try:
        own = calibration.read(run, tuple(values["dataset"].get("classes", ())))
    except UserError as error:
        return [str(error)]
    if run.calibration_path.exists() and own == calibration.PLAIN:
        return ["calibration.csv is of another generator"]
    if set(last["calibration"]) - {own.digest()}:
        return ["metrics.csv: figures of pictures drawn with another calibration"]
    return []


def _judges(run: Run, values: dict[str, Any], config: RunConfig) -> list[Path]:
    """The folders of judges beside the run, or beside its experiment, of its photos and size."""
    content_hash, size = values["dataset"].get("content_hash"), config.data.size
    roots = (run.path.parent, run.path.parent.parent)
    return [path for root in roots for path in find_judges(root, str(content_hash), size)]


@functools.cache
def _judge(folder: Path) -> str:
    """The digest of the judge in a folder; "" for a damaged one."""
    try:
        return judge.read(folder).digest()
    except UserError:
        return ""


def revisions(run: Run) -> list[str]:
    """The git revision of each segment of a run; a `+` after it marks uncommitted changes."""
    values = run.read_config()
    last = str(values["environment"].get("git_revision", ""))
    segments = values["progress"].get("segments") or [{"git_revision": last}]
    return [str(segment.get("git_revision", "")) for segment in segments]


def provenance(runs: list[Run]) -> str:
    """A sentence that lists the runs trained by uncommitted code.

    Runs of an experiment are listed by the name of its folder.
    """
    changed = [run for run in runs if any(one.endswith("+") for one in revisions(run))]
    if not changed:
        return f"All {len(runs)} runs here were trained by committed code."
    folders = {run.path.parent for run in runs if (run.path.parent / "results.csv").exists()}
    of = Counter(
        run.path.parent.name if run.path.parent in folders else run.name for run in changed
    )
    listed = ", ".join(f"`{name}`" + f" ({n})" * (n > 1) for name, n in sorted(of.items()))
    return (
        f"{len(changed)} of the {len(runs)} runs here were trained by code with changes that no "
        f"commit holds, so they can't be repeated to the bit: {listed}. A `+` after the "
        "`git_revision` in `config.json` marks them."
    )
