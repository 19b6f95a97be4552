import pytest
import torch

from gan import precision


@pytest.mark.parametrize(
    ("capabilities", "fast"),
    [
        ({"avx512_bf16": True, "amx_bf16": False}, True),
        ({"avx512_bf16": False, "amx_bf16": True}, True),
        ({"avx2": True, "avx512_bf16": False}, False),
        ({}, False),
    ],
)
def test_autocast_follows_what_the_processor_can_do(
    monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool], fast: bool
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    layer = torch.nn.Linear(4, 4)
    with precision.autocast("cpu"):
        result = layer(torch.ones(2, 4))
    assert precision.fast_bfloat16("cpu") is fast
    assert result.dtype == (torch.bfloat16 if fast else torch.float32)


def test_an_unknown_device_stays_in_float32() -> None:
    assert not precision.fast_bfloat16("meta")
    with precision.autocast("meta"):
        assert not torch.is_autocast_enabled("cpu")


def test_gradients_stay_in_float32() -> None:
    layer = torch.nn.Linear(4, 4)
    with precision.autocast("cpu"):
        loss = layer(torch.ones(2, 4)).float().sum()
    loss.backward()
    assert layer.weight.grad.dtype == torch.float32
