"""What the judge makes of a picture: which body type, and how close to a training photo."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Opinion:
    """One picture as the classifier sees it."""

    named: str  # the most likely body type
    confidence: float  # its probability, 0 to 1
    distance: float | None  # to the nearest training photo, in the classifier's features
    closer: float | None  # share of held-out photos that are closer to a training photo, 0 to 1


@dataclass(frozen=True)
class Judged:
    """What the classifier says of some pictures, and how far it can be trusted."""

    opinions: list[Opinion]  # one a picture
    accuracy: float  # of the classifier on held-out real photos, 0 to 1
    held_out: np.ndarray  # float [M]: distances of held-out photos to a training photo, sorted


def caption(opinion: Opinion) -> str:
    """The body type and how sure the classifier is: `SUV 94 %`."""
    return f"{opinion.named} {100 * opinion.confidence:.0f} %"


def row(opinion: Opinion) -> dict[str, object]:
    """The columns of a manifest."""
    values: dict[str, object] = {
        "classifier_says": opinion.named,
        "probability": round(opinion.confidence, 4),
    }
    if opinion.distance is not None:
        values["distance_to_nearest_photo"] = round(opinion.distance, 4)
    if opinion.closer is not None:
        values["share_of_held_out_photos_closer"] = round(opinion.closer, 4)
    return values


def agreement(opinions: list[Opinion], asked: list[str]) -> str:
    """How many of the pictures the classifier names as asked, in words."""
    right = sum(one.named == kind for one, kind in zip(opinions, asked, strict=True))
    return f"The classifier names {right} of {len(asked)} as asked."


def share_closer(distance: float, held_out: np.ndarray) -> float:
    """The share of held-out distances (sorted float [N]) that are below `distance`."""
    return float(np.searchsorted(held_out, distance) / max(len(held_out), 1))
