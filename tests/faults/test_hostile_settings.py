"""Settings, flags and weights from generators: used, or refused in one line."""

import json
import math
import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
from hypothesis import given
from hypothesis import strategies as st

from gan import cli, weights
from gan.checkpoint import load_generator
from gan.config import (
    AdversarialConfig,
    DataConfig,
    DCGANConfig,
    LoopConfig,
    RunConfig,
    from_json,
    settings_hash,
    to_json,
)
from gan.errors import UserError
from gan.models import build_generator
from gan.runs import Run
from gan.schedule import total_iterations
from tests.conftest import tiny_config
from tests.faults.odd import bounded, odd, odd_numbers, odd_texts, short

SETTINGS = to_json(tiny_config("cgan"))
PLACES = [(part, key) for part, values in SETTINGS.items() for key in values]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A finished conditional run, as far as its generator goes."""
    run, config = Run(tmp_path_factory.mktemp("values") / "run"), tiny_config("cgan")
    run.path.mkdir()
    network = build_generator(config.network, 64, 2)
    safetensors.torch.save_file(network.state_dict(), run.generator_path)
    return run


def write(run: Run, values: dict[str, Any], about: Any) -> None:
    """Settings and weights that claim to belong together."""
    run.config_path.write_text(json.dumps(values), encoding="utf-8")
    tensors = safetensors.torch.load_file(run.generator_path)
    metadata = {weights.FORMAT: json.dumps(about)}
    run.generator_path.write_bytes(safetensors.torch.save(tensors, metadata))


def whole(**changed: Any) -> dict[str, Any]:
    values = {
        "settings": SETTINGS,
        "dataset": {"classes": ["sedan", "suv"]},
        "progress": {},
        "environment": {},
    }
    return values | changed


def use(run: Run, place: tuple[str, str], value: Any) -> None:
    """Read settings with one value changed, and the weights that claim to belong to them.

    A value is taken as it stands or refused: none is rounded, cut to a range or replaced.
    """
    part, key = place
    values = SETTINGS | {part: SETTINGS[part] | {key: value}}
    try:
        config = from_json(values)
        assert json.dumps(to_json(config)[part][key]) == json.dumps(value)
        assert not isinstance(value, float) or math.isfinite(value)
        assert total_iterations(config, 10**6) >= 1
        write(run, whole(settings=values), {"settings": settings_hash(values)})
        load_generator(run)
    except UserError as error:
        short(error)


EXTREMES = [0, -1, 1, 2**31, 2**63, 10**30, 0.0, 1e-320, 1e308, math.nan, math.inf, -math.inf, True]


@pytest.mark.parametrize("place", PLACES)
def test_extreme_setting_is_used_or_refused(run: Run, place: tuple[str, str]) -> None:
    for value in EXTREMES:
        use(run, place, value)


@bounded(100)
@given(st.sampled_from(PLACES), odd)
def test_odd_setting_is_used_or_refused(run: Run, place: tuple[str, str], value: Any) -> None:
    use(run, place, value)


@bounded(100)
@given(st.sampled_from(["settings", "dataset", "progress", "environment", "classes"]), odd)
def test_odd_section_is_used_or_refused(run: Run, section: str, value: Any) -> None:
    values = whole(**{section: value}) if section != "classes" else whole(dataset={section: value})
    write(run, values, {"settings": settings_hash(SETTINGS)})
    try:
        assert load_generator(run).classes
    except UserError as error:
        short(error)


@bounded(100)
@given(
    st.binary(max_size=200)
    | st.text(max_size=60).map(str.encode)
    | odd.map(repr).map(lambda text: text.encode(errors="replace"))
)
def test_odd_config_file_is_refused(tmp_path_factory: Any, data: bytes) -> None:
    run = Run(tmp_path_factory.getbasetemp() / "odd-config")
    run.path.mkdir(exist_ok=True)
    run.config_path.write_bytes(data)
    with pytest.raises(UserError) as refusal:
        run.read_config()
    short(refusal.value)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "9" * 10_000, "\ufeff{}"])
def test_config_that_exhausts_a_parser_is_refused(tmp_path: Path, text: str) -> None:
    run = Run(tmp_path)
    run.config_path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=r"config\.json"):
        run.read_config()


DTYPES = ["F64", "F32", "F16", "BF16", "I64", "U8", "BOOL", "F8_E4M3", "F4", "C64", "X", ""]
sides = st.sampled_from([0, 1, 2, 7, 2**31, 2**62, 2**63, 2**64, -1]) | st.integers()
entries = st.fixed_dictionaries(
    {
        "dtype": st.sampled_from(DTYPES),
        "shape": st.lists(sides, max_size=4),
        "data_offsets": st.lists(sides, min_size=2, max_size=2),
    }
)


@bounded(200)
@given(
    st.dictionaries(st.sampled_from(["a", "dense.weight", "__metadata__", "é"]), entries | odd),
    st.sampled_from([0, 1, 8, 64]),
    st.sampled_from([0, -1, 1, 2**62]),
)
def test_odd_weights_header_is_refused(
    run: Run, header: dict[str, Any], body: int, longer: int
) -> None:
    text = json.dumps(header).encode()
    kept = run.generator_path.read_bytes()
    run.config_path.write_text(json.dumps(whole()), encoding="utf-8")
    run.generator_path.write_bytes(
        struct.pack("<Q", (len(text) + longer) % 2**64) + text + bytes(body)
    )
    try:
        with pytest.raises(UserError) as refusal:
            load_generator(run)
        short(refusal.value)
    finally:
        run.generator_path.write_bytes(kept)


@dataclass(frozen=True)
class Command:
    """Takes flags as the training scripts do."""

    data: DataConfig = field(default_factory=DataConfig)
    network: DCGANConfig = field(default_factory=DCGANConfig)
    objective: AdversarialConfig = field(default_factory=AdversarialConfig)
    loop: LoopConfig = field(default_factory=LoopConfig)


FLAGS = ["--" + key.replace("_", "-") for part, key in PLACES if part in ("data", "loop")]


def test_a_long_value_is_quoted_in_part() -> None:
    with pytest.raises(UserError) as refused:
        cli.parse(Command, ["--mirror", "9" * 5000])
    short(refused.value)


@bounded(60)
@given(
    st.sampled_from([*FLAGS, "--kernel", "--lr-g", "--resume", "--", "-h=1", "--no-such"]),
    odd_texts.filter(lambda text: "\0" not in text) | odd_numbers.map(str),
)
def test_odd_flag_is_used_or_refused(flag: str, value: str) -> None:
    try:
        command = cli.parse(Command, [flag, value])
    except UserError as error:
        short(error)
        return
    config = RunConfig(command.data, command.network, command.objective, command.loop)
    assert total_iterations(config, 10**6) >= 1
