"""Pictures from seeds: single ones, and sets for evaluation."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gan import latents
from gan.checkpoint import LoadedGenerator
from gan.errors import UserError
from gan.latents import GUIDANCE, MOST_GUIDANCE
from gan.pictures import to_uint8
from gan.progress import bar

BATCH = 64


@torch.inference_mode()
def generate(
    generator: LoadedGenerator,
    seeds: Sequence[int],
    labels: Sequence[int] | Tensor | None = None,
    guidance: float = GUIDANCE,
) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3], one a seed.

    `labels` are class numbers [N], or weights over classes (float tensor [N, classes]);
    None for an unconditional generator. `guidance` goes from 0 (unguided) to 1 (typical
    ones), and up to 1.5 beyond what G learned; a generator that was trained without it ignores it.
    The run's calibration says what 0.6 stands for, and shrinks the latents.

    Raises:
        UserError: Labels are given where there are no classes, are missing where there are, or
            name a class that doesn't exist; or `guidance` is outside [0, 1.5].
    """
    z = torch.from_numpy(latents.from_seeds(seeds, generator.latent))
    return from_latents(generator, z, labels, guidance)


@torch.inference_mode()
def from_latents(
    generator: LoadedGenerator,
    z: Tensor,
    labels: Sequence[int] | Tensor | None = None,
    guidance: float = GUIDANCE,
) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] of latents [N, latent]; the rest as in `generate`."""
    if not 0 <= guidance <= MOST_GUIDANCE:
        raise UserError(f"guidance must be from 0 to {MOST_GUIDANCE}, not {guidance}")
    y = _check_labels(generator, len(z), labels)
    device = next(generator.network.parameters()).device
    inputs = [generator.calibration.truncation * z, *([] if y is None else [y])]
    if generator.guided and y is not None:
        given = generator.calibration.guidance(guidance, y.numpy())
        inputs.append(torch.from_numpy(given))
    few = len(z) <= 4 * BATCH  # as in the grid of a training, which has a bar of its own
    starts = bar(range(0, len(z), BATCH), desc="draw", unit=" batches", leave=False, disable=few)
    parts = [
        to_uint8(generator.network(*(each[i : i + BATCH].to(device) for each in inputs)))
        for i in starts
    ]
    if not parts:
        return np.empty((0, generator.size, generator.size, 3), np.uint8)
    return np.concatenate(parts)


def generate_set(
    generator: LoadedGenerator,
    count: int,
    seed: int = 0,
    guidance: float = GUIDANCE,
    shares: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """`count` pictures for judging: uint8 [N, H, W, 3] and labels int64 [N].

    Labels are uniform over classes, or, with `shares` (float [classes], adding up to 1), in these
    shares, rounded. Picture i has the seed `seed * 10_000_019 + i` (modulo 2**32), so that sets of
    different seeds share no picture in practice. Labels are all 0 for an unconditional generator.
    """
    seeds = [(seed * 10_000_019 + i) % 2**32 for i in range(count)]
    labels = np.arange(count) % max(1, len(generator.classes))
    if shares is not None and generator.classes:
        ends = np.rint(np.cumsum(shares) * count).astype(int)
        labels = np.repeat(np.arange(len(shares)), np.diff(ends, prepend=0))
    classes = labels.tolist() if generator.classes else None
    return generate(generator, seeds, classes, guidance=guidance), labels


def _check_labels(
    generator: LoadedGenerator, count: int, labels: Sequence[int] | Tensor | None
) -> Tensor | None:
    if labels is None:
        if generator.classes:
            raise UserError("this generator needs a class: " + ", ".join(generator.classes))
        return None
    if not generator.classes:
        raise UserError("this generator knows no classes")
    y = torch.as_tensor(labels)
    if len(y) != count:
        raise UserError(f"{count} latents need as many labels, not {len(y)}")
    if not y.is_floating_point() and count and not 0 <= y.min() <= y.max() < len(generator.classes):
        raise UserError(f"a class number must be from 0 to {len(generator.classes) - 1}")
    return y
