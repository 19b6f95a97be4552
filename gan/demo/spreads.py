"""Figures of merit as tables: named, averaged over seeds, with their spread; no drawing."""

import math
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gan.demo.catalogue import Entry
from gan.experiments.results import COLUMNS
from gan.metrics.glossary import BY_CLASS
from gan.metrics.glossary import METRICS as METRICS
from gan.metrics.glossary import title as title
from gan.runs import latest as latest
from gan.runs import one_reference

AS_TRAINED = "as trained"  # the view of single runs, which stand in for the kernel experiment
SUMMARY_COLUMNS = ("value", "low", "high", "seeds", "n_real", "n_fake")
# Read as a share of one: shown in per cent.
SHARES = {key for key, metric in METRICS.items() if metric.scale == "share"}
LOWER_IS_BETTER = {key for key, metric in METRICS.items() if metric.better == "lower"}
# Metrics of a generator's pictures, in the order in which they are shown.
QUALITY = [key for key, metric in METRICS.items() if metric.subject == "pictures" and metric.better]


@dataclass(frozen=True)
class Spread:
    """A mean with the range that it was taken over."""

    value: float
    low: float
    high: float
    seeds: int
    n_real: float = math.nan
    n_fake: float = math.nan


def show(value: float, metric: str) -> str:
    """A value with as many digits as it deserves."""
    return METRICS[metric].show(value)


def percent(share: float) -> str:
    """A share of one in whole per cent."""
    return "an unknown share" if math.isnan(share) else f"{100 * share:.0f} %"


def show_range(spread: Spread, metric: str) -> str:
    """The interval of a mean in words."""
    low, high = show(spread.low, metric), show(spread.high, metric)
    return low if low == high else f"{low} to {high}"


def over_seeds(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Mean and range of `value` for each combination of `keys`; one row a combination.

    A single row keeps the interval that it was measured with (columns low and high, where
    they exist).

    Returns:
        `keys` and SUMMARY_COLUMNS.
    """
    rows = []
    clean = table[pd.to_numeric(table["value"], errors="coerce").notna()]
    for names, group in clean.groupby(keys, sort=False, dropna=False):
        low, high = group["value"].min(), group["value"].max()
        if len(group) == 1 and {"low", "high"} <= set(group) and group["low"].notna().all():
            low, high = group["low"].iloc[0], group["high"].iloc[0]
        counts = [group["n_real"].max(), group["n_fake"].max()]
        rows.append([*names, group["value"].mean(), low, high, len(group), *counts])
    return pd.DataFrame(rows, columns=[*keys, *SUMMARY_COLUMNS])


def pick(metrics: pd.DataFrame, metric: str, extractor: str | None = None) -> Spread | None:
    """One figure of a run over all body types, with its range over seeds; None if not measured."""
    rows = metrics[(metrics["metric"] == metric) & (metrics["body_type"] == "all")]
    if extractor is not None:
        rows = rows[rows["extractor"] == extractor]
    if "reference" in rows:
        rows = one_reference(rows)
    table = over_seeds(rows, ["metric"])
    if table.empty:
        return None
    row = table.iloc[0]
    return Spread(
        float(row["value"]),
        float(row["low"]),
        float(row["high"]),
        int(row["seeds"]),
        float(row["n_real"]),
        float(row["n_fake"]),
    )


def pick_any(metrics: pd.DataFrame, metric: str, extractor: str) -> Spread | None:
    """One figure of a run, or its mean over body types where it was measured for each alone."""
    return pick(over_types(metrics[metrics["metric"] == metric]), metric, extractor)


def over_types(metrics: pd.DataFrame) -> pd.DataFrame:
    """The rows over all body types; figures measured for each type alone as their mean, by seed."""
    whole = metrics["body_type"].isin(["all", ""])
    pairs = pd.Series(zip(metrics["metric"], metrics["extractor"], strict=True), metrics.index)
    alone = metrics[~whole & ~pairs.isin(set(pairs[whole])) & metrics["metric"].isin(BY_CLASS)]
    keys = ["images_seen", "metric", "extractor", "reference", "seed"]
    means = alone.groupby(keys, as_index=False, sort=False, dropna=False).agg(
        value=("value", "mean"), n_real=("n_real", "sum"), n_fake=("n_fake", "sum")
    )
    return (
        pd.concat([metrics[whole], means.assign(body_type="all")]) if len(means) else metrics[whole]
    )


def results_from_runs(runs: list[tuple[Entry, pd.DataFrame]]) -> pd.DataFrame:
    """What results.csv would hold, from single unconditional runs and their metrics.csv."""
    parts = []
    for entry, metrics in runs:
        kernel = getattr(entry.settings.network, "kernel", None) if entry.settings else None
        if kernel is None or metrics.empty or entry.classes:
            continue
        rows = one_reference(latest(metrics))
        seed = entry.settings.loop.seed if entry.settings else 0
        parts.append(rows.assign(setting=f"k{kernel}", seed=seed, view=AS_TRAINED))
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def elsewhere() -> pd.DataFrame:
    """What large systems reach on cars, as their papers say."""
    return pd.read_csv(Path(__file__).with_name("elsewhere.csv"))


def counts_in_words(table: pd.DataFrame, hollow: bool = False) -> str:
    """What a chart's marks stand for and how many pictures were compared.

    `hollow` says that the chart shows single trainings too, as hollow marks.
    """
    seeds = table["seeds"].dropna()
    if seeds.empty:
        return ""
    least, most = int(seeds.min()), int(seeds.max())
    words = (
        "One run a setting: there is no spread to show."
        if most == 1
        else f"Filled: mean of {least if least == most else f'{least} to {most}'} training seeds; "
        "line: lowest to highest" + ("; hollow: single trainings." if hollow else ".")
    )
    real, fake = table["n_real"].max(), table["n_fake"].max()
    if real > 0 and fake > 0:
        words += f" {fake:,.0f} generated against {real:,.0f} real pictures."
    elif fake > 0:
        words += f" {fake:,.0f} generated pictures."
    return words
