"""What a training leaves in its run folder: losses, settings, grids, weights."""

import math
import platform
import subprocess
from pathlib import Path
from typing import Any

import accelerate
import numpy as np
import pandas as pd
import torch
from PIL import Image
from torch import Tensor

import gan
from gan import atomic, graph, sampling
from gan.checkpoint import LoadedGenerator, State, save_generator, save_state
from gan.config import RunConfig, to_json
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.runs import LOSS_COLUMNS, Run


class Record:
    """The rows of losses.csv, and a guard against losses that are not finite."""

    def __init__(self, run: Run, iteration: int) -> None:
        """Go on after `iteration`; rows of lost work after it are dropped."""
        before = run.read_losses() if iteration else pd.DataFrame(columns=list(LOSS_COLUMNS))
        kept = before[before["iteration"] <= iteration]
        self.rows: list[Any] = kept.to_dict("records")
        # Tensors, unread: reading one makes the processor wait for a GPU.
        self.pending: list[tuple[int, int, Tensor]] = []

    def add(self, iteration: int, seen: int, figures: Tensor) -> None:
        """Take note of an iteration's loss_g, loss_d, d_real, d_fake (float [4])."""
        self.pending.append((iteration, seen, figures))

    def check(self) -> list[list[float]]:
        """The noted values since the last check.

        Raises:
            UserError: One is not finite.
        """
        if not self.pending:
            return []
        values = torch.stack([tensor for _, _, tensor in self.pending]).tolist()
        for (iteration, _, _), numbers in zip(self.pending, values, strict=True):
            if not all(map(math.isfinite, numbers)):
                raise UserError(
                    f"iteration {iteration}: a loss is not finite (G {numbers[0]}, D {numbers[1]});"
                    " the last save is kept: lower --lr-g and --lr-d"
                )
        self.pending = self.pending[-1:]
        return values

    def log(self, seconds: float) -> dict[str, Any]:
        """Add the newest iteration as a row of losses.csv; return it."""
        iteration, seen, _ = self.pending[-1]
        numbers = self.check()[-1]
        self.pending.clear()
        row = dict(zip(LOSS_COLUMNS, (iteration, seen, round(seconds, 3), *numbers), strict=True))
        self.rows.append(row)
        return row

    def table(self) -> pd.DataFrame:
        return pd.DataFrame(self.rows, columns=list(LOSS_COLUMNS))


def write_run(
    run: Run,
    config: RunConfig,
    photos: Photos,
    classes: tuple[str, ...],
    state: State,
    rows: Record,
    identity: dict[str, Any],
    iterations: int,
    restarts: list[int],
) -> None:
    """Write what the run shows to others, then the state: a kill in between repeats work only.

    The first time the state comes first: a folder with settings but without a state could
    neither be resumed nor be started anew.

    Raises:
        UserError: A weight is not finite, or another training took the folder; what was saved
            before stays.
        OSError: The disk is full or can't be written; what was saved before stays.
    """
    run.check_owner()
    for name, module in state.modules():
        for key, value in module.state_dict().items():
            if not torch.isfinite(value).all():
                raise UserError(
                    f"iteration {state.iteration}: {key} of the {name} is not finite;"
                    " the last save is kept: lower --lr-g and --lr-d"
                )
    if state.iteration == 0:
        save_state(run, state, identity)
    run.write_losses(rows.table())
    run.write_config(
        {
            "settings": to_json(config),
            "dataset": {
                "name": photos.name,
                "content_hash": photos.content_hash,
                "classes": list(classes),
                "counts": {split: photos.counts(split) for split in ("train", "test")},
                "size": photos.size,
            },
            "progress": {
                "iteration": state.iteration,
                "images_seen": state.iteration * config.loop.batch,
                "seconds": round(state.seconds, 1),
                "finished": state.iteration >= iterations,
                "restarts": restarts,  # pictures at which the run, finished, was given more
            },
            "environment": environment(next(state.generator.parameters()).device),
        }
    )
    save_generator(run.generator_path, state.average, to_json(config))
    graph.write_generator(run, config, len(classes))
    if state.iteration > 0:
        save_state(run, state, identity)


def write_samples(run: Run, config: RunConfig, classes: tuple[str, ...], state: State) -> None:
    """Save the grid of fixed latents: 5x5, or a row of eight for each class."""
    run.check_owner()
    average = LoadedGenerator(
        state.average, classes, config.data.size, config.network.latent, config
    )
    if classes:
        columns = 8
        seeds = list(range(columns)) * len(classes)
        labels = [c for c in range(len(classes)) for _ in range(columns)]
        pictures = sampling.generate(average, seeds, labels)
    else:
        columns = 5
        pictures = sampling.generate(average, range(columns * columns))
    with atomic.replacing(run.sample_path(state.iteration)) as path:
        # A quarter of a PNG's size. Subsampling would wash out the colours of a checkerboard.
        image = Image.fromarray(sampling.grid(pictures, columns))
        image.save(path, "JPEG", quality=85, subsampling=0)


def environment(device: torch.device) -> dict[str, Any]:
    """What the figures of a run depend on beside its settings."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.processor()
    return {
        "car_gan": gan.__version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "accelerate": accelerate.__version__,
        "device": f"{device.type} {name}".strip(),
        "threads": torch.get_num_threads(),
        "git_revision": git_revision(),
    }


def git_revision() -> str:
    """The commit that the code is at, `+` after it if files differ; empty outside a checkout."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"],
            cwd=Path(__file__).parent,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return described.stdout.strip()
