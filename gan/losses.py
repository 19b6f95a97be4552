"""What the two networks are asked to do: each objective's loss for G and for D."""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import AdversarialConfig


class Objective(Protocol):
    """The losses of one recipe; D's answers come back beside its loss, for the record."""

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, progress: float
    ) -> Tensor:
        """G's loss (scalar) on its own pictures `fake` [N, 3, H, W] of classes `y` [N]."""
        ...

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, progress: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        """D's loss (scalar) and its mean logits on real and on fake pictures (scalars)."""
        ...


class Adversarial:
    """The report's losses: binary cross-entropy (Goodfellow et al. 2014, the non-saturating
    form) or least squares (Mao et al. 2017), with one-sided label smoothing (Salimans et al.
    2016)."""

    def __init__(self, config: AdversarialConfig) -> None:
        self.mse = config.loss == "mse"
        self.real_target = config.real_target

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, progress: float
    ) -> Tensor:
        return self.distance(discriminator(fake, y), 1.0)

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, progress: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        # Two passes, not one joint batch: BatchNorm must not mix real and generated statistics.
        on_real, on_fake = discriminator(real, y), discriminator(fake, y)
        loss = self.distance(on_real, self.real_target) + self.distance(on_fake, 0.0)
        return loss, on_real.float().mean(), on_fake.float().mean()

    def distance(self, logits: Tensor, target: float) -> Tensor:
        """Mean loss of logits [N] against a target in [0, 1]."""
        logits = logits.float()
        wanted = torch.full_like(logits, target)
        if self.mse:
            return F.mse_loss(logits, wanted)
        return F.binary_cross_entropy_with_logits(logits, wanted)


def build_objective(config: AdversarialConfig) -> Objective:
    """The losses that the settings name."""
    return Adversarial(config)
