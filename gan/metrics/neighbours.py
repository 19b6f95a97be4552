"""Nearest real photos of generated pictures: how far, which, and a sheet to look at."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gan import atomic
from gan.sampling import grid

PART = 1000  # pictures compared at once
SHEET = 64  # pictures on the sheet of neighbours


def nearest(features: Tensor, reference: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Euclidean distance to the nearest row of `reference`, float32 [N], and its index, int64 [N].

    Features are [N,d] and [M,d].
    """
    parts = [torch.cdist(part, reference).argmin(1) for part in features.split(PART)]
    index = torch.cat(parts) if parts else torch.empty(0, dtype=torch.int64)
    # cdist's fast form is off by rounding; a copy should be at 0.
    distance = (features - reference[index]).norm(dim=1)
    return distance.numpy(), index.numpy()


def mean_pairwise_distance(features: Tensor) -> float:
    """Mean Euclidean distance over all pairs of [N,d], N at least 2."""
    return float(torch.pdist(features.double()).mean())


def write_sheet(path: Path, pictures: np.ndarray, neighbours: np.ndarray) -> None:
    """A PNG of pictures uint8 [N,S,S,3], each with its nearest photo [N,S,S,3] on its right."""
    pairs = np.concatenate([pictures, neighbours], axis=2)
    sheet = Image.fromarray(grid(pairs, columns=8, gap=6))
    with atomic.replacing(path) as temporary:
        sheet.save(temporary, "PNG")
