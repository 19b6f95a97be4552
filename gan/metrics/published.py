"""The report's figures as it published them: other photos, counts not given, one run each."""

from pathlib import Path

import pandas as pd

from gan.metrics.glossary import INCEPTION

FIGURES = ("fid", "is")  # read by Inception


def trainings() -> pd.DataFrame:
    """run, variant, kernel, epochs, fid, is, losses: one row a training of the report.

    `run` is the shipped run of the same networks, on other photos, "" where there is none.
    """
    return pd.read_csv(Path(__file__).with_suffix(".csv"), keep_default_na=False)


def of_run(run: str, metric: str, extractor: str) -> float | None:
    """FID or IS that the report published of a shipped run's networks; None for other figures."""
    rows = trainings().query("run == @run")
    if extractor != INCEPTION or metric not in FIGURES or rows.empty:
        return None
    return float(rows[metric].iloc[0])
