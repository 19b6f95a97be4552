"""Losses against closed forms."""

import math

import pytest
import torch
from torch import Tensor, nn

from gan.config import AdversarialConfig
from gan.losses import Adversarial


class Constant(nn.Module):
    """Says one logit of real pictures (all ones) and another of fake ones (all zeros)."""

    def __init__(self, on_real: float, on_fake: float) -> None:
        super().__init__()
        self.on_real, self.on_fake = on_real, on_fake

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return torch.where(x.mean((1, 2, 3)) > 0.5, self.on_real, self.on_fake)


REAL, FAKE, Y = torch.ones(4, 3, 8, 8), torch.zeros(4, 3, 8, 8), torch.zeros(4, dtype=torch.long)


def test_undecided_discriminator_scores_log_2_each() -> None:
    objective = Adversarial(AdversarialConfig())
    judge = Constant(0.0, 0.0)
    assert float(objective.generator_loss(judge, REAL, FAKE, Y, 0)) == pytest.approx(math.log(2))
    loss, d_real, d_fake = objective.discriminator_loss(judge, REAL, FAKE, Y, 0)
    assert float(loss) == pytest.approx(2 * math.log(2))
    assert (float(d_real), float(d_fake)) == (0, 0)


def test_binary_cross_entropy() -> None:
    objective = Adversarial(AdversarialConfig())
    loss, d_real, d_fake = objective.discriminator_loss(Constant(2.0, -3.0), REAL, FAKE, Y, 0)
    assert float(loss) == pytest.approx(math.log1p(math.exp(-2)) + math.log1p(math.exp(-3)))
    assert (float(d_real), float(d_fake)) == (2, -3)


def test_smoothing_moves_the_optimum_to_its_target() -> None:
    """With target t, binary cross-entropy is least at the logit log(t / (1 - t))."""
    objective = Adversarial(AdversarialConfig(real_target=0.9))
    logit = torch.tensor([math.log(9)], requires_grad=True)
    objective.distance(logit, objective.real_target).backward()
    assert logit.grad is not None
    assert float(logit.grad) == pytest.approx(0, abs=1e-6)


def test_least_squares() -> None:
    objective = Adversarial(AdversarialConfig(loss="mse", real_target=0.9))
    loss, _, _ = objective.discriminator_loss(Constant(0.5, 0.25), REAL, FAKE, Y, 0)
    assert float(loss) == pytest.approx(0.4**2 + 0.25**2)
    assert float(objective.generator_loss(Constant(0.5, 0.25), REAL, FAKE, Y, 0)) == pytest.approx(
        0.75**2
    )
