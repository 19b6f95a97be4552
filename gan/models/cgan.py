"""The report's conditional networks: the class is appended to the latent and to D's features."""

from itertools import pairwise

import torch
from torch import Tensor, nn

from gan.config import CGANConfig
from gan.models.layers import channels, class_code, dcgan_init
from gan.models.strided import Double, Halve


class Generator(nn.Module):
    """Latents [N, latent] and classes to pictures [N, 3, size, size] in [-1, 1]."""

    def __init__(self, config: CGANConfig, size: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        widths = channels(config.width, size)
        self.dense = nn.Linear(config.latent + classes, widths[0] * 16)
        layers: list[nn.Module] = [nn.BatchNorm2d(widths[0]), nn.ReLU()]
        for wide, narrow in pairwise(widths):
            layers += [
                Double(wide, narrow, config.kernel, bias=False),
                nn.BatchNorm2d(narrow),
                nn.ReLU(),
            ]
        layers += [Double(widths[-1], 3, config.kernel), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(dcgan_init)

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        joined = torch.cat([z, class_code(y, self.classes)], 1)
        return self.layers(self.dense(joined).unflatten(1, (-1, 4, 4)))


class Discriminator(nn.Module):
    """Pictures [N, 3, size, size] and their classes to logits [N]: above 0 is "real"."""

    def __init__(self, config: CGANConfig, size: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        widths = channels(config.width, size)[::-1]
        layers: list[nn.Module] = [
            Halve(3, widths[0], config.kernel),
            nn.LeakyReLU(config.slope),
        ]
        for narrow, wide in pairwise(widths):
            layers += [
                Halve(narrow, wide, config.kernel, bias=False),
                nn.BatchNorm2d(wide),
                nn.LeakyReLU(config.slope),
            ]
        self.convolutions = nn.Sequential(*layers, nn.Flatten())
        dense: list[nn.Module] = []
        inputs = widths[-1] * 16 + classes
        for _ in range(config.dense_layers):
            dense += [
                nn.Linear(inputs, config.dense),
                nn.LeakyReLU(config.slope),
                nn.Dropout(config.dropout),
            ]
            inputs = config.dense
        self.dense = nn.Sequential(*dense, nn.Linear(inputs, 1))
        self.apply(dcgan_init)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        joined = torch.cat([self.convolutions(x), class_code(y, self.classes)], 1)
        return self.dense(joined).flatten()
