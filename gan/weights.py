"""The format of weights files: named tensors, and a JSON header with their digest; no torch."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from gan.errors import UserError
from gan.reading import check_plain

FORMAT = "car-gan-1"  # the one metadata key of a file, and the version of its header
SCALE = ":scale"  # ends the name of the scales of a tensor in eight bits
LEVELS = 127  # steps of a scale up to the largest weight


def digest(tensors: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names and values: a bit that flipped on disk may leave every value plausible."""
    sha256 = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        sha256.update(name.encode())
        sha256.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
    return sha256.hexdigest()


def in_eight_bits(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Weights as whole numbers from -127 to 127, with a scale an index of the first dimension.

    The file is a quarter as large as in float32, and a weight is off by at most half of its scale.
    Vectors, such as biases and BatchNorm's statistics, stay as they are: they are a thousandth of a
    file.

    Returns:
        `values`, those of two or more dimensions as int8; their scales are float32 [len(value)].
    """
    result: dict[str, np.ndarray] = {}
    for name, value in values.items():
        if value.ndim < 2 or value.dtype.kind != "f":
            result[name] = value
            continue
        with np.errstate(invalid="ignore"):  # of what is not finite the scale says so
            scale = np.abs(value).max(axis=tuple(range(1, value.ndim))) / LEVELS
            steps = value / _along_first(np.where(scale > 0, scale, 1), value.ndim)
            result[name] = np.nan_to_num(np.rint(steps)).astype(np.int8, order="C")
        result[name + SCALE] = scale.astype(np.float32)
    return result


def in_full(stored: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """What `in_eight_bits` stored, or a file in half precision, as float32.

    Raises:
        ValueError: A scale has no tensor, or doesn't fit it.
    """
    if alone := {name for name in stored if name.endswith(SCALE)} - {n + SCALE for n in stored}:
        raise ValueError(f"{min(alone)} has no tensor")
    result = {}
    for name, value in stored.items():
        scale = stored.get(name + SCALE)
        if scale is not None:
            if scale.shape != value.shape[:1]:
                raise ValueError(f"{name} and its scale are of different lengths")
            with np.errstate(invalid="ignore"):  # zero times infinity
                result[name] = value.astype(np.float32) * _along_first(scale, value.ndim)
        elif not name.endswith(SCALE):
            result[name] = value.astype(np.float32) if value.dtype.kind == "f" else value
    return result


def read_network(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """A network's values from its weights file, floating-point ones as float32, and its header.

    Raises:
        UserError: The file is missing, damaged, or was written by something else.
    """
    stored, header = read(path)
    try:
        return in_full(stored), header
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error})") from None


def _along_first(scale: np.ndarray, dimensions: int) -> np.ndarray:
    return scale.reshape(-1, *[1] * (dimensions - 1))


def read(
    path: Path, framework: str = "numpy", as_array: Callable[[Any], np.ndarray] = np.asarray
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The tensors of a weights file as they are stored, and its header.

    Args:
        path: The file.
        framework: What the tensors are: "numpy" for arrays, "pt" for torch's.
        as_array: Gives a tensor's bytes as an array, for the digest.

    Raises:
        UserError: The file is missing, damaged, or was written by something else.
    """
    try:
        check_plain(path)
        with safe_open(path, framework) as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        header = json.loads(metadata.get(FORMAT, "null"))
    except FileNotFoundError:
        raise UserError(f"there is no {path}") from None
    except (SafetensorError, OSError, ValueError, TypeError, RuntimeError) as error:
        raise UserError(f"{path} is damaged or cut off ({error})") from None
    if not isinstance(header, dict):
        raise UserError(f"{path} was written by something else or another version")
    expected = header.get("sha256", "")  # files of the first version hold no digest
    if expected and expected != digest({name: as_array(each) for name, each in tensors.items()}):
        raise UserError(f"{path} is damaged: its values are not those that were written")
    return tensors, header
