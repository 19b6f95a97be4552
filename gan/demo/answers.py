"""Plain answers to the questions that a reader has, worked out from the files; no drawing."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from gan.demo.spreads import LOWER_IS_BETTER, Spread, show, show_range, title
from gan.experiments.named import share_kept
from gan.experiments.paired import ENOUGH, linked, verdict

EQUAL_PARAMETERS = "equal-parameters"
RANK = 0.05  # a share of sets of unseen photos above this comes about by chance


@dataclass(frozen=True)
class Answer:
    """A short verdict and the figures that carry it."""

    verdict: str
    evidence: str


def best_setting(wide: pd.DataFrame, metric: str) -> Answer | None:
    """Which setting is best, and whether it is so in every seed.

    Args:
        wide: One metric: a row a training seed, a column a setting, NaN where there is no run.
        metric: Decides whether low or high is good.

    Returns:
        None where fewer than two settings were measured.
    """
    wide = wide.dropna(axis=1, how="all")
    if wide.shape[1] < 2:
        return None
    lower = metric in LOWER_IS_BETTER
    # Half-way through an experiment some settings lack seeds: compared on those that all have.
    common = wide.dropna()
    means = (wide if common.empty else common).mean()
    best, *rest = (str(name) for name in means.sort_values(ascending=lower).index)
    behind = {name: (wide[name] - wide[best]) * (1 if lower else -1) for name in rest}
    beaten = [name for name in rest if verdict(behind[name])]
    tied = [name for name in rest if name not in beaten]
    listed = "; ".join(f"{name}: {spread(wide[name], metric)}" for name in (best, *rest))
    paired = "; ".join(
        f"{name} is behind by {spread(found, metric)}"
        for name, found in behind.items()
        if found.count() > 1
    )
    if paired:
        listed += f". Seed by seed, {paired}"
    if max(found.count() for found in behind.values()) < ENOUGH:
        words = (
            f"{best} scores best, but fewer than {ENOUGH} seeds a setting can't show a real "
            "difference."
        )
    elif not tied:
        words = f"{best} is best, and the difference is real: it is ahead with every seed."
    elif beaten:
        words = (
            f"{best} scores best on average. It beats {_join(beaten)} with every seed, but not "
            f"{_join(tied)}."
        )
    else:
        words = f"{best} scores best on average, but not with every seed: no difference is shown."
    return Answer(words, listed)


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
    together = linked(pd.Series([rank]))
    if together:
        return Answer("Yes: the fewer photos of a type, the worse it comes out.", evidence)
    if together is False:
        return Answer("No: types with few photos come out better here.", evidence)
    return Answer("No clear link between a type's photos and its quality in this run.", evidence)


def rare_by_experiment(wide: pd.DataFrame, metric: str, full: str) -> Answer | None:
    """What cutting a type's photos did to it, from the experiment that cut them.

    Args:
        wide: The cut types' figure: a row a training seed, a column a setting.
        metric: Decides whether low or high is good.
        full: The setting in which nothing was cut.
    """
    others = [str(name) for name in wide.columns if name != full]
    if full not in wide or not others:
        return None
    sign = 1 if metric in LOWER_IS_BETTER else -1
    worse = {name: verdict((wide[name] - wide[full]) * sign) for name in others}
    kept = {full: "all"} | {name: share_kept(name) for name in others}
    listed = f"{title(metric, '')} by the share of photos kept. "
    listed += "; ".join(f"{share}: {spread(wide[name], metric)}" for name, share in kept.items())
    if max((wide[name] - wide[full]).count() for name in others) < ENOUGH:
        return Answer(f"Fewer than {ENOUGH} seeds a setting: too few to say.", listed)
    if all(worse.values()):
        return Answer("Yes: with fewer photos the same types come out worse.", listed)
    if any(worse.values()):
        names = [name for name, one in worse.items() if one]
        cuts = [
            f"{how} {_join([share_kept(name).split(',')[0] for name in found])}"
            for how, found in (
                ("", [name for name in names if not name.endswith("-balanced")]),
                ("with balanced batches", [name for name in names if name.endswith("-balanced")]),
            )
            if found
        ]
        words = "; ".join(cut.strip() for cut in cuts)
        return Answer(
            f"Yes, with these shares of their photos: {words}. Elsewhere the seeds don't agree.",
            listed,
        )
    return Answer("No difference is shown: the seeds don't agree.", listed)


def balance_helps(wide: pd.DataFrame, metric: str) -> Answer | None:
    """Whether drawing every type equally often makes the cut types better, over all cuts.

    Args:
        wide: The cut types' figure: a row a training seed; columns in pairs, X and X-balanced.
        metric: Decides whether low or high is good.
    """
    pairs = [str(name) for name in wide.columns if f"{name}-balanced" in wide]
    if not pairs:
        return None
    changes = pd.DataFrame({name: wide[f"{name}-balanced"] - wide[name] for name in pairs})
    change = changes.mean(axis=1, skipna=False).dropna()
    if change.empty:
        return None
    sign = -1 if metric in LOWER_IS_BETTER else 1
    each = "; ".join(f"{share_kept(name)}: {spread(changes[name], metric)}" for name in pairs)
    listed = f"Change by the share of photos kept. Mean: {spread(change, metric)}; {each}."
    better = verdict(sign * change)
    helped = [share_kept(name) for name in pairs if verdict(sign * changes[name])]
    if len(change) < ENOUGH:
        words = f"Balanced sampling: fewer than {ENOUGH} seeds, too few to say."
    elif better is None and helped:
        words = (
            f"Balanced sampling helps types with {_join(helped)} of their photos; over all cuts "
            "the seeds don't agree."
        )
    elif better is None:
        words = "Balanced sampling makes no difference that all seeds show."
    else:
        words = f"Balanced sampling makes rare types {'better' if better else 'worse'}."
    return Answer(words, listed)


def few_are_copied(ratio: pd.DataFrame, rank: pd.DataFrame) -> Answer | None:
    """Whether pictures of the cut types lie nearer to the few photos than chance explains.

    Args:
        ratio: Distance to the photos learned from, over that to as many unseen ones: a row a
            training seed, a column a setting.
        rank: The share of sets of unseen photos that lie as near; chance is above RANK.
    """
    if ratio.empty or rank.empty:
        return None
    nearest = str(ratio.mean().idxmin())
    copied = [share_kept(name) for name in rank.columns if verdict(RANK + 1e-9 - rank[name])]
    evidence = (
        f"Nearest with {share_kept(nearest)} of the photos: {spread(ratio[nearest], 'copying')} "
        "of the distance to as many photos that the training never saw; 1 is no nearer."
    )
    if max(rank[name].count() for name in rank) < ENOUGH:
        return Answer(f"Copies: fewer than {ENOUGH} seeds, too few to say.", evidence)
    if copied:
        return Answer(f"Nearer to the few photos than chance explains: {_join(copied)}.", evidence)
    return Answer("No copies: no nearer to the few photos than chance explains.", evidence)


def spread(numbers: pd.Series, metric: str) -> str:
    """A mean with its range and its number of seeds, in words."""
    found = numbers.dropna()
    if len(found) < 2:
        return f"{show(found.mean(), metric)} (one run)"
    low, high = show(found.min(), metric), show(found.max(), metric)
    return f"{show(found.mean(), metric)} ({low} to {high}, {len(found)} seeds)"


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def settings_named(table: pd.DataFrame) -> pd.DataFrame:
    """Add `kernel` and `name` ("Kernel 4") to rows whose setting names a kernel; drop others.

    A network narrowed to equal parameters (`k6-matched`) speaks for its kernel in the view of
    equal parameters alone, and one of full width (`k6`) in every other.
    """
    parts = table["setting"].str.extract(r"^k([468])(-matched)?$")
    narrow = parts[1].notna()
    fits = narrow.eq(table["view"].eq(EQUAL_PARAMETERS)) | (parts[0].eq("4") & ~narrow)
    named = table[parts[0].notna() & fits].copy()
    named["kernel"] = parts.loc[named.index, 0].astype(int)
    named["name"] = "Kernel " + named["kernel"].astype(str)
    return named
