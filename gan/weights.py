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


def digest(tensors: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names and values: a bit that flipped on disk may leave every value plausible."""
    sha256 = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        sha256.update(name.encode())
        sha256.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
    return sha256.hexdigest()


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
