"""A weights file's format: tensors, and what they belong to, with a digest; no torch."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from gan.errors import UserError
from gan.reading import check_plain

FORMAT = "car-gan-1"


def digest(tensors: Mapping[str, np.ndarray]) -> str:
    """SHA-256 of names and values: a bit that flipped on disk may leave every value plausible."""
    found = hashlib.sha256()
    for name, value in sorted(tensors.items()):
        found.update(name.encode())
        found.update(np.ascontiguousarray(value).reshape(-1).view(np.uint8).data)
    return found.hexdigest()


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The tensors of a generator's file as they are stored, and what it says of itself.

    Raises:
        UserError: The file is missing, damaged, or was written by something else.
    """
    try:
        check_plain(path)
        with safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        about = json.loads(metadata.get(FORMAT, "null"))
    except FileNotFoundError:
        raise UserError(f"there is no {path}") from None
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise UserError(f"{path} is damaged or cut off ({error})") from None
    if not isinstance(about, dict):
        raise UserError(f"{path} was written by something else or another version")
    # Files of the first version hold no digest.
    if about.get("sha256", "") not in ("", digest(tensors)):
        raise UserError(f"{path} is damaged: its values are not those that were written")
    return tensors, about
