"""Halving and doubling layers compute the ordinary convolutions, also as matrix products."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.models import strided
from gan.models.strided import Double, FromPixel, Halve, ToPixel

# Kernel, larger map's channels, smaller map's channels, and its height and width. The kernels span
# over a quarter of the larger map, which is where a layer may use matrix products.
SHAPES = [(4, 6, 5, 4, 3), (6, 8, 3, 5, 5), (6, 3, 8, 8, 8), (8, 4, 6, 4, 4), (8, 5, 7, 6, 8)]


def passes(layer: nn.Module, x: Tensor, gradient: Tensor) -> list[Tensor]:
    """A layer's result, and the gradients of its input and its weights."""
    x = x.clone().requires_grad_(True)
    y = layer(x)
    (slope,) = torch.autograd.grad(y, x, gradient.to(y.dtype), retain_graph=True)
    (weight_slope,) = torch.autograd.grad(y, layer.weight, gradient.to(y.dtype))
    return [y.detach().double(), slope.double(), weight_slope.double()]


@pytest.mark.parametrize("large", [0, strided.LARGE])
@pytest.mark.parametrize("kind", [Halve, Double])
@pytest.mark.parametrize(("kernel", "wide", "narrow", "height", "width"), SHAPES)
def test_bfloat16_is_as_exact_as_the_ordinary_layer(
    kind: type[Halve | Double],
    kernel: int,
    wide: int,
    narrow: int,
    height: int,
    width: int,
    large: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In all three passes: the error is that of rounding exact results to bfloat16."""
    monkeypatch.setattr(strided, "LARGE", large)  # 0: all passes are matrix products
    generator = torch.Generator().manual_seed(kernel)

    def numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator).bfloat16().float()

    larger, smaller = (3, wide, 2 * height, 2 * width), (3, narrow, height, width)
    x, gradient = numbers(*larger), numbers(*smaller)
    if kind is Double:
        x, gradient = gradient, x
    layer = kind(x.shape[1], gradient.shape[1], kernel, bias=False)
    layer.load_state_dict({"weight": numbers(*layer.weight.shape)})
    convolve = F.conv2d if kind is Halve else F.conv_transpose2d
    exact = nn.Module()
    exact.weight = nn.Parameter(layer.weight.detach().double())
    exact.forward = lambda x: convolve(x, exact.weight, None, 2, (kernel - 2) // 2)

    expected = passes(exact, x.double(), gradient.double())
    for layout in (torch.contiguous_format, torch.channels_last):
        layer = layer.to(memory_format=layout)
        with torch.autocast("cpu", torch.bfloat16):
            y = layer(x.requires_grad_(True))
            results = passes(layer, x.detach().to(memory_format=layout), gradient)
        assert "_Map" in type(y.grad_fn).__name__
        assert y.dtype == torch.bfloat16
        for result, value in zip(results, expected, strict=True):
            assert result.shape == value.shape
            assert torch.equal(result, value.bfloat16().double()) or torch.allclose(
                result, value, rtol=2**-8, atol=1e-4 * float(value.abs().max())
            )


@pytest.mark.parametrize("bfloat16", [False, True])
def test_layers_to_and_from_one_pixel_are_the_ordinary_ones(bfloat16: bool) -> None:
    pairs: list[tuple[nn.Module, nn.Module, tuple[int, ...]]] = [
        (ToPixel(6, 2, 4), nn.Conv2d(6, 2, 4), (3, 6, 4, 4)),
        (FromPixel(5, 6, 4), nn.ConvTranspose2d(5, 6, 4, bias=False), (3, 5, 1, 1)),
    ]
    for layer, ordinary, shape in pairs:
        layer.load_state_dict(ordinary.state_dict())
        x = torch.randn(*shape)
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            gradient = torch.randn_like(ordinary(x))
            results = passes(layer, x, gradient), passes(ordinary, x, gradient)
        for result, expected in zip(*results, strict=True):
            assert result.shape == expected.shape
            assert torch.allclose(result, expected, rtol=2**-7 if bfloat16 else 1e-5, atol=1e-3)


@pytest.mark.parametrize("kind", [Halve, Double])
def test_float32_and_wide_maps_use_the_ordinary_layer(kind: type[Halve | Double]) -> None:
    ordinary = {Halve: nn.Conv2d, Double: nn.ConvTranspose2d}[kind](3, 4, 6, 2, 2, bias=False)
    layer = kind(3, 4, 6, bias=False)
    layer.load_state_dict(ordinary.state_dict())
    x = torch.randn(2, 3, 8, 8)
    assert torch.equal(layer(x), ordinary(x))
    wide = torch.randn(2, 3, 24, 24)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(wide), ordinary(wide))
        assert "_Map" not in type(layer(wide).grad_fn).__name__


def test_gradients_of_weights_that_nobody_asks_for_are_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """G's loss passes through D without the gradients of D's weights."""
    first, second = Halve(3, 4, 8, bias=False), Halve(4, 5, 8, bias=False)
    asked = []
    correlate = strided._correlate

    def count(x: Tensor, y: Tensor, kernel: int) -> Tensor:
        asked.append(x.shape[1])
        return correlate(x, y, kernel)

    monkeypatch.setattr(strided, "_correlate", count)
    with torch.autocast("cpu", torch.bfloat16):
        loss = second(first(torch.randn(2, 3, 16, 16))).sum()
    loss.backward(inputs=[first.weight])
    assert asked == [3]
    assert second.weight.grad is None
