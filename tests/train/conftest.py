"""A home with photos and a run, and scripts run in this process, for the tests of what judges."""

import runpy
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan import checkpoint
from gan.config import AdversarialConfig, CGANConfig, DataConfig, LoopConfig, RunConfig, to_json
from gan.data.photos import load
from gan.models import build_generator
from gan.runs import Run
from tests.tiny_network import TinyNetwork

SCRIPTS = Path(__file__).resolve().parent.parent.parent / "train"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Photos of two types, a run that was trained on them, and no way out to the network."""
    monkeypatch.setenv("CAR_GAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("gan.metrics.classifier.BUDGET", 96)
    monkeypatch.setattr("gan.metrics.judge.judge_of.__defaults__", (96, None))
    monkeypatch.setattr("gan.metrics.classifier.BATCH", 16)
    monkeypatch.setattr("gan.metrics.classifier.WIDTHS", (8, 8, 8, 16))

    monkeypatch.setattr("gan.metrics.extractors.efficientnet_lite", TinyNetwork)

    def refuse(*_: object, **__: object) -> None:
        raise OSError("the network is unreachable")

    monkeypatch.setattr("torch.hub.urlopen", refuse)
    monkeypatch.setattr("gan.metrics.inception.find_package", lambda: None)
    stream = np.random.RandomState(0)
    for body_type, shade in (("sedan", 0), ("suv", 160)):
        folder = tmp_path / "photos" / body_type
        folder.mkdir(parents=True)
        for i in range(40):
            pixels = stream.randint(0, 90, (70, 70, 3)) + shade
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{i}.png")
    photos = load(str(tmp_path / "photos"), 64)
    config = RunConfig(
        DataConfig(data=str(tmp_path / "photos")),
        CGANConfig(width=4, latent=8, dense=8),
        AdversarialConfig(),
        LoopConfig(),
    )
    run, settings = Run(tmp_path / "checkpoints" / "first"), to_json(config)
    checkpoint.save_generator(run.generator_path, build_generator(config.network, 64, 2), settings)
    dataset = {
        "name": photos.name,
        "content_hash": photos.content_hash,
        "classes": list(photos.classes),
        "counts": {split: photos.counts(split) for split in ("train", "validation", "test")},
    }
    values = {"settings": settings, "dataset": dataset, "environment": {}}
    run.write_config(values | {"progress": {"images_seen": 500}})
    return tmp_path


@pytest.fixture
def run_script(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a script in this process: exit code, output, errors without progress bars."""

    def run(name: str, *arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", [str(SCRIPTS / name), *map(str, arguments)])
        code = 0
        try:
            runpy.run_path(str(SCRIPTS / name), run_name="__main__")
        except SystemExit as leaving:
            code = int(leaving.code or 0)
        output, errors = capsys.readouterr()
        return code, output, errors

    return run
