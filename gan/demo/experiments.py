"""From each experiment's results.csv to what the pages say of it."""

import pandas as pd

from gan.demo import answers, spreads, store
from gan.demo.answers import Answer
from gan.demo.catalogue import Entry
from gan.experiments import named
from gan.experiments.paired import ENOUGH, verdict

KERNEL = "kernel-size"
RARE = "rare-types"
ABLATIONS = "ablations"
PIECES = "recipe-pieces"
WHOLE, REPORT = "whole", "report"  # the recipe with every piece; what it is compared with
PIECE_FIGURES = (
    ("fd", "efficientnet-lite2"),
    ("gan_test", "car-classifier"),
    ("diversity_first", "car-classifier"),
)
BASES = ("base", "conditional")  # what the ablations start from
SHORT = "short"  # the view of the ablations in which every setting was run
VIEWS = {
    "equal-pictures": "Equal pictures",
    "equal-time": "Equal time",
    answers.EQUAL_PARAMETERS: "Equal parameters",
    "as trained": "As trained",
}
SAMPLING = ("as they come", "balanced")  # how often a type is drawn in training
# What the rare-types experiment says of the types that were cut.
CUT_FIGURES = (
    ("gan_test", "car-classifier"),
    ("kid", "efficientnet-lite2"),
    ("diversity_first", "car-classifier"),
    ("copying", "car-classifier"),
)
FULL_SETTINGS = ("full", "cut-1", "cut-1/1", "none", "uncut")


def kernel_results(entries: list[Entry]) -> tuple[pd.DataFrame, str | None, bool]:
    """The kernel experiment's rows (with `kernel` and `name`), or single runs in their place.

    Returns:
        The rows, what is wrong with results.csv (None where nothing is), and whether the rows
        come from the experiment.
    """
    table, problem = store.experiment(KERNEL)
    if not table.empty:
        found = answers.settings_named(table)
        if not found.empty:
            return found, problem, True
    single = spreads.results_from_runs(
        [(entry, store.metrics(entry)) for entry in entries if entry.settings is not None]
    )
    return answers.settings_named(single), problem, False


def kernel_rows(table: pd.DataFrame, view: str, metric: str, extractor: str) -> pd.DataFrame:
    """One metric's rows in a view, one a run."""
    return table[
        (table["view"] == view)
        & (table["metric"] == metric)
        & (table["extractor"] == extractor)
        & (table["body_type"].isin(["all", ""]))
    ]


def kernel_spreads(table: pd.DataFrame, view: str, metric: str, extractor: str) -> pd.DataFrame:
    """Mean and range of one metric for each kernel: name, value, low, high, seeds, counts."""
    rows = kernel_rows(table, view, metric, extractor)
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
        narrow = view == answers.EQUAL_PARAMETERS and kernel != 4
        folder, _, name = entry.name.rpartition("/")
        if folder != KERNEL:
            single.setdefault(f"Kernel {kernel}", []).append(entry)
        elif name.rpartition("-seed")[0] == f"k{kernel}{'-matched' if narrow else ''}":
            own.setdefault(f"Kernel {kernel}", []).append(entry)
    return dict(sorted((own or single).items()))


def ablation_effects(table: pd.DataFrame) -> tuple[pd.DataFrame, str, str] | None:
    """What each change of a setting does to the deciding metric, paired by seed, best first.

    Returns:
        setting, base, value (mean change), low, high, seeds, n_real, n_fake, shown (in words);
        the metric and the extractor. None where nothing can be compared yet.
    """
    chosen = spreads.deciding(table)
    if chosen is None:
        return None
    metric, extractor = chosen
    rows = table[
        (table["metric"] == metric)
        & (table["extractor"] == extractor)
        & table["body_type"].isin(["all", ""])
    ]
    if SHORT in set(rows["view"]):
        rows = rows[rows["view"] == SHORT]
    wide = spreads.by_seed(rows, "setting")
    sign = 1 if metric in spreads.LOWER_IS_BETTER else -1
    counts = {column: rows[column].max() for column in ("n_real", "n_fake")}
    found = []
    for setting in map(str, wide.columns):
        base = ablation_base(setting, list(wide.columns))
        change = (wide[setting] - wide[base]).dropna() if base in wide else pd.Series()
        if setting in BASES or change.empty:
            continue
        better = verdict(-sign * change)
        unclear = "seeds don't agree" if len(change) >= ENOUGH else f"fewer than {ENOUGH} seeds"
        shown = {True: "better with every seed", False: "worse with every seed", None: unclear}
        found.append(
            {
                "setting": setting,
                "base": base,
                "value": change.mean(),
                "low": change.min(),
                "high": change.max(),
                "seeds": len(change),
                "shown": shown[better],
            }
            | counts
        )
    if not found:
        return None
    effects = pd.DataFrame(found).sort_values("value", ascending=sign > 0, ignore_index=True)
    return effects, metric, extractor


def piece_table(table: pd.DataFrame) -> pd.DataFrame:
    """The conditional recipe whole, without each piece, and the report's pair, in words.

    Returns:
        One row a recipe: `recipe`, a column for each of PIECE_FIGURES (mean and range over the
        training seeds), and what the whole recipe is better and worse at with every seed. Empty
        where the whole recipe or all others are missing.
    """
    views = dict.fromkeys(named.PIECES, "equal-pictures") | {REPORT: "equal-time"}
    words = {one: f"Without {piece}" for one, piece in named.PIECES.items()}
    words |= {WHOLE: "The whole recipe", REPORT: "The report's pair, trained for as long"}
    rows: dict[str, dict[str, str]] = {}
    for metric, extractor in PIECE_FIGURES:
        name = spreads.title(metric, extractor)
        for setting, view in views.items():
            wide = spreads.by_seed(kernel_rows(table, view, metric, extractor), "setting")
            if WHOLE not in wide or setting not in wide:
                continue
            whole = rows.setdefault(
                WHOLE, {"recipe": "The whole recipe", "better": "", "worse": ""}
            )
            whole[name] = answers.spread(wide[WHOLE], metric)
            row = rows.setdefault(setting, {"recipe": words[setting], "better": "", "worse": ""})
            row[name] = answers.spread(wide[setting], metric)
            sign = -1 if metric in spreads.LOWER_IS_BETTER else 1
            better = verdict(sign * (wide[WHOLE] - wide[setting]))
            if better is not None:
                said = "better" if better else "worse"
                row = rows[setting]
                row[said] = ", ".join(filter(None, (row[said], name.partition(" ")[0])))
    worth = pd.DataFrame(list(rows.values())).fillna("not measured")
    last = [column for column in ("better", "worse") if column in worth]
    return worth[[*worth.columns.drop(last), *last]]


def ablation_base(setting: str, settings: list[str]) -> str:
    """What a setting is compared with: its own name's beginning where that was run, else base."""
    longer = [one for one in settings if setting.startswith(f"{one}-")]
    return max(longer, key=len) if longer else BASES[0]


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


def kernel_answer(table: pd.DataFrame, view: str) -> tuple[Answer, str] | None:
    """Which kernel is better in a view, and the name of the metric that decides."""
    chosen = spreads.deciding(table[table["view"] == view])
    if chosen is None:
        return None
    rows = kernel_rows(table, view, *chosen)
    found = answers.best_setting(spreads.by_seed(rows, "name"), chosen[0])
    return None if found is None else (found, spreads.title(*chosen))


def main_view(table: pd.DataFrame) -> str | None:
    """The view that is shown first: equal pictures, where there is one."""
    found = list(dict.fromkeys(table["view"]))
    return next((view for view in VIEWS if view in found), found[0] if found else None)


def rare_table(table: pd.DataFrame) -> tuple[pd.DataFrame, str, str, str] | None:
    """The rare-types experiment: (a run's mean over cut types, metric, extractor, full setting)."""
    for metric, extractor in (CUT_FIGURES[0], *spreads.DECIDING):
        rows = _of_cut_types(table, metric, extractor)
        full = next(
            (name for name in dict.fromkeys(rows["setting"]) if name in FULL_SETTINGS), None
        )
        if full is not None:
            return rows, metric, extractor, full
    return None


def _of_cut_types(table: pd.DataFrame, metric: str, extractor: str) -> pd.DataFrame:
    """One figure, a row a run: the mean over the types whose photos were cut."""
    rows = table[(table["metric"] == metric) & (table["extractor"] == extractor)]
    groups = [group for group in dict.fromkeys(rows["body_type"]) if group not in ("all", "")]
    cut = [name for name in groups if name in ("Cut", "Rare")] or groups
    if cut:
        rows = rows[rows["body_type"].isin(cut)]
    # A seed's mean over its cut types first: the range is then over seeds alone.
    return rows.groupby(["setting", "seed"], as_index=False, sort=False).agg(
        value=("value", "mean"), n_real=("n_real", "max"), n_fake=("n_fake", "max")
    )


def by_share(table: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """Figures of the cut types by the share of their photos that was kept.

    Returns:
        For each figure its metric and a table: kept ("all", "1/2", ...), sampling (of SAMPLING),
        value, low, high, seeds. With nothing cut both samplings are the same run.
    """
    found = []
    for metric, extractor in CUT_FIGURES:
        rows = _of_cut_types(table, metric, extractor)
        parts = rows["setting"].str.extract(r"^cut-(1/\d+)(-balanced)?$")
        plain, balanced = SAMPLING
        rows = rows.assign(kept=parts[0], sampling=parts[1].map({"-balanced": balanced}))
        rows["sampling"] = rows["sampling"].fillna(plain)
        whole = rows[rows["setting"].isin(FULL_SETTINGS)].assign(kept="all")
        rows = pd.concat(
            [*(whole.assign(sampling=one) for one in SAMPLING), rows[parts[0].notna()]]
        )
        if rows["kept"].nunique() > 1:
            found.append((metric, spreads.over_seeds(rows, ["kept", "sampling"])))
    return found


def rare_answers(table: pd.DataFrame) -> list[Answer]:
    """The rare-types experiment in sentences: worse, helped by balance, copied?"""
    found = rare_table(table)
    if found is None:
        return []
    rows, metric, _, full = found
    wide = spreads.by_seed(rows, "setting")
    ratio, rank = (
        spreads.by_seed(_of_cut_types(table, name, CUT_FIGURES[0][1]), "setting")
        for name in ("copying", "copying_rank")
    )
    said = (
        answers.rare_by_experiment(wide, metric, full),
        answers.balance_helps(wide, metric),
        answers.few_are_copied(ratio, rank),
    )
    return [one for one in said if one is not None]
