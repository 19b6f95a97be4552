"""Settings for the processor or GPU: bfloat16 where it is fast, and memory that is reused."""

import contextlib
import ctypes
import platform
from contextlib import AbstractContextManager
from typing import Any

import torch

# Numbers of mallopt(3)'s parameters in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def best_device() -> torch.device:
    """The first GPU, or the processor where there is none."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def keep_memory() -> None:
    """Make glibc's allocator keep freed memory for the next step; elsewhere do nothing.

    By default glibc maps every block above 32 MiB anew, and the kernel clears the same tens of
    thousands of pages in every step, which takes a tenth of the time.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_MAX, 0)  # no block is mapped by itself
        mallopt(M_TRIM_THRESHOLD, -1)  # the heap is never given back to the system


def fast_bfloat16(device: torch.device | str) -> bool:
    """Whether `device` multiplies bfloat16 matrices in hardware.

    A processor without such instructions (AVX512-BF16, AMX) emulates them: a training step
    takes about 25 times as long as in float32.
    """
    kind = torch.device(device).type
    if kind == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if kind == "cpu":
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return False


def autocast(device: torch.device | str) -> AbstractContextManager[Any]:
    """Run matrix products and convolutions in bfloat16 where it is fast, else do nothing.

    bfloat16 has float32's range, so no loss scaling is needed.
    """
    if fast_bfloat16(device):
        return torch.autocast(torch.device(device).type, dtype=torch.bfloat16)
    return contextlib.nullcontext()
