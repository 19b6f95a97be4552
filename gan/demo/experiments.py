"""The kernel page's tables: from results.csv, or from single runs in its place."""

from pathlib import Path

import pandas as pd

from gan.demo import spreads, store
from gan.demo.catalogue import Entry
from gan.experiments.results import figure_rows
from gan.experiments.studies.kernel_size import COMPARED, PARAMETERS, KernelSize, by_kernel
from gan.experiments.studies.kernel_size import VIEWS as COMPARISONS

TEXTURES = 20  # times the floor: above it, no picture of these runs can be taken for a car
AS_TRAINED = "as trained"
VIEWS = COMPARISONS | {AS_TRAINED: "As trained"}


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
        if kernel not in (4, 6, 8) or entry.classes:
            continue
        narrow = view == PARAMETERS and kernel != 4
        folder, _, name = entry.name.rpartition("/")
        if folder != KernelSize.name:
            single.setdefault(f"Kernel {kernel}", []).append(entry)
        elif name.rpartition("-seed")[0] == f"k{kernel}{'-matched' if narrow else ''}":
            own.setdefault(f"Kernel {kernel}", []).append(entry)
    return dict(sorted((own or single).items()))


def limits(table: pd.DataFrame, entries: list[Entry], view: str) -> str:
    """How far the trainings of a view came, in words (see `reach`)."""
    everything, _ = store.experiment(KernelSize.name)
    floors = everything[everything["metric"] == "fd_floor"]["value"]
    runs = [run for runs in kernel_runs(entries, view).values() for run in runs]
    seen = [run.progress.get("images_seen") for run in runs]
    return reach(
        table[(table["view"] == view) & (table["metric"] == "fd")],
        float(floors.iloc[0]) if len(floors) else None,
        [count for count in seen if isinstance(count, int)],
    )


def reach(fd: pd.DataFrame, floor: float | None, seen: list[int]) -> str:
    """How far the kernels' trainings came, in words: how long they were, how good their pictures.

    Args:
        fd: Rows with the FD of each run (`value`).
        floor: FD of half of the real photos against the other half; None where it is unknown.
        seen: Photos that the runs saw.
    """
    if fd.empty or not seen:
        return ""
    least, most = min(seen), max(seen)
    photos = f"{least:,}" if least == most else f"{least:,} to {most:,}"
    words = f"Each of these trainings saw {photos} photos. "
    if floor is None:
        return words.strip()
    low, high = (spreads.show(value, "fd") for value in (fd["value"].min(), fd["value"].max()))
    words += f"Their FD is {low} to {high}; half of the real photos against the other half: "
    words += f"{spreads.show(floor, 'fd')}. "
    if fd["value"].min() > TEXTURES * floor:
        words += (
            "**So far from photos, every kernel draws textures, not cars**: what separates "
            "kernels here need not separate them after a longer training."
        )
    return words.strip()


def flat(single: pd.DataFrame) -> bool:
    """Whether a figure is the same in every run: a chart of it would show nothing."""
    return single["value"].nunique() <= 1


def cost_table(table: pd.DataFrame, view: str, metrics: list[str]) -> pd.DataFrame:
    """What each kernel costs, in words: one row a kernel, one column a metric."""
    wide: dict[str, dict[str, str]] = {}
    for metric in metrics:
        for _, row in kernel_spreads(table, view, metric, "").iterrows():
            shown = spreads.show(row["value"], metric)
            if row["high"] > row["low"]:
                low, high = (spreads.show(row[end], metric) for end in ("low", "high"))
                shown += f" ({low} to {high})"
            wide.setdefault(str(row["name"]), {})[spreads.title(metric, "")] = shown
    return pd.DataFrame.from_dict(wide, orient="index").rename_axis("Kernel").reset_index()


def main_view(table: pd.DataFrame) -> str | None:
    """The view that is shown first: equal pictures, where there is one."""
    known = set(table["view"])
    return next((view for view in VIEWS if view in known), None)


def verdicts(table: pd.DataFrame) -> dict[str, str]:
    """Which kernel is better, in a sentence, by each view's name."""
    answers = {VIEWS[view]: KernelSize.answer(table, view) for view in COMPARED}
    return {view: answer.verdict for view, answer in answers.items() if answer}


def moments(kernels: dict[str, list[Entry]], seed: int) -> list[int]:
    """Photos seen at the grids that the runs of one training seed kept, rising."""
    runs = [run for runs in kernels.values() for run in runs if run.settings]
    return sorted(
        {
            iteration * run.settings.loop.batch
            for run in runs
            if run.settings and run.settings.loop.seed == seed
            for iteration, _ in run.run.samples()
        }
    )


def grid_at(run: Entry, seen: int | None) -> tuple[Path, int]:
    """The grid nearest to so many photos seen (None: the last), and how many it had seen."""
    batch = run.settings.loop.batch if run.settings else 1
    grids = [(iteration * batch, path) for iteration, path in run.run.samples()]
    after, path = grids[-1] if seen is None else min(grids, key=lambda grid: abs(grid[0] - seen))
    return path, after
