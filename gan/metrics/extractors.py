"""Feature extractors of torch-fidelity and our own, and cached features of photos."""

from itertools import chain
from pathlib import Path

import numpy as np
import torch
import torch_fidelity
from torch import Tensor
from torch.nn import functional as F
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.registry import FEATURE_EXTRACTORS_REGISTRY
from torch_fidelity.utils import create_feature_extractor

from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics.features import Features, cached, digest
from gan.metrics.glossary import DINOV2, EXTRACTORS, INCEPTION, LITE2
from gan.metrics.inception import create_inception
from gan.metrics.waiting import time_limit
from gan.models.frozen import efficientnet_lite
from gan.progress import bar

LITE2_SIZE = EXTRACTORS[LITE2].size  # its native 260 pixels cost 4 times the operations
BATCH = 32  # with more, the features of a layer don't fit into the processor's cache
# Names of penultimate features and class logits; Inception's are in gan/metrics/inception.py.
LAYERS = {
    LITE2: ("1280", "logits"),
    DINOV2: ("dinov2",),  # it has no classes
}


class FeatureExtractorEfficientNetLite2(FeatureExtractorBase):
    """EfficientNet-Lite2 as torch-fidelity's extractor: uint8 [N,3,H,W] to a tuple of features."""

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


# Streamlit may import this module twice, and torch-fidelity refuses a second registration.
FEATURE_EXTRACTORS_REGISTRY.pop(LITE2, None)
torch_fidelity.register_feature_extractor(LITE2, FeatureExtractorEfficientNetLite2)


def create(name: str, inception_weights: Path | None = None) -> FeatureExtractorBase:
    """An extractor of EXTRACTORS, on the GPU if there is one.

    Inception's weights are read from `inception_weights`; see `create_inception` for what is done
    without it. DINOv2's are downloaded by torch-fidelity.

    Raises:
        UserError: The weights can't be had.
    """
    if name == INCEPTION:
        return create_inception(inception_weights)
    cuda = torch.cuda.is_available()
    try:
        with time_limit(seconds=20):
            return create_feature_extractor(name, list(LAYERS[name]), cuda=cuda, verbose=False)
    except Exception as error:  # DINOv2's download, of code too, can fail in many ways
        if name != DINOV2:
            raise
        raise UserError(f"DINOv2 can't be had here: {' '.join(str(error).split())}") from None


@torch.inference_mode()
def extract(extractor: FeatureExtractorBase, pictures: np.ndarray, what: str) -> Features:
    """The features of pictures uint8 [N,H,W,3], on the CPU; `what` labels the progress bar."""
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
    """The features of all photos of a data set, in order of index; they are cached."""
    name = extractor.get_name()
    return cached(
        photos,
        f"all-{photos.size}-{label(extractor)}",
        len(photos.labels),
        lambda: extract(extractor, photos.pictures, f"{name}, photos"),
    )


def label(extractor: FeatureExtractorBase) -> str:
    """The name of an extractor's features in the cache, with what they depend on."""
    name = extractor.get_name()
    if name == INCEPTION:  # its weights may come from any file
        return f"{name}-{digest(extractor)}"
    return f"{name}-{LITE2_SIZE}px" if name == LITE2 else name
