"""Tests of pictures without pretrained networks, for artefacts that the metrics don't see.

A detector trained from scratch, the energy of fine patterns, and a sheet of photos and pictures
mixed, for people.
"""

import csv
import io
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from scipy.stats import mannwhitneyu
from torch import Tensor, nn
from torch.nn import functional as F

from gan import atomic
from gan.hardware import autocast, best_device
from gan.metrics.features import Row
from gan.pictures import grid, to_float
from gan.progress import bar

BATCH = 64
WIDTH = 24  # channels of the detector's first layer; they double at each halving, to 8 * WIDTH
COARSE = 16  # pixels a side of the pictures that show large shapes and colours alone
SHEET = 120  # pictures on the sheet, half of them photos


def checker_energy(pictures: np.ndarray) -> float:
    """Mean square of the one-pixel checkerboard in pictures uint8 [N,S,S,3], S even.

    It is the diagonal detail of a Haar transform of the brightness (0 to 255): (a - b - c + d) / 2
    for each 2x2 block. A pattern of single pixels, typical of transposed convolutions and
    depth-to-space, shows here and in no metric on pooled features.
    """
    grey = pictures.astype(np.float32).mean(-1)
    a, b = grey[:, ::2, ::2], grey[:, ::2, 1::2]
    c, d = grey[:, 1::2, ::2], grey[:, 1::2, 1::2]
    return float(np.mean(np.square((a - b - c + d) / 2)))


def weave_energy(pictures: np.ndarray, period: int) -> float:
    """Mean power in pictures uint8 [N,S,S,3] of a pattern that repeats over the whole picture.

    It is |F|^2 at one frequency of the unnormalised Fourier transform F of the brightness (0 to
    255): a period of `period` pixels along both axes, which must divide S. Only pictures of one
    size can be compared. Photos have almost none of it; layers that enlarge leave some.
    """
    grey = pictures.astype(np.float32).mean(-1)
    turns = np.exp(-2j * np.pi * np.arange(grey.shape[1]) / period).astype(np.complex64)
    power = np.einsum("nhw,h,w->n", grey - grey.mean((1, 2), keepdims=True), turns, turns)
    return float(np.mean(np.abs(power) ** 2))


class Detector(nn.Module):
    """Pictures float [N,3,S,S] in [-1,1] to logits [N]: above 0 is "generated"."""

    def __init__(self, size: int) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, WIDTH, 3, padding=1), nn.LeakyReLU(0.2)]
        inputs = WIDTH
        while size > 8:
            outputs = min(2 * inputs, 8 * WIDTH)
            layers += [
                nn.Conv2d(inputs, outputs, 4, 2, 1, bias=False),
                nn.BatchNorm2d(outputs),
                nn.LeakyReLU(0.2),
            ]
            inputs, size = outputs, size // 2
        self.layers = nn.Sequential(*layers)
        self.judge = nn.Linear(inputs, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        return self.judge(self.layers(pictures).mean((2, 3))).squeeze(1)


def detector_auc(
    photos: np.ndarray, pictures: np.ndarray, looks: tuple[int, ...], seed: int = 0
) -> list[tuple[int, float]]:
    """Train a network from scratch to tell pictures from photos; its AUC on held-out ones.

    Both are uint8 [N,S,S,3]. Nine tenths of each are trained on, mirrored at random, in batches
    with half of each. The AUC is the probability that the detector gives a held-out picture a
    higher logit than a held-out photo: 0.5 is chance, 1 is perfect.

    Args:
        photos: At least ten.
        pictures: At least ten.
        looks: The numbers of pictures trained on after which the AUC is measured, rising.
        seed: Of the split, the first weights and the batches.

    Returns:
        (pictures trained on, AUC) for each of `looks`; a number is rounded up to whole batches.
    """
    device = best_device()
    stream = torch.Generator().manual_seed(seed)
    sides, held_out = [], []
    for side in (photos, pictures):
        order = torch.randperm(len(side), generator=stream).numpy()
        cut = len(side) - len(side) // 10
        sides.append(torch.from_numpy(side[order[:cut]]).to(device))
        held_out.append(torch.from_numpy(side[order[cut:]]).to(device))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = Detector(photos.shape[1]).to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    optimizer = torch.optim.AdamW(network.parameters(), 1e-3, weight_decay=0.01)
    target = (torch.arange(BATCH, device=device) >= BATCH // 2).float()
    result: list[tuple[int, float]] = []
    with bar(desc="detector", total=looks[-1], unit=" pictures", leave=False) as progress:
        seen = 0  # not the bar's count, which stands still where TQDM_DISABLE turns bars off
        for look in looks:
            while seen < look:
                chosen = [torch.randint(len(s), (BATCH // 2,), generator=stream) for s in sides]
                batch = to_float(
                    torch.cat([s[c.to(device)] for s, c in zip(sides, chosen, strict=True)])
                )
                flip = (torch.rand(BATCH, generator=stream) < 0.5).to(device)
                batch = torch.where(flip[:, None, None, None], batch.flip(3), batch)
                with autocast(device):
                    logits = network(batch)
                loss = F.binary_cross_entropy_with_logits(logits.float(), target)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                seen += BATCH
                progress.update(BATCH)
            network.eval()
            result.append((seen, auc(*(_logits(network, side) for side in held_out))))
            network.train()
    return result


def coarse(pictures: np.ndarray) -> np.ndarray:
    """Pictures uint8 [N,S,S,3], S a multiple of COARSE, averaged to uint8 [N,COARSE,COARSE,3]."""
    count, size = pictures.shape[:2]
    blocks = pictures.reshape(count, COARSE, size // COARSE, COARSE, size // COARSE, 3)
    return np.rint(blocks.mean((2, 4), dtype=np.float32)).astype(np.uint8)


def auc(low: np.ndarray, high: np.ndarray) -> float:
    """The probability that a value of `high` exceeds one of `low`, ties counting half."""
    return float(mannwhitneyu(high, low).statistic / (len(low) * len(high)))


def rows(
    photos: np.ndarray,
    pictures: np.ndarray,
    detected: float,
    detected_coarse: float,
    seed: int = 0,
) -> list[Row]:
    """The figures of pictures beside photos, both uint8 [N,S,S,3], as rows of metrics.csv.

    Energies are those of the pictures over those of the photos; `detected` is the AUC, in [0, 1],
    of a detector of that `seed`, and `detected_coarse` that of one that sees both as `coarse`
    makes them.
    """
    values = {
        "detector_auc": detected,
        "detector_auc_16": detected_coarse,
        "checkerboard": checker_energy(pictures) / checker_energy(photos),
        "weave_2": weave_energy(pictures, 2) / weave_energy(photos, 2),
        "weave_4": weave_energy(pictures, 4) / weave_energy(photos, 4),
    }
    about = {"extractor": "", "body_type": "all", "reference": "train", "seed": seed}
    about |= {"n_real": len(photos), "n_fake": len(pictures)}
    return [about | {"metric": metric, "value": value} for metric, value in values.items()]


def write_blind_sheet(folder: Path, photos: np.ndarray, pictures: np.ndarray, seed: int) -> None:
    """Write `sheet.png`, numbered from the top left in rows of 12, and `key.csv`, the answers.

    Half of the SHEET pictures are photos uint8 [N,S,S,3], half generated, both drawn at random; at
    least SHEET / 2 of each are needed.
    The sheet shows photos: don't share it if they may not be shared.
    """
    stream = np.random.RandomState(seed)
    half = SHEET // 2
    sides = [side[stream.permutation(len(side))[:half]] for side in (photos, pictures)]
    order = stream.permutation(SHEET)
    mixed = np.concatenate(sides)[order]
    folder.mkdir(parents=True, exist_ok=True)
    with atomic.replacing(folder / "sheet.png") as temporary:
        Image.fromarray(grid(mixed, columns=12, gap=4)).save(temporary, "PNG")
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("number", "row", "column", "what"))
    for place, origin in enumerate(order):
        what = "photo" if origin < half else "generated"
        rows.writerow((place + 1, place // 12 + 1, place % 12 + 1, what))
    atomic.write_text(folder / "key.csv", text.getvalue())


@torch.inference_mode()
def _logits(network: nn.Module, pictures: Tensor) -> np.ndarray:
    parts = [network(to_float(part)).float().cpu() for part in pictures.split(256)]
    return torch.cat(parts).numpy()
