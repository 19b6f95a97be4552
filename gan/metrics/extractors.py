"""Networks that turn pictures into features, through torch-fidelity; real features are cached."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path

import numpy as np
import torch
import torch_fidelity
from torch import Tensor
from torch.nn import functional as F
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY
from torch_fidelity.utils import create_feature_extractor

from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics.features import Features, cached, digest
from gan.metrics.glossary import DINOV2, EXTRACTORS, INCEPTION, LITE2
from gan.models.frozen import efficientnet_lite
from gan.progress import bar

LITE2_SIZE = EXTRACTORS[LITE2].size  # its native 260 pixels cost 4 times the operations
BATCH = 32  # keeps a layer's features in the processor's cache
# Which of an extractor's layers are the penultimate features and the class logits.
LAYERS = {
    INCEPTION: ("2048", "logits_unbiased"),
    LITE2: ("1280", "logits"),
    DINOV2: ("dinov2",),  # it names nothing
}


class FeatureExtractorEfficientNetLite2(FeatureExtractorBase):
    """EfficientNet-Lite2 in torch-fidelity's terms: uint8 [N,3,H,W] to a tuple of features."""

    def __init__(self, name: str, features_list: list[str], **kwargs: object) -> None:
        super().__init__(name, features_list)
        self.network = efficientnet_lite(2)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        # Always float32: bfloat16 changes the features by 6 % and moves an FD by 2 %.
        x = (pictures.float() - 127) / 128
        if x.shape[-1] != LITE2_SIZE:
            shrinks = x.shape[-1] > LITE2_SIZE
            x = F.interpolate(x, (LITE2_SIZE, LITE2_SIZE), mode="bilinear", antialias=shrinks)
        pooled, logits = self.network(x.contiguous(memory_format=torch.channels_last))
        features = {"1280": pooled, "logits": logits}
        return tuple(features[name] for name in self.features_list)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        return "1280", "logits"

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        return "logits" if metric == "isc" else "1280"

    @staticmethod
    def can_be_compiled() -> bool:
        return False


# A page that is run again imports the module again; torch-fidelity refuses a second registration.
FEATURE_EXTRACTORS_REGISTRY.pop(LITE2, None)
torch_fidelity.register_feature_extractor(LITE2, FeatureExtractorEfficientNetLite2)


def create(name: str, inception_weights: Path | None = None) -> FeatureExtractorBase:
    """An extractor of LAYERS on the GPU where there is one, else on the CPU.

    Inception's weights come from `inception_weights` or by torch-fidelity's own download.

    Raises:
        UserError: The weights can't be had; for Inception the message holds the command that gets
            them.
    """
    weights = None
    if name == INCEPTION and inception_weights is not None:
        weights = _check_inception(inception_weights)
    try:
        with _patience(seconds=20):
            return create_feature_extractor(
                name,
                list(LAYERS[name]),
                cuda=torch.cuda.is_available(),
                verbose=name == INCEPTION,  # shows the download's progress
                feature_extractor_weights_path=weights,
            )
    except Exception as error:  # a download, and for DINOv2 code, can fail in many ways
        if name == DINOV2:
            raise UserError(f"DINOv2 can't be had here: {' '.join(str(error).split())}") from None
        if name != INCEPTION or not isinstance(error, (OSError, RuntimeError)):
            raise
        if weights is not None:
            raise UserError(_not_inception(inception_weights)) from None
        file = Path(URL_INCEPTION_V3).name
        raise UserError(
            f"FID and IS need Inception's weights, which can't be had here ({error}): "
            f"get them with `curl -LO {URL_INCEPTION_V3}` and add --inception-weights {file}"
        ) from None


def _check_inception(path: Path) -> str:
    """torch-fidelity would unpickle any object: accept only a file that holds plain tensors."""
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"there is no {path}: --inception-weights names the file") from None
    except Exception:
        # A wrong file can fail in as many ways as a pickle has.
        raise UserError(_not_inception(path)) from None
    return str(path)


def _not_inception(path: Path | None) -> str:
    return f"{path} does not hold Inception's weights: they are at {URL_INCEPTION_V3}"


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """A host that never answers would hang torch's download, which knows no time limit."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


@torch.inference_mode()
def extract(extractor: FeatureExtractorBase, pictures: np.ndarray, what: str) -> Features:
    """Features of pictures uint8 [N,H,W,3], on the CPU; `what` labels the progress bar."""
    device = next(chain(extractor.parameters(), extractor.buffers())).device
    outputs: list[tuple[Tensor, ...]] = []
    with bar(total=len(pictures), desc=what, unit=" pictures", leave=False) as progress:
        for start in range(0, len(pictures), BATCH):
            # A copy: the array may be a read-only map of a file.
            batch = torch.from_numpy(np.array(pictures[start : start + BATCH]))
            batch = batch.permute(0, 3, 1, 2).to(device)
            outputs.append(tuple(layer.float().cpu() for layer in extractor(batch)))
            progress.update(len(batch))
    layers = [torch.cat(layer) for layer in zip(*outputs, strict=True)]
    pooled = layers[0]
    return Features(pooled, layers[1] if len(layers) > 1 else pooled.new_empty(len(pooled), 0))


def real_features(extractor: FeatureExtractorBase, photos: Photos) -> Features:
    """Features of every photo, in order of index; computed once a data set."""
    name = extractor.get_name()
    return cached(
        photos,
        f"all-{photos.size}-{label(extractor)}",
        len(photos.labels),
        lambda: extract(extractor, photos.pictures, f"{name}, photos"),
    )


def label(extractor: FeatureExtractorBase) -> str:
    """What names an extractor's features in the cache: all that decides them but the pictures."""
    name = extractor.get_name()
    if name == INCEPTION:  # its weights may come from any file
        return f"{name}-{digest(extractor)}"
    return f"{name}-{LITE2_SIZE}px" if name == LITE2 else name
