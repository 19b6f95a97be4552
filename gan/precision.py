"""Mixed precision, only where the hardware is faster at it."""

import contextlib
from contextlib import AbstractContextManager
from typing import Any

import torch


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
    """Run matrix products and convolutions in bfloat16 where `fast_bfloat16`, else do nothing.

    bfloat16 has float32's range, so no loss scaling is needed.
    """
    if fast_bfloat16(device):
        return torch.autocast(torch.device(device).type, dtype=torch.bfloat16)
    return contextlib.nullcontext()
