"""Mixed precision: where it is chosen, that our recipe trains in it; memory that is kept."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gan import hardware
from gan.data.prepared import Photos
from gan.runs import Run
from gan.training import train
from tests.conftest import tiny_config


@pytest.mark.parametrize(
    ("capabilities", "fast"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"avx2": True, "avx512_bf16": False}, False),
        ({}, False),
    ],
)
def test_autocast_follows_what_the_processor_can_do(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], fast: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    layer = torch.nn.Linear(4, 4)
    with hardware.autocast("cpu"):
        result = layer(torch.ones(2, 4))
    assert hardware.fast_bfloat16("cpu") is fast
    assert result.dtype == (torch.bfloat16 if fast else torch.float32)


def test_an_unknown_device_stays_in_float32() -> None:
    assert not hardware.fast_bfloat16("meta")


def test_our_recipe_trains_in_bfloat16(
    tiny_photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = []
    for fast in (False, True):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda fast=fast: {"avx512_bf16": fast})
        run = Run(tmp_path / str(fast))
        train(tiny_config("projected", pictures=24, log_every=1), tiny_photos, run)
        losses.append(run.read_losses().drop(columns="seconds").to_numpy())
    # Eight bits of precision: near the losses of float32, and not the same.
    assert losses[1][0] == pytest.approx(losses[0][0], rel=0.15)
    assert losses[1][-1] == pytest.approx(losses[0][-1], rel=0.3, abs=0.05)
    assert (losses[0] != losses[1]).any()


PROGRAM = """
import platform, resource
import torch
from gan.hardware import keep_memory

if platform.libc_ver()[0] != "glibc":
    raise SystemExit("another C library")
keep_memory()
torch.ones(32 << 20)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
torch.ones(16 << 20)  # 64 MiB, for which glibc would map new pages
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def test_a_large_block_costs_page_faults_only_once() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    if "another C library" in done.stderr:
        pytest.skip("mallopt is glibc's")
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < (64 << 20) / resource.getpagesize() / 10
