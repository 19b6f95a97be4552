"""Several processes must compute the step that one would."""

import subprocess
import sys
from pathlib import Path

import torch

from gan.config import to_json
from gan.data.prepared import Photos
from tests.conftest import tiny_config

REPOSITORY = Path(__file__).resolve().parent.parent

# One step of G after the heads have joined, each process on its part of the batch.
STEP = """
import json, os, sys, torch
import torch.distributed as dist
from gan.config import from_json
from gan.data.batches import Batches
from gan.data.prepared import Photos
from gan.processes import own_part, rank_and_size
from gan.step import build_state

folder, rank, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(1)
if size > 1:
    dist.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=size)
assert rank_and_size() == (rank, size)
given = torch.load(f"{folder}/given.pt", weights_only=False)
config, photos = from_json(given["config"]), given["photos"]
state = build_state(config, 2, torch.device("cpu"))
objective = state.objective
torch.manual_seed(1)
objective.prepare(Batches(photos, 8, 0, torch.device("cpu"), True))
real, y = Batches(photos, 8, 0, torch.device("cpu"), True).get(0)
z = torch.randn(8, 8)
fake = state.generator(own_part(z), own_part(y))
state.discriminator.requires_grad_(False)
loss = objective.generator_loss(state.discriminator, own_part(real), fake, own_part(y), 32)
loss.backward()
gradient = torch.cat([p.grad.flatten() for p in state.generator.parameters()])
found = {
    "loss": loss.detach(),
    "gradient": gradient,
    "balance": objective.balance,
    "ring": objective.bank.get_buffer("ring-exposure").float(),
    "running": torch.cat([v.flatten() for k, v in state.generator.named_buffers() if "var" in k]),
}
if size > 1:
    for key in ("loss", "gradient"):
        dist.all_reduce(found[key])
        found[key] /= size
torch.save(found, f"{folder}/{size}-{rank}.pt")
if size > 1:
    dist.barrier()
    dist.destroy_process_group()  # one that leaves first takes the other down
    os._exit(0)  # a thread of PyTorch that still runs sometimes aborts an ordinary exit
"""


def test_two_processes_take_the_step_of_one(tiny_photos: Photos, tmp_path: Path) -> None:
    """Loss, gradient, BatchNorm's statistics, the bank and the balance of the pulls."""
    given = {"config": to_json(tiny_config("projected")), "photos": tiny_photos}
    torch.save(given, tmp_path / "given.pt")
    started = [
        subprocess.Popen([sys.executable, "-c", STEP, tmp_path, *map(str, place)], cwd=REPOSITORY)
        for place in ((0, 1), (0, 2), (1, 2))
    ]
    assert [process.wait(timeout=300) for process in started] == [0, 0, 0]
    one, first, second = (torch.load(tmp_path / f"{who}.pt") for who in ("1-0", "2-0", "2-1"))
    for key, value in one.items():
        error = (first[key] - value).norm() / value.norm()
        assert error < 3e-3, (key, float(error))  # rings in bfloat16: rounding differs
        assert torch.equal(first[key], second[key]), key
    assert one["gradient"].norm() > 0
