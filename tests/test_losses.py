"""Losses against closed forms."""

import math
from typing import Literal

import pytest
import torch
from torch import Tensor, nn

from gan.config import AdversarialConfig, DCGANConfig
from gan.losses import Adversarial
from gan.models import build_discriminator


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


@pytest.mark.parametrize("first", ["generator", "discriminator"])
def test_d_judges_the_pictures_of_its_own_step(
    first: Literal["generator", "discriminator"],
) -> None:
    """Where G goes first D's loss reuses an answer; value and gradient are as without that."""
    objective = Adversarial(AdversarialConfig(first=first))
    torch.manual_seed(0)
    network = build_discriminator(DCGANConfig(width=4), 64, 0)
    parameters = list(network.parameters())
    for _ in range(2):
        source = torch.randn(4, 3, 64, 64, requires_grad=True)
        real, fake = torch.randn(4, 3, 64, 64), source.tanh()
        assert objective.order[0] == first
        for step in objective.order:
            if step == "generator":
                loss_g = objective.generator_loss(network, real, fake, Y, 0)
                loss_g.backward(inputs=[source], retain_graph=objective.retain_graph)
            else:
                loss, _, _ = objective.discriminator_loss(network, real, fake.detach(), Y, 0)
                on_real, on_fake = network(real, Y), network(fake.detach(), Y)
                wanted = objective.distance(on_real, 1.0) + objective.distance(on_fake, 0.0)
                assert torch.allclose(loss, wanted, rtol=1e-5)
                found = torch.autograd.grad(loss, parameters)
                for one, other in zip(found, torch.autograd.grad(wanted, parameters), strict=True):
                    assert torch.allclose(one, other, rtol=1e-3, atol=1e-5)
