"""DCGAN's convolutions, fast in bfloat16 on a CPU even where kernels are large and maps small.

oneDNN is several times slower than a matrix product where maps are small and kernels large. In such
a layer, if it has no bias, the gradient of the weights is a matrix product here, and so are the
other two passes if the weights are many (LARGE). Elsewhere, and in float32, on a GPU and in an
exported graph, the ordinary layer runs. Both compute the same sums, rounded to bfloat16 once.
On a Xeon with AMX, one thread, training DCGAN of width 32 became 1.9 times as fast with kernel 8,
1.4 times with kernel 6 and 1.1 times with kernel 4.

Names: a convolution with weights [O, C, k, k] maps x [N, C, 2h, 2w] to y [N, O, h, w]. A transposed
convolution with these weights is its gradient for x, and maps y to x.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from gan.models.layers import padding

LARGE = 2**20  # bfloat16 weights above this take over 2 MiB, and leave the cache of one core


class ToPixel(nn.Conv2d):
    """A convolution of maps [N, inputs, side, side] to one pixel [N, outputs, 1, 1]."""

    def forward(self, x: Tensor) -> Tensor:
        if not _autocast_on_cpu(x):
            return super().forward(x)
        filters = self.weight.permute(0, 2, 3, 1).flatten(1)
        return F.linear(x.permute(0, 2, 3, 1).flatten(1), filters, self.bias)[..., None, None]


class FromPixel(nn.ConvTranspose2d):
    """A transposed convolution without bias: [N, inputs, 1, 1] to [N, outputs, side, side]."""

    def __init__(self, inputs: int, outputs: int, side: int) -> None:
        super().__init__(inputs, outputs, side, bias=False)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        if not _autocast_on_cpu(x):
            return super().forward(x, output_size)
        filters = self.weight.permute(0, 2, 3, 1)
        return (x.flatten(1) @ filters.flatten(1)).unflatten(1, filters.shape[1:]).movedim(3, 1)


class Halve(nn.Conv2d):
    """A convolution that halves even heights and widths."""

    def __init__(self, inputs: int, outputs: int, kernel: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, 2, padding(kernel), bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.bias is None and _may_gain(x, x.shape[-1], self.weight):
            return _apply(x, self.weight, doubles=False)
        return super().forward(x)


class Double(nn.ConvTranspose2d):
    """A transposed convolution that doubles height and width."""

    def __init__(self, inputs: int, outputs: int, kernel: int, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, 2, padding(kernel), bias=bias)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        if self.bias is None and _may_gain(x, 2 * x.shape[-1], self.weight):
            return _apply(x, self.weight, doubles=True)
        return super().forward(x, output_size)


def _autocast_on_cpu(x: Tensor) -> bool:
    return torch.is_autocast_enabled("cpu") and x.device.type == "cpu"


def _may_gain(x: Tensor, width: int, weight: Tensor) -> bool:
    """Whether bfloat16 is used on a CPU, and the kernel spans over a quarter of the larger map.

    A smaller kernel has too little arithmetic for each number that is copied into a matrix.
    """
    return _autocast_on_cpu(x) and 4 * weight.shape[-1] > width


def _apply(x: Tensor, weight: Tensor, doubles: bool) -> Tensor:
    dtype = torch.get_autocast_dtype("cpu")
    x, weight = x.to(dtype), weight.to(dtype)
    height, width = (2 * s if doubles else s // 2 for s in x.shape[2:])
    shape = (len(x), weight.shape[1 if doubles else 0], height, width)
    carrier = _WeightGradient.apply(weight, x.detach(), shape, doubles)
    return _Map.apply(x, weight.detach(), carrier, doubles)


class _Map(torch.autograd.Function):
    """Halve or double x.

    `carrier` is what `_WeightGradient` returned. It isn't used, but in the backward pass it gets
    the gradient of the result as it is, from which that node computes that of the weights.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, carrier: Tensor, doubles: bool) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.doubles = doubles
        return _double(x, weight) if doubles else _halve(x, weight)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (weight,) = ctx.saved_tensors
        back = _halve if ctx.doubles else _double
        return back(gradient, weight) if ctx.needs_input_grad[0] else None, None, gradient, None


class _WeightGradient(torch.autograd.Function):
    """Zeros in the shape of the layer's result, whose gradient becomes that of the weights.

    It is a node of its own because autograd leaves out whole nodes only: G's loss passes through D
    and doesn't need the gradients of D's weights.
    """

    @staticmethod
    def forward(
        ctx: Any, weight: Tensor, x: Tensor, shape: tuple[int, ...], doubles: bool
    ) -> Tensor:
        ctx.save_for_backward(x)
        ctx.kernel, ctx.doubles = weight.shape[-1], doubles
        return weight.new_zeros(()).expand(shape)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        larger, smaller = (gradient, x) if ctx.doubles else (x, gradient)
        return _correlate(larger, smaller, ctx.kernel), None, None, None


def _halve(x: Tensor, weight: Tensor) -> Tensor:
    """x [N, C, 2h, 2w] to y [N, O, h, w]: each row of y is one matrix product."""
    (outputs, _, kernel, _), pad = weight.shape, padding(weight.shape[-1])
    if weight.numel() <= LARGE:
        return F.conv2d(x, weight, None, 2, pad)
    count, _, height, width = x.shape
    rows = _windows(x, kernel, 2, pad, width // 2).reshape(count * width // 2, height, -1)
    filters = weight.permute(2, 3, 1, 0).reshape(kernel, -1, outputs)
    y = x.new_empty(count, height // 2, width // 2, outputs)
    for row in range(height // 2):
        top = 2 * row - pad  # the kernel's first row in x; rows outside x are left out
        first, end = max(top, 0), min(top + kernel, height)
        product = rows[:, first:end].flatten(1) @ filters[first - top : end - top].flatten(0, 1)
        y[:, row] = product.view(count, width // 2, outputs)
    return y.permute(0, 3, 1, 2)


def _double(y: Tensor, weight: Tensor) -> Tensor:
    """y [N, O, h, w] to x [N, C, 2h, 2w]: each row of x is one matrix product.

    Even and odd rows and columns of x see every second row and column of the kernel.
    """
    (outputs, inputs, kernel, _), pad = weight.shape, padding(weight.shape[-1])
    if weight.numel() <= LARGE:
        return F.conv_transpose2d(y, weight, None, 2, pad)
    count, _, height, width = y.shape
    half, skipped = kernel // 2, pad // 2  # pairs of columns that lie in the padding alone
    pairs = (2 * width - 1 + pad) // 2 + 1 - skipped
    rows = _windows(y, half, 1, half - 1 - skipped, pairs).reshape(count * pairs, height, -1)
    filters = weight.view(outputs, inputs, half, 2, half, 2).flip(2, 4).permute(3, 2, 4, 0, 5, 1)
    filters = filters.reshape(2, half, half * outputs, 2 * inputs)
    x = y.new_empty(count, 2 * height, 2 * width, inputs)
    for row in range(2 * height):
        last, odd = divmod(row + pad, 2)
        top = last - half + 1
        first, end = max(top, 0), min(last + 1, height)
        part = filters[odd, first - top : end - top].flatten(0, 1)
        product = (rows[:, first:end].flatten(1) @ part).view(count, 2 * pairs, inputs)
        x[:, row] = product[:, pad % 2 : pad % 2 + 2 * width]
    return x.permute(0, 3, 1, 2)


def _correlate(x: Tensor, y: Tensor, kernel: int) -> Tensor:
    """The weights' gradient [O, C, k, k] for x and a gradient y: a product for each kernel row."""
    (count, outputs, height, width), pad = y.shape, padding(kernel)
    # Even rows of x and odd rows, each [h, N w, k C].
    rows = _windows(x, kernel, 2, pad, width).unflatten(2, (height, 2)).permute(3, 2, 0, 1, 4)
    rows = rows.reshape(2, height, count * width, -1)
    slopes = y.permute(2, 0, 3, 1).reshape(-1, outputs).T.contiguous().view(outputs, height, -1)
    gradient = y.new_empty(outputs, kernel, rows.shape[-1])
    for row in range(kernel):
        offset, odd = divmod(row - pad, 2)
        first, end = max(0, -offset), min(height, height - offset)
        part = rows[odd, first + offset : end + offset].flatten(0, 1)
        gradient[:, row] = slopes[:, first:end].flatten(1) @ part
    return gradient.unflatten(2, (kernel, -1)).permute(0, 3, 1, 2)


def _windows(x: Tensor, taps: int, stride: int, left: int, number: int) -> Tensor:
    """Windows along the width of x [N, C, H, W]: a view [N, number, H, taps C] of a padded copy."""
    count, channels, height, width = x.shape
    right = (number - 1) * stride + taps - left - width
    padded = F.pad(x.permute(0, 2, 3, 1), (0, 0, left, right)).contiguous()
    n, h, w, _ = padded.stride()
    return padded.as_strided((count, number, height, taps * channels), (n, stride * w, h, 1))
