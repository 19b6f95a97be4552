"""Shapes graded by eye: blind sheets of several runs' pictures, and what readers made of them.

Feature distances hardly see whether a car has one roof and plausible wheels; a reader does.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw
from scipy.stats import permutation_test

from gan import atomic, reading
from gan.errors import UserError
from gan.experiments.permutation import holm, unpaired
from gan.reading import Kind

GRADES = (
    "no car, or one in pieces",
    "a car with gross faults",
    "mostly plausible: the shape holds, faults are small",
    "a photo, at a glance",
)
PLAUSIBLE = 2  # grades from here on count as plausible
COLUMNS, SHEET = 5, 20  # pictures in a row and on a sheet
SIDE, MARGIN, CAPTION = 224, 8, 16  # pixels: of a picture, between pictures, of the line above one
KEY, GRADED = "key.csv", "all-grades.csv"
ANSWERS: dict[str, Kind] = {"number": "count", "grade": "count"}
TABLE: dict[str, Kind] = {
    "number": "count",
    "run": "text",
    "body_type": "text",
    "reader": "text",
    "grade": "count",
}
RESAMPLES = 19_999  # random regroupings of a permutation test


@dataclass(frozen=True)
class Drawn:
    """Uncurated pictures of a run."""

    pictures: np.ndarray  # uint8 [N,S,S,3]
    body_types: tuple[str, ...]  # the N types asked for; empty strings if the run takes none


def write_sheets(folder: Path, runs: Mapping[str, Drawn], seed: int) -> list[Path]:
    """Write the pictures of all runs in random order as sheet1.png ..., and key.csv, the answers.

    All pictures are shown at the same size, SIDE pixels, with their number and type, so that
    nothing but the picture tells the run.

    Args:
        folder: Where the files go; it is made.
        runs: By name; all take the same types, or none does.
        seed: Of the order.

    Returns:
        The paths of the sheets.
    """
    items = [(name, i) for name, drawn in runs.items() for i in range(len(drawn.pictures))]
    items = [items[place] for place in np.random.RandomState(seed).permutation(len(items))]
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for first in range(0, len(items), SHEET):
        part = items[first : first + SHEET]
        rows = -(-len(part) // COLUMNS)
        step = SIDE + MARGIN, SIDE + MARGIN + CAPTION
        sheet = Image.new("RGB", (COLUMNS * step[0], rows * step[1]), "white")
        pen = ImageDraw.Draw(sheet)
        for place, (name, i) in enumerate(part):
            x, y = place % COLUMNS * step[0], place // COLUMNS * step[1]
            picture = Image.fromarray(runs[name].pictures[i])
            sheet.paste(picture.resize((SIDE, SIDE), Image.Resampling.BICUBIC), (x, y + CAPTION))
            pen.text((x, y + 2), f"{first + place + 1} {runs[name].body_types[i]}", fill="black")
        path = folder / f"sheet{first // SHEET + 1}.png"
        with atomic.replacing(path) as temporary:
            sheet.save(temporary, "PNG")
        paths.append(path)
    key = pd.DataFrame(
        [(n, name, runs[name].body_types[i]) for n, (name, i) in enumerate(items, 1)],
        columns=["number", "run", "body_type"],
    )
    atomic.write_text(folder / KEY, key.to_csv(index=False))
    return paths


def read_answers(folder: Path) -> pd.DataFrame:
    """The key and every reader's answers in a folder as one table with the columns of TABLE.

    A reader's file is any other CSV file, with the columns number,grade and a row for each
    picture; its name is the reader's.

    Raises:
        UserError: There is no key or no answer, or an answer is missing or no grade.
    """
    try:
        key = reading.read_table(folder / KEY, {name: TABLE[name] for name in list(TABLE)[:3]})
    except FileNotFoundError:
        raise UserError(f"{folder} has no {KEY}: make the sheets first") from None
    files = [p for p in sorted(folder.glob("*.csv")) if p.name not in (KEY, GRADED)]
    if not files:
        raise UserError(
            f"{folder} has no answers: each reader writes a CSV file with the columns number,grade"
        )
    tables = []
    for path in files:
        answers = reading.read_table(path, ANSWERS, typed=True)
        if sorted(answers["number"]) != sorted(key["number"]):
            raise UserError(f"{path} must grade each of the pictures 1 to {len(key)} once")
        _check(answers, path)
        tables.append(key.merge(answers.assign(reader=path.stem), on="number"))
    return pd.concat(tables, ignore_index=True)[list(TABLE)]


def read(path: Path) -> pd.DataFrame:
    """A table of grades that was kept, with the columns of TABLE.

    Raises:
        UserError: It is missing or something else.
    """
    try:
        table = reading.read_table(path, TABLE, typed=True)
    except FileNotFoundError:
        raise UserError(f"there is no {path}") from None
    _check(table, path)
    return table


def by_setting(table: pd.DataFrame) -> pd.DataFrame:
    """The grades with a column `training`, the run's name.

    Where a setting has several trainings, `run` becomes the setting ("k4" for "k4-seed0").
    """
    setting = table["run"].str.replace(r"-seed\d+$", "", regex=True)
    several = setting.nunique() < table["run"].nunique()
    return table.assign(training=table["run"], run=setting if several else table["run"])


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """For each run, in order of its mean grade: pictures, mean grade, plausible ones by reader."""
    readers = sorted(table["reader"].unique())
    rows = []
    for run, mine in table.groupby("run"):
        plausible = [(mine.loc[mine["reader"] == r, "grade"] >= PLAUSIBLE).sum() for r in readers]
        rows.append(
            {
                "run": run,
                "pictures": mine["number"].nunique(),
                "mean_grade": mine["grade"].mean(),
                "plausible": ", ".join(map(str, plausible)),
            }
        )
    return pd.DataFrame(rows).sort_values("mean_grade", ignore_index=True)


def comparisons(table: pd.DataFrame) -> pd.DataFrame:
    """Each pair of runs: the difference of mean grades, p, and p corrected for all pairs (Holm).

    Two-sided permutation tests. Of single trainings, over pictures, whose grade is the mean over
    readers: this tells whether two trainings differ, and not what another training would give. Of
    settings with several trainings (`by_setting`), exact, over the trainings' mean grades.

    Raises:
        UserError: A run has a single picture.
    """
    table = by_setting(table)
    trained = bool((table["run"] != table["training"]).any())
    grades = table.groupby(["run", "training" if trained else "number"])["grade"].mean()
    if not trained and (grades.groupby("run").size() < 2).any():
        raise UserError("runs can't be compared by one picture each")
    rows = []
    for run, other in itertools.combinations(summary(table)["run"], 2):
        test = _over_trainings if trained else _over_pictures
        difference, p = test(grades[other], grades[run])
        rows.append({"run": other, "other": run, "difference": difference, "p": p})
    corrected = holm([row["p"] for row in rows])
    return pd.DataFrame(rows, columns=["run", "other", "difference", "p"]).assign(holm=corrected)


def _over_trainings(ours: pd.Series, theirs: pd.Series) -> tuple[float, float]:
    found = unpaired(ours.reset_index(drop=True), theirs.reset_index(drop=True))
    assert found is not None  # a setting has a training
    return found.mean, found.p


def _over_pictures(ours: pd.Series, theirs: pd.Series) -> tuple[float, float]:
    found = permutation_test(
        (ours.to_numpy(), theirs.to_numpy()),
        lambda x, y, axis: x.mean(axis) - y.mean(axis),
        vectorized=True,
        n_resamples=RESAMPLES,
        rng=0,
    )
    return float(found.statistic), float(found.pvalue)


def _check(table: pd.DataFrame, path: Path) -> None:
    if table.empty:
        raise UserError(f"{path} holds no grades")
    if (table["grade"] >= len(GRADES)).any():
        raise UserError(f"{path}: a grade is a number from 0 to {len(GRADES) - 1}")
