"""Reads and writes results.csv of an experiment: one row a figure, by setting, seed and view.

A view is a comparison, such as "equal-pictures" or "equal-time".
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from gan import atomic, reading
from gan.errors import UserError
from gan.metrics.glossary import INCEPTION, LITE2
from gan.reading import Kind
from gan.runs import Run, find_runs, one_reference

KINDS: dict[str, Kind] = {
    "setting": "text",
    "seed": "count",
    "view": "text",
    "metric": "text",
    "extractor": "text",
    "body_type": "text",
    "value": "maybe",
    "n_real": "maybe",
    "n_fake": "maybe",
}
COLUMNS = tuple(KINDS)
CURVE = "curve-"  # begins the views along a training: curve-40000
FILE = "results.csv"


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table as dictionaries."""
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def write(folder: Path, rows: Iterable[dict[str, Any]]) -> None:
    """Write the whole results.csv of an experiment."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    atomic.write_text(folder / FILE, table.to_csv(index=False, float_format="%.8g"))


def read(folder: Path) -> pd.DataFrame:
    """An experiment's results.csv, without a cut-off last line.

    Raises:
        UserError: There is none, or it is something else.
    """
    path = folder / FILE
    try:
        return reading.read_table(path, KINDS)
    except FileNotFoundError:
        raise UserError(f"there is no {path}: run the experiment first") from None


def measured(metrics: pd.DataFrame, seen: int) -> list[dict[str, Any]]:
    """What results.csv says of a run's pictures, from its metrics.csv at `seen` pictures seen.

    There are no rows if nothing was measured just then. Values are means over classifiers: the
    column `seed` of results.csv is that of the training.
    """
    now = one_reference(metrics[metrics["images_seen"] == seen])
    groups = now.groupby(["metric", "extractor", "body_type"], as_index=False, sort=False)
    return records(groups[["value", "n_real", "n_fake"]].mean())


def pictures_seen(table: pd.DataFrame) -> dict[tuple[str, int, str], int]:
    """Pictures that a run had seen in a view, by setting, seed and view.

    results.csv has no such column: it is the product of `pictures_per_s` and `seconds`, rounded.
    """
    keys = ["setting", "seed", "view"]
    rows = table[table["metric"].isin(["pictures_per_s", "seconds"])]
    both = rows.pivot_table(index=keys, columns="metric", values="value")
    seen = both.prod(axis=1, min_count=2).dropna().round().astype(int)
    return dict(zip(seen.index.tolist(), seen.tolist(), strict=True))


def take_up(run: Run) -> None:
    """Put what Inception measured of an experiment's run into the experiment's results.csv.

    Experiments judge their runs without Inception, whose weights are a download. The figures go to
    each view for which the run had seen as many pictures, in place of what Inception measured
    before. `run` may also lie beside the experiment's folder, with the settings and progress of one
    of its runs (`report-dcgan-k4` is `kernel-size/k4-seed0`): a network ships once.

    Raises:
        UserError: results.csv is damaged.
    """
    metrics = run.read_metrics()
    metrics = metrics[metrics["extractor"] == INCEPTION]
    if metrics.empty:
        return
    for one in find_runs(run.path.absolute().parent):
        belongs = setting_of(one.name) and (one.path.parent / FILE).exists()
        if belongs and _same_training(one, run):
            if not one.generator_path.exists():  # it can't be measured there itself
                one.add_metrics(records(metrics))  # or the next gathering would drop them
            _take_up(one, metrics)


def _same_training(one: Run, other: Run) -> bool:
    try:
        ours, theirs = one.read_config(), other.read_config()
    except UserError:  # damage that is reported where that run is used
        return False
    return all(ours[part] == theirs[part] for part in ("settings", "progress"))


def folder_name(setting: str, seed: int) -> str:
    """The folder of a run within its experiment's; a setting such as 1/2 is written 1of2."""
    return f"{setting.replace('/', 'of')}-seed{seed}"


def setting_of(folder: str) -> tuple[str, int] | None:
    """The inverse of `folder_name`: setting and seed; None for a folder of another name."""
    parts = re.fullmatch(r"(.+)-seed(\d+)", folder)
    return (parts[1].replace("1of", "1/"), int(parts[2])) if parts else None


def _take_up(run: Run, metrics: pd.DataFrame) -> None:
    folder = run.path.parent
    table = read(folder)
    names = zip(table["setting"], table["seed"], strict=True)
    own = pd.Series([folder_name(*name) == run.name for name in names], table.index, bool)
    rows = [
        {"setting": setting, "seed": number, "view": view} | row
        for (setting, number, view), seen in pictures_seen(table[own]).items()
        for row in measured(metrics, seen)
    ]
    if rows:
        kept = table[~(own & table["extractor"].eq(INCEPTION))]
        write(folder, records(kept) + rows)


def figure_rows(
    table: pd.DataFrame, metric: str, extractor: str, view: str, body_type: str = "all"
) -> pd.DataFrame:
    """The rows of one figure in one view."""
    return table[
        (table["metric"] == metric)
        & (table["extractor"] == extractor)
        & (table["view"] == view)
        & (table["body_type"] == body_type)
    ]


def values(
    table: pd.DataFrame, metric: str, view: str, body_type: str = "all", extractor: str = ""
) -> pd.DataFrame:
    """One metric of an experiment: a row a seed, a column a setting.

    The default of `extractor` is EfficientNet-Lite2 if the metric was measured with it.
    """
    rows = table[
        (table["metric"] == metric) & (table["view"] == view) & (table["body_type"] == body_type)
    ]
    if not extractor and LITE2 in set(rows["extractor"]):
        extractor = LITE2
    if extractor:
        rows = rows[rows["extractor"] == extractor]
    return rows.pivot_table(index="seed", columns="setting", values="value", sort=False)
