"""On another device than the CPU: nothing is left behind (a stand-in where there is no GPU)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import accelerate
import pandas as pd
import pytest
import torch

from gan import training
from gan.config import DriftConfig
from gan.data.batches import Batches
from gan.data.prepared import Photos
from gan.runs import Run
from gan.step import Step, build_state
from gan.training import train
from tests.conftest import tiny_config
from tests.far_device import FAR, FarDevice, FarTensor


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> FarDevice:
    """The pretended device, as the one that trainings choose."""

    def adam(*arguments: Any, fused: bool) -> torch.optim.Optimizer:
        return real_adam(*arguments)  # there is no fused step for the stand-in

    real_adam = torch.optim.Adam
    monkeypatch.setattr(training.torch.optim, "Adam", adam)
    monkeypatch.setattr(accelerate.Accelerator, "device", FAR)
    return FarDevice()


def test_the_stand_in_refuses_what_mixes_devices(far: FarDevice) -> None:
    with far:
        there, here = torch.ones(3, device=FAR), torch.ones(3)
        assert isinstance(there + there, FarTensor)
        assert not isinstance(here + here, FarTensor)
        assert (there * torch.tensor(2.0)).cpu().tolist() == [2, 2, 2]
        with pytest.raises(RuntimeError, match="two devices"):
            there + here


@pytest.mark.filterwarnings("ignore:.*copying from a non-meta parameter")  # it does arrive
@pytest.mark.parametrize("architecture", ["dcgan", "cgan", "projected"])
def test_training_and_going_on_stay_on_the_device(
    architecture: str, tiny_photos: Photos, tmp_path: Path, far: FarDevice
) -> None:
    here, there = Run(tmp_path / "here"), Run(tmp_path / "there")
    settings = {"log_every": 1, "sample_every": 100, "balanced": True, "mirror": True}
    settings |= {"precision": "float32"}  # this CPU may be fast at bfloat16, the stand-in is not
    with far:
        train(tiny_config(architecture, pictures=24, **settings), tiny_photos, there)
        train(tiny_config(architecture, pictures=32, **settings), tiny_photos, there, resume=True)
    assert there.read_config()["environment"]["device"].startswith(FAR.type)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accelerate.Accelerator, "device", torch.device("cpu"))
        train(tiny_config(architecture, pictures=32, **settings), tiny_photos, here)
    losses = [run.read_losses().drop(columns="seconds") for run in (there, here)]
    pd.testing.assert_frame_equal(*losses, rtol=1e-3, atol=5e-3)  # Adam grows rounding


@pytest.mark.filterwarnings("ignore:.*copying from a non-meta parameter")
def test_a_step_does_not_wait_for_the_device(tiny_photos: Photos, far: FarDevice) -> None:
    """Or a GPU stands still while the processor prepares what comes next."""
    config = tiny_config("projected", pictures=64, balanced=True, mirror=True, precision="float32")
    objective = DriftConfig(join=0, ramp=8, references=4, crowd=6)
    network = replace(config.network, guided=True, layouts=True, mapping=True)
    config = replace(config, objective=objective, network=network)
    with far:
        state = build_state(config, len(tiny_photos.classes), FAR)
        loop = config.loop
        batches = Batches(tiny_photos, loop.batch, loop.seed, FAR, loop.balanced, loop.mirror)
        step = Step(config, state, batches, accelerate.Accelerator(cpu=True), iterations=8)
        step.prepare()
        step()  # the first one measures the losses' gradients
        far.waits.clear()
        step()
    assert not far.waits
