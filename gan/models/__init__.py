"""The networks. Each kind has a module of its name, with the classes Generator and Discriminator.

Both are built from (config, size, classes).
"""

import importlib
from typing import Any

from torch import nn

from gan.config import NetworkConfig, kind_of


def build_generator(network: NetworkConfig, size: int, classes: int) -> nn.Module:
    """A generator with fresh weights: forward(z [N, latent], y) -> [N, 3, size, size] in [-1, 1].

    `y` is None (unconditional), labels (int64 [N]) or weights over classes (float [N, classes]).
    A guided network also takes guidance (float [N] in [0, 1]).
    """
    return _module(network).Generator(network, size, classes)


def build_discriminator(network: NetworkConfig, size: int, classes: int) -> nn.Module:
    """A discriminator with fresh weights: forward(x, y) -> logits [N] or [N, heads].

    `x` are pictures [N, 3, size, size], or feature maps of them (see gan/models/projected.py).
    """
    return _module(network).Discriminator(network, size, classes)


def _module(network: NetworkConfig) -> Any:
    return importlib.import_module(f"gan.models.{kind_of(network)}")
