"""Are photos named right wherever they come from? Part of an accuracy is the look of a source.

Nothing here needs torch, so pages can sum up what an evaluation wrote.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from gan.metrics.teaching import Lessons

MOST = 12  # sources that are told apart; a column of one address a photo tells nothing
SHARES = {"classifier": "photos", "gan_train": "generated"}  # metric: what was learned from
OTHERS, UNKNOWN = "the others", "not named"


def table(lessons: "Lessons", sources: np.ndarray) -> pd.DataFrame:
    """Shares of held-out photos named right, one row for each source and type that has any.

    The columns are those of `gan.runs.SOURCE_KINDS`; sources stand in the order of their photos,
    the largest first, and beyond MOST they are one.

    Args:
        lessons: What classifiers named each of N photos.
        sources: Where each comes from, text [N]; "" where nobody said.
    """
    named = pd.Series(sources).replace("", UNKNOWN)
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
    found = _summed(photos, ["source", "body_type"])
    return found.sort_values("source", key=lambda names: names.map(order.index), kind="stable")


def by_source(found: pd.DataFrame) -> pd.DataFrame:
    """One row a source of `table`'s rows: source, n_real, shares; the largest first."""
    return _summed(found, ["source"]).sort_values("n_real", ascending=False, ignore_index=True)


def by_type(found: pd.DataFrame) -> pd.DataFrame:
    """One row a type, of the largest source and of all others together: body_type, source, ..."""
    first = by_source(found)["source"].iloc[0]
    halves = found.assign(source=found["source"].where(found["source"] == first, OTHERS))
    return _summed(halves, ["body_type", "source"])


def _summed(found: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Photos counted and shares averaged over them, by `keys`."""
    shares = list(SHARES)
    right = found.assign(**{name: found[name] * found["n_real"] for name in shares})
    sums = right.groupby(keys, as_index=False)[["n_real", *shares]].sum()
    return sums.assign(**{name: sums[name] / sums["n_real"] for name in shares})
