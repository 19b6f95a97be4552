"""Plain answers to the questions that a reader has, worked out from the files; no drawing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan.demo import figures
from gan.demo.figures import LOWER_IS_BETTER, Spread, show, show_range


@dataclass(frozen=True)
class Answer:
    """A short verdict and the figures that carry it."""

    verdict: str
    evidence: str


def best_setting(table: pd.DataFrame, metric: str) -> Answer | None:
    """Which setting is best, and whether the difference is larger than the spread over seeds.

    Args:
        table: Columns of `figures.spreads` and `name` (what a setting is called), one metric.
        metric: Decides whether low or high is good.

    Returns:
        None where fewer than two settings were measured.
    """
    if len(table) < 2:
        return None
    lower = metric in LOWER_IS_BETTER
    ordered = table.sort_values("value", ascending=lower).reset_index(drop=True)
    best, rest = ordered.iloc[0], ordered.iloc[1:]
    apart = rest["low"] > best["high"] if lower else rest["high"] < best["low"]
    listed = "; ".join(
        f"{row['name']}: {show(row['value'], metric)} ({show(row['low'], metric)} to "
        f"{show(row['high'], metric)}, {row['seeds']:.0f} seeds)"
        if row["seeds"] > 1
        else f"{row['name']}: {show(row['value'], metric)} (one run)"
        for _, row in ordered.iterrows()
    )
    if ordered["seeds"].min() < 2:
        verdict = f"{best['name']} scores best, but one run a setting can't show a real difference."
    elif apart.all():
        verdict = (
            f"{best['name']} is best, and the difference is real: its range over seeds overlaps "
            "no other."
        )
    elif apart.any():
        tied = _join(list(rest.loc[~apart, "name"]))
        beaten = _join(list(rest.loc[apart, "name"]))
        verdict = (
            f"{best['name']} scores best on average. It beats {beaten} for real, but its range "
            f"over seeds overlaps that of {tied}."
        )
    else:
        verdict = (
            f"{best['name']} scores best on average, but the ranges over seeds overlap: "
            "no difference is shown."
        )
    return Answer(verdict, listed)


def told_apart(
    test: Spread | None, ceiling: Spread | None, classes: int, judge: str = "classifier"
) -> Answer | None:
    """Whether the body types of generated pictures can be told apart.

    Args:
        test: GAN-test: the share that the classifier names as asked.
        ceiling: The same classifier on held-out real photos.
        classes: Number of body types; guessing blindly is right once in so many.
        judge: What the text calls the classifier.
    """
    if test is None or classes < 2:
        return None
    chance = 1 / classes
    evidence = (
        f"A {judge} trained on real photos names the type that was asked for in "
        f"{show(test.value, 'gan_test')} of generated pictures ({show_range(test, 'gan_test')} "
        f"over {test.seeds} classifier seeds); guessing would be right in "
        f"{show(chance, 'gan_test')}"
    )
    if ceiling is not None:
        evidence += (
            f", and on real held-out photos it is right in {show(ceiling.value, 'gan_test')}"
        )
    if test.low <= chance * 1.5:
        return Answer("No: hardly better than guessing.", evidence + ".")
    top = ceiling.value if ceiling else 1.0
    reached = (test.value - chance) / max(top - chance, 1e-9)
    verdict = (
        "Yes: as well as in real photos."
        if reached > 0.95
        else "Yes, most of them."
        if reached > 0.6
        else "Partly: far above guessing, below real photos."
    )
    return Answer(verdict, evidence + ".")


def memorised(distances: pd.DataFrame) -> Answer | None:
    """Whether generated pictures lie closer to training photos than unseen real photos do.

    Args:
        distances: neighbour_distances.csv: kind (generated, held-out), body_type, distance.
    """
    if distances.empty:
        return None
    values = {
        kind: group["distance"].dropna().to_numpy() for kind, group in distances.groupby("kind")
    }
    if not {"generated", "held-out"} <= values.keys():
        return None
    generated, held = values["generated"], values["held-out"]
    if not len(generated) or not len(held):
        return None
    close = np.quantile(held, 0.01)
    share = float((generated < close).mean())
    evidence = (
        f"The nearest training photo is at {np.median(generated):.2f} from the median generated "
        f"picture (of {len(generated):,}) and at {np.median(held):.2f} from the median held-out "
        f"real photo (of {len(held):,}). {100 * share:.1f} % of generated pictures are closer "
        "than the closest 1 % of held-out photos."
    )
    # Held-out photos are at this distance 1 % of the time by definition.
    if share <= 0.02:
        return Answer("No sign of it: they are as far from the photos as unseen photos.", evidence)
    if share <= 0.10:
        return Answer("A few pictures come closer to photos than unseen photos do.", evidence)
    return Answer("Possibly: many pictures come closer than unseen photos do.", evidence)


def rare_by_count(per_class: pd.DataFrame) -> Answer | None:
    """Whether body types with fewer training photos come out worse, within one run.

    Args:
        per_class: Columns body_type, photos (in the training split), value (GAN-test recall).
    """
    table = per_class.dropna()
    if len(table) < 4 or table["photos"].nunique() < 2:
        return None
    rank = float(table["photos"].rank().corr(table["value"].rank()))
    ordered = table.sort_values("photos")
    rarest, commonest = ordered.iloc[0], ordered.iloc[-1]
    evidence = (
        f"Rarest: {rarest['body_type']} ({rarest['photos']:,.0f} photos), named as asked in "
        f"{show(rarest['value'], 'gan_test')}; most frequent: {commonest['body_type']} "
        f"({commonest['photos']:,.0f} photos), {show(commonest['value'], 'gan_test')}. "
        f"Rank correlation of photos and share over {len(table)} types: {rank:+.2f}."
    )
    # 0.738 is the two-sided 5 % limit of Spearman's coefficient for eight values.
    if rank >= 0.738:
        return Answer("Yes: the fewer photos of a type, the worse it comes out.", evidence)
    if rank <= -0.738:
        return Answer("No: types with few photos come out better here.", evidence)
    return Answer("No clear link between a type's photos and its quality in this run.", evidence)


def rare_by_experiment(cut: pd.DataFrame, metric: str, full: str) -> Answer | None:
    """What cutting a type's photos did to it, from the experiment that cut them.

    Args:
        cut: Columns of `figures.spreads` with `setting`: the cut types' figures, one metric.
        metric: Decides whether low or high is good.
        full: The setting in which nothing was cut.
    """
    whole = cut[cut["setting"] == full]
    others = cut[cut["setting"] != full]
    if whole.empty or others.empty:
        return None
    base = whole.iloc[0]
    lower = metric in LOWER_IS_BETTER
    worse = others["low"] > base["high"] if lower else others["high"] < base["low"]
    listed = "; ".join(
        f"{row['setting']}: {show(row['value'], metric)} ({show(row['low'], metric)} to "
        f"{show(row['high'], metric)})"
        for _, row in pd.concat([whole, others]).iterrows()
    )
    if cut["seeds"].min() < 2:
        return Answer("One run a setting: too few to say.", listed)
    if worse.all():
        return Answer("Yes: with fewer photos the same types come out worse.", listed)
    if worse.any():
        names = _join(list(others.loc[worse, "setting"]))
        return Answer(f"Yes, in: {names}. Elsewhere the ranges over seeds overlap.", listed)
    return Answer("No difference is shown: the ranges over seeds overlap.", listed)


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def settings_named(table: pd.DataFrame) -> pd.DataFrame:
    """Add `kernel` and `name` ("kernel 4") to rows whose setting names a kernel; drop others."""
    kernels = table["setting"].map(figures.kernel_of)
    named = table[kernels.notna()].copy()
    named["kernel"] = kernels.dropna().astype(int)
    named["name"] = "Kernel " + named["kernel"].astype(str)
    return named
