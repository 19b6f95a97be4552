"""The features and logits that a network computes of pictures, and their cache for photos."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from gan import atomic
from gan.data.cache import cache_root
from gan.data.prepared import Photos

Row = dict[str, Any]  # of metrics.csv; the keys are gan.runs.METRIC_COLUMNS


@dataclass(frozen=True)
class Features:
    """The outputs of a network's last two layers for N pictures, on the CPU."""

    pooled: Tensor  # penultimate layer, float32 [N, d]
    logits: Tensor  # float32 [N, the network's classes]

    @property
    def named(self) -> np.ndarray:
        """The likeliest class of each picture: int64 [N]."""
        return self.logits.argmax(1).numpy()

    def __getitem__(self, chosen: np.ndarray) -> "Features":
        return Features(self.pooled[chosen], self.logits[chosen])

    def __len__(self) -> int:
        return len(self.pooled)


def digest(network: nn.Module) -> str:
    """Twelve hexadecimal digits of the SHA-256 of a network's weights."""
    sha256 = hashlib.sha256()
    for value in network.state_dict().values():
        sha256.update(value.cpu().contiguous().numpy().tobytes())
    return sha256.hexdigest()[:12]


def cached(photos: Photos, name: str, count: int, make: Callable[[], Features]) -> Features:
    """The features that `make` computes of `count` photos, cached for all copies of the data set.

    `name` must differ between extractors and choices of photos; the data set's hash is added, so
    that the same photos from another file, or prepared anew, need not be read again.
    """
    path = cache_root() / "features" / f"{photos.content_hash[:16]}-{name}.safetensors"
    try:
        kept = safetensors.torch.load_file(path)
        if len(kept["pooled"]) == len(kept["logits"]) == count:
            return Features(kept["pooled"], kept["logits"])
    except (OSError, SafetensorError, KeyError):
        pass  # missing or damaged
    features = make()
    tensors = {"pooled": features.pooled, "logits": features.logits}
    with atomic.optional("a copy of the features for the next time", "$CAR_GAN_DATA"):
        atomic.write_bytes(path, safetensors.torch.save(tensors))
    return features
