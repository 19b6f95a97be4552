"""The scripts that grade, scrutinise and calibrate runs, as a user meets them."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from gan import atomic, calibration, checkpoint
from gan.config import DataConfig, DriftConfig, LoopConfig, ProjectedConfig, RunConfig, to_json
from gan.data.photos import load
from gan.metrics import guidance
from gan.models import build_generator
from gan.runs import Run
from gan.sampling import generate_set


def test_guidance_is_calibrated_and_its_effect_measured(
    home: Path,
    run_script: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, run = (Run(home / "checkpoints" / name) for name in ("first", "guided"))
    data = DataConfig(data=str(home / "photos"))
    network = ProjectedConfig(width=2, latent=8, class_code=4, guided=True)
    config = RunConfig(data, network, DriftConfig(), LoopConfig())
    torch.manual_seed(0)
    generator = build_generator(network, 64, 2)
    checkpoint.save_generator(run.generator_path, generator, to_json(config))
    run.write_config(first.read_config() | {"settings": to_json(config)})

    few = ("--count", 100, "--seeds", 1)
    code, output, errors = run_script("calibrate.py", "guided", *few, "--truncation", 0.8)
    assert code == 0, errors
    assert f"python train/evaluate.py {run.path}\n" in output
    found = calibration.read(run, ("sedan", "suv"))
    assert found.truncation == 0.8
    assert all(0 <= typical <= 1 for typical in found.typical)
    code, output, errors = run_script("guidance.py", "guided", *few)
    assert code == 0, errors
    assert pd.read_csv(run.guidance_path)["guidance"].unique().tolist()[-2:] == [1.0, 1.5]

    run.calibration_path.write_text("damaged", encoding="utf-8")
    assert run_script("guidance.py", "guided", *few)[0] == 2
    assert run_script("calibrate.py", "guided", *few, "--truncation", 0.8)[0] == 0
    assert calibration.read(run, ("sedan", "suv")) == found

    other = Run(shutil.copytree(run.path, home / "checkpoints" / "other"))
    other.calibration_path.unlink()
    assert run_script("calibrate.py", "other", "--like", "guided")[0] == 0
    assert calibration.read(other, ("sedan", "suv")) == found
    for arguments, says in {
        ("first",): "trained without guidance",
        ("other", "--truncation", 0): "--truncation must be",
        ("other", "--count", 5): "--count must be from 100",
        ("other", "--like", "absent"): "absent",
        ("other", "--like", "guided", "--truncation", 0.9): "leave out the other flags",
    }.items():
        code, _, errors = run_script("calibrate.py", *arguments)
        assert code == 2
        assert says in errors
        assert errors.count("\n") == 1

    def replaced(*arguments: Any) -> Any:
        torch.manual_seed(1)  # the run is trained again meanwhile
        checkpoint.save_generator(
            other.generator_path, build_generator(network, 64, 2), to_json(config)
        )
        return calibrate(*arguments)

    calibrate = guidance.calibrate
    monkeypatch.setattr(guidance, "calibrate", replaced)
    before = other.calibration_path.read_bytes()
    code, _, errors = run_script("calibrate.py", "other", *few)
    assert code == 2
    assert "has changed meanwhile: calibrate again" in errors
    assert other.calibration_path.read_bytes() == before


@pytest.mark.parametrize("more", [0, 10])
def test_a_blind_sheet_is_made_where_there_are_photos_enough(
    home: Path,
    run_script: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
    more: int,
) -> None:
    # At full size the stand-in is less sure than at 16 px, so that the two can't be confused.
    monkeypatch.setattr(
        "gan.metrics.scrutiny.detector_auc",
        lambda photos, *_: [(64, 0.5 if photos.shape[1] == 64 else 0.75)],
    )
    asked: list[Any] = []

    def drawn(*arguments: Any, shares: Any = None, **more: Any) -> Any:
        asked.append(shares)
        pictures, labels = generate_set(*arguments, shares=shares, **more)
        return pictures, np.zeros_like(labels)  # as if the other type were too rare to be drawn

    monkeypatch.setattr("gan.sampling.generate_set", drawn)
    stream = np.random.RandomState(1)
    for i in range(more):
        pixels = stream.randint(0, 90, (70, 70, 3)).astype(np.uint8)
        Image.fromarray(pixels).save(home / "photos" / "sedan" / f"more{i}.png")
    run = Run(home / "checkpoints" / "first")
    values = run.read_config()
    photos = load(str(home / "photos"), 64)
    values["dataset"]["content_hash"] = photos.content_hash
    run.write_config(values)
    arguments = ("first", "--count", 1000, "--out", home / "blind")
    code, output, errors = run_script("scrutinize.py", *arguments)
    if more:
        alone = run_script("scrutinize.py", *arguments, "--along")
        assert alone[0] == 2
        assert "kept no generators" in alone[2]
    if not more:
        assert len(photos.indices("train")) < 60
        assert code == 2
        assert "the sheet needs 60" in errors
        assert not (home / "blind").exists()
    else:
        assert code == 0, errors
        assert "Weave, 4 pixels" in output
        figures = run.read_metrics().set_index("metric")["value"]
        assert (figures["detector_auc"], figures["detector_auc_16"]) == (0.5, 0.75)
        assert {"checkerboard", "weave_2", "weave_4"} <= set(figures.index)
        atomic.write_bytes(run.kept_path(1), run.generator_path.read_bytes())
        code, _, errors = run_script("scrutinize.py", *arguments, "--along")
        assert code == 0, errors
        along = run.read_along()
        assert along[["images_seen", "n_fake"]].drop_duplicates().to_numpy().tolist() == [
            [values["settings"]["loop"]["batch"], 2000]
        ]
        energies = {"checkerboard", "weave_2", "weave_4"}
        assert set(along["metric"]) == {"detector_auc", "detector_auc_16"} | energies
        counts = np.array([*photos.counts("train").values()])
        assert len(asked) == 3  # of the run twice, of what it kept once
        for shares in asked:  # or the types would give pictures away
            assert np.allclose(shares, counts / counts.sum())
        key = pd.read_csv(home / "blind" / "key.csv")
        assert key["what"].value_counts().to_dict() == {"photo": 60, "generated": 60}


def test_shapes_are_graded_blind(
    home: Path, run_script: Callable[..., tuple[int, str, str]]
) -> None:
    shutil.copytree(home / "checkpoints" / "first", home / "checkpoints" / "second")
    sheets = ("grade.py", "first", "second", "--count", 4, "--out", home / "grades")
    code, output, errors = run_script(*sheets)
    assert code == 0, errors
    assert "sheets: 1 in" in output
    key = pd.read_csv(home / "grades" / "key.csv")
    assert key["run"].value_counts().to_dict() == {"first": 4, "second": 4}
    code, _, errors = run_script(*sheets)
    assert code == 2
    assert "holds sheets already" in errors

    code, _, errors = run_script("grade.py", "--read", home / "grades")
    assert code == 2
    assert "has no answers" in errors
    answers = key.assign(grade=(key["run"] == "second") + 1)[["number", "grade"]]
    answers.to_csv(home / "grades" / "anna.csv", index=False)
    for place in (home / "grades", home / "grades" / "all-grades.csv"):
        code, output, errors = run_script("grade.py", "--read", place)
        assert code == 0, errors
        assert "graded 0 to 3 by anna" in output
        assert output.index("first") < output.index("second")
    for arguments in ((), ("first", "--read", home / "grades"), ("first", "--count", 1)):
        assert run_script("grade.py", *arguments)[0] == 2
    assert run_script("grade.py", "first", "--seed", -1)[0] == 2
