"""A small residual classifier of body types, trained from scratch."""

import itertools
import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from gan.hardware import autocast, best_device, keep_memory
from gan.metrics.features import Features
from gan.pictures import to_float
from gan.progress import bar

WIDTHS = (32, 64, 128, 192)  # channels of the stages at 1/2, 1/4, 1/8 and 1/16 of 64 pixels
BUDGET = 280_000  # pictures seen in training; half as many name 0.74 of validation photos, not 0.81
BATCH = 128


class Residual(nn.Module):
    """Two 3x3 convolutions and a shortcut (He et al. 2016)."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),  # in place, the forward pass takes 60 ms, not 53
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut: nn.Module = nn.Identity()
        if inputs != outputs or stride != 1:
            self.shortcut = nn.Sequential(
                nn.AvgPool2d(stride),
                nn.Conv2d(inputs, outputs, 1, bias=False),
                nn.BatchNorm2d(outputs),
            )

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.body(x) + self.shortcut(x))


class CarClassifier(nn.Module):
    """Pictures float [N,3,S,S] in [-1,1], S in 64, 128, 256, to logits [N,classes].

    `width` multiplies the channels of every stage.
    """

    def __init__(self, classes: int, size: int, width: float = 1.0) -> None:
        super().__init__()
        channels = [round(width * each) for each in WIDTHS]
        first = channels[0]
        # The stem reduces pictures of any size to 32 pixels a side.
        stride = size // 32
        self.stem = nn.Sequential(
            nn.Conv2d(3, first, stride + 2, stride, 1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(),
        )
        widths = (first, *channels)
        self.stages = nn.Sequential(
            *(
                Residual(inputs, outputs, 1 if i == 0 else 2)
                for i, (inputs, outputs) in enumerate(itertools.pairwise(widths))
            )
        )
        self.classify = nn.Linear(channels[-1], classes)

    def features(self, pictures: Tensor) -> Tensor:
        """The penultimate layer, [N, 192 at width 1], from 0 on."""
        pooled: Tensor = self.stages(self.stem(pictures)).mean((2, 3))
        return pooled

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.classify(F.dropout(self.features(pictures), 0.2, self.training))
        return logits


def train_classifier(
    pictures: np.ndarray,
    labels: np.ndarray,
    classes: int,
    seed: int = 0,
    budget: int = BUDGET,
    what: str = "classifier",
    width: float = 1.0,
    strength: float = 1.0,
) -> CarClassifier:
    """Train on pictures uint8 [N,S,S,3] with labels int64 [N]; a seed gives the same result again.

    AdamW, a one-cycle learning rate, label smoothing. A class of n pictures is drawn in proportion
    to sqrt(n), and the logits are corrected by the logarithm of that (Menon et al. 2021), so that
    the classifier takes all classes for equally likely, as they are among generated pictures.

    Args:
        budget: Pictures seen in training, whatever N is.
        what: Label of the progress bar.
        width: As for CarClassifier.
        strength: As for `augment`.
    """
    keep_memory()
    device = best_device()
    data = torch.from_numpy(np.ascontiguousarray(pictures)).to(device)
    targets = torch.from_numpy(np.asarray(labels, np.int64)).to(device)
    counts = torch.bincount(targets, minlength=classes).clamp(min=1)
    chances = counts.rsqrt()[targets]
    steps = max(8, math.ceil(budget / BATCH))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = CarClassifier(classes, pictures.shape[1], width)
        network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=0.05, fused=True)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=4e-3, total_steps=steps, pct_start=0.25
        )
        for _ in bar(range(steps), desc=what, unit=" batches", leave=False):
            chosen = torch.multinomial(chances, BATCH, replacement=True)
            batch = augment(to_float(data.index_select(0, chosen)), strength)
            with autocast(device):
                logits = network(batch)
            loss = F.cross_entropy(logits.float(), targets[chosen], label_smoothing=0.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    network.classify.bias.data -= counts.sqrt().log()
    return network.cpu().eval()


@torch.inference_mode()
def predict(network: CarClassifier, pictures: np.ndarray, what: str = "classifier") -> Features:
    """Class logits and penultimate features of pictures uint8 [N,S,S,3].

    Always in float32, so that figures don't depend on the machine.
    """
    device = best_device()
    network.eval().to(device)
    pooled = [torch.empty(0, network.classify.in_features)]
    for start in bar(range(0, len(pictures), BATCH), desc=what, unit=" batches", leave=False):
        # A copy: the array may be a read-only map of a file.
        batch = torch.from_numpy(np.array(pictures[start : start + BATCH])).to(device)
        pooled.append(network.features(to_float(batch)).cpu())
    network.cpu()
    features = torch.cat(pooled)
    return Features(features, network.classify(features))


def augment(pictures: Tensor, strength: float = 1.0) -> Tensor:
    """Pictures [N,3,S,S] in [-1,1] with random flip, zoom, shift, light, saturation and contrast.

    Random numbers come from torch's default generator. `strength` scales every change but the
    flip; with 0 there is only the flip.
    """
    count, device = len(pictures), pictures.device

    def draw(low: float, high: float, same: float = 1.0) -> Tensor:
        value = torch.rand(count, 1, 1, 1, device=device) * (high - low) + low
        return value if strength == 1 else same + (value - same) * strength

    # Flip, zoom and shift (by up to 7 % of a side) in one resampling.
    zoom = draw(0.85, 1.15)[..., 0]
    flip = torch.where(torch.rand(count, device=device) < 0.5, -1.0, 1.0)[:, None, None]
    shift = (torch.rand(count, 2, device=device) * 0.3 - 0.15) * strength
    across, down = shift.T[..., None, None]
    height, width = pictures.shape[2:]
    grid = torch.empty(count, height, width, 2, device=device)
    grid[..., 0] = zoom * flip * _middles(width, device) + across
    grid[..., 1] = zoom * _middles(height, device)[:, None] + down
    x = F.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    # Light is added, saturation scales the distance from grey, and contrast that from the mean:
    # together one sum per pixel.
    light, saturation, contrast = draw(-0.2, 0.2, same=0), draw(0.1, 1.5), draw(0.6, 1.4)
    grey = x.mean(1, keepdim=True)
    offset = grey.mean((2, 3), keepdim=True) * (1 - contrast) + light
    x = torch.addcmul(grey * (contrast * (1 - saturation)) + offset, x, contrast * saturation)
    return x.clamp_(-1, 1).contiguous(memory_format=torch.channels_last)


def _middles(count: int, device: torch.device) -> Tensor:
    """The middles of `count` pixels in a row that goes from -1 to 1: float [count]."""
    return (torch.arange(count, device=device) * 2 + 1) / count - 1


def accuracy(named: np.ndarray, labels: np.ndarray) -> float:
    """Share of pictures whose class is named right."""
    return float((named == labels).mean())


def recalls(named: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> dict[str, float]:
    """Share of each class's pictures that are named right; classes without pictures are absent."""
    return {
        name: accuracy(named[labels == k], labels[labels == k])
        for k, name in enumerate(classes)
        if (labels == k).any()
    }
