"""Accuracy by the source of the photos: a classifier may recognise a source and not the car.

It needs no torch, so that pages can use it.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from gan.metrics.teaching import Lessons

MOST = 12  # sources that are listed, at most; the others are taken together
# By metric, the key of `Lessons.named`: what the classifiers were trained on.
SHARES = {"classifier": "photos", "gan_train": "generated"}
OTHERS, UNKNOWN = "the others", "not named"


def table(lessons: "Lessons", sources: np.ndarray) -> pd.DataFrame:
    """Shares of held-out photos named right, one row for each source and type with photos.

    The columns are those of `gan.runs.SOURCE_KINDS`. Sources with most photos come first; beyond
    MOST they are taken together.

    Args:
        lessons: The classes that classifiers name for N photos.
        sources: The source of each of these photos, text [N]; "" where it isn't known.
    """
    # A source that is called like the sum of the rest is put in quotation marks.
    named = pd.Series(sources).replace({"": UNKNOWN, OTHERS: f'"{OTHERS}"'})
    known = named.value_counts().index[:MOST]
    right = {
        metric: (lessons.named[learned_from] == lessons.labels).mean(0)
        for metric, learned_from in SHARES.items()
    }
    photos = pd.DataFrame(
        {"source": named.where(named.isin(known), OTHERS)}
        | {"body_type": np.array(lessons.classes)[lessons.labels], "n_real": 1}
        | right
    )
    order = [*known, OTHERS]
    rows = _summed(photos, ["source", "body_type"])
    return rows.sort_values("source", key=lambda names: names.map(order.index), kind="stable")


def by_source(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `table` summed for each source: source, n_real, shares; the largest first."""
    return _summed(rows, ["source"]).sort_values("n_real", ascending=False, ignore_index=True)


def by_type(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of `table`, which has some, with all sources but the largest taken together."""
    first = by_source(rows)["source"].iloc[0]
    halves = rows.assign(source=rows["source"].where(rows["source"] == first, OTHERS))
    return _summed(halves, ["body_type", "source"])


def _summed(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The number of photos and the mean shares, by `keys`."""
    shares = list(SHARES)
    right = rows.assign(**{name: rows[name] * rows["n_real"] for name in shares})
    sums = right.groupby(keys, as_index=False)[["n_real", *shares]].sum()
    return sums.assign(**{name: sums[name] / sums["n_real"] for name in shares})
