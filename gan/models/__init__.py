"""The networks, and the one place that builds them from settings."""

from torch import nn

from gan.config import CGANConfig, DCGANConfig
from gan.models import cgan, dcgan


def build_generator(network: DCGANConfig | CGANConfig, size: int, classes: int) -> nn.Module:
    """A generator with fresh weights: forward(z [N, latent], y) -> [N, 3, size, size] in [-1, 1].

    `y` is None (unconditional), labels (int64 [N]) or weights over classes (float [N, classes]).
    """
    if isinstance(network, DCGANConfig):
        return dcgan.Generator(network, size)
    return cgan.Generator(network, size, classes)


def build_discriminator(network: DCGANConfig | CGANConfig, size: int, classes: int) -> nn.Module:
    """A discriminator with fresh weights: forward(x [N, 3, size, size], y) -> logits [N]."""
    if isinstance(network, DCGANConfig):
        return dcgan.Discriminator(network, size)
    return cgan.Discriminator(network, size, classes)
