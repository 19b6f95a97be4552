"""The report's unconditional networks: DCGAN (Radford et al. 2016) with kernel 4, 6 or 8."""

from itertools import pairwise

from torch import Tensor, nn

from gan.config import DCGANConfig
from gan.models.layers import channels, dcgan_init
from gan.models.strided import Double, FromPixel, Halve, ToPixel


class Generator(nn.Module):
    """Latents [N, latent] to pictures [N, 3, size, size] in [-1, 1]."""

    def __init__(self, config: DCGANConfig, size: int, classes: int = 0) -> None:
        super().__init__()
        widths = channels(config.width, size)
        layers: list[nn.Module] = [
            FromPixel(config.latent, widths[0], 4),
            nn.BatchNorm2d(widths[0]),
            activation(config),
        ]
        for wide, narrow in pairwise(widths):
            layers += [
                Double(wide, narrow, config.kernel, bias=False),
                nn.BatchNorm2d(narrow),
                activation(config),
            ]
        layers += [Double(widths[-1], 3, config.kernel), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.apply(dcgan_init)

    def forward(self, z: Tensor, y: None = None) -> Tensor:
        return self.layers(z[:, :, None, None])


class Discriminator(nn.Module):
    """Pictures [N, 3, size, size] to logits [N]: above 0 is "real"."""

    def __init__(self, config: DCGANConfig, size: int, classes: int = 0) -> None:
        super().__init__()
        widths = channels(config.width, size)[::-1]
        layers: list[nn.Module] = [Halve(3, widths[0], config.kernel), activation(config)]
        for narrow, wide in pairwise(widths):
            layers += [
                Halve(narrow, wide, config.kernel, bias=False),
                nn.BatchNorm2d(wide),
                activation(config),
            ]
        layers += [ToPixel(widths[-1], 1, 4)]
        self.layers = nn.Sequential(*layers)
        self.apply(dcgan_init)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.layers(x).flatten()


def activation(config: DCGANConfig) -> nn.Module:
    """The activation layer that the settings name."""
    if config.activation == "relu":
        return nn.ReLU(inplace=True)
    return nn.LeakyReLU(config.slope, inplace=True)
