"""Shapes, sizes and initial weights of the report's networks."""

import pytest
import torch

from gan.config import CGANConfig, DCGANConfig
from gan.models import build_discriminator, build_generator

CLASSES = 3


@pytest.mark.parametrize("size", [64, 128, 256])
@pytest.mark.parametrize("kernel", [4, 6, 8])
def test_dcgan_maps_latents_to_pictures_to_logits(size: int, kernel: int) -> None:
    config = DCGANConfig(kernel=kernel, width=2, latent=5)
    pictures = build_generator(config, size, 0)(torch.randn(2, 5), None)
    assert pictures.shape == (2, 3, size, size)
    assert pictures.abs().max() <= 1
    assert build_discriminator(config, size, 0)(pictures, None).shape == (2,)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_cgan_maps_latents_and_classes_to_pictures_to_logits(size: int) -> None:
    config = CGANConfig(width=2, latent=5, dense=4)
    y = torch.tensor([0, 2])
    pictures = build_generator(config, size, CLASSES)(torch.randn(2, 5), y)
    assert pictures.shape == (2, 3, size, size)
    assert build_discriminator(config, size, CLASSES)(pictures, y).shape == (2,)


@pytest.mark.parametrize(("kernel", "millions"), [(4, 3.8), (6, 7.3), (8, 12.1)])
def test_generator_grows_with_the_square_of_the_kernel(kernel: int, millions: float) -> None:
    generator = build_generator(DCGANConfig(kernel=kernel), 64, 0)
    count = sum(p.numel() for p in generator.parameters())
    assert count / 1e6 == pytest.approx(millions, abs=0.05)
    body = sum(
        a * b * kernel**2 for a, b in ((512, 256), (256, 128), (128, 64), (64, 3))
    )  # every doubling stage
    assert count == 128 * 512 * 16 + body + 3 + 2 * (512 + 256 + 128 + 64)


def test_kernels_reach_further() -> None:
    """A larger kernel makes one pixel of the 8x8 stage touch more of the picture."""
    reach = []
    for kernel in (4, 6, 8):
        generator = build_generator(DCGANConfig(kernel=kernel, width=2, latent=4), 64, 0).eval()
        stages = generator.layers[3:]
        x = torch.zeros(1, 16, 4, 4, requires_grad=True)
        stages(x)[0, 0, 32, 32].backward()
        assert x.grad is not None
        reach.append(int((x.grad.abs().sum(1) > 0).sum()))
    assert reach[0] < reach[1] <= reach[2]


def test_class_weights_agree_with_labels() -> None:
    generator = build_generator(CGANConfig(width=2, latent=5), 64, CLASSES).eval()
    z, y = torch.randn(4, 5), torch.tensor([0, 1, 2, 0])
    weights = torch.eye(CLASSES)[y]
    assert torch.equal(generator(z, y), generator(z, weights))
    assert not torch.equal(generator(z, y), generator(z, y.flip(0)))


def test_discriminator_hears_the_class() -> None:
    config = CGANConfig(width=2, dense=4)
    discriminator = build_discriminator(config, 64, CLASSES).eval()
    x = torch.randn(1, 3, 64, 64)
    answers = {float(discriminator(x, torch.tensor([c])).detach()) for c in range(CLASSES)}
    assert len(answers) == CLASSES


def test_initial_weights_are_the_papers() -> None:
    torch.manual_seed(0)
    generator = build_generator(DCGANConfig(width=32), 64, 0)
    convolution, norm = generator.layers[3], generator.layers[4]
    assert float(convolution.weight.detach().std()) == pytest.approx(0.02, rel=0.02)
    assert float(norm.weight.detach().mean()) == pytest.approx(1, abs=0.01)
    assert float(norm.weight.detach().std()) == pytest.approx(0.02, rel=0.3)
    assert not norm.bias.any()


def test_last_layers_give_no_sigmoid() -> None:
    discriminator = build_discriminator(DCGANConfig(width=2), 64, 0)
    with torch.no_grad():
        discriminator.layers[-1].bias.fill_(7.0)
    assert float(discriminator(torch.zeros(1, 3, 64, 64), None).detach()) > 1
