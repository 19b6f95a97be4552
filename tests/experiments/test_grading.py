"""Blind sheets hold what their key says, and grades come back to the runs they belong to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from gan.errors import UserError
from gan.experiments import grading
from gan.experiments.grading import CAPTION, COLUMNS, MARGIN, SHEET, SIDE, Drawn


def flat(brightness: int, count: int, size: int) -> Drawn:
    """Pictures of one colour, which tells their run."""
    return Drawn(np.full((count, size, size, 3), brightness, np.uint8), ("van",) * count)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    grading.write_sheets(tmp_path, {"dark": flat(40, 13, 8), "light": flat(200, 13, 16)}, 3)
    return tmp_path


def answer(folder: Path, reader: str, grades: dict[str, int]) -> None:
    key = pd.read_csv(folder / "key.csv")
    table = key.assign(grade=key["run"].map(grades))[["number", "grade"]]
    table.to_csv(folder / f"{reader}.csv", index=False)


def test_the_key_tells_every_picture_of_the_sheets(folder: Path) -> None:
    key = pd.read_csv(folder / "key.csv").set_index("number")
    assert key["run"].value_counts().to_dict() == {"dark": 13, "light": 13}
    assert key["run"].head(13).nunique() == 2  # mixed
    for number, run in key["run"].items():
        assert isinstance(number, int)
        place = (number - 1) % SHEET
        x = place % COLUMNS * (SIDE + MARGIN) + SIDE // 2
        y = place // COLUMNS * (SIDE + MARGIN + CAPTION) + CAPTION + SIDE // 2
        with Image.open(folder / f"sheet{(number - 1) // SHEET + 1}.png") as sheet:
            assert sheet.getpixel((x, y)) == ((40,) * 3 if run == "dark" else (200,) * 3)
    assert len(list(folder.glob("sheet*.png"))) == 2


def test_grades_come_back_to_their_runs(folder: Path) -> None:
    answer(folder, "anna", {"dark": 1, "light": 3})
    answer(folder, "ben", {"dark": 2, "light": 3})
    table = grading.read_answers(folder)
    assert grading.summary(table).to_dict("records") == [
        {"run": "dark", "pictures": 13, "mean_grade": 1.5, "plausible": "0, 13"},
        {"run": "light", "pictures": 13, "mean_grade": 3.0, "plausible": "13, 13"},
    ]
    (pair,) = grading.comparisons(table).to_dict("records")
    assert (pair["run"], pair["other"], pair["difference"]) == ("light", "dark", 1.5)
    assert pair["p"] == pytest.approx(1 / 10_000)  # the two extremes of 19,999 regroupings
    table.to_csv(folder / "all-grades.csv", index=False)
    kept = folder / "all-grades.csv"
    pd.testing.assert_frame_equal(grading.read(kept), table)
    kept.write_text(kept.read_text("utf-8").rstrip("\n"), encoding="utf-8")  # as typed by hand
    pd.testing.assert_frame_equal(grading.read(kept), table)
    pd.testing.assert_frame_equal(grading.read_answers(folder), table)


def test_settings_with_several_trainings_are_compared_by_trainings() -> None:
    # 40 pictures differ in each pair of trainings, but there are three trainings of a setting.
    table = pd.DataFrame(
        [
            {"number": number, "run": f"{run}-seed{seed}", "body_type": "", "reader": "anna"}
            | {"grade": grade + (number % 10 == seed)}
            for run, grade in (("k4", 0), ("k8", 2))
            for seed in range(3)
            for number in range(40)
        ]
    )
    (pair,) = grading.comparisons(table).to_dict("records")
    assert (pair["run"], pair["other"]) == ("k8", "k4")
    assert pair["difference"] == pytest.approx(2)
    assert pair["p"] == pytest.approx(2 / 20)
    assert len(grading.summary(table)) == 6
    assert grading.summary(grading.by_setting(table))["run"].tolist() == ["k4", "k8"]


def test_runs_without_a_difference_have_none(folder: Path) -> None:
    key = pd.read_csv(folder / "key.csv")
    key.assign(grade=key.groupby("run").cumcount() % 4)[["number", "grade"]].to_csv(
        folder / "anna.csv", index=False
    )
    (pair,) = grading.comparisons(grading.read_answers(folder)).to_dict("records")
    assert (pair["difference"], pair["p"], pair["holm"]) == (0, 1, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.head(25), "must grade each of the pictures 1 to 26 once"),
        (lambda t: t.assign(number=1), "must grade each of the pictures 1 to 26 once"),
        (lambda t: t.assign(grade=4), "a grade is a number from 0 to 3"),
        (lambda t: t.rename(columns={"grade": "mark"}), "its columns are not number,grade"),
        (lambda t: t.assign(grade="good"), "good"),
    ],
)
def test_answers_that_are_none_are_refused(
    folder: Path, change: Callable[[pd.DataFrame], pd.DataFrame], message: str
) -> None:
    with pytest.raises(UserError, match="no answers"):
        grading.read_answers(folder)
    answer(folder, "anna", {"dark": 1, "light": 3})
    change(pd.read_csv(folder / "anna.csv")).to_csv(folder / "anna.csv", index=False)
    with pytest.raises(UserError, match=message):
        grading.read_answers(folder)


def test_a_file_typed_by_hand_counts_to_its_last_line(folder: Path) -> None:
    answer(folder, "anna", {"dark": 1, "light": 3})
    text = (folder / "anna.csv").read_text(encoding="utf-8")
    (folder / "anna.csv").write_text("\ufeff" + text.rstrip(), encoding="utf-8")
    assert len(grading.read_answers(folder)) == 26


def test_one_picture_or_none_is_too_few(folder: Path) -> None:
    answer(folder, "anna", {"dark": 1, "light": 3})
    table = grading.read_answers(folder)
    one = pd.concat([table[table["run"] == "dark"], table[table["run"] == "light"].head(1)])
    with pytest.raises(UserError, match="one picture"):
        grading.comparisons(one)
    table.head(0).to_csv(folder / "kept.csv", index=False)
    with pytest.raises(UserError, match="holds no grades"):
        grading.read(folder / "kept.csv")


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no key\.csv"):
        grading.read_answers(tmp_path)
    with pytest.raises(UserError, match="there is no"):
        grading.read(tmp_path / "grades.csv")
