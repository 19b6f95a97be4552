"""Seeds to latents to pictures: sets, grids and morphs, the same on every machine."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from gan.checkpoint import LoadedGenerator
from gan.errors import UserError

BATCH = 64
GUIDANCE = 0.5  # where nobody chose: between the most varied pictures, 0, and the most typical, 1


def latents(seeds: Sequence[int], latent: int, truncation: float = 1.0) -> Tensor:
    """One latent a seed: float32 [N, latent], standard normal times `truncation`.

    A picture depends on its own seed alone, never on its neighbours in a batch. RandomState's
    stream is frozen across NumPy versions. Scaling the latent towards the mean trades variety
    for typicality.

    Raises:
        UserError: `truncation` is outside (0, 1] or a seed outside [0, 2**32).
    """
    if not 0 < truncation <= 1:
        raise UserError(f"truncation must be above 0 and at most 1, not {truncation}")
    if any(not 0 <= seed < 2**32 for seed in seeds):
        raise UserError("a seed must be from 0 to 4294967295")
    rows = [np.random.RandomState(seed).standard_normal(latent) for seed in seeds]
    return torch.from_numpy(np.array(rows, np.float32).reshape(-1, latent)) * truncation


def to_uint8(pictures: Tensor) -> np.ndarray:
    """Float [N, 3, H, W] in [-1, 1] to uint8 [N, H, W, 3]."""
    scaled = (pictures.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).cpu().numpy()


@torch.inference_mode()
def generate(
    generator: LoadedGenerator,
    seeds: Sequence[int],
    labels: Sequence[int] | Tensor | None = None,
    truncation: float = 1.0,
    guidance: float = GUIDANCE,
) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3], one a seed.

    `labels` are class numbers [N], or weights over classes (float tensor [N, classes]);
    None for an unconditional generator. `guidance` in [0, 1], from varied to typical pictures,
    matters where the generator was trained with it, and nowhere else.

    Raises:
        UserError: Labels are given where there are no classes, are missing where there are, or
            name a class that doesn't exist; or `guidance` is outside [0, 1].
    """
    z = latents(seeds, generator.latent, truncation)
    return from_latents(generator, z, labels, guidance)


@torch.inference_mode()
def from_latents(
    generator: LoadedGenerator,
    z: Tensor,
    labels: Sequence[int] | Tensor | None = None,
    guidance: float = GUIDANCE,
) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] of latents [N, latent]; the rest as in `generate`."""
    if not 0 <= guidance <= 1:
        raise UserError(f"guidance must be from 0 to 1, not {guidance}")
    y = _check_labels(generator, len(z), labels)
    device = next(generator.network.parameters()).device
    given = [z] if y is None else [z, y]
    if generator.guided:
        given.append(torch.full((len(z),), guidance))
    parts = [
        to_uint8(generator.network(*(each[i : i + BATCH].to(device) for each in given)))
        for i in range(0, len(z), BATCH)
    ]
    if not parts:
        return np.empty((0, generator.size, generator.size, 3), np.uint8)
    return np.concatenate(parts)


def generate_set(
    generator: LoadedGenerator, count: int, seed: int = 0, guidance: float = GUIDANCE
) -> tuple[np.ndarray, np.ndarray]:
    """`count` pictures for judging: uint8 [N, H, W, 3] and labels int64 [N], uniform over classes.

    Picture i has seed `seed * 10_000_019 + i` (modulo 2**32): sets of different seeds share none
    in practice. Labels are all 0 for an unconditional generator.
    """
    seeds = [(seed * 10_000_019 + i) % 2**32 for i in range(count)]
    labels = np.arange(count) % max(1, len(generator.classes))
    asked = labels.tolist() if generator.classes else None
    return generate(generator, seeds, asked, guidance=guidance), labels


def grid(pictures: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Lay uint8 [N, H, W, 3] out in rows of `columns`, white gaps between: uint8 [H', W', 3]."""
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def interpolate(start: Tensor, end: Tensor, positions: Sequence[float]) -> Tensor:
    """Latents [len(positions), latent] on the great arc from `start` to `end` ([latent] each).

    Spherical interpolation keeps the latent's length typical of the normal distribution, where a
    straight line would pass too near the mean (White 2016). Position 0 is `start`, 1 is `end`.
    """
    t = torch.tensor(positions, dtype=start.dtype)[:, None]
    cosine = torch.dot(start, end) / (start.norm() * end.norm())
    angle = torch.arccos(cosine.clamp(-1, 1))
    if angle < 1e-4 or torch.pi - angle < 1e-4:
        return start + (end - start) * t
    return (torch.sin((1 - t) * angle) * start + torch.sin(t * angle) * end) / torch.sin(angle)


def class_weights(start: int, end: int, classes: int, positions: Sequence[float]) -> Tensor:
    """Weights over classes [len(positions), classes] that move from one class to another."""
    t = torch.tensor(positions)
    weights = torch.zeros(len(positions), classes)
    weights[:, start] += 1 - t
    weights[:, end] += t
    return weights


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
