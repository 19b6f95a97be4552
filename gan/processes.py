"""What the processes of one run share, so that many compute what one would.

Each process takes its part of every batch; gradients are averaged over all (gan/training.py).
What looks at a whole batch - BatchNorm, the drift between its pictures - must look at everybody's.
Without a process group each function returns what it was given.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd import Function


def world() -> tuple[int, int]:
    """This process's rank and how many there are; (0, 1) where it is alone."""
    if not dist.is_initialized():
        return 0, 1
    return dist.get_rank(), dist.get_world_size()


def own_part(values: Tensor) -> Tensor:
    """This process's rows of what all drew alike for the whole batch [N, ...]."""
    rank, size = world()
    return values.tensor_split(size)[rank]


def gather(values: Tensor) -> Tensor:
    """The rows [n, ...] of every process, one after another [size * n, ...].

    All must then compute the same loss of it: the gradient of each process's own rows comes back
    `size` times, which the mean over processes undoes.
    """
    return _Gather.apply(values) if world()[1] > 1 else values


def share_batch_norm(network: nn.Module) -> None:
    """Let BatchNorm take its statistics over all processes, in place.

    PyTorch's SyncBatchNorm does it on GPUs only.
    """
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SharedBatchNorm2d  # the same parameters and buffers


class SharedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm2d (Ioffe & Szegedy 2015) over the pictures of all processes."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        size = world()[1]
        count = size * x[:, 0].numel()
        mean = _Mean.apply(x.float().mean((0, 2, 3)))
        centred = x - mean[:, None, None].to(x.dtype)
        var = _Mean.apply(centred.float().square().mean((0, 2, 3)))
        with torch.no_grad():
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(var * count / max(1, count - 1), self.momentum)
            self.num_batches_tracked.add_(1)
        scale = (var + self.eps).rsqrt()
        if not self.affine:
            return centred * scale[:, None, None].to(x.dtype)
        scaled = centred * (scale * self.weight)[:, None, None].to(x.dtype)
        return scaled + self.bias[:, None, None].to(x.dtype)


class _Mean(Function):
    """The mean over processes; so is its gradient, since each process's loss is its own part's."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        return _mean(values)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _mean(gradient)


class _Gather(Function):
    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        values = values.contiguous()
        parts = [torch.empty_like(values) for _ in range(world()[1])]
        dist.all_gather(parts, values)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return own_part(gradient) * world()[1]


def _mean(values: Tensor) -> Tensor:
    total = values.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total / world()[1]
