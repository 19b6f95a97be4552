"""When a difference or a link counts: one of the same sign in every seed, and not by chance."""

import pandas as pd

LINKED = 0.738  # Spearman's coefficient at the two-sided 5 % limit, for eight body types
ENOUGH = 3  # seeds, below which no setting is called better than another


def verdict(*steps: pd.Series) -> bool | None:
    """Whether every step (paired differences, one a seed) goes up in every seed.

    True where all do, False where a step goes down in every seed, None otherwise: the range of
    a step's differences holds 0, or there are fewer than ENOUGH seeds.
    """
    signs = []
    for step in steps:
        found = step.dropna()
        enough = len(found) >= ENOUGH
        signs.append(1 if enough and found.min() > 0 else -1 if enough and found.max() < 0 else 0)
    if -1 in signs:
        return False
    return True if signs and all(signs) else None


def linked(ranks: pd.Series) -> bool | None:
    """Whether two things rise together over the eight body types.

    `ranks` holds Spearman's coefficient, one a seed. True where all are above LINKED, False where
    all are below -LINKED, None otherwise.
    """
    return True if ranks.min() >= LINKED else False if ranks.max() <= -LINKED else None
