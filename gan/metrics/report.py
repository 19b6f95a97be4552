"""The figures of an evaluation as text: one line a figure, one table of the classes."""

import pandas as pd

# In the order in which a reader wants them; with the digits that mean something.
ORDER = {
    "fid": "{:.2f}",
    "fd": "{:.2f}",
    "fd_floor": "{:.2f}",
    "is": "{:.2f}",
    "kid": "{:.4f}",
    "precision": "{:.3f}",
    "recall": "{:.3f}",
    "classifier": "{:.3f}",
    "gan_test": "{:.3f}",
    "gan_train": "{:.3f}",
    "diversity": "{:.2f}",
    "neighbour_distance": "{:.2f}",
}
PER_CLASS = ("classifier", "gan_test", "gan_train", "diversity", "kid")


def figures(rows: pd.DataFrame) -> str:
    """One line a figure: mean over seeds, their range, the counts and the reference split."""
    whole = rows[rows["body_type"] == "all"]
    lines = []
    for metric, digits in ORDER.items():
        found = whole[whole["metric"] == metric]
        for (extractor, reference), group in found.groupby(["extractor", "reference"], sort=False):
            text = digits.format(group["value"].mean())
            if len(group) > 1:
                low, high = (digits.format(f(group["value"])) for f in (min, max))
                text += f" ({low} to {high}, range of {len(group)} seeds)"
            first = group.iloc[0]
            counts = [
                f"{int(first[column]):,} {kind}"
                for column, kind in (("n_fake", "generated"), ("n_real", "real"))
                if pd.notna(first.get(column))
            ]
            if metric == "fd_floor":
                counts = [f"{int(first['n_fake']):,} and {int(first['n_real']):,} real"]
            about = ", ".join([*counts, *([f"{reference} split"] if reference else [])])
            lines.append(f"  {metric:<19}{extractor:<20}{text}   [{about}]")
    return "\n".join(lines)


def classes(rows: pd.DataFrame) -> str:
    """A table of the classes, mean over seeds; empty where nothing is measured by class."""
    found = rows[(rows["body_type"] != "all") & rows["metric"].isin(PER_CLASS)]
    # Inception's KID would be averaged with Lite2's: the first extractor speaks.
    found = found[(found["metric"] != "kid") | (found["extractor"] == _first_kid(found))]
    if found.empty:
        return ""
    table = found.pivot_table(
        index="body_type", columns="metric", values="value", aggfunc="mean", sort=False
    )
    columns = [metric for metric in PER_CLASS if metric in table]
    formats = {metric: ORDER[metric].format for metric in columns}
    return table[columns].to_string(formatters=formats)


def _first_kid(rows: pd.DataFrame) -> str:
    names = rows.loc[rows["metric"] == "kid", "extractor"]
    return str(names.iloc[0]) if len(names) else ""
