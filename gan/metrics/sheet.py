"""A sheet to look at: generated pictures beside photos."""

from pathlib import Path

import numpy as np
from PIL import Image

from gan import atomic
from gan.sampling import grid

SHEET = 64  # pictures on it


def write_sheet(path: Path, pictures: np.ndarray, neighbours: np.ndarray) -> None:
    """A PNG of pictures uint8 [N,S,S,3], each with its nearest photo [N,S,S,3] on its right."""
    pairs = np.concatenate([pictures, neighbours], axis=2)
    sheet = Image.fromarray(grid(pairs, columns=8, gap=6))
    with atomic.replacing(path) as temporary:
        sheet.save(temporary, "PNG")
