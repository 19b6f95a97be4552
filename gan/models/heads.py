"""The heads of our recipe's discriminator: each reads one map of frozen features."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm

MIXED = 64  # channels of the mixtures of maps that heads for layouts read


class Head(nn.Module):
    """A small discriminator on one feature map, with a logit for the picture and its class.

    The logit is an unconditional term plus the projection term of Miyato & Koyama 2018, which is
    weighted by `ramp` in [0, 1] (Shahbazi et al. 2022: with a class term from the first step on,
    small conditional GANs collapse). It takes a map [N, inputs, s, s] and one-hot classes `code`
    [N, classes], and returns logits float32 [N].
    """

    def __init__(self, inputs: int, width: int, classes: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(inputs, width, 1)
        self.look = nn.Conv2d(width, width, 3, padding=1)
        self.judge = nn.Conv2d(width, 1, 1)
        self.embedding = nn.Parameter(torch.empty(classes, width).normal_(0, 0.02))

    def forward(self, x: Tensor, code: Tensor, ramp: float) -> Tensor:
        x = F.leaky_relu(self.look(F.leaky_relu(self.mix(x), 0.2)), 0.2)
        # The mean of the logits of all places is the logit of the mean: a pass over x is saved.
        mean = F.avg_pool2d(x, x.shape[2:]).float()
        unconditional = self.judge(mean).flatten().float()
        return unconditional + ramp * (mean.flatten(1) * (code @ self.embedding)).sum(1)


class Mixtures(nn.Module):
    """Feature maps to mixtures of them, one a map, by convolutions that stay random.

    Each mixture also has a part of all deeper maps, so that a head can't look at the channels that
    are easiest for it alone (Sauer et al. 2021, "Projected GANs": cross-channel and cross-scale
    mixing).
    """

    def __init__(self, inputs: tuple[int, ...]) -> None:
        super().__init__()
        shapes = {f"across{i}": (MIXED, wide, 1, 1) for i, wide in enumerate(inputs)}
        shapes |= {f"down{i}": (MIXED, MIXED, 3, 3) for i in range(len(inputs) - 1)}
        for name, shape in shapes.items():
            # Buffers: they are saved with the network and not trained.
            self.register_buffer(name, torch.randn(shape) / (shape[1] * shape[2] ** 2) ** 0.5)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        """Maps [N, inputs[i], s, s], from large to small, to mixtures [N, MIXED, s, s]."""
        mixed: list[Tensor] = []
        for i in reversed(range(len(maps))):
            mixture = F.conv2d(maps[i], self.get_buffer(f"across{i}"))
            if mixed:
                deeper = F.interpolate(mixed[0], mixture.shape[2:], mode="bilinear")
                mixture = (mixture + deeper) * 0.5**0.5  # of two parts, as large as one
                mixture = F.conv2d(mixture, self.get_buffer(f"down{i}"), padding=1)
            mixed.insert(0, mixture)
        return mixed


class LayoutHead(nn.Module):
    """A discriminator that sees where in the picture things are.

    It halves a mixture [N, MIXED, side, side] to 4x4 (a smaller one is read as it is) and reads
    those places together, each with weights of its own, where `Head` takes the mean over all
    places. Weights, but for the class embedding, are spectrally normalised (Miyato et al. 2018).
    Input and logits are otherwise those of `Head`.
    """

    def __init__(self, side: int, classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        while side > 4:
            layers += [spectral_norm(nn.Conv2d(MIXED, MIXED, 4, 2, 1)), nn.LeakyReLU(0.2)]
            side //= 2
        layers += [spectral_norm(nn.Conv2d(MIXED, 2 * MIXED, side)), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers)
        self.judge = spectral_norm(nn.Linear(2 * MIXED, 1))
        self.embedding = nn.Parameter(torch.empty(classes, 2 * MIXED).normal_(0, 0.02))

    def forward(self, x: Tensor, code: Tensor, ramp: float) -> Tensor:
        x = self.layers(x).flatten(1).float()
        return self.judge(x).flatten().float() + ramp * (x * (code @ self.embedding)).sum(1)
