"""A run's calibration: what it makes of guidance and latents, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from gan import calibration, latents, sampling
from gan.calibration import PLAIN, Calibration
from gan.errors import UserError
from gan.latents import GUIDANCE
from gan.runs import Run
from tests.conftest import tiny_config
from tests.test_sampling import loaded

CLASSES = ("sedan", "suv", "van")
OWN = Calibration((0.4, 0.6, 1.0), 0.8)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path)
    run.generator_path.write_bytes(b"weights")
    calibration.write(run, CLASSES, OWN)
    return run


def test_the_default_stands_for_each_types_own_guidance_and_the_ends_stay() -> None:
    y = np.array([0, 1, 2])
    for asked in (0.0, 1.0, 1.5):
        assert OWN.guidance(asked, y).tolist() == pytest.approx([asked] * 3)
    assert OWN.guidance(GUIDANCE, y).tolist() == pytest.approx([0.4, 0.6, 1.0])
    assert OWN.guidance(0.3, y).tolist() == pytest.approx([0.2, 0.3, 0.5])
    assert OWN.guidance(0.8, y).tolist() == pytest.approx([0.7, 0.8, 1.0])
    between = np.array([[0.5, 0, 0.5]])
    assert OWN.guidance(GUIDANCE, between).tolist() == pytest.approx([0.7])
    assert PLAIN.guidance(0.3, y).tolist() == pytest.approx([0.3] * 3)


def test_pictures_are_drawn_with_it() -> None:
    config = tiny_config("projected")
    plain = loaded(replace(config, network=replace(config.network, guided=True)), CLASSES)
    with torch.no_grad():
        plain.network.relaxed.normal_()  # it starts at zero, where guidance has no effect
        for weight in plain.network.parameters():
            weight.mul_(4)
    own = replace(plain, calibration=OWN)
    made = sampling.generate(own, [1, 2, 3], [0, 1, 2])
    z = torch.from_numpy(latents.from_seeds([1, 2, 3], plain.latent, OWN.truncation))
    for i, guidance in enumerate(OWN.typical):
        expected = sampling.from_latents(plain, z[i : i + 1], [i], guidance)[0]
        assert np.abs(made[i].astype(int) - expected).max() <= 1
    assert (made != sampling.generate(plain, [1, 2, 3], [0, 1, 2])).any((1, 2, 3)).all()


def test_it_is_kept_for_its_generator_alone(run: Run) -> None:
    assert calibration.read(run, CLASSES) == OWN
    run.generator_path.write_bytes(b"weights after more training")
    assert calibration.read(run, CLASSES) == PLAIN
    run.calibration_path.unlink()
    assert calibration.read(run, CLASSES) == PLAIN


def test_another_runs_calibration_can_be_taken(run: Run, tmp_path: Path) -> None:
    other = Run(tmp_path / "other")
    values = {"dataset": {"classes": list(CLASSES)}, "settings": {}}
    run.write_config(values | {"progress": {}, "environment": {}})
    other.path.mkdir()
    other.generator_path.write_bytes(b"grown weights")
    calibration.copy(run, other, CLASSES)
    assert calibration.read(other, CLASSES) == OWN
    run.calibration_path.unlink()
    with pytest.raises(UserError, match="is not calibrated"):
        calibration.copy(run, other, CLASSES)
    with pytest.raises(UserError, match="draws other types"):
        calibration.copy(run, other, ("sedan", "van"))


def test_calibrations_are_told_apart() -> None:
    found = [PLAIN, OWN, replace(OWN, truncation=0.9), replace(OWN, typical=(0.4, 0.6, 0.9))]
    assert found[0].digest() == ""
    assert len({one.digest() for one in found}) == 4


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sedan", "wagon"),
        ("0.4", "1.2"),
        ("0.8", "0"),
        ("suv,0.6,0.8", "suv,0.6,0.7"),
        ("0.4", "x"),
    ],
)
def test_a_damaged_table_is_refused(run: Run, old: str, new: str) -> None:
    text = run.calibration_path.read_text(encoding="utf-8")
    assert old in text
    run.calibration_path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(UserError, match=r"calibration\.csv"):
        calibration.read(run, CLASSES)
