"""What a network says of a set of pictures, and where that is kept for real photos."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor, nn

from gan import atomic
from gan.data.prepared import Photos

Row = dict[str, Any]  # of metrics.csv; the keys are gan.runs.METRIC_COLUMNS


@dataclass(frozen=True)
class Features:
    """A network's last two layers for N pictures, on the CPU."""

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
    """Twelve hexadecimal digits that tell a network's weights from others."""
    found = hashlib.sha256()
    for value in network.state_dict().values():
        found.update(value.cpu().contiguous().numpy().tobytes())
    return found.hexdigest()[:12]


def cached(photos: Photos, name: str, count: int, make: Callable[[], Features]) -> Features:
    """What `make` gives for `count` photos; kept beside the prepared set for the next time.

    `name` must say all that decides the content but the data's hash, which is put before it.
    """
    path = photos.folder / "features" / f"{photos.content_hash[:16]}-{name}.safetensors"
    try:
        kept = safetensors.torch.load_file(path)
        if len(kept["pooled"]) == len(kept["logits"]) == count:
            return Features(kept["pooled"], kept["logits"])
    except (OSError, SafetensorError, KeyError):
        pass  # none yet, or damaged: made anew
    features = make()
    tensors = {"pooled": features.pooled, "logits": features.logits}
    with atomic.optional("a copy of the features for the next time", "$CAR_GAN_DATA"):
        atomic.write_bytes(path, safetensors.torch.save(tensors))
    return features
