"""Plain answers to the questions that a reader has about one run, worked out from its files."""

import numpy as np
import pandas as pd

from gan.demo.spreads import Spread, show, show_range
from gan.experiments.findings import Finding, linked

CLAIM_APART = "the body types of generated pictures can be told apart"
CLAIM_COPIES = "generated pictures lie closer to training photos than unseen photos do"
CLAIM_COUNT = "types with fewer photos come out worse"


def told_apart(
    test: Spread | None, ceiling: Spread | None, classes: int, judge: str = "classifier"
) -> Finding | None:
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
        f"{show(test.value, 'gan_test')} of generated pictures"
        + (f" ({show_range(test, 'gan_test')} over {test.seeds} classifiers)" * (test.seeds > 1))
        + "; guessing would be right in "
        f"{show(chance, 'gan_test')}"
    )
    if ceiling is not None:
        evidence += (
            f", and on real held-out photos it is right in {show(ceiling.value, 'gan_test')}"
        )
    if test.low <= chance * 1.5:
        return Finding(CLAIM_APART, False, f"{evidence}.", "No: hardly better than guessing.")
    top = ceiling.value if ceiling else 1.0
    reached = (test.value - chance) / max(top - chance, 1e-9)
    if reached > 0.95:
        return Finding(CLAIM_APART, True, f"{evidence}.", "Yes: as well as in real photos.")
    if reached > 0.6:
        return Finding(CLAIM_APART, True, f"{evidence}.", "Yes, most of them.")
    partly = "Partly: far above guessing, below real photos."
    return Finding(CLAIM_APART, None, f"{evidence}.", partly)


def memorised(distances: pd.DataFrame) -> Finding | None:
    """Whether generated pictures lie closer to training photos than unseen real photos do.

    Args:
        distances: neighbour_distances.csv: kind (generated, held-out), distance; quantiles of each.
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
    closer = float(np.interp(close, np.sort(generated), np.linspace(0, 1, len(generated))))
    evidence = (
        f"The nearest training photo is at {np.median(generated):.2f} from the median generated "
        f"picture and at {np.median(held):.2f} from the median held-out real photo. "
        f"{100 * closer:.0f} % of generated pictures are closer than the closest 1 % of held-out "
        "photos."
    )
    # Held-out photos are at this distance 1 % of the time by definition.
    if closer <= 0.02:
        answer = "No sign of it: its cars are as far from the photos as photos it never saw."
        return Finding(CLAIM_COPIES, False, evidence, answer)
    many = "A few" if closer <= 0.10 else "Possibly: many"
    answer = f"{many} pictures come closer to photos than unseen photos do."
    return Finding(CLAIM_COPIES, None, evidence, answer)


def rare_by_count(per_class: pd.DataFrame) -> Finding | None:
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
    answers = {
        True: "Yes: the fewer photos of a type, the worse it comes out.",
        False: "No: types with few photos come out better here.",
        None: "No clear link between a type's photos and its quality in this run.",
    }
    return Finding(CLAIM_COUNT, together, evidence, answers[together])
