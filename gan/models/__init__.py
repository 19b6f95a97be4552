"""The networks, and the one place that builds them from settings."""

from torch import nn

from gan.config import CGANConfig, DCGANConfig, ProjectedConfig
from gan.models import cgan, dcgan, projected

NetworkConfig = DCGANConfig | CGANConfig | ProjectedConfig


def build_generator(network: NetworkConfig, size: int, classes: int) -> nn.Module:
    """A generator with fresh weights: forward(z [N, latent], y) -> [N, 3, size, size] in [-1, 1].

    `y` is None (unconditional), labels (int64 [N]) or weights over classes (float [N, classes]).
    """
    if isinstance(network, DCGANConfig):
        return dcgan.Generator(network, size)
    if isinstance(network, CGANConfig):
        return cgan.Generator(network, size, classes)
    return projected.Generator(network, size, classes)


def build_discriminator(network: NetworkConfig, size: int, classes: int) -> nn.Module:
    """A discriminator with fresh weights.

    The report's: forward(x [N, 3, size, size], y) -> logits [N]. The projected one reads feature
    maps instead, see gan/models/projected.py.
    """
    if isinstance(network, DCGANConfig):
        return dcgan.Discriminator(network, size)
    if isinstance(network, CGANConfig):
        return cgan.Discriminator(network, size, classes)
    return projected.Discriminator(network, size, classes)
