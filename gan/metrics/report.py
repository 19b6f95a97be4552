"""The figures of an evaluation as text: one line a figure, one table of the classes."""

import pandas as pd

from gan.metrics import sources
from gan.metrics.glossary import CLASSIFIER, FLOOR, LITE2, METRICS, title
from gan.runs import latest, one_reference

BY_CLASS = [key for key, metric in METRICS.items() if metric.by_class]
# The figures of a short table.
HEADLINE = (
    ("fd", LITE2),
    ("fd", CLASSIFIER),
    ("precision", LITE2),
    ("recall", LITE2),
    ("gan_test", CLASSIFIER),
    ("gan_train", CLASSIFIER),
)


def figures(rows: pd.DataFrame) -> str:
    """One line a figure: mean over seeds, their range, the counts and the reference split."""
    whole = rows[rows["body_type"] == "all"]
    lines = []
    for metric, about in METRICS.items():
        digits = about.form
        found = whole[whole["metric"] == metric]
        for (extractor, reference), group in found.groupby(["extractor", "reference"], sort=False):
            text = digits.format(group["value"].mean())
            if len(group) > 1:
                low, high = (digits.format(f(group["value"])) for f in (min, max))
                text += f" ({low} to {high}, range of {len(group)} seeds)"
            first = group.iloc[0]
            drawn = "photos in their place" if metric.endswith(FLOOR) else "generated"
            counts = [
                f"{int(first[column]):,} {kind}"
                for column, kind in (("n_fake", drawn), ("n_real", "real"))
                if pd.notna(first.get(column))
            ]
            basis = ", ".join([*counts, *([_against(str(reference))] if reference else [])])
            lines.append(f"  {metric:<19}{extractor:<20}{text}   [{basis}]")
    return "\n".join(lines)


def classes(rows: pd.DataFrame) -> str:
    """A table of the classes, mean over seeds; empty where nothing is measured by class."""
    rows = one_reference(rows)
    found = rows[(rows["body_type"] != "all") & rows["metric"].isin(BY_CLASS)]
    # Inception's KID would be averaged with Lite2's: the first extractor speaks.
    found = found[(found["metric"] != "kid") | (found["extractor"] == _first_kid(found))]
    if found.empty:
        return ""
    table = found.pivot_table(
        index="body_type", columns="metric", values="value", aggfunc="mean", sort=False
    )
    columns = [metric for metric in BY_CLASS if metric in table]
    formats = {metric: METRICS[metric].form.format for metric in columns}
    return table[columns].to_string(formatters=formats)


def by_source(found: pd.DataFrame) -> str:
    """Photos named right by where they come from, of rows of by_source.csv; empty without any."""
    if found.empty:
        return ""
    formats = {name: METRICS[name].form.format for name in sources.SHARES}
    parts = (sources.by_source(found), sources.by_type(found))
    return "\n\n".join(part.to_string(index=False, formatters=formats) for part in parts)


def choice(table: pd.DataFrame) -> str:
    """Which generator was taken, and how it compares with the last."""
    best, last = table.iloc[int(table["fd"].argmin())], table.iloc[-1]
    return (
        f"took the generator of {int(best['images_seen']):,} pictures seen, the best of "
        f"{len(table)} by FD on the train split: {best['fd']:.2f} (the last: {last['fd']:.2f})"
    )


def _first_kid(rows: pd.DataFrame) -> str:
    names = rows.loc[rows["metric"] == "kid", "extractor"]
    return str(names.iloc[0]) if len(names) else ""


def markdown(tables: dict[str, pd.DataFrame]) -> str:
    """Runs side by side, for a README: name of each run and its metrics.csv to Markdown.

    Each cell is the mean over seeds, with their range where there are several. Then a table of
    the classes of every conditional run.
    """
    tables = {name: latest(table) for name, table in tables.items()}
    names = list(tables)
    lines = ["| figure | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    for metric in METRICS:
        pairs = [pair for table in tables.values() for pair in _measured(table, metric)]
        for extractor, reference in dict.fromkeys(pairs):
            named = [extractor] if extractor else []
            split = [_against(reference)] if reference else []
            about = f" ({', '.join(named + split)})" if named or split else ""
            cells = [_cell(table, metric, extractor, reference) for table in tables.values()]
            lines.append(f"| `{metric}`{about} | " + " | ".join(cells) + " |")
    return "\n".join(lines + _class_lines(tables))


def headline(tables: dict[str, pd.DataFrame]) -> str:
    """The figures that matter most, runs side by side, as Markdown; the last column is photos'.

    What photos reach is measured beside every run; that of the last run that has it is shown.
    """
    tables = {name: latest(table) for name, table in tables.items()}
    lines = ["| figure | " + " | ".join([*tables, "photos"]) + " |"]
    lines.append("|---|" + "---|" * (len(tables) + 1))
    for metric, extractor in HEADLINE:
        photos = "classifier" if metric in ("gan_test", "gan_train") else metric + FLOOR
        pairs = [_beside(table, metric, photos, extractor) for table in tables.values()]
        reached = [cell for _, cell in pairs if cell != "-"] or ["-"]
        name = f"{title(metric, extractor)}, {METRICS[metric].better} is better"
        lines.append(
            f"| {name} | " + " | ".join([*(cell for cell, _ in pairs), reached[-1]]) + " |"
        )
    return "\n".join(lines)


def _beside(table: pd.DataFrame, metric: str, photos: str, extractor: str) -> tuple[str, str]:
    """A figure and that of photos against the same reference, where one reference has both."""
    splits = [
        [split for network, split in _measured(table, key) if network == extractor]
        for key in (metric, photos)
    ]
    both = [split for split in splits[0] if split in splits[1]]
    chosen = [(both + mine)[:1] for mine in splits]
    ours, theirs = (
        _cell(table, key, extractor, split[0]) if split else "-"
        for key, split in zip((metric, photos), chosen, strict=True)
    )
    return ours, theirs


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
    if values.empty:
        return "-"
    digits = METRICS[metric].form
    text = digits.format(values.mean())
    if len(values) > 1:
        text += f" ({digits.format(values.min())} to {digits.format(values.max())})"
    return text


def _class_lines(tables: dict[str, pd.DataFrame]) -> list[str]:
    tables = {name: one_reference(table) for name, table in tables.items()}
    columns = [
        (name, metric)
        for name, table in tables.items()
        for metric in ("gan_test", "diversity")
        if ((table["metric"] == metric) & (table["body_type"] != "all")).any()
    ]
    if not columns:
        return []
    head = [f"{metric}, {name}" for name, metric in columns]
    lines = [
        "",
        "| body type | held-out photos | same classifier on photos | " + " | ".join(head) + " |",
    ]
    lines.append("|---|---|---|" + "---|" * len(columns))
    first = tables[columns[0][0]]
    ceilings = first[(first["metric"] == "classifier") & (first["body_type"] != "all")]
    for body_type in dict.fromkeys(map(str, ceilings["body_type"])):
        mine = ceilings[ceilings["body_type"] == body_type]
        cells = [_class_mean(tables[name], metric, body_type) for name, metric in columns]
        best = f"{mine['n_real'].max():.0f} | {mine['value'].mean():.3f}"
        lines.append(f"| {body_type} | {best} | " + " | ".join(cells) + " |")
    return lines


def _class_mean(table: pd.DataFrame, metric: str, body_type: str) -> str:
    same = (table["metric"] == metric) & (table["body_type"] == body_type)
    return METRICS[metric].form.format(table[same]["value"].mean())
