"""An experiment in miniature: real parts for one run through, made-up ones for the rest."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from torch import Tensor, nn

from gan.config import RunConfig, to_json
from gan.data.prepared import Photos
from gan.experiments import judging
from gan.metrics.glossary import LITE2
from gan.runs import LOSS_COLUMNS, Run

CLASSES = ("coupe", "sedan", "suv", "wagon")
COUNTS = (16, 20, 24, 18)  # train photos; each class has 5 more for testing


class Projection(nn.Module):
    """Stands for EfficientNet-Lite2 and takes no time: fixed random projections."""

    def __init__(self) -> None:
        super().__init__()
        stream = torch.Generator().manual_seed(0)
        self.matrix = nn.Parameter(torch.randn(3 * 8 * 8, 12, generator=stream))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        small = nn.functional.adaptive_avg_pool2d(pictures.float() / 255, 8)
        found = small.flatten(1) @ self.matrix
        return found[:, :8], found[:, 8:]

    def get_name(self) -> str:
        return LITE2


@pytest.fixture(scope="session")
def extractor() -> Any:
    return Projection().requires_grad_(False)


@pytest.fixture
def cars(tmp_path: Path) -> Photos:
    """Photos of four classes, each of a brightness of its own."""
    stream = np.random.RandomState(0)
    labels = np.repeat(np.arange(4), [count + 5 for count in COUNTS])
    place = np.concatenate([np.arange(count + 5) for count in COUNTS])
    shades = (40 + 50 * labels)[:, None, None, None]
    pictures = (shades + stream.randint(0, 50, (len(labels), 64, 64, 3))).astype(np.uint8)
    test = place >= np.array(COUNTS)[labels]
    none = np.zeros_like(test)
    return Photos("cars", pictures, labels, test, none, CLASSES, "c" * 64, tmp_path / "cars")


SMALL: dict[str, Any] = {
    "judged": 24,
    "seeds": (0, 1, 2),
    "width": 4,
    "latent": 8,
    "batch": 8,
    "judges": 1,
    "judge_pictures": 256,
}


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[tuple[str, int, bool]]]:
    """Replace training by one whose every step takes kernel / 4 seconds, by its own clock.

    `fails` maps a run's name to what its training raises, once. Returns the list to which each
    training adds (run, pictures seen at its end, whether it was resumed).
    """

    def install(**fails: BaseException) -> list[tuple[str, int, bool]]:
        calls: list[tuple[str, int, bool]] = []
        waiting = {name.replace("_", "-"): error for name, error in fails.items()}

        def train(config: RunConfig, photos: Photos, run: Run, resume: bool = False) -> bool:
            assert resume == run.config_path.exists()
            step = getattr(config.network, "kernel", 4) / 4
            batch, loop = config.loop.batch, config.loop
            rows = run.read_losses().to_numpy().tolist() if resume else []
            done = False
            while not done:
                iteration = len(rows) + 1
                seconds = iteration * step
                rows.append([iteration, iteration * batch, seconds, 1.0, 0.1, 0, 0])
                done = iteration * batch >= loop.pictures
                error = waiting.pop(run.name, None) if iteration == 2 else None
                if error or (loop.minutes and seconds > loop.minutes * 60):
                    break
            run.write_losses(pd.DataFrame(rows, columns=list(LOSS_COLUMNS)))
            run.generator_path.write_bytes(bytes([len(rows)]))
            run.write_config(
                {
                    "settings": to_json(config),
                    "dataset": {"content_hash": photos.content_hash},
                    "progress": {"images_seen": len(rows) * batch, "seconds": len(rows) * step},
                    "environment": {},
                }
            )
            if run.name != "trial":  # measures the speed
                calls.append((run.name, len(rows) * batch, resume))
            if error:
                raise error
            return done

        monkeypatch.setattr("gan.experiments.running.train", train)
        return calls

    return install


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace the judge: a larger kernel is better by 1, every seed worse by 5."""
    asked: list[str] = []

    def rows(
        run: Run, photos: Photos, extractor: Any, count: int, judge: Any = None
    ) -> list[dict[str, Any]]:
        asked.append(run.name)
        network = run.read_config()["settings"]["network"]
        value = 50 - network["kernel"] + 5 * run.read_config()["settings"]["loop"]["seed"]
        shared = {"extractor": extractor.get_name(), "body_type": "all", "n_fake": count}
        return [shared | {"metric": "fd", "value": value}]

    monkeypatch.setattr(judging, "fidelity_rows", rows)
    monkeypatch.setattr("gan.metrics.judge.judge_of", lambda *asked: None)  # needs no training
    monkeypatch.setattr(judging, "floor_rows", lambda *asked: [])
    return asked
