"""Writes what a training leaves in its run folder: losses, settings, sample grids, weights."""

import functools
import math
import platform
import subprocess
import time
from contextlib import AbstractContextManager, nullcontext
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
from gan.checkpoint import LoadedGenerator, State, load_state, save_generator, save_state
from gan.config import RunConfig, frozen_settings, to_json
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.pictures import grid
from gan.runs import LOSS_COLUMNS, Run
from gan.schedule import check_budget, total_iterations

ROOT = Path(__file__).resolve().parent.parent
CODE = ("gan", "train", "requirements.txt")  # what a run's weights depend on beside its settings


class Record:
    """Everything that one training writes; it stops the training if a value is not finite.

    Of several processes that train together only one `writes`; the others check the losses alike.
    """

    def __init__(self, config: RunConfig, photos: Photos, run: Run, writes: bool = True) -> None:
        self.config, self.photos, self.run, self.writes = config, photos, run, writes
        self.classes = photos.classes if config.conditional else ()
        self.train_pictures = len(photos.indices("train"))
        self.iterations = total_iterations(config, self.train_pictures)
        self.identity = {"settings": frozen_settings(config), "data": photos.content_hash}
        self.rows: list[Any] = []
        # Kept as tensors: reading a value would make the processor wait for the GPU.
        self.pending: list[tuple[int, Tensor]] = []
        self.restarts: list[int] = []
        self.segments: list[dict[str, Any]] = []
        self.saved = time.monotonic()

    def lock(self) -> AbstractContextManager[None]:
        """Lock the run folder for this training; see `Run.lock`."""
        return self.run.lock() if self.writes else nullcontext()

    def begin(self, state: State, resume: bool) -> None:
        """Fill `state` from the run's last save, or check that a new run's folder is free.

        Raises:
            UserError: The folder holds a run already, or can't be resumed.
        """
        if resume:
            load_state(self.run, state, self.identity)
            self.restarts = check_budget(
                self.config, self.run, state.iteration, self.train_pictures
            )
            self.segments = self.run.read_config()["progress"].get("segments", [])
            # Drop the rows and segments after the last save: those steps are taken again.
            losses = self.run.read_losses()
            self.rows = losses[losses["iteration"] <= state.iteration].to_dict("records")
            self.segments = [each for each in self.segments if each["from"] < state.iteration]
        elif self.writes and self.run.config_path.exists():
            raise UserError(
                f"{self.run.path} holds a run already: go on with --resume, or name another --out"
            )
        self.segments.append({"from": state.iteration, "git_revision": git_revision()})

    def add(self, state: State, figures: Tensor) -> None:
        """Note the step's loss_g, loss_d, d_real and d_fake (float [4])."""
        self.pending.append((state.iteration, figures))

    def check(self) -> list[list[float]]:
        """The noted values since the last check.

        Raises:
            UserError: One is not finite.
        """
        if not self.pending:
            return []
        values = torch.stack([tensor for _, tensor in self.pending]).tolist()
        for (iteration, _), numbers in zip(self.pending, values, strict=True):
            if not all(map(math.isfinite, numbers)):
                raise UserError(
                    f"iteration {iteration}: a loss is not finite (G {numbers[0]}, D {numbers[1]});"
                    " the last save is kept: lower --lr-g and --lr-d"
                )
        self.pending = self.pending[-1:]
        return values

    def log(self, state: State) -> dict[str, Any]:
        """Add the newest step as a row of losses.csv; return it."""
        numbers = self.check()[-1]
        self.pending.clear()
        values = state.iteration, self._seen(state), round(state.seconds, 3), *numbers
        row = dict(zip(LOSS_COLUMNS, values, strict=True))
        self.rows.append(row)
        return row

    def save(self, state: State) -> None:
        """Write losses, settings and generator, then the state.

        If the process is killed in between, the resumed run repeats the steps since the older
        state. The first save writes the state first, as a folder with settings but without a
        state could neither be resumed nor be used for a new run.

        Raises:
            UserError: A loss or a weight is not finite, or another training took the folder; the
                last save is kept.
            OSError: The disk is full or can't be written; the last save is kept.
        """
        self.check()
        self.saved = time.monotonic()
        if not self.writes:
            return
        self.run.check_owner()
        for name, module in state.modules():
            for key, value in module.state_dict().items():
                if not torch.isfinite(value).all():
                    raise UserError(
                        f"iteration {state.iteration}: {key} of the {name} is not finite;"
                        " the last save is kept: lower --lr-g and --lr-d"
                    )
        if state.iteration == 0:
            save_state(self.run, state, self.identity)
        self.run.write_losses(pd.DataFrame(self.rows, columns=list(LOSS_COLUMNS)))
        self.run.write_config(self._config(state))
        save_generator(self.run.generator_path, state.average, to_json(self.config))
        graph.write_generator(self.run, self.config, len(self.classes))
        if state.iteration > 0:
            save_state(self.run, state, self.identity)

    def seconds_since_save(self) -> float:
        """Seconds since the last save."""
        return time.monotonic() - self.saved

    def write_samples(self, state: State) -> None:
        """Save a grid of pictures of fixed latents: 5x5, or a row of eight for each class."""
        if not self.writes:
            return
        self.run.check_owner()
        size, latent = self.config.data.size, self.config.network.latent
        average = LoadedGenerator(state.average, self.classes, size, latent, self.config)
        if self.classes:
            columns = 8
            seeds = list(range(columns)) * len(self.classes)
            labels = [c for c in range(len(self.classes)) for _ in range(columns)]
            pictures = sampling.generate(average, seeds, labels)
        else:
            columns = 5
            pictures = sampling.generate(average, range(columns * columns))
        with atomic.replacing(self.run.sample_path(state.iteration)) as path:
            # Three fifths of a JPEG's size at the same error. Chroma subsampling would hide
            # coloured checkerboards; more threads would cut the picture into tiles.
            image = Image.fromarray(grid(pictures, columns))
            image.save(path, "AVIF", quality=70, subsampling="4:4:4", speed=9, max_threads=1)

    def keep_generator(self, state: State) -> None:
        """Keep a copy of the generator as it is now, to choose from later."""
        if self.writes:
            path = self.run.kept_path(state.iteration)
            save_generator(path, state.average, to_json(self.config))

    def _seen(self, state: State) -> int:
        return state.iteration * self.config.loop.batch

    def _config(self, state: State) -> dict[str, Any]:
        photos = self.photos
        return {
            "settings": to_json(self.config),
            "dataset": {
                "name": photos.name,
                "content_hash": photos.content_hash,
                "classes": list(self.classes),
                "counts": {
                    split: photos.counts(split)
                    for split in ("train", "validation", "test")
                    # Left out where the run is trained on the validation photos too.
                    if split != "validation" or photos.validation.any()
                },
                "size": photos.size,
            },
            "progress": {
                "iteration": state.iteration,
                "images_seen": self._seen(state),
                "seconds": round(state.seconds, 1),
                "stalled": round(state.stalled, 1),  # seconds that don't count, see Stopwatch
                "finished": state.iteration >= self.iterations,
                "restarts": self.restarts,  # photos seen at each warm restart, see check_budget
                # First iteration and git revision of each training that took a step.
                "segments": [one for one in self.segments if one["from"] < max(1, state.iteration)],
            },
            "environment": environment(next(state.generator.parameters()).device),
        }


def environment(device: torch.device) -> dict[str, Any]:
    """Versions and hardware, which the figures of a run depend on beside its settings."""
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


@functools.cache
def git_revision(root: Path = ROOT) -> str:
    """The commit of the code in `root` at the first call of this process.

    It ends in `+` if a file of CODE has uncommitted changes, and is "" outside a git checkout.
    """
    try:
        if not _git(root, "ls-files", "gan/__init__.py"):
            return ""
        changes = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *CODE)
        return _git(root, "rev-parse", "--short=12", "HEAD") + ("+" if changes else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(root: Path, *arguments: str) -> str:
    completed = subprocess.run(
        ["git", *arguments],
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=10,
        check=True,
    )
    return completed.stdout.strip()
