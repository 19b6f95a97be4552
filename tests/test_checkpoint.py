"""Every kind of bad file is refused with one line; nothing in a file runs."""

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.torch
import torch

from gan import weights
from gan.checkpoint import load_generator, save_generator
from gan.config import from_json, to_json
from gan.errors import UserError
from gan.models import build_generator
from gan.runs import Run
from tests.conftest import tiny_config


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A finished conditional run, as far as its generator goes."""
    torch.manual_seed(0)
    run, config = Run(tmp_path / "run"), tiny_config("cgan")
    run.write_config(
        {
            "settings": to_json(config),
            "dataset": {"classes": ["sedan", "suv"]},
            "progress": {},
            "environment": {},
        }
    )
    save_generator(run.generator_path, build_generator(config.network, 64, 2), to_json(config))
    return run


def test_generator_comes_back_in_eight_bits(run: Run) -> None:
    torch.manual_seed(0)
    before = build_generator(tiny_config("cgan").network, 64, 2).eval()
    loaded = load_generator(run)
    assert (loaded.size, loaded.latent, loaded.classes) == (64, 8, ("sedan", "suv"))
    after = loaded.network.state_dict()
    for name, value in before.state_dict().items():
        if value.ndim < 2:
            assert torch.equal(after[name], value), name
        else:
            largest = value.abs().amax(tuple(range(1, value.ndim)), keepdim=True)
            assert ((after[name] - value).abs() <= largest / 253).all(), name
    assert not any(p.requires_grad for p in loaded.network.parameters())


def test_a_saved_generator_that_is_loaded_and_saved_stays_the_same(run: Run) -> None:
    first = run.generator_path.read_bytes()
    loaded = load_generator(run)
    save_generator(run.generator_path, loaded.network, to_json(loaded.config))
    assert run.generator_path.read_bytes() == first
    assert len(first) < 2 * sum(p.numel() for p in loaded.network.parameters())


def test_weights_of_zero_come_back_and_values_that_are_not_finite_stay_so() -> None:
    values = np.array([[0, 0], [1, np.inf], [np.nan, 1], [3, -1]], np.float32)
    after = weights.in_full(weights.in_eight_bits({"w": values}))["w"]
    assert not after[0].any()
    assert not np.isfinite(after[1:3]).any()
    assert after[3] == pytest.approx(values[3], abs=3 / 254)


def test_a_long_scale_does_not_make_a_tensor_larger() -> None:
    stored = {"w": np.ones((1, 4), np.int8), "w:scale": np.ones(1000, np.float32)}
    with pytest.raises(ValueError, match="different lengths"):
        weights.in_full(stored)


def test_a_file_in_half_precision_is_read(run: Run) -> None:
    before = load_generator(run).network.state_dict()
    half = {n: (v.half() if v.ndim > 1 else v).contiguous() for n, v in before.items()}
    edit_tensors(run, lambda t: (t.clear(), t.update(half)))
    for name, value in load_generator(run).network.state_dict().items():
        assert torch.allclose(value, before[name], rtol=1e-3, atol=1e-6), name


def edit_tensors(run: Run, change: Callable[[dict[str, torch.Tensor]], Any]) -> None:
    with safetensors.safe_open(run.generator_path, "pt") as file:
        metadata = file.metadata()
    tensors = safetensors.torch.load_file(run.generator_path)
    change(tensors)
    about = json.loads(metadata[weights.FORMAT])
    del about["sha256"]  # as the first version wrote it: what the values are must show by itself
    safetensors.torch.save_file(tensors, run.generator_path, {weights.FORMAT: json.dumps(about)})


def edit_config(run: Run, *keys: str, value: Any) -> None:
    values = json.loads(run.config_path.read_text(encoding="utf-8"))
    inner = values
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    run.config_path.write_text(json.dumps(values), encoding="utf-8")


def cut(run: Run, keep: float) -> None:
    data = run.generator_path.read_bytes()
    run.generator_path.write_bytes(data[: int(len(data) * keep)])


def claim_a_terabyte(run: Run) -> None:
    header = json.dumps({"x": {"dtype": "F32", "shape": [2**38], "data_offsets": [0, 2**40]}})
    run.generator_path.write_bytes(struct.pack("<Q", len(header)) + header.encode())


def poison(tensors: dict[str, torch.Tensor]) -> None:
    tensors["dense.weight:scale"][0] = float("nan")


class Bomb:
    def __reduce__(self) -> Any:
        return (pytest.fail, ("a pickle was run",))


CASES: dict[str, tuple[Callable[[Run], Any], str]] = {
    "missing": (lambda run: run.generator_path.unlink(), "there is no"),
    "empty": (lambda run: cut(run, 0), "damaged"),
    "header cut": (lambda run: cut(run, 0.001), "damaged"),
    "data cut": (lambda run: cut(run, 0.9), "damaged"),
    "header claims a terabyte": (claim_a_terabyte, "damaged"),
    "header longer than the file": (
        lambda run: run.generator_path.write_bytes(struct.pack("<Q", 2**60) + b"{}"),
        "damaged",
    ),
    "pickle": (lambda run: run.generator_path.write_bytes(pickle.dumps(Bomb())), "damaged"),
    "torch.save": (lambda run: torch.save({"a": torch.ones(1)}, run.generator_path), "damaged"),
    "another program's": (
        lambda run: safetensors.torch.save_file({"a": torch.ones(1)}, run.generator_path),
        "something else",
    ),
    "extra tensor": (
        lambda run: edit_tensors(run, lambda t: t.update(extra=torch.ones(1))),
        "another architecture",
    ),
    "missing tensor": (
        lambda run: edit_tensors(run, lambda t: t.pop("dense.bias")),
        "another architecture",
    ),
    "other shape": (
        lambda run: edit_tensors(run, lambda t: t.update({"dense.bias": torch.ones(3)})),
        "another architecture",
    ),
    "whole numbers": (
        lambda run: edit_tensors(
            run, lambda t: t.update({"dense.bias": t["dense.bias"].to(torch.int64)})
        ),
        "another type",
    ),
    "a scale without a tensor": (
        lambda run: edit_tensors(run, lambda t: t.update({"x:scale": torch.ones(3)})),
        "x:scale has no tensor",
    ),
    "a scale of another length": (
        lambda run: edit_tensors(run, lambda t: t.update({"dense.weight:scale": torch.ones(3)})),
        "damaged",
    ),
    "a scale missing": (
        lambda run: edit_tensors(run, lambda t: t.pop("dense.weight:scale")),
        "another type",
    ),
    "not finite": (lambda run: edit_tensors(run, poison), "not finite"),
    "other settings": (
        lambda run: edit_config(run, "settings", "loop", "seed", value=9),
        "settings",
    ),
    "other architecture": (
        lambda run: edit_config(run, "settings", "network", "width", value=8),
        "settings",
    ),
    "absurd width": (
        lambda run: edit_config(run, "settings", "network", "width", value=10**9),
        "at most",
    ),
    "other classes": (
        lambda run: edit_config(run, "dataset", "classes", value=["a", "b", "c"]),
        "another architecture",
    ),
    "classes of nothing": (
        lambda run: edit_config(run, "dataset", "classes", value=None),
        "describe",
    ),
    "folder in place of the file": (
        lambda run: (run.generator_path.unlink(), run.generator_path.mkdir()),
        "no plain file",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_bad_file_is_refused_with_one_line(run: Run, case: str) -> None:
    spoil, says = CASES[case]
    spoil(run)
    with pytest.raises(UserError, match=says) as refusal:
        load_generator(run)
    assert "\n" not in str(refusal.value)


def test_a_flipped_byte_of_the_header_is_refused_or_changes_no_weight(run: Run) -> None:
    whole = load_generator(run).network.state_dict()
    data = run.generator_path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    refused = 0
    for position in range(0, 8 + length, 7):
        flipped = bytearray(data)
        flipped[position] ^= 1  # digits stay digits, letters letters
        run.generator_path.write_bytes(flipped)
        try:
            found = load_generator(run).network.state_dict()
        except UserError:
            refused += 1
            continue
        assert all(torch.equal(found[name], value) for name, value in whole.items())
    assert refused > 50


def test_settings_of_the_run_are_read_back(run: Run) -> None:
    assert from_json(run.read_config()["settings"]) == load_generator(run).config
