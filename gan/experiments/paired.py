"""When a difference between settings counts: paired by seed, and of one sign in every seed."""

import pandas as pd

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
