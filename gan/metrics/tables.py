"""The figures of evaluations as text: lines for a terminal, and tables in Markdown."""

from collections.abc import Callable

import pandas as pd

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
from gan.runs import METRIC_COLUMNS, Run, beside_floors, find_runs, latest, one_reference

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


def of_runs(
    runs: list[Run], read: Callable[[Run], pd.DataFrame] = Run.read_metrics
) -> dict[str, pd.DataFrame]:
    """A table of runs by name; after a run that was trained anew, all its trainings together.

    The other trainings of the run NAME lie beside it, in the folder trainings-of-NAME.

    Raises:
        UserError: A table can't be read.
    """
    tables = {}
    for run in runs:
        tables[run.name] = read(run)
        others = find_runs(run.path.parent / f"trainings-of-{run.name}")
        if others:
            every = [tables[run.name], *map(read, others)]
            tables[f"{run.name}, {len(every)} trainings"] = over_trainings(every)
    return tables


def over_trainings(tables: list[pd.DataFrame]) -> pd.DataFrame:
    """The figures of several trainings of one recipe as if of one run, `seed` for the training.

    A training's value is its mean over the seeds of its evaluation, so a range over `seed` is one
    over trainings. Figures by type are left out, and those that not every training has.
    """
    keys = ["images_seen", "metric", "extractor", "body_type", "reference"]
    means = []
    for number, table in enumerate(tables):
        whole = table[table["body_type"] == "all"]
        mean = whole.groupby(keys, as_index=False, sort=False)["value"].mean()
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
    tables = of_runs(runs, _along)
    whole = {name.split(",")[0]: name for name in tables}  # the last: all trainings together
    every = pd.concat(tables.values())
    measured = set(zip(every["metric"], every["extractor"], strict=True))
    columns = [figure for figure in FOLLOWED if figure in measured]
    heads = [title(*figure) for figure in columns]
    lines = ["| run | photos seen | " + " | ".join(heads) + " |", "|---|---|" + "---|" * len(heads)]
    for name in whole.values():
        for seen, rows in tables[name].groupby("images_seen"):
            lines.append(f"| {name} | {seen:,} | {_followed(rows, columns)} |")
        last = tables[name][tables[name]["images_seen"] == tables[name]["images_seen"].max()]
        lines.append(
            f"| photos, beside {name.split(',')[0]} | - | {_followed(last, columns, FLOOR)} |"
        )
    return "\n".join(lines)


def _followed(rows: pd.DataFrame, columns: list[Figure], ending: str = "") -> str:
    """The cells of some figures; with an ending, those of photos or noise. "-" for none."""
    cells = []
    for metric, extractor in columns:
        key = metric + ending
        splits = [split for network, split in _measured(rows, key) if network == extractor]
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


def markdown(tables: dict[str, pd.DataFrame]) -> str:
    """All figures of runs side by side, as Markdown; `tables` are their metrics.csv by name.

    A cell is the mean over seeds, with their range where there are several. A table of the
    classes of all conditional runs follows. Figures without a floor are left out where the same
    figure against one half of the photos has one.
    """
    tables = {name: beside_floors(latest(table)) for name, table in tables.items()}
    names = list(tables)
    lines = ["| figure | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for metric in METRICS:
        pairs = [pair for table in tables.values() for pair in _measured(table, metric)]
        for extractor, reference in dict.fromkeys(pairs):
            details = [*filter(None, [extractor]), *([_against(reference)] if reference else [])]
            note = f" ({', '.join(details)})" if details else ""
            cells = [_cell(table, metric, extractor, reference) for table in tables.values()]
            lines.append(f"| `{metric}`{note} | " + " | ".join(cells) + " |")
    return "\n".join(lines + _class_lines(tables))


def headline(tables: dict[str, pd.DataFrame]) -> str:
    """The figures of SHORT, runs side by side, as Markdown; the last column is that of photos.

    What photos score is measured beside every run; the value of the last run that has it is shown.
    FID and IS stand above what the report published of the trainings that runs repeat.
    """
    tables = {name: latest(table) for name, table in tables.items()}
    lines = ["| figure | " + " | ".join([*tables, "photos"]) + " |"]
    lines.append("|---|" + "---|" * (len(tables) + 1))
    found = [
        {(metric, extractor) for metric in METRICS for extractor, _ in _measured(table, metric)}
        for table in tables.values()
    ]
    counts = {figure: sum(figure in one for one in found) for figure in SHORT}
    for metric, extractor in without_stand_ins({one: n for one, n in counts.items() if n}):
        pairs = [_beside(table, metric, extractor) for table in tables.values()]
        reached = [cell for _, cell in pairs if cell != "-"] or ["-"]
        name = title(metric, extractor)
        cells = [*(cell for cell, _ in pairs), reached[-1]]
        lines.append(f"| {name}, {METRICS[metric].better} is better | {' | '.join(cells)} |")
        said = [published.of_run(run, metric, extractor) for run in tables]
        if any(said):
            cells = [METRICS[metric].form.format(value) if value else "-" for value in said]
            lines.append(f"| {name}, as the report published it | {' | '.join([*cells, '-'])} |")
    return "\n".join(lines)


def _beside(table: pd.DataFrame, metric: str, extractor: str) -> tuple[str, str]:
    """The cells of a figure and of what photos score, against one reference if possible."""
    keys = metric, on_photos(metric)
    splits = [
        [split for network, split in _measured(table, key) if network == extractor] for key in keys
    ]
    both = [split for split in splits[0] if split in splits[1]]
    pictures, photos = (
        _cell(table, key, extractor, (both + own)[0]) if own else "-"
        for key, own in zip(keys, splits, strict=True)
    )
    return pictures, photos


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
    if len(values) > 1:
        text += f" ({form(values.min())} to {form(values.max())}{note})"
    return text


def _class_lines(tables: dict[str, pd.DataFrame]) -> list[str]:
    """The table of the classes; each judge's accuracy on photos stands before its first run."""
    tables = {name: one_reference(table) for name, table in tables.items()}
    tables = {name: table[table["body_type"] != "all"] for name, table in tables.items()}
    ceilings = {name: table[table["metric"] == "classifier"] for name, table in tables.items()}
    judged: dict[str, list[str]] = {}  # runs by their judge
    for name, ceiling in ceilings.items():
        if len(ceiling):
            judged.setdefault(str(ceiling["judge"].iloc[0]), []).append(name)
    columns: list[tuple[str, pd.DataFrame, str]] = []
    for name, table in tables.items():
        for runs in judged.values():
            if name == runs[0]:
                whose = f", {' and '.join(runs)}" if len(judged) > 1 else ""
                columns.append((f"same classifier on photos{whose}", table, "classifier"))
        for metric in ("gan_test", "gan_train", "diversity"):
            if (table["metric"] == metric).any():
                columns.append((f"{metric}, {name}", table, metric))
    if not columns:
        return []
    photos = pd.concat(ceilings.values())
    head = ["body type", "held-out photos", *(title for title, _, _ in columns)]
    lines = ["", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    for body_type, mine in photos.groupby("body_type", sort=False):
        cells = [_class_mean(table, metric, str(body_type)) for _, table, metric in columns]
        lines.append(f"| {body_type} | {mine['n_real'].max():.0f} | {' | '.join(cells)} |")
    return lines


def _class_mean(table: pd.DataFrame, metric: str, body_type: str) -> str:
    same = (table["metric"] == metric) & (table["body_type"] == body_type)
    values = table[same]["value"]
    return "-" if values.empty else METRICS[metric].form.format(values.mean())
