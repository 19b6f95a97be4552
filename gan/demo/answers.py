"""Plain answers to the questions that a reader has about one run, worked out from its files."""

import numpy as np
import pandas as pd

from gan.demo.spreads import Spread, show, show_range
from gan.experiments.findings import Finding

CLAIM_APART = "the body types of generated pictures can be told apart"
CLAIM_COPIES = "generated pictures copy training photos"
CLAIM_COUNT = "types with fewer photos come out worse"


def told_apart(
    test: Spread | None,
    ceiling: Spread | None,
    classes: int,
    guided: bool = False,
    calibrated: bool = False,
) -> Finding | None:
    """Whether the body types of generated pictures can be told apart.

    Args:
        test: GAN-test: the share that the classifier names as asked.
        ceiling: The same classifier on held-out real photos, mean of the types.
        classes: Number of body types; guessing blindly is right once in so many.
        guided: Whether the generator takes guidance, which makes pictures more typical.
        calibrated: Whether the default guidance of each type was chosen for what is measured here.
    """
    if test is None or classes < 2:
        return None
    chance = 1 / classes
    evidence = (
        "A classifier trained on real photos names the type that was asked for in "
        f"{show(test.value, 'gan_test')} of generated pictures"
        + (
            f" ({show_range(test, 'gan_test')} over {test.seeds} classifiers)"
            if test.seeds > 1
            else " (one classifier)"
        )
        + "; guessing would be right in "
        f"{show(chance, 'gan_test')}"
    )
    if ceiling is not None:
        evidence += (
            f", and on real held-out photos it is right in {show(ceiling.value, 'gan_test')} "
            "(mean of the types)"
        )
    if guided:
        evidence += ". More guidance makes cars more typical and raises this share"
    if test.low <= chance * 1.5:
        return Finding(CLAIM_APART, False, f"{evidence}.", "No: hardly better than guessing.")
    top = ceiling.value if ceiling else 1.0
    reached = (test.value - chance) / max(top - chance, 1e-9)
    if reached > 0.95:
        answer = (
            "Yes: a classifier names them as asked about as often as photos. "
            + (
                "The default guidance of each type was chosen for that, as far as 0 to 1 allows. "
                if calibrated
                else ""
            )
            + "That does not make them look as real as photos."
        )
        return Finding(CLAIM_APART, True, f"{evidence}.", answer)
    if reached > 0.6:
        return Finding(CLAIM_APART, True, f"{evidence}.", "Yes, most of them.")
    partly = "Partly: far above guessing, below real photos."
    return Finding(CLAIM_APART, None, f"{evidence}.", partly)


def copied(share: Spread | None, floor: Spread | None, matches: pd.DataFrame) -> Finding | None:
    """Whether pictures copy training photos, by their pixels, mirrored or not.

    Args:
        share: `copies`: the share of pictures that count as copies.
        floor: That share of held-out photos, which nobody can have copied.
        matches: copies.csv: similarity and rank of each picture, the most alike first.
    """
    if share is None:
        return None
    found = round(share.value * share.n_fake)
    evidence = (
        f"{found:,} of {share.n_fake:,.0f} pictures match a training photo, mirrored or not, "
        "better than 99 of 100 held-out photos do, pixel by pixel"
    )
    chance = 0.01
    if floor is not None and not np.isnan(floor.value):
        chance = floor.value
        evidence += f"; of held-out photos {show(chance, 'copies')} do"
    evidence += "."
    if not matches.empty:
        evidence += (
            f" The most alike pair: {show(float(matches['rank'].iloc[0]), 'copies')} of held-out "
            "photos match a training photo as well or better."
        )
    if not found:
        answer = f"No copy was found among {share.n_fake:,.0f} pictures, pixel by pixel."
        return Finding(CLAIM_COPIES, False, evidence, answer)
    if share.value <= chance:
        answer = "No more of its pictures count as copies than of photos that it never saw."
        return Finding(CLAIM_COPIES, False, evidence, answer)
    answer = "Possibly: more of its pictures count as copies than of photos that it never saw."
    return Finding(CLAIM_COPIES, None, evidence, answer)


def rare_by_count(per_class: pd.DataFrame) -> Finding | None:
    """How the rarest and the most frequent body type come out in one run, which tests nothing.

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
    answer = (
        f"One training can't tell. Named as asked are {show(rarest['value'], 'gan_test')} of the "
        f"rarest type and {show(commonest['value'], 'gan_test')} of the most frequent."
    )
    return Finding(CLAIM_COUNT, None, evidence, answer)
