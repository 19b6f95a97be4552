"""Parts that several networks use: sizes of stages, class codes, pooling, initial weights."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CELLS = 4  # a feature map is summarised by its means over a grid of 4x4 cells


def stages(size: int) -> int:
    """The number of doublings from 4x4 to `size` pixels."""
    return (size // 4).bit_length() - 1


def channels(width: int, size: int) -> list[int]:
    """Channels from the 4x4 stage to the one before the picture: width doubles, up to 8 times."""
    return [width * min(8, 2**power) for power in reversed(range(stages(size)))]


def padding(kernel: int) -> int:
    """The padding with which a stride of 2 exactly doubles or halves an even size."""
    return (kernel - 2) // 2


def pool(maps: Tensor, side: int) -> Tensor:
    """Means over a grid of side x side cells: [N, C, H, W] to [N, C, side, side]."""
    height, width = maps.shape[2:]
    if height % side == 0 and width % side == 0:
        return F.avg_pool2d(maps, (height // side, width // side))  # several times as fast
    return F.adaptive_avg_pool2d(maps, side)


def cells(maps: Tensor) -> Tensor:
    """Means over a grid of 4x4 cells: [N, C, H, W] to [N, C, 4, 4]; smaller maps as they are."""
    return pool(maps, CELLS) if maps.shape[-1] > CELLS else maps


def class_code(y: Tensor, classes: int) -> Tensor:
    """One-hot rows of labels (int64 [N]); weights over classes (float [N, classes]) as they are."""
    return y if y.is_floating_point() else F.one_hot(y, classes).float()


@torch.no_grad()
def dcgan_init(module: nn.Module) -> None:
    """The DCGAN paper's initial weights: N(0, 0.02); BatchNorm's scale N(1, 0.02).

    Source: Radford et al. 2016, section 4; the scale as in pytorch/examples' dcgan.
    """
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
        nn.init.normal_(module.weight, 0, 0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1, 0.02)
        nn.init.zeros_(module.bias)
