"""Run folders from elsewhere: whatever is in them is read or refused in one line, at once."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from gan import reading, weights
from gan.demo import catalogue
from gan.errors import UserError
from gan.runs import LOSS_COLUMNS, Run

WHOLE: dict[str, Any] = {"settings": {}, "dataset": {}, "progress": {}, "environment": {}}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"progress": {"iteration": 1' + "0" * 29 + "}}", "out of range"),
        ('{"progress": {"iteration": 1' + "0" * 400 + "}}", "out of range"),
        ('{"progress": {"seconds": 1e400}}', "out of range"),
        ('{"progress": {"seconds": NaN}}', "out of range"),
        ('{"dataset": {"classes": ["\\ud800"]}}', "surrogates"),
        ("[" * 10**5, "recursion"),
        ("[]", "no JSON object"),
    ],
)
def test_odd_json_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "config.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=says):
        reading.read_json(path)


@pytest.mark.parametrize(
    ("section", "field", "value"),
    [
        ("progress", "iteration", "8"),
        ("progress", "iteration", -1),
        ("progress", "seconds", None),
        ("progress", "finished", 1),
        ("dataset", "classes", "sedan"),
        ("dataset", "classes", [1]),
        ("dataset", "classes", ["x" * 10**5]),
        ("dataset", "counts", []),
        ("dataset", "counts", {"train": 5}),
        ("dataset", "counts", {"train": {"sedan": "many"}}),
        ("progress", "chosen", []),
        ("progress", "chosen", {"images_seen": "x"}),
        ("progress", "restarts", "25600"),
        ("progress", "restarts", [-1]),
        ("progress", "segments", 5),
        ("progress", "segments", [{"git_revision": "abc"}]),
    ],
)
def test_config_of_wrong_types_is_refused(
    tmp_path: Path, section: str, field: str, value: Any
) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(WHOLE | {section: {field: value}}), encoding="utf-8")
    with pytest.raises(UserError, match=f"{section}.{field}"):
        Run(tmp_path).read_config()


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("1,8,0.5,1,1,0,0,9", "row 2 has 8 fields"),
        ("1,8,0.5,1,1,0", "row 2 has 6 fields"),
        (",8,0.5,1,1,0,0", "iteration is missing"),
        ("inf,8,0.5,1,1,0,0", "iteration is out of range"),
        ("1.5,8,0.5,1,1,0,0", "iteration is no count"),
        ("1,8,0.5,many,1,0,0", "many"),
        ("1,8,1e29,1,1,0,0", "seconds is out of range"),
        ('1,8,"0.5,1,1,0,0', "can't be read"),
    ],
)
def test_odd_rows_are_refused(tmp_path: Path, row: str, says: str) -> None:
    run = Run(tmp_path)
    run.losses_path.write_text(f"{','.join(LOSS_COLUMNS)}\n{row}\n", encoding="utf-8")
    with pytest.raises(UserError, match=says):
        run.read_losses()


def test_numbers_come_back_to_the_last_digit(tmp_path: Path) -> None:
    run = Run(tmp_path)
    numbers = "0.1,1e-05,0.30000000000000004,-2.5000000000000004e-17,7.0"
    run.losses_path.write_text(f"{','.join(LOSS_COLUMNS)}\n1,8,{numbers}\n", encoding="utf-8")
    row = run.read_losses().iloc[0]
    assert row.tolist() == [1, 8, *map(float, numbers.split(","))]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes in folders")
def test_a_pipe_is_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for read in (reading.read_json, reading.read_picture, weights.read):
        with pytest.raises(UserError, match="no plain file"):
            read(tmp_path / "pipe")


def test_a_huge_picture_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "grid.png"
    for side in (8_000, 30_000):  # Pillow itself refuses the second
        Image.new("1", (side, side)).save(path)
        with pytest.raises(UserError, match=r"too large|exceeds"):
            reading.read_picture(path)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(UserError, match="no picture"):
        reading.read_picture(path)


def test_the_app_lists_what_it_refuses_with_the_reason(tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    run.path.mkdir()
    run.config_path.write_text(json.dumps(WHOLE | {"progress": {"iteration": []}}), "utf-8")
    run.losses_path.write_text(f"{','.join(LOSS_COLUMNS)}\n1,2\n", encoding="utf-8")
    run.generator_path.write_bytes(b"\x00" * 64)
    (entry,) = catalogue.list_entries(tmp_path)
    assert not entry.ready
    said = " ".join(entry.problems)
    for words in ("progress.iteration", "row 2 has 2 fields", "damaged"):
        assert words in said
