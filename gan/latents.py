"""Latents from seeds, and paths between latents and between classes; in NumPy, without torch."""

from collections.abc import Sequence

import numpy as np

from gan.errors import UserError

# What a direction in the latent space changes, by its column in directions.csv.
DIRECTIONS = {
    "paint": "Paint: dark to light",
    "warm": "Paint: blue to red",
    "background": "Background: dark to light",
    "turn": "Facing: left to right",
}
GUIDANCE = 0.6  # the default, between 0 (unguided) and 1 (typical of the type)
# Training draws guidance from 0 to 1. Beyond 1 its effect is extrapolated, up to here.
MOST_GUIDANCE = 1.5


def from_seeds(seeds: Sequence[int], latent: int, truncation: float = 1.0) -> np.ndarray:
    """One latent a seed: float32 [N, latent], standard normal times `truncation`.

    Each latent depends on its own seed alone, not on the other seeds. RandomState gives the same
    numbers in every version of NumPy. A truncation below 1 trades variety for typical pictures.

    Raises:
        UserError: `truncation` is outside (0, 1] or a seed outside [0, 2**32).
    """
    if not 0 < truncation <= 1:
        raise UserError(f"truncation must be above 0 and at most 1, not {truncation}")
    if any(not 0 <= seed < 2**32 for seed in seeds):
        raise UserError("a seed must be from 0 to 4294967295")
    rows = [np.random.RandomState(seed).standard_normal(latent) for seed in seeds]
    return np.array(rows, np.float32).reshape(-1, latent) * np.float32(truncation)


def interpolate(start: np.ndarray, end: np.ndarray, positions: Sequence[float]) -> np.ndarray:
    """Latents [len(positions), latent] on the great arc from `start` to `end` ([latent] each).

    Spherical interpolation keeps the latent's length typical of the normal distribution, where a
    straight line would pass too near the mean (White 2016). Position 0 is `start`, 1 is `end`.
    """
    t = np.asarray(positions, np.float32)[:, None]
    cosine = start @ end / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if angle < 1e-4 or np.pi - angle < 1e-4:
        return start + (end - start) * t
    return (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)


def class_weights(start: int, end: int, classes: int, positions: Sequence[float]) -> np.ndarray:
    """Weights over classes on the way from one class to another: float32 [positions, classes].

    Position 0 is class `start`, 1 is class `end`.
    """
    t = np.asarray(positions, np.float32)
    weights = np.zeros((len(positions), classes), np.float32)
    weights[:, start] += 1 - t
    weights[:, end] += t
    return weights
