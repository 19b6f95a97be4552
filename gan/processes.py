"""Lets several processes compute what one would: BatchNorm and losses over the whole batch.

Each process takes its part of every batch, and gradients are averaged over all (gan/step.py).
BatchNorm and the drift look at a whole batch, so they need the values of all processes. In a single
process each function returns its argument.
"""

from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.autograd import Function


def rank_and_size() -> tuple[int, int]:
    """This process's rank and the number of processes; (0, 1) for a single one."""
    if not dist.is_initialized():
        return 0, 1
    return dist.get_rank(), dist.get_world_size()


def own_part(values: Tensor) -> Tensor:
    """This process's rows of values for the whole batch [N, ...], the same in all processes."""
    rank, size = rank_and_size()
    return values.tensor_split(size)[rank]


def gather(values: Tensor) -> Tensor:
    """The rows [n, ...] of every process, one after another: [size * n, ...].

    Every process must compute the same loss from them. The gradient of its own rows is then
    multiplied by `size`, which the mean of gradients over processes undoes.
    """
    return _Gather.apply(values) if rank_and_size()[1] > 1 else values


def synchronize_batch_norm(network: nn.Module) -> None:
    """Make BatchNorm use the statistics of all processes, in place.

    PyTorch's SyncBatchNorm works on GPUs only.
    """
    for module in network.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SynchronizedBatchNorm2d  # the same parameters and buffers


class SynchronizedBatchNorm2d(nn.BatchNorm2d):
    """BatchNorm2d (Ioffe & Szegedy 2015) over the pictures of all processes."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return super().forward(x)
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        assert self.momentum is not None
        size = rank_and_size()[1]
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
    """The mean over processes. Its gradient is a mean too, as each loss is that of its own part."""

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
        parts = [torch.empty_like(values) for _ in range(rank_and_size()[1])]
        dist.all_gather(parts, values)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return own_part(gradient) * rank_and_size()[1]


def _mean(values: Tensor) -> Tensor:
    total = values.clone(memory_format=torch.contiguous_format)
    dist.all_reduce(total)
    return total / rank_and_size()[1]
