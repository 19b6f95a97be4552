"""Finds pictures that copy a photo, even mirrored, blurred, brighter, cropped or shifted.

Distances in a classifier's features can't do it: there, a blurred or mirrored copy is farther from
its photo than an independent photo is from its nearest one. So pixels are compared.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from gan.progress import bar

SIDE = 32  # pixels a side to which pictures are reduced
WINDOW = 26  # pixels a side of their middle, which is compared with the photo at every shift
ZOOMS = (28, 32, 36, 40)  # pixels a side to which the photo is reduced
COARSE = 8  # pixels a side at which candidates are found
CANDIDATES = 16  # photos compared with each picture
STRICT = 0.01  # share of held-out photos that count as copies, by chance
PART = 250  # pictures compared at once


@dataclass(frozen=True)
class Matches:
    """The photo that each of N pictures matches best."""

    similarity: np.ndarray  # float32 [N]: the largest correlation; 1 is a copy
    photo: np.ndarray  # int64 [N]: index of the photo

    def rank(self, held_out: "Matches") -> np.ndarray:
        """For each picture the share of held-out photos that match as well or better: float [N]."""
        rising = np.sort(held_out.similarity)
        as_good = len(rising) - np.searchsorted(rising, self.similarity, side="left")
        return as_good / max(1, len(rising))

    def copies(self, held_out: "Matches") -> float:
        """The share of pictures that match better than all but STRICT of the held-out photos."""
        return float((self.similarity > np.quantile(held_out.similarity, 1 - STRICT)).mean())


def match(pictures: np.ndarray, photos: np.ndarray, what: str = "copies") -> Matches:
    """The best match of each picture uint8 [N,S,S,3] among photos uint8 [M,T,T,3].

    Candidates are the photos with the largest correlation in coarse colour, mirrored or not, and
    shifted by up to a tenth. Each is compared in grey, mirrored or not, at every shift and in four
    sizes, by the normalised cross-correlation, which ignores brightness and contrast.
    """
    small = _small(photos, ZOOMS)
    both = torch.stack([_coarse(small[SIDE]), _coarse(small[SIDE].flip(3))])
    grey = [_grey(small[side]) for side in ZOOMS]
    lengths = [_lengths(each) for each in grey]
    similarity, photo = [], []
    for start in bar(range(0, len(pictures), PART), desc=what, unit=" batches", leave=False):
        ours = _small(pictures[start : start + PART], (SIDE,))[SIDE]
        best, index = _best(_grey(ours), _candidates(ours, both), grey, lengths)
        similarity.append(best)
        photo.append(index)
    if not similarity:
        return Matches(np.zeros(0, np.float32), np.zeros(0, np.int64))
    return Matches(torch.cat(similarity).numpy(), torch.cat(photo).numpy())


def held_out_rate(held_out: Matches) -> float:
    """The share of one half of the held-out photos that count as copies by the other half.

    NaN for fewer than two photos.
    """
    if len(held_out.similarity) < 2:
        return math.nan
    halves = [Matches(held_out.similarity[i::2], held_out.photo[i::2]) for i in range(2)]
    return (halves[0].copies(halves[1]) + halves[1].copies(halves[0])) / 2


def _small(pictures: np.ndarray, sides: tuple[int, ...]) -> dict[int, Tensor]:
    """Pictures at several sizes: float [N,3,side,side]."""
    parts: dict[int, list[Tensor]] = {side: [] for side in sides}
    for start in range(0, len(pictures), 1000):
        x = torch.from_numpy(np.array(pictures[start : start + 1000])).permute(0, 3, 1, 2).float()
        for side in sides:
            small = F.interpolate(x, (side, side), mode="bilinear", antialias=True)
            parts[side].append(small)
    return {side: torch.cat(small) for side, small in parts.items()}


def _coarse(small: Tensor) -> Tensor:
    """[N,3,SIDE,SIDE] as unit vectors of coarse colour, less their mean: [N,3*COARSE^2]."""
    x = F.avg_pool2d(small, SIDE // COARSE).flatten(1)
    return F.normalize(x - x.mean(1, keepdim=True))


def _grey(small: Tensor) -> Tensor:
    """[N,3,s,s] as grey [N,s,s], slightly blurred, so that half a pixel of shift doesn't count."""
    grey = small.mean(1, keepdim=True)
    return F.avg_pool2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), 3, 1)[:, 0]


def _candidates(ours: Tensor, photos: Tensor) -> Tensor:
    """The photos to compare with each picture: int64 [N, CANDIDATES] at most."""
    step = SIDE // 10
    best = torch.full((len(ours), photos.shape[1]), -1.0)
    for down in (-step, 0, step):
        for right in (-step, 0, step):
            moved = _coarse(ours.roll((down, right), (2, 3)))
            best = torch.maximum(best, (moved @ photos.transpose(1, 2)).amax(0))
    return best.topk(min(CANDIDATES, photos.shape[1]), 1).indices


def _lengths(grey: Tensor) -> Tensor:
    """The Euclidean norm of each window less its own mean, at least 1.

    `grey` is [N,s,s], the result [N,t,t] with t = s - WINDOW + 1.
    """
    values = grey.double()  # a difference of large numbers follows
    mean, square = (
        F.avg_pool2d(F.avg_pool2d(each, (WINDOW, 1), 1), (1, WINDOW), 1)
        for each in (values, values.square())
    )
    return ((square - mean.square()) * WINDOW**2).clamp_min(1.0).sqrt().float()


def _best(
    grey: Tensor, candidates: Tensor, photos: list[Tensor], lengths: list[Tensor]
) -> tuple[Tensor, Tensor]:
    """The largest correlation over candidates, sizes, shifts and mirroring, and its photo."""
    edge = (SIDE - WINDOW) // 2
    window = grey[:, edge : edge + WINDOW, edge : edge + WINDOW]
    window = window - window.mean((1, 2), keepdim=True)
    window = F.normalize(window.flatten(1)).view_as(window)
    windows = torch.stack([window, window.flip(2)], 1)
    best = torch.full(candidates.shape, -1.0)
    for column, chosen in enumerate(candidates.T):
        for resized, length in zip(photos, lengths, strict=True):
            photo = resized[chosen]
            product = F.conv2d(photo[None], windows.flatten(0, 1)[:, None], groups=len(photo))
            fit = product[0].unflatten(0, (len(photo), 2)) / length[chosen][:, None]
            best[:, column] = torch.maximum(best[:, column], fit.flatten(1).amax(1))
    value, place = best.max(1)
    return value, candidates.gather(1, place[:, None])[:, 0]
