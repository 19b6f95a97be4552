"""Which body type a photo shows: from a CSV, from class folders, or from its file name."""

import csv
import os
import re
from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from gan.data.archive import PICTURES
from gan.errors import UserError

BODY_TYPES = ("convertible", "coupe", "hatchback", "pickup", "sedan", "suv", "van", "wagon")

# Other names of the eight, as folders and CSVs spell them (lower case, words joined by a space).
SYNONYMS = {
    "cabrio": "convertible",
    "cabriolet": "convertible",
    "roadster": "convertible",
    "spyder": "convertible",
    "coupé": "coupe",
    "hatch": "hatchback",
    "pick up": "pickup",
    "pickup truck": "pickup",
    "truck": "pickup",
    "limousine": "sedan",
    "saloon": "sedan",
    "crossover": "suv",
    "sport utility": "suv",
    "sport utility vehicle": "suv",
    "mini van": "van",
    "minivan": "van",
    "mpv": "van",
    "estate": "wagon",
    "station wagon": "wagon",
}

# The Car Connection Picture Dataset names a photo
#   Make_Model_Year_MSRP_FrontWheelSize_Horsepower_Displacement_EngineType_Width_Height_Length_
#   GasMileage_Drivetrain_PassengerCapacity_PassengerDoors_BodyStyle_id.jpg
# for example Audi_A5_2013_43_18_210_20_4_73_54_182_24_FWD_4_2_Convertible_eUH.jpg; a field that
# the site left empty reads "nan" (order: README of nicolas-gervais/predicting-car-price-from-
# scraped-data, picture-scraper).
CAR_CONNECTION = re.compile(
    r".+_(?:19|20)\d\d_(?:[^_]+_){11}(?P<doors>[^_]+)_(?P<style>[^_]+)_[^_]+", re.DOTALL
)
CAR_CONNECTION_STYLES = {
    "2dr": "coupe",
    "3dr": "hatchback",
    "4dr": "sedan",
    "5dr": "hatchback",
    "convertible": "convertible",
    "hatchback": "hatchback",
    "pickup": "pickup",
    "station wagon": "wagon",
    "suv": "suv",
    "van": "van",
    "wagon": "wagon",
}

FILE_COLUMNS = ("filename", "file_name", "file", "image", "image_path", "path", "photo", "name")
TYPE_COLUMNS = ("body_type", "body_style", "body", "type", "class", "label", "category")
SPLIT_COLUMNS = ("split", "set", "subset")
SPLITS: dict[str, Literal["train", "test"]] = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    # Held out is held out: a validation split is no part of training either.
    "val": "test",
    "valid": "test",
    "validation": "test",
}


@dataclass(frozen=True)
class Photo:
    """One file, what it shows and where it belongs; with `problem`, why it can't be used."""

    path: Path
    name: str  # relative to the source, with forward slashes
    body_type: str = ""
    split: Literal["", "train", "test"] = ""  # empty: by content
    problem: str = ""


def normal(name: str) -> str:
    """A body type as this program spells it: lower case, our word for a synonym."""
    words = " ".join(re.split(r"[\s_-]+", name.strip().lower()))
    return SYNONYMS.get(words, words)


def car_connection(file_name: str) -> str | None:
    """The body type in a file name of The Car Connection Picture Dataset.

    Returns:
        One of BODY_TYPES, "" where the name says nothing usable, None for another kind of name.
    """
    match = CAR_CONNECTION.fullmatch(PurePosixPath(file_name).stem)
    if match is None:
        return None
    style = match["style"].strip().lower()
    # The data set's maker wrote 2dr for every hatchback. Its doors don't count the tailgate, so
    # a 2dr with four doors is one of those; with two doors it can't be told from a coupe.
    if style == "2dr" and match["doors"] in ("3", "4", "5"):
        return "hatchback"
    return CAR_CONNECTION_STYLES.get(style, "")


def find_photos(folder: Path) -> list[Photo]:
    """Every picture below `folder`, without hidden files, in order of name."""
    found = []
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".") and name != "__MACOSX"]
        for file in files:
            path = Path(root, file)
            if path.suffix.lower() in PICTURES and not file.startswith("."):
                found.append(Photo(path, path.relative_to(folder).as_posix()))
    return sorted(found, key=lambda photo: photo.name)


def label(folder: Path, table: Path | None = None) -> list[Photo]:
    """Find every photo below `folder` and its body type.

    In this order: the CSV `table`, or one found in the folder; folders named after the eight
    types; file names of The Car Connection; any other class folders. A folder `train` or `test`
    (or `val`) above the photos gives the split where no CSV does.

    Raises:
        UserError: No photos, no source of types, a bad CSV, or two that could be meant.
    """
    photos = find_photos(folder)
    if not photos:
        raise UserError(f"{folder} holds no photos ({', '.join(sorted(PICTURES))})")
    table = table or _find_table(folder)
    if table is not None:
        return _by_table(photos, table)
    parents = {photo.name: _class_folder(photo.name) for photo in photos}
    known = sum(parent in BODY_TYPES for parent in parents.values())
    named = {photo.name: car_connection(photo.name) for photo in photos}
    if 2 * known <= len(photos) and 2 * sum(v is not None for v in named.values()) > len(photos):
        types = {name: found or "" for name, found in named.items()}
    else:
        types = parents
    if not any(types.values()):
        raise UserError(
            f"{folder}: no body types found. Sort the photos into one folder a type, or give "
            "--labels with a CSV that has the columns filename and body_type"
        )
    return [
        replace(
            photo,
            body_type=types[photo.name],
            split=_split_folder(photo.name),
            problem="" if types[photo.name] else "no label",
        )
        for photo in photos
    ]


def choose(photos: list[Photo], classes: str) -> list[Photo]:
    """Keep or map body types as --classes says.

    Args:
        photos: From `label`.
        classes: "" keeps all; "sedan,suv" picks two; "sedan=saloon,suv=jeep,suv=crossover" names
            for each of ours which one of the source it takes. The two forms mix.

    Raises:
        UserError: The text doesn't parse or names a type that no photo has.
    """
    if not classes.strip():
        return photos
    mapping: dict[str, str] = {}
    there = {photo.body_type for photo in photos if photo.body_type}
    for item in classes.split(","):
        ours, equals, theirs = (normal(part) for part in item.partition("="))
        theirs = theirs if equals else ours
        if not ours or not theirs:
            raise UserError(f"--classes can't be {classes!r}: write sedan,suv or sedan=saloon")
        if theirs not in there:
            raise UserError(
                f"--classes names {theirs!r}, which no photo has; "
                f"there are: {', '.join(sorted(there))}"
            )
        if mapping.setdefault(theirs, ours) != ours:
            raise UserError(f"--classes puts {theirs!r} into two classes")
    return [
        replace(photo, body_type=mapping[photo.body_type])
        if photo.body_type in mapping
        else replace(photo, problem=photo.problem or "class not chosen")
        for photo in photos
    ]


def _class_folder(name: str) -> str:
    parents = PurePosixPath(name).parts[:-1]
    parent = normal(parents[-1]) if parents else ""
    return "" if parent in SPLITS else parent


def _split_folder(name: str) -> Literal["", "train", "test"]:
    for part in PurePosixPath(name).parts[:-1]:
        if part.lower() in SPLITS:
            return SPLITS[part.lower()]
    return ""


def _find_table(folder: Path) -> Path | None:
    """The CSV nearest to the top that has a column of files and one of types."""
    tables = []
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() == ".csv" and path.is_file() and not hidden:
            try:
                columns = _columns(_read_table(path)[0])
            except UserError:
                continue
            if columns["file"] and columns["type"]:
                tables.append(path)
    if not tables:
        return None
    depth = min(len(path.parts) for path in tables)
    top = sorted(path for path in tables if len(path.parts) == depth)
    if len(top) > 1:
        raise UserError(f"both {top[0]} and {top[1]} could hold the labels: choose with --labels")
    return top[0]


def _read_table(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    """The header and the rows of a CSV with commas, semicolons or tabs."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        header = text.partition("\n")[0]
        rows = csv.DictReader(
            text.splitlines(), delimiter=max(",;\t", key=header.count), restval=""
        )
        return list(rows.fieldnames or ()), list(rows)
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(f"{path} can't be read as a CSV: {error}") from None


def _columns(header: list[str]) -> dict[str, str]:
    """Which column is which; "" for one that isn't there."""
    by_name = {name.strip().lower().replace(" ", "_"): name for name in header if name}
    wanted = {"file": FILE_COLUMNS, "type": TYPE_COLUMNS, "split": SPLIT_COLUMNS}
    return {
        role: next((by_name[name] for name in names if name in by_name), "")
        for role, names in wanted.items()
    }


def _by_table(photos: list[Photo], table: Path) -> list[Photo]:
    header, rows = _read_table(table)
    columns = _columns(header)
    if not columns["file"] or not columns["type"]:
        raise UserError(
            f"{table} needs a column of files ({', '.join(FILE_COLUMNS)}) and one of types "
            f"({', '.join(TYPE_COLUMNS)}); it has: {', '.join(header)}"
        )
    by_file: dict[str, list[Photo]] = defaultdict(list)
    for photo in photos:
        by_file[PurePosixPath(photo.name).name].append(photo)
    labelled: dict[str, Photo] = {}
    problems: list[Photo] = []
    for row in rows:
        file = (row[columns["file"]] or "").strip().replace("\\", "/").removeprefix("./")
        split = (row[columns["split"]] or "").strip().lower() if columns["split"] else ""
        if split and split not in SPLITS:
            raise UserError(f"{table}: the split of {file!r} is {split!r}, not train or test")
        # A bare name matches wherever the photo lies; a path tells equal names apart.
        fitting = [
            photo
            for photo in by_file.get(PurePosixPath(file).name, [])
            if f"/{photo.name}".endswith(f"/{file}")
        ]
        if len(fitting) != 1:
            problem = "in the CSV, but not there" if not fitting else "name fits several photos"
            problems.append(Photo(table.parent / file, file, problem=problem))
            continue
        photo = replace(
            fitting[0],
            body_type=normal(row[columns["type"]] or ""),
            split=SPLITS[split] if split else "",
        )
        if not photo.body_type or not photo.body_type.isprintable():
            photo = replace(photo, problem="no label")
        elif photo.name in labelled and labelled[photo.name] != photo:
            photo = replace(photo, problem="two different labels")
        labelled[photo.name] = photo
    rest = [
        labelled.get(photo.name, replace(photo, problem="no label in the CSV")) for photo in photos
    ]
    return rest + problems
