"""The figures of evaluations as text: lines for a terminal, and tables in Markdown."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import pandas as pd

from gan.config import from_json
from gan.metrics import published, sources
from gan.metrics.glossary import (
    BY_CLASS,
    CLASSIFIER,
    FLOOR,
    INCEPTION,
    LITE2,
    METRICS,
    NOISE,
    Figure,
    on_photos,
    title,
    without_stand_ins,
)
from gan.runs import (
    METRIC_COLUMNS,
    REFERENCES,
    Run,
    beside_floors,
    find_runs,
    latest,
    one_reference,
)

# (key, extractor) of the rows of the short table in README.md.
SHORT = (
    ("fid", INCEPTION),
    ("is", INCEPTION),
    ("fd", LITE2),
    ("fd", CLASSIFIER),
    ("precision", LITE2),
    ("recall", LITE2),
    ("gan_test", CLASSIFIER),
    ("gan_train_mean", CLASSIFIER),
)

# (key, extractor) of the columns of the table along the training.
FOLLOWED = (
    ("seconds", ""),
    ("fd", LITE2),
    ("fd", CLASSIFIER),
    ("precision", LITE2),
    ("recall", LITE2),
    ("density", LITE2),
    ("coverage", LITE2),
    ("gan_test", CLASSIFIER),
    ("detector_auc", ""),
    ("detector_auc_16", ""),
)


def figures(rows: pd.DataFrame) -> str:
    """One line a figure: mean over seeds, their range, the counts and the reference."""
    whole = rows[rows["body_type"] == "all"]
    lines = []
    for metric in METRICS:
        measured = whole[whole["metric"] == metric]
        for names, group in measured.groupby(["extractor", "reference"], sort=False):
            extractor, reference = names
            text = _mean(group["value"], metric, f", range of {len(group)} seeds")
            first = group.iloc[0]
            ending = "_" + metric.rpartition("_")[2]
            judged = {FLOOR: "photos in their place", NOISE: "noise"}.get(ending, "generated")
            counts = [
                f"{int(first[column]):,} {kind}"
                for column, kind in (("n_fake", judged), ("n_real", "real"))
                if pd.notna(first.get(column))
            ]
            basis = ", ".join([*counts, *([_against(str(reference))] if reference else [])])
            lines.append(f"  {metric:<25}{extractor:<20}{text}   [{basis}]")
    return "\n".join(lines)


def classes(rows: pd.DataFrame) -> str:
    """A table of the classes, mean over seeds; empty where nothing is measured by class."""
    rows = one_reference(rows)
    rows = rows[(rows["body_type"] != "all") & rows["metric"].isin(BY_CLASS)]
    if rows.empty:
        return ""
    # A metric of several extractors, such as KID, must not be averaged over them.
    first = rows.groupby("metric")["extractor"].transform("first")
    table = rows[rows["extractor"] == first].pivot_table(
        index="body_type", columns="metric", values="value", aggfunc="mean", sort=False
    )
    columns = [metric for metric in BY_CLASS if metric in table]
    formats = {metric: METRICS[metric].form.format for metric in columns}
    return table[columns].to_string(formatters=formats)


def by_source(rows: pd.DataFrame) -> str:
    """Accuracy by the source of the photos, from the rows of by_source.csv; "" without any."""
    if rows.empty:
        return ""
    formats = {name: METRICS[name].form.format for name in sources.SHARES}
    parts = (sources.by_source(rows), sources.by_type(rows))
    return "\n\n".join(part.to_string(index=False, formatters=formats) for part in parts)


def choice(table: pd.DataFrame) -> str:
    """Which generator was chosen, and how it compares with the last one."""
    best, last = table.iloc[int(table["fd"].argmin())], table.iloc[-1]
    return (
        f"took the generator of {int(best['images_seen']):,} pictures seen, the best of "
        f"{len(table)} by FD against the train and validation photos: {best['fd']:.2f} "
        f"(the last: {last['fd']:.2f})"
    )


@dataclass(frozen=True)
class Column:
    """The figures of a run, or of several trainings of one recipe, under their name."""

    name: str
    size: int  # pixels a side
    rows: pd.DataFrame  # as in metrics.csv


def of_runs(
    runs: list[Run], read: Callable[[Run], pd.DataFrame] = Run.read_metrics
) -> list[Column]:
    """A column a run; after a run that was trained anew, one of all its trainings together.

    The other trainings of the run NAME lie beside it, in the folder trainings-of-NAME.

    Raises:
        UserError: A table or the settings of a run can't be read.
    """
    columns = []
    for run in runs:
        size, rows = from_json(run.read_config()["settings"]).data.size, read(run)
        columns.append(Column(run.name, size, rows))
        others = find_runs(run.path.parent / f"trainings-of-{run.name}")
        if others:
            every = [rows, *map(read, others)]
            name = f"{run.name}, {len(every)} trainings"
            columns.append(Column(name, size, over_trainings(every)))
    return columns


def over_trainings(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """The figures of several trainings of one recipe as if of one run, `seed` for the training.

    A training's value is its mean over the seeds of its evaluation, so a range over `seed` is one
    over trainings. Figures that not every training has are left out.
    """
    keys = ["images_seen", "metric", "extractor", "body_type", "reference"]
    means = []
    for number, table in enumerate(tables):
        each = table.groupby(keys, as_index=False, sort=False)
        mean = each.agg(
            value=("value", "mean"), n_real=("n_real", "first"), judge=("judge", "first")
        )
        means.append(mean.assign(seed=number))
    together = pd.concat(means, ignore_index=True)
    trainings = together.groupby(keys)["seed"].transform("nunique")
    return together[trainings == len(tables)].reindex(columns=list(METRIC_COLUMNS))


def along(runs: list[Run]) -> str:
    """The figures of FOLLOWED that along.csv has, as Markdown: one line a generator that was kept.

    Of a run that was trained several times there is one line for all trainings together.

    Raises:
        UserError: A table can't be read.
    """
    whole = _together(of_runs(runs, _along))
    every = pd.concat([one.rows for one in whole.values()])
    measured = set(zip(every["metric"], every["extractor"], strict=True))
    columns = [figure for figure in FOLLOWED if figure in measured]
    heads = [title(*figure) for figure in columns]
    lines = ["| run | photos seen | " + " | ".join(heads) + " |", "|---|---|" + "---|" * len(heads)]
    for run, one in whole.items():
        for seen, rows in one.rows.groupby("images_seen"):
            lines.append(f"| {one.name} | {seen:,} | {_followed(rows, columns)} |")
        last = one.rows[one.rows["images_seen"] == one.rows["images_seen"].max()]
        lines.append(f"| photos, beside {run} | - | {_followed(last, columns, FLOOR)} |")
    return "\n".join(lines)


def _followed(rows: pd.DataFrame, columns: list[Figure], ending: str = "") -> str:
    """The cells of some figures; with an ending, those of photos or noise. "-" for none."""
    cells = []
    for metric, extractor in columns:
        key = metric + ending
        splits = _splits(rows, key, extractor)
        cells.append(_cell(rows, key, extractor, splits[0]) if splits else "-")
    return " | ".join(cells)


def _along(run: Run) -> pd.DataFrame:
    """along.csv, with the seconds of training at each count of photos as one more figure."""
    table, losses = run.read_along(), run.read_losses()
    times = losses.set_index("images_seen")["seconds"]
    about = {"metric": "seconds", "extractor": "", "body_type": "all", "reference": "", "seed": 0}
    rows = [
        about | {"images_seen": seen, "value": times[times.index <= seen].iloc[-1]}
        for seen in table["images_seen"].unique()
        if len(times) and times.index[0] <= seen
    ]
    return pd.concat([table, pd.DataFrame(rows, columns=table.columns)], ignore_index=True)


def markdown(columns: list[Column]) -> str:
    """All figures of runs side by side, as Markdown, then those of photos and of noise, by size.

    A cell is the mean over seeds, with their range where there are several. A table of the
    classes of all conditional runs follows. Figures against all train photos are left out where
    the same figure was measured against one half of the photos, of photos too.
    """
    columns = _latest(columns)
    sizes = sorted({one.size for one in columns})
    lines = _head(columns, ("photos", "noise"))
    of_photos = {on_photos(metric) for metric in METRICS}
    for metric in METRICS:
        if metric in of_photos or metric.endswith(NOISE):
            continue
        keys = [metric, *([metric + NOISE] if metric + NOISE in METRICS else [])]
        pairs = [pair for one in columns for key in keys for pair in _measured(one.rows, key)]
        for extractor, reference in dict.fromkeys(pairs):
            details = [*filter(None, [extractor]), *([_against(reference)] if reference else [])]
            note = f" ({', '.join(details)})" if details else ""
            cells = [_cell(one.rows, metric, extractor, reference) for one in columns]
            for key in (on_photos(metric), metric + NOISE):
                cells += [_at(size, columns, key, extractor, reference) for size in sizes]
            lines.append(f"| `{metric}`{note} | " + " | ".join(cells) + " |")
    return "\n".join(lines + _class_lines(columns))


def headline(columns: list[Column]) -> str:
    """The figures of SHORT, runs side by side, as Markdown; the last columns are of photos.

    Of a run that was trained several times there is one column, of all trainings together. FID and
    IS stand above what the report published of the trainings that runs repeat.
    """
    columns = _latest([*_together(columns).values()])
    sizes = sorted({one.size for one in columns})
    lines = _head(columns, ("photos",))
    found = [
        {(metric, extractor) for metric in METRICS for extractor, _ in _measured(one.rows, metric)}
        for one in columns
    ]
    counts = {figure: sum(figure in one for one in found) for figure in SHORT}
    for metric, extractor in without_stand_ins({one: n for one, n in counts.items() if n}):
        splits = [split for one in columns for split in _splits(one.rows, metric, extractor)]
        reference = max(REFERENCES, key=splits.count)  # of as many the first, the preferred one
        cells = [_cell(one.rows, metric, extractor, reference) for one in columns]
        cells += [_at(size, columns, on_photos(metric), extractor, reference) for size in sizes]
        name = title(metric, extractor)
        lines.append(f"| {name}, {METRICS[metric].better} is better | {' | '.join(cells)} |")
        said = [published.of_run(one.name, metric, extractor) for one in columns]
        if any(said):
            cells = [METRICS[metric].form.format(value) if value else "-" for value in said]
            cells += ["-"] * len(sizes)
            lines.append(f"| {name}, as the report published it | {' | '.join(cells)} |")
    return "\n".join(lines)


def _together(columns: list[Column]) -> dict[str, Column]:
    """The columns by run: of one that was trained several times, that of all its trainings."""
    return {one.name.split(",")[0]: one for one in columns}  # which is the last


def _latest(columns: list[Column]) -> list[Column]:
    return [replace(one, rows=beside_floors(latest(one.rows))) for one in columns]


def _head(columns: list[Column], others: tuple[str, ...]) -> list[str]:
    """The first lines of a table: a column a run, then one for each of `others` and each size."""
    sizes = sorted({one.size for one in columns})
    names = [one.name for one in columns]
    names += [f"{other}, {size} px" for other in others for size in sizes]
    return ["| figure | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]


def _at(size: int, columns: list[Column], key: str, extractor: str, reference: str) -> str:
    """The cell of what photos or noise score beside the runs of one size; "-" if not measured.

    It is against `reference` where there is such a figure, else against another split: what
    photos score against half of the photos stands beside such figures alone. Runs differ in it
    where they learned from other photos, or drew other class shares.
    """
    cells = []
    for one in columns:
        splits = _splits(one.rows, key, extractor) if one.size == size else []
        if splits:
            split = reference if reference in splits else splits[0]
            if "half" not in (split, reference) or split == reference:
                cells.append(_cell(one.rows, key, extractor, split))
    return " or ".join(dict.fromkeys(cells)) or "-"


def _splits(rows: pd.DataFrame, metric: str, extractor: str) -> list[str]:
    """The references against which a figure of all types was measured."""
    return [split for network, split in _measured(rows, metric) if network == extractor]


def _against(reference: str) -> str:
    return "half of the photos" if reference == "half" else f"{reference} photos"


def _measured(table: pd.DataFrame, metric: str) -> list[tuple[str, str]]:
    rows = table[(table["metric"] == metric) & (table["body_type"] == "all")]
    return list(zip(map(str, rows["extractor"]), map(str, rows["reference"]), strict=True))


def _cell(table: pd.DataFrame, metric: str, extractor: str, reference: str) -> str:
    same = (table["metric"] == metric) & (table["body_type"] == "all")
    values = table[same & (table["extractor"] == extractor) & (table["reference"] == reference)][
        "value"
    ]
    return "-" if values.empty else _mean(values, metric)


def _mean(values: pd.Series, metric: str, note: str = "") -> str:
    """The mean, with the range and `note` in brackets where there are several values."""
    form = METRICS[metric].form.format
    text = form(values.mean())
    low, high = form(values.min()), form(values.max())
    return f"{text} ({low} to {high}{note})" if low != high else text


def _class_lines(columns: list[Column]) -> list[str]:
    """The table of the classes; each judge's accuracy on photos stands before its first run.

    Of a run that was trained several times it shows all trainings together.
    """
    tables = {one.name: one_reference(one.rows) for one in _together(columns).values()}
    tables = {name: table[table["body_type"] != "all"] for name, table in tables.items()}
    ceilings = {name: table[table["metric"] == "classifier"] for name, table in tables.items()}
    judged: dict[str, list[str]] = {}  # runs by their judge
    for name, ceiling in ceilings.items():
        if len(ceiling):
            judged.setdefault(str(ceiling["judge"].iloc[0]), []).append(name)
    shown: list[tuple[str, pd.DataFrame, str]] = []
    for name, table in tables.items():
        for runs in judged.values():
            if name == runs[0]:
                whose = f", {' and '.join(runs)}" if len(judged) > 1 else ""
                shown.append((f"same classifier on photos{whose}", table, "classifier"))
        for metric in ("gan_test", "gan_train", "diversity"):
            if (table["metric"] == metric).any():
                shown.append((f"{metric}, {name}", table, metric))
    if not shown:
        return []
    photos = pd.concat(ceilings.values())
    head = ["body type", "held-out photos", *(title for title, _, _ in shown)]
    lines = ["", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for body_type, mine in photos.groupby("body_type", sort=False):
        cells = [_class_mean(table, metric, str(body_type)) for _, table, metric in shown]
        lines.append(f"| {body_type} | {mine['n_real'].max():.0f} | {' | '.join(cells)} |")
    return lines


def _class_mean(table: pd.DataFrame, metric: str, body_type: str) -> str:
    same = (table["metric"] == metric) & (table["body_type"] == body_type)
    values = table[same]["value"]
    return "-" if values.empty else _mean(values, metric)
