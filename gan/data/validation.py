"""Which train photos are kept back for looks during development: the validation split."""

import hashlib
from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

SHARE = 0.1  # of the train photos
FEWEST = 20  # of a class; a class of fewer than five times as many gives a fifth


def choose_validation(
    files: Sequence[str], body_types: Sequence[str], test: npt.NDArray[np.bool_]
) -> npt.NDArray[np.bool_]:
    """Mark a tenth of each class's train photos: bool [N].

    The choice follows a hash of the file's own name and its body type, not of its bytes: a photo
    is then on the same side in every size and format that a data set is offered in, so that a
    run that grows from a smaller one doesn't meet photos that were kept back from that. It needs
    nothing but what every prepared set holds (files.csv), and leaves the test split as it is.

    Args:
        files: Names as in files.csv, in the order of the pictures.
        body_types: Of each file.
        test: True where a photo is in the test split.
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
    """From 0 to 1."""
    name = f"{kind}/{PurePosixPath(file).stem}".encode(errors="replace")
    return int.from_bytes(hashlib.sha256(name).digest()[:7], "big") / 2**56
