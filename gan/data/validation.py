"""Chooses the validation split, which is for figures during development, from the train photos."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

SHARE = 0.1  # of the train photos
FEWEST = 20  # photos of a class; of a class with fewer than five times as many it is a fifth


def choose_validation(
    files: Sequence[str], body_types: Sequence[str], test: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Mark a tenth of each class's train photos: bool [N].

    The choice depends on a hash of file name and body type, not of the file's bytes, so that a
    photo is in the same split in every size and format of a data set. A run that grows from a
    smaller one is then not trained on that one's validation photos. The test split doesn't change.

    Args:
        files: Names as in files.csv, in the order of the pictures.
        body_types: The body type of each file.
        test: True for photos of the test split.
    """
    chosen = np.zeros(len(test), bool)
    hashes = np.array([_hash(file, kind) for file, kind in zip(files, body_types, strict=True)])
    kinds = np.array(body_types)
    for kind in set(body_types):
        mine = np.flatnonzero((kinds == kind) & ~test)
        count = max(FEWEST, int((hashes[mine] < SHARE).sum()))
        if len(mine) < 5 * FEWEST:
            count = len(mine) // 5
        chosen[mine[np.argsort(hashes[mine], kind="stable")[:count]]] = True
    return chosen


def _hash(file: str, kind: str) -> float:
    """A hash as a number from 0 to 1."""
    name = f"{kind}/{PurePosixPath(file).stem}".encode(errors="replace")
    return int.from_bytes(hashlib.sha256(name).digest()[:7], "big") / 2**56
