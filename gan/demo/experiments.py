"""The kernel page's tables: from results.csv, or from single runs in its place."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pandas as pd

from gan.demo import spreads, store
from gan.demo.catalogue import Entry
from gan.experiments.kernel_verdicts import (
    DISTANCES,
    KERNELS,
    PARAMETERS,
    TIME,
    WHOLE,
    by_kernel,
)
from gan.experiments.kernel_verdicts import VIEWS as COMPARISONS
from gan.experiments.results import figure_rows, setting_of
from gan.experiments.results import pictures_seen as judged_at
from gan.experiments.studies.kernel_size import KernelSize
from gan.metrics import published
from gan.metrics.glossary import (
    CLASSIFIER,
    FLOOR,
    HEADLINE,
    INCEPTION,
    LITE2,
    Figure,
    without_stand_ins,
)

NAMES = [f"Kernel {kernel}" for kernel in KERNELS]
VIEWS = COMPARISONS | {spreads.AS_TRAINED: "As trained"}
JUDGES = (
    "Two networks judge: EfficientNet-Lite2 and the car classifier. A kernel is ahead where its FD "
    "is lower; it is shown to be ahead where both judges show it."
)
FOLLOWED: list[Figure] = [("fd", LITE2), ("fd", CLASSIFIER)]  # drawn along the training
# Photos seen before which the report's networks of base width 32 draw nothing like a car: their
# grids show smudges after 160,000 and cars after 320,000.
CARS_FROM = 200_000


def kernel_results(entries: list[Entry]) -> tuple[pd.DataFrame, str | None, bool]:
    """The kernel experiment's rows (with `kernel` and `name`), or single runs in their place.

    Returns:
        The rows, what is wrong with results.csv (None where nothing is), and whether the rows
        come from the experiment.
    """
    table, problem = store.experiment(KernelSize.name)
    rows = by_kernel(table)
    if not rows.empty:
        return rows, problem, True
    single = spreads.results_from_runs(
        [(entry, store.metrics(entry)) for entry in entries if entry.settings is not None]
    )
    return by_kernel(single), problem, False


def kernel_spreads(table: pd.DataFrame, view: str, metric: str, extractor: str) -> pd.DataFrame:
    """Mean and range of one metric for each kernel: name, value, low, high, seeds, counts."""
    rows = figure_rows(table, metric, extractor, view)
    return spreads.over_seeds(rows, ["name"]).sort_values("name").reset_index(drop=True)


def kernel_runs(entries: list[Entry], view: str) -> dict[str, list[Entry]]:
    """The runs behind each kernel in a view, by kernel; single runs before the experiment exists.

    The experiment's own runs share data, budget and latents.
    """
    own: dict[str, list[Entry]] = {}
    single: dict[str, list[Entry]] = {}
    for entry in entries:
        kernel = getattr(entry.settings.network, "kernel", None) if entry.settings else None
        if kernel not in KERNELS or entry.classes:
            continue
        narrow = view == PARAMETERS and kernel != 4
        folder, _, name = entry.name.rpartition("/")
        if folder != KernelSize.name:
            single.setdefault(f"Kernel {kernel}", []).append(entry)
        elif (found := setting_of(name)) and found[0] == f"k{kernel}{'-matched' * narrow}":
            own.setdefault(f"Kernel {kernel}", []).append(entry)
    return dict(sorted((own or single).items()))


def with_network(run: Entry, entries: list[Entry]) -> Entry | None:
    """The run that keeps this one's network: itself or the same training elsewhere, if any.

    The experiment keeps few networks, and a network ships once.
    """
    same = (one for one in (run, *entries) if one.settings == run.settings)
    return next((one for one in same if one.ready), None)


def reached(table: pd.DataFrame, view: str) -> str:
    """How long the trainings of a view were."""
    seen = judged_at(table[table["view"] == view]).values()
    if not seen:
        return ""
    first, last = min(seen), max(seen)
    words = f"Judged after {first:,}{'' if first == last else f' to {last:,}'} photos seen."
    if last < CARS_FROM:
        words += " So early the networks draw smudges, not cars yet: those are what is compared."
    return words


def limits(table: pd.DataFrame, view: str) -> str:
    """Why budgets are counted in photos seen, and what photos score in the pictures' place."""
    words = (
        "Length is counted in photos seen, not in epochs: the report's set was 6.6 times as large."
    )
    everything, _ = store.experiment(KernelSize.name)
    for metric, extractor in _shown(table[table["view"] == view], DISTANCES):
        same = everything["extractor"] == extractor
        floors = everything[same & (everything["metric"] == metric + FLOOR)]
        if not floors.empty:
            floor = floors.iloc[0]
            name, value = spreads.title(metric, extractor), spreads.show(floor["value"], metric)
            words += (
                f" {name} of {floor['n_fake']:,.0f} real photos in the pictures' place, "
                f"against {floor['n_real']:,.0f}: {value}."
            )
    return words


def _shown(rows: pd.DataFrame, figures: Sequence[Figure]) -> list[Figure]:
    """Those of `figures` that some of the rows hold, without stand-ins that are not needed."""
    counts = rows[rows["body_type"] == "all"].groupby(["metric", "extractor"]).size().to_dict()
    return without_stand_ins({one: counts[one] for one in figures if one in counts})


def in_short(table: pd.DataFrame, view: str, name: str) -> str:
    """A kernel's figures that sum it up, and how long it trained, in a line."""
    here = table[(table["view"] == view) & (table["body_type"] == "all") & (table["name"] == name)]
    words = []
    for metric, extractor in [*_shown(here, HEADLINE), ("seconds", "")]:
        rows = here[(here["metric"] == metric) & (here["extractor"] == extractor)]["value"]
        if not rows.empty:
            words.append(f"{spreads.title(metric, extractor)} **{_with_range(rows, metric)}**")
    if not words:
        return ""
    if view == TIME:
        seen = list(judged_at(here).values())
        few, many = f"{min(seen):,}", f"{max(seen):,}"
        words.append(f"**{few if few == many else f'{few} to {many}'}** photos seen")
    seeds = here["seed"].nunique()
    return f"{', '.join(words)}; {seeds} seed{'s' * (seeds > 1)}"


def by_inception(table: pd.DataFrame, name: str) -> str:
    """FID and IS of a kernel by view, of those views that have them; "" if none has."""
    rows = table[(table["extractor"] == INCEPTION) & (table["name"] == name)]
    words = []
    for view in VIEWS:
        here = rows[rows["view"] == view]
        found = {key: here[here["metric"] == key]["value"] for key in published.FIGURES}
        figures = [
            f"{spreads.title(key, INCEPTION)} {_with_range(of, key)}"
            for key, of in found.items()
            if not of.empty
        ]
        if figures:
            words.append(f"{', '.join(figures)} ({VIEWS[view].lower()})")
    return "; ".join(words)


def _with_range(values: pd.Series, metric: str) -> str:
    """A mean over seeds, and the lowest and highest where they differ."""
    mean, low, high = (
        spreads.show(value, metric) for value in (values.mean(), values.min(), values.max())
    )
    return mean if low == high else f"{mean} ({low} to {high})"


def figures(table: pd.DataFrame, view: str) -> pd.DataFrame:
    """Each kernel's figures in a view as text: one row a figure, one column a kernel.

    Those of the pictures come first, with what the report published, then those of the training.
    What is the same in most runs of every kernel, such as a recall of 0, is left out.
    """
    here = table[(table["view"] == view) & (table["body_type"] == "all")]
    everything, _ = store.experiment(KernelSize.name)
    trainings = published.trainings().query("variant == 'unconditional'")
    names = "Kernel " + trainings["kernel"].astype(str)
    rows = []
    for metric, about in spreads.METRICS.items():
        for extractor in dict.fromkeys(here.loc[here["metric"] == metric, "extractor"]):
            rest = here[(here["metric"] == metric) & (here["extractor"] == extractor)]
            if about.subject == "photos" or not _differs(rest):
                continue
            row = {"Figure": spreads.title(metric, extractor), "Better": about.better}
            row |= _by_name(rest, metric)
            floors = figure_rows(everything, metric + FLOOR, extractor, "")
            if floors.empty:
                floors = figure_rows(everything, metric + FLOOR, extractor, view)
            if not floors.empty:
                row["Photos"] = spreads.show(floors["value"].iloc[0], metric)
            rows.append(row)
        if metric in published.FIGURES:
            whole = figure_rows(table, metric, INCEPTION, WHOLE)
            if not whole.empty and INCEPTION not in set(here["extractor"]):
                row = {"Figure": f"{about.name}, {VIEWS[WHOLE].lower()}", "Better": about.better}
                rows.append(row | _by_name(whole, metric))
            told = [spreads.show(value, metric) for value in trainings[metric]]
            row = {"Figure": f"{about.name}, as the report published it", "Better": about.better}
            rows.append(row | dict(zip(names, told, strict=True)))
    order = ["Figure", *(name for name in NAMES if name in set(here["name"]))]
    order += ["Photos"] * any("Photos" in row for row in rows) + ["Better"]
    return pd.DataFrame(rows, columns=order).fillna("")


def _differs(rows: pd.DataFrame) -> bool:
    """Whether a figure may tell kernels apart: not if most runs of each have the same value."""
    usual = {_usual(values) for _, values in rows.groupby("name")["value"]}
    return rows["name"].nunique() == 1 or None in usual or len(usual) > 1


def _usual(values: pd.Series) -> float | None:
    """The value that more than half of the runs have, if any."""
    counts = values.value_counts()
    return float(counts.index[0]) if counts.iloc[0] > len(values) / 2 else None


def _by_name(rows: pd.DataFrame, metric: str) -> dict[str, str]:
    """Each kernel's mean, with its range."""
    return {str(name): _with_range(of["value"], metric) for name, of in rows.groupby("name")}


def charted(table: pd.DataFrame, view: str) -> list[Figure]:
    """Figures of the pictures that differ between runs of several kernels and seeds, in order.

    Of one seed a chart would say no more than the table.
    """
    here = table[(table["view"] == view) & (table["body_type"] == "all")]
    if here["name"].nunique() < 2 or here["seed"].nunique() < 2:
        return []
    figures = [
        (str(metric), str(extractor))
        for (metric, extractor), rows in here.groupby(["metric", "extractor"], sort=False)
        if metric in spreads.QUALITY and rows["value"].nunique() > 1 and _differs(rows)
    ]
    return sorted(_shown(here, figures), key=lambda one: spreads.QUALITY.index(one[0]))


def along_means(curve: pd.DataFrame) -> pd.DataFrame:
    """The mean curve of each kernel, up to where all its trainings go.

    `curve` is as `kernel_verdicts.along` gives it. Where a single training goes on alone, its value
    is no mean of all.

    Returns:
        name, pictures, seconds, value.
    """
    seeds = curve.groupby(["name", "pictures"])["seed"].transform("nunique")
    whole = curve[seeds == seeds.groupby(curve["name"]).transform("max")]
    return whole.groupby(["name", "pictures"], as_index=False)[["seconds", "value"]].mean()


def main_view(table: pd.DataFrame) -> str | None:
    """The view that is shown first: equal pictures, where there is one."""
    known = set(table["view"])
    return next((view for view in VIEWS if view in known), None)


def moments(kernels: dict[str, list[Entry]], seed: int) -> list[int]:
    """Photos seen at the grids of one training seed that several kernels have, rising.

    Where there is one kernel, those that it has. Of two that are nearly the same, the later: a
    point of the curves lies one batch before a comparison.
    """
    seen = Counter(
        iteration * run.settings.loop.batch
        for runs in kernels.values()
        for run in runs
        if run.settings and run.settings.loop.seed == seed
        for iteration, _ in run.run.samples()
    )
    shared = sorted(moment for moment, count in seen.items() if count > 1) or sorted(seen)
    return [one for one, later in pairwise(shared) if later > 1.01 * one] + shared[-1:]


def compared_at(table: pd.DataFrame, view: str, seed: int) -> dict[str, int]:
    """Photos that each kernel had seen where a view compares it, by its name."""
    here = table[(table["view"] == view) & (table["seed"] == seed)]
    names = dict(zip(here["setting"], here["name"], strict=True))
    return {names[setting]: seen for (setting, *_), seen in judged_at(here).items()}


def grid_at(run: Entry, seen: int | None) -> tuple[Path, int]:
    """The grid nearest to so many photos seen (None: the last), and how many it had seen."""
    batch = run.settings.loop.batch if run.settings else 1
    grids = [(iteration * batch, path) for iteration, path in run.run.samples()]
    after, path = grids[-1] if seen is None else min(grids, key=lambda grid: abs(grid[0] - seen))
    return path, after
