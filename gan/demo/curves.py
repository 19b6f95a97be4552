"""Loss curves made fit to draw: smoothed, then thinned; no drawing."""

import numpy as np
import pandas as pd

POINTS = 600  # points a line: what a screen shows, and a hundredth of a long run's rows


def smooth(values: pd.Series, weight: float) -> pd.Series:
    """Exponential moving average with TensorBoard's debiasing; NaN is skipped, not spread.

    Args:
        values: Any numbers.
        weight: How much of the past is kept, from 0 (nothing is smoothed) to below 1.
    """
    weight = min(max(weight, 0.0), 0.999)
    return values.ewm(alpha=1 - weight, adjust=True, ignore_na=True).mean()


def thin(table: pd.DataFrame) -> pd.DataFrame:
    """At most POINTS rows, evenly spread, the first and the last among them."""
    if len(table) <= POINTS:
        return table
    return table.iloc[np.linspace(0, len(table) - 1, POINTS).round().astype(int)]


def loss_lines(losses: pd.DataFrame, label: str, weight: float) -> pd.DataFrame:
    """Long form for a chart: run, network, iteration, images_seen, raw, smoothed.

    Args:
        losses: losses.csv of one run.
        label: What the legend calls the run.
        weight: See `smooth`.
    """
    lines = []
    for column, network in (("loss_g", "generator"), ("loss_d", "discriminator")):
        line = losses[["iteration", "images_seen"]].assign(
            run=label,
            network=network,
            raw=losses[column].replace([np.inf, -np.inf], np.nan),
        )
        # Smoothed on every row, thinned afterwards: the other order changes the curve.
        line["smoothed"] = smooth(line["raw"], weight)
        lines.append(thin(line))
    return pd.concat(lines, ignore_index=True)
