"""Settings check themselves and survive JSON."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gan.config import (
    AdversarialConfig,
    CGANConfig,
    DataConfig,
    DCGANConfig,
    DriftConfig,
    LoopConfig,
    ProjectedConfig,
    RunConfig,
    from_json,
    settings_hash,
    to_json,
)
from gan.errors import UserError
from tests.conftest import tiny_config


@pytest.mark.parametrize("architecture", ["dcgan", "cgan"])
def test_json_gives_back_what_it_took(architecture: str) -> None:
    config = tiny_config(architecture)
    assert from_json(json.loads(json.dumps(to_json(config)))) == config


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("network", "kernel", 5),
        ("network", "width", -1),
        ("network", "width", "64"),
        ("network", "width", True),
        ("network", "kind", "biggan"),
        ("network", "colour", "red"),
        ("data", "size", 65),
        ("loop", "batch", 1),
        ("loop", "seed", -1),
        ("objective", "lr_g", 0),
        ("objective", "lr_g", float("nan")),
    ],
)
def test_wrong_value_is_named(section: str, key: str, value: Any) -> None:
    values = to_json(tiny_config())
    values[section][key] = value
    with pytest.raises(UserError, match=key.replace("_", ".")):
        from_json(values)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=4))
def test_anything_else_is_refused_with_one_line(value: Any) -> None:
    for values in (value, {"data": value}, to_json(tiny_config()) | {"network": value}):
        with pytest.raises(UserError):
            from_json(values)


def test_missing_setting_takes_its_default() -> None:
    values = to_json(tiny_config())
    del values["network"]["slope"]
    assert from_json(values).network.slope == DCGANConfig().slope


def test_hash_follows_what_decides_the_weights() -> None:
    def of(**loop: object) -> str:
        return settings_hash(to_json(tiny_config(**loop)))

    assert of(pictures=100, minutes=3.0, threads=1) == of()
    assert of(seed=1) != of()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: DCGANConfig(slope=2),
        lambda: DCGANConfig(latent=0),
        lambda: CGANConfig(dropout=1),
        lambda: AdversarialConfig(real_target=1.5),
        lambda: LoopConfig(save_minutes=0),
    ],
)
def test_value_out_of_range_names_its_flag(wrong: Any) -> None:
    with pytest.raises(UserError, match=r"^--"):
        wrong()


def test_guidance_without_the_drift_is_refused() -> None:
    with pytest.raises(UserError, match="--no-drift"):
        RunConfig(
            DataConfig(), ProjectedConfig(guided=True), DriftConfig(drift=False), LoopConfig()
        )
