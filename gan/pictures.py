"""Pictures as bytes and as the tensors of the networks, and grids of them."""

import numpy as np
import torch
from torch import Tensor


def to_float(pictures: Tensor) -> Tensor:
    """uint8 [N, H, W, 3] to float32 [N, 3, H, W] in [-1, 1], in the channels_last layout."""
    return pictures.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def to_uint8(pictures: Tensor) -> np.ndarray:
    """Float [N, 3, H, W] in [-1, 1] to uint8 [N, H, W, 3]."""
    scaled = (pictures.float() * 127.5 + 127.5).round().clamp(0, 255).to(torch.uint8)
    return scaled.permute(0, 2, 3, 1).cpu().numpy()


def grid(pictures: np.ndarray, columns: int, gap: int = 2) -> np.ndarray:
    """Pictures uint8 [N, H, W, 3] in rows of `columns` with white gaps: uint8 [H', W', 3]."""
    count, height, width, _ = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 255, np.uint8)
    for i, picture in enumerate(pictures):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        sheet[top : top + height, left : left + width] = picture
    return sheet
