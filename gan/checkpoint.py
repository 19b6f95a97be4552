"""Weights on disk: a generator to ship, and the full state from which a run resumes exactly."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor, nn

from gan import atomic
from gan.config import RunConfig, from_json, settings_hash
from gan.errors import UserError
from gan.losses import Objective
from gan.models import build_generator
from gan.reading import check_plain
from gan.runs import Run
from gan.weights import FORMAT as FORMAT
from gan.weights import digest

STATE_VERSION = 2  # of resume files alone: which modules a state has


@dataclass(frozen=True)
class LoadedGenerator:
    """A generator ready to draw: in evaluation mode, float32, on the CPU."""

    network: nn.Module
    classes: tuple[str, ...]  # empty where it is unconditional
    size: int  # pixels a side
    latent: int  # numbers in a latent vector
    config: RunConfig

    @property
    def guided(self) -> bool:
        """Whether the network takes guidance beside latent and class."""
        return self.config.guided


def save_generator(path: Path, network: nn.Module, settings: dict[str, Any]) -> None:
    """Write `network` to `path`; weights in half precision, statistics and biases in full.

    Half precision halves the file; vectors (BatchNorm's statistics among them) are a thousandth
    of it and can exceed half precision's range.
    """
    tensors = {
        name: (value.half() if value.is_floating_point() and value.ndim > 1 else value)
        .cpu()
        .contiguous()
        for name, value in network.state_dict().items()
    }
    about = {"settings": settings_hash(settings)}
    atomic.write_bytes(path, _pack(tensors, about))


def load_generator(run: Run, kept: Path | None = None) -> LoadedGenerator:
    """Read a run's generator, or one that it `kept` from before its end.

    Raises:
        UserError: A file is missing, cut off, from other settings or another architecture, or
            holds values that are not finite.
    """
    values = run.read_config()
    config = from_json(values["settings"])
    path = kept or run.generator_path
    tensors, about = _read(path)
    if about.get("settings") != settings_hash(values["settings"]):
        raise UserError(f"{path} was not made with the settings in config.json")
    try:
        classes = tuple(values["dataset"]["classes"]) if config.conditional else ()
        _check_widths(config.network, len(classes), tensors, path)
        network = build_generator(config.network, config.data.size, len(classes))
    except (KeyError, TypeError, RuntimeError) as error:
        raise UserError(f"{run.config_path} does not describe a network: {error}") from None
    tensors = {n: t.float() if t.is_floating_point() else t for n, t in tensors.items()}
    _check(network.state_dict(), tensors, path)
    network.load_state_dict(tensors, assign=True)
    network = network.to(memory_format=torch.channels_last).eval().requires_grad_(False)
    return LoadedGenerator(network, classes, config.data.size, config.network.latent, config)


@dataclass
class State:
    """All that training changes. Random streams are functions of (seed, iteration), so the
    iteration stands for every one of them."""

    generator: nn.Module
    average: nn.Module
    discriminator: nn.Module
    objective: Objective  # the losses, and what they know of the photos
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer
    iteration: int = 0
    seconds: float = 0.0  # of training, stalls left out
    stalled: float = 0.0  # what was left out

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
    """Write everything needed to go on; `identity` (JSON values) says what it belongs to."""
    tensors: dict[str, Tensor] = {}
    for part, module in state.modules():
        tensors |= {f"{part}/{name}": value for name, value in module.state_dict().items()}
    for part, optimizer in state.optimizers():
        for index, values in optimizer.state_dict()["state"].items():
            tensors |= {f"{part}/{index}/{key}": value for key, value in values.items()}
    tensors = {name: value.cpu().contiguous() for name, value in tensors.items()}
    about = {
        "version": STATE_VERSION,
        "iteration": state.iteration,
        "seconds": state.seconds,
        "stalled": state.stalled,
        "identity": identity,
    }
    atomic.write_bytes(run.resume_path, _pack(tensors, about))


def load_state(run: Run, state: State, identity: dict[str, Any]) -> None:
    """Fill `state` from the run's resume file.

    Raises:
        UserError: There is none, it is damaged, or it belongs to another `identity`.
    """
    tensors, about = _read(run.resume_path)
    if about.get("version") != STATE_VERSION:
        raise UserError(
            f"{run.resume_path} was saved by another version of this program: go on with that"
            " version, or start anew with another --out"
        )
    iteration, saved = about.get("iteration"), about.get("identity")
    times: tuple[Any, Any] = about.get("seconds"), about.get("stalled")
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
    for key, value in identity.items():
        if saved.get(key) != value:
            raise UserError(
                f"{run.path} can't be resumed: its {_difference(key, saved.get(key), value)}"
            )
    for part, module in state.modules():
        values = _take(tensors, part)
        _check(module.state_dict(), values, run.resume_path)
        module.load_state_dict(values)
    for part, optimizer in state.optimizers():
        _load_optimizer(optimizer, _take(tensors, part), run.resume_path)
    state.iteration, (state.seconds, state.stalled) = iteration, times


def _load_optimizer(
    optimizer: torch.optim.Optimizer, values: dict[str, Tensor], path: Path
) -> None:
    parameters = [p for group in optimizer.param_groups for p in group["params"]]
    expected: dict[str, Tensor] = {}
    # A parameter that had no part in a step yet has no values, or Adam's three.
    for index in {name.partition("/")[0] for name in values}:
        if not (index.isdecimal() and int(index) < len(parameters)):
            raise UserError(f"{path} holds optimiser values of another architecture")
        moments = dict.fromkeys(("exp_avg", "exp_avg_sq"), parameters[int(index)])
        expected |= {f"{index}/{key}": like for key, like in moments.items()}
        expected[f"{index}/step"] = torch.zeros(())
    _check(expected, values, path)
    by_index: dict[int, dict[str, Tensor]] = {}
    for name, value in values.items():
        index, key = name.split("/")
        if value.ndim:
            # In the parameter's own memory layout, or the update would run in another order.
            value = torch.empty_like(expected[name]).copy_(value)
        by_index.setdefault(int(index), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": by_index, "param_groups": groups})


def _take(tensors: dict[str, Tensor], part: str) -> dict[str, Tensor]:
    return {n.removeprefix(f"{part}/"): t for n, t in tensors.items() if n.startswith(f"{part}/")}


def _difference(name: str, before: Any, now: Any) -> str:
    """Where two JSON values differ first, in words."""
    if isinstance(before, dict) and isinstance(now, dict):
        key = min(k for k in before.keys() | now.keys() if before.get(k) != now.get(k))
        return _difference(f"{name}.{key}", before.get(key), now.get(key))
    return f"{name} was {str(before)[:80]}, now it is {str(now)[:80]}"


def _digest(tensors: dict[str, Tensor]) -> str:
    return digest({n: t.reshape(-1).view(torch.uint8).numpy() for n, t in tensors.items()})


def _pack(tensors: dict[str, Tensor], about: dict[str, Any]) -> bytes:
    about = about | {"sha256": _digest(tensors)}
    # One metadata key: safetensors writes several in random order, and equal weights should make
    # equal files.
    return safetensors.torch.save(tensors, {FORMAT: json.dumps(about)})


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    try:
        check_plain(path)
        with safetensors.safe_open(path, "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        about = json.loads(metadata.get(FORMAT, "null"))
    except FileNotFoundError:
        raise UserError(f"there is no {path}") from None
    except (SafetensorError, OSError, ValueError, RuntimeError) as error:
        raise UserError(f"{path} is damaged or cut off ({error})") from None
    if not isinstance(about, dict):
        raise UserError(f"{path} was written by something else or another version")
    # Files of the first version hold no digest.
    if about.get("sha256", "") not in ("", _digest(tensors)):
        raise UserError(f"{path} is damaged: its values are not those that were written")
    return tensors, about


def _check_widths(network: Any, classes: int, tensors: dict[str, Tensor], path: Path) -> None:
    """Refuse settings of a network wider than anything in the file, before memory is taken."""
    widest = max((side for tensor in tensors.values() for side in tensor.shape), default=0)
    for name in ("width", "latent", "class_code"):
        if getattr(network, name, 0) > widest:
            raise UserError(f"{path} is of another architecture: its {name} is smaller")
    if classes > widest:
        raise UserError(f"{path} is of another architecture: it has fewer classes")


def _check(expected: dict[str, Tensor], found: dict[str, Tensor], path: Path) -> None:
    """Refuse tensors of another architecture and values that are not finite."""
    different = expected.keys() ^ found.keys()
    different |= {n for n in expected.keys() & found.keys() if expected[n].shape != found[n].shape}
    if different:
        raise UserError(
            f"{path} is of another architecture: {min(different)} is missing, extra or of "
            f"another shape"
        )
    for name, value in found.items():
        if value.dtype.is_floating_point != expected[name].dtype.is_floating_point:
            raise UserError(f"{path} is damaged: {name} is of another type")
        if not torch.isfinite(value).all():
            raise UserError(f"{path} is damaged: {name} holds values that are not finite")
