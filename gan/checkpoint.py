"""Saves and loads weights: a generator to ship, and the whole state that a resumed run needs."""

import json
import math
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from torch import Tensor, nn

from gan import atomic, calibration, weights
from gan.calibration import PLAIN, Calibration
from gan.config import RunConfig, from_json, frozen_settings, settings_hash
from gan.errors import UserError
from gan.losses import Objective
from gan.models import build_generator
from gan.runs import Run

STATE_VERSION = 3  # of resume files; it rises when a state has other modules


@dataclass(frozen=True)
class LoadedGenerator:
    """A generator ready to draw: in evaluation mode, float32, on the CPU."""

    network: nn.Module
    classes: tuple[str, ...]  # empty where it is unconditional
    size: int  # pixels a side
    latent: int  # numbers in a latent vector
    config: RunConfig
    calibration: Calibration = PLAIN

    @property
    def guided(self) -> bool:
        """Whether the network takes guidance beside latent and class."""
        return self.config.guided


def save_generator(path: Path, network: nn.Module, settings: dict[str, Any]) -> None:
    """Write `network` to `path` in eight bits, with the hash of the settings that made it."""
    values = {name: value.cpu().numpy() for name, value in network.state_dict().items()}
    tensors = {n: torch.from_numpy(value) for n, value in weights.in_eight_bits(values).items()}
    atomic.write_bytes(path, _pack(tensors, {"settings": settings_hash(settings)}))


def load_generator(run: Run, path: Path | None = None) -> LoadedGenerator:
    """Read a run's generator, or the one in the file `path` that the run kept on the way.

    Only the former is drawn with the run's calibration.

    Raises:
        UserError: A file is missing, cut off, from other settings or another architecture, or
            holds values that are not finite.
    """
    values = run.read_config()
    config = from_json(values["settings"])
    kept, path = path, path or run.generator_path
    arrays, header = weights.read_network(path)
    tensors = {name: torch.from_numpy(value) for name, value in arrays.items()}
    if header.get("settings") != settings_hash(values["settings"]):
        raise UserError(f"{path} was not made with the settings in config.json")
    try:
        classes = tuple(values["dataset"]["classes"]) if config.conditional else ()
        _check_widths(config.network, len(classes), tensors, path)
        network = build_generator(config.network, config.data.size, len(classes))
    except (KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{run.config_path} does not describe a network: {error}") from None
    _check_tensors(network.state_dict(), tensors, path)
    network.load_state_dict(tensors, assign=True)
    network = network.to(memory_format=torch.channels_last).eval().requires_grad_(False)
    own = PLAIN if kept else calibration.read(run, classes)
    return LoadedGenerator(network, classes, config.data.size, config.network.latent, config, own)


@dataclass
class State:
    """All that training changes.

    Random numbers are functions of (seed, iteration), so no state of a random generator is kept.
    """

    generator: nn.Module
    average: nn.Module
    discriminator: nn.Module
    objective: Objective  # the losses, with what they learned from photos
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer
    iteration: int = 0
    seconds: float = 0.0  # of training, without stalls (see gan/stopwatch.py)
    stalled: float = 0.0  # seconds of stalls

    def modules(self) -> Iterable[tuple[str, nn.Module]]:
        yield from (
            ("generator", self.generator),
            ("average", self.average),
            ("discriminator", self.discriminator),
            ("objective", self.objective),
        )

    def optimizers(self) -> Iterable[tuple[str, torch.optim.Optimizer]]:
        yield from (("optimizer_g", self.optimizer_g), ("optimizer_d", self.optimizer_d))


def save_state(run: Run, state: State, identity: dict[str, Any]) -> None:
    """Write all that resuming needs; `identity` names its settings and photos (JSON values)."""
    tensors: dict[str, Tensor] = {}
    for part, module in state.modules():
        tensors |= {f"{part}/{name}": value for name, value in module.state_dict().items()}
    for part, optimizer in state.optimizers():
        for index, values in optimizer.state_dict()["state"].items():
            tensors |= {f"{part}/{index}/{key}": value for key, value in values.items()}
    tensors = {name: value.cpu().contiguous() for name, value in tensors.items()}
    header = {
        "version": STATE_VERSION,
        "iteration": state.iteration,
        "seconds": state.seconds,
        "stalled": state.stalled,
        "identity": identity,
    }
    atomic.write_bytes(run.resume_path, _pack(tensors, header))


def load_state(run: Run, state: State, identity: dict[str, Any]) -> None:
    """Fill `state` from the run's resume file.

    Raises:
        UserError: There is none, it is damaged, or it belongs to another `identity`.
    """
    tensors, header = _read(run.resume_path)
    if header.get("version") != STATE_VERSION:
        raise UserError(
            f"{run.resume_path} was saved by another version of this program: go on with that"
            " version, or start anew with another --out"
        )
    iteration, saved = header.get("iteration"), header.get("identity")
    times: tuple[Any, Any] = header.get("seconds"), header.get("stalled")
    if not (
        isinstance(iteration, int)
        and isinstance(saved, dict)
        and iteration >= 0
        and all(isinstance(time, int | float) and 0 <= time < math.inf for time in times)
    ):
        raise UserError(f"{run.resume_path} does not say what it belongs to")
    if saved.get("data") != identity.get("data"):
        raise UserError(
            f"{run.path} can't be resumed with these photos ({str(identity.get('data'))[:8]}): it "
            f"was trained on others ({str(saved.get('data'))[:8]}); name those with --data"
        )
    with suppress(UserError):  # one of a version that knew fewer settings has their defaults
        saved |= {"settings": frozen_settings(from_json(saved.get("settings")))}
    for key, value in identity.items():
        if saved.get(key) != value:
            raise UserError(
                f"{run.path} can't be resumed: its {_difference(key, saved.get(key), value)}"
            )
    for part, module in state.modules():
        values = _part_of(tensors, part)
        _check_tensors(module.state_dict(), values, run.resume_path)
        module.load_state_dict(values)
    for part, optimizer in state.optimizers():
        _load_optimizer(optimizer, _part_of(tensors, part), run.resume_path)
    state.iteration, (state.seconds, state.stalled) = iteration, times


def _load_optimizer(
    optimizer: torch.optim.Optimizer, values: dict[str, Tensor], path: Path
) -> None:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    expected: dict[str, Tensor] = {}
    # Adam keeps three values for each parameter that it has updated, and none for the others.
    for index in {name.partition("/")[0] for name in values}:
        if not (index.isdecimal() and int(index) < len(parameters)):
            raise UserError(f"{path} holds optimiser values of another architecture")
        moments = dict.fromkeys(("exp_avg", "exp_avg_sq"), parameters[int(index)])
        expected |= {f"{index}/{key}": like for key, like in moments.items()}
        expected[f"{index}/step"] = torch.zeros(())
    _check_tensors(expected, values, path)
    by_index: dict[int, dict[str, Tensor]] = {}
    for name, value in values.items():
        index, key = name.split("/")
        if value.ndim:
            # In the parameter's own memory layout: with another, sums would round differently.
            value = torch.empty_like(expected[name]).copy_(value)
        by_index.setdefault(int(index), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": by_index, "param_groups": groups})


def _part_of(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    return {n.removeprefix(f"{part}/"): t for n, t in tensors.items() if n.startswith(f"{part}/")}


def _difference(name: str, before: Any, now: Any) -> str:
    """The first difference between two JSON values, in words."""
    if isinstance(before, dict) and isinstance(now, dict):
        key = min(k for k in before.keys() | now.keys() if before.get(k) != now.get(k))
        return _difference(f"{name}.{key}", before.get(key), now.get(key))
    return f"{name} was {str(before)[:80]}, now it is {str(now)[:80]}"


def _bytes_of(tensor: Tensor) -> np.ndarray:
    return tensor.reshape(-1).view(torch.uint8).numpy()


def _pack(tensors: dict[str, Tensor], header: dict[str, Any]) -> bytes:
    arrays = {name: _bytes_of(tensor) for name, tensor in tensors.items()}
    text = json.dumps(header | {"sha256": weights.digest(arrays)})
    # One metadata key: safetensors writes several in random order, and equal weights should make
    # equal files.
    return safetensors.torch.save(tensors, {weights.FORMAT: text})


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    return weights.read(path, "pt", _bytes_of)


def _check_widths(network: Any, classes: int, tensors: dict[str, Tensor], path: Path) -> None:
    """Refuse settings that claim a wider network than the file holds, before memory is taken."""
    widest = max((side for tensor in tensors.values() for side in tensor.shape), default=0)
    for name in ("width", "latent", "class_code"):
        if getattr(network, name, 0) > widest:
            raise UserError(f"{path} is of another architecture: its {name} is smaller")
    if classes > widest:
        raise UserError(f"{path} is of another architecture: it has fewer classes")


def _check_tensors(expected: dict[str, Tensor], read: dict[str, Tensor], path: Path) -> None:
    """Refuse tensors of another architecture and values that are not finite."""
    different = expected.keys() ^ read.keys()
    different |= {n for n in expected.keys() & read.keys() if expected[n].shape != read[n].shape}
    if different:
        raise UserError(
            f"{path} is of another architecture: {min(different)} is missing, extra or of "
            f"another shape"
        )
    for name, value in read.items():
        if value.dtype.is_floating_point != expected[name].dtype.is_floating_point:
            raise UserError(f"{path} is damaged: {name} is of another type")
        if not torch.isfinite(value).all():
            raise UserError(f"{path} is damaged: {name} holds values that are not finite")
