"""Reads files of run folders without trusting them: sizes are bounded and types are checked.

A run folder may come from a stranger. Every reader raises FileNotFoundError if there is no file,
and UserError, in one line, if the file is not what it should be.
"""

import csv
import io
import json
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from PIL import Image

from gan.config import SIZES
from gan.errors import UserError

LARGEST_TEXT = 50_000_000  # bytes of a table or a JSON file
LARGEST_FILE = 4_000_000_000  # bytes of weights or a graph
LARGEST_PICTURE = 50_000_000  # pixels of a grid
LARGEST_NUMBER = 1e18
LONGEST = 1000  # names in a list of classes, and characters of each

# What a column of a table holds. A "count" is a whole number from 0 on; "maybe" is a number that
# may be missing; "newer" is text in a column that tables of earlier versions lack.
Kind = Literal["count", "number", "maybe", "text", "newer"]

# The types of optional values of config.json.
FIELDS: dict[tuple[str, str], type | tuple[type, ...]] = {
    ("dataset", "name"): str,
    ("dataset", "content_hash"): str,
    ("dataset", "classes"): list,
    ("dataset", "counts"): dict,
    ("dataset", "size"): int,
    ("progress", "iteration"): int,
    ("progress", "images_seen"): int,
    ("progress", "seconds"): (int, float),
    ("progress", "finished"): bool,
    ("progress", "chosen"): dict,
    ("progress", "restarts"): list,
    ("progress", "segments"): list,
}


def check_plain(path: Path) -> None:
    """Check that a path is a regular file: reading a pipe or a device might never end."""
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        raise UserError(f"{path} is no plain file")
    if state.st_size > LARGEST_FILE:
        raise UserError(f"{path} is larger than {LARGEST_FILE // 10**9} GB")


def read_text(path: Path) -> str:
    """A text file of bounded size; bytes that aren't UTF-8 become replacement characters."""
    try:
        check_plain(path)
        if path.stat().st_size > LARGEST_TEXT:
            raise UserError(f"{path} is larger than {LARGEST_TEXT // 10**6} MB")
        return path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise UserError(f"{path} can't be read: {error.strerror}") from None


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object; numbers that aren't finite or are absurdly large are refused."""
    text = read_text(path)
    try:
        values = json.loads(text, parse_int=_whole, parse_float=_finite, parse_constant=_finite)
        json.dumps(values, ensure_ascii=False).encode()  # refuses half of a surrogate pair
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} can't be read: {error!s:.200}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path} is no JSON object")
    return values


def read_config(path: Path) -> dict[str, Any]:
    """config.json of a run: `settings`, `dataset`, `progress` and `environment`."""
    values = read_json(path)
    expected = ("dataset", "environment", "progress", "settings")
    if not all(isinstance(values.get(name), dict) for name in expected):
        raise UserError(f"{path} lacks one of: {', '.join(expected)}")
    for (section, name), kind in FIELDS.items():
        if name not in values[section]:
            continue
        value = values[section][name]
        good = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
        if good and name == "classes":
            good = len(value) <= LONGEST and all(
                isinstance(each, str) and len(each) <= LONGEST for each in value
            )
        if good and name == "counts":  # for each split, a count of each class
            good = all(
                isinstance(each, dict) and all(type(n) is int and n >= 0 for n in each.values())
                for each in value.values()
            )
        if good and name == "chosen":
            good = all(type(n) is int and n >= 0 for n in value.values())
        if good and name == "restarts":
            good = all(type(n) is int and n >= 0 for n in value)
        if good and name == "segments":
            good = all(isinstance(each, dict) and type(each.get("from")) is int for each in value)
        if good and isinstance(value, int | float):
            good = value >= 0
        if not good:
            raise UserError(f"{path} does not describe a run: {section}.{name} is {value!r:.80}")
    return values


def read_judge(path: Path) -> dict[str, Any]:
    """judge.json: the classes, size, seeds and accuracy of a judge's classifiers."""
    values = read_json(path)
    classes, seeds, accuracy = (values.get(name) for name in ("classes", "seeds", "accuracy"))
    good = (
        isinstance(values.get("dataset"), dict)
        and isinstance(values["dataset"].get("content_hash"), str)
        and isinstance(values.get("counts", {}), dict)
        and all(type(values.get(name)) is int for name in ("size", "pictures_seen"))
        and values["size"] in SIZES
        and isinstance(classes, list)
        and 0 < len(classes) <= LONGEST
        and all(isinstance(name, str) and len(name) <= LONGEST for name in classes)
        and isinstance(seeds, list)
        and seeds == list(range(len(seeds)))
        and 0 < len(seeds) <= LONGEST
        and isinstance(accuracy, list)
        and all(isinstance(value, int | float) for value in accuracy)
    )
    if not good:
        raise UserError(f"{path} does not describe a judge")
    return values


def read_table(
    path: Path, columns: Mapping[str, Kind], more: bool = False, typed: bool = False
) -> pd.DataFrame:
    """A CSV file with these columns. With `more` it may have others, which are dropped.

    A last line without a line break, which was cut off or is being written, is left out. Not so in
    a file that a person has `typed`, which may also begin with a byte order mark.
    """
    text = read_text(path)
    if typed:
        text = text.removeprefix("\ufeff").rstrip() + "\n"
    try:
        header, *rows = csv.reader(io.StringIO(text[: text.rfind("\n") + 1]), strict=True)
        lacking = [name for name in columns if name not in header]
        missing = [name for name in lacking if columns[name] != "newer"]
        known = [name for name in columns if name not in lacking]
        if missing or (not more and header != known):
            raise ValueError(f"its columns are not {','.join(columns)}")
        for number, row in enumerate(rows, 2):
            if len(row) != len(header):
                raise ValueError(f"row {number} has {len(row)} fields, not {len(header)}")
        table = pd.DataFrame(rows, columns=header, dtype="object")
        table = table.reindex(columns=list(columns), fill_value="")
        for name, kind in columns.items():
            table[name] = _column(table[name], name, kind)
    except (ValueError, OverflowError, csv.Error) as error:
        raise UserError(f"{path} can't be read: {error!s:.200}") from None
    return table


def read_picture(path: Path) -> np.ndarray:
    """A picture as uint8 [H, W, 3]; its size is checked before it is decoded."""
    try:
        check_plain(path)
        with Image.open(path) as image:
            width, height = image.size
            if width * height > LARGEST_PICTURE:
                raise UserError(f"{path} is too large: {width}x{height} pixels")
            return np.asarray(image.convert("RGB"))
    except FileNotFoundError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"{path} is no picture: {error!s:.200}") from None


def _column(values: pd.Series, name: str, kind: Kind) -> pd.Series:
    if kind in ("text", "newer"):
        return values.astype("str")
    # Python's float(): pandas' parser is off by the last digit at times.
    floats = np.array([float(text) if text.strip() else np.nan for text in values], np.float64)
    known = floats[~np.isnan(floats)]
    if (np.abs(known) > LARGEST_NUMBER).any():
        raise ValueError(f"a number in {name} is out of range")
    if kind != "maybe" and len(known) < len(floats):
        raise ValueError(f"a number in {name} is missing")
    if kind == "count" and ((known < 0).any() or (known % 1 != 0).any()):
        raise ValueError(f"a number in {name} is no count")
    if kind == "count" or (len(values) and all(text.isdecimal() for text in values)):
        return pd.Series(floats.astype(np.int64), values.index)
    return pd.Series(floats, values.index)


def _whole(digits: str) -> int:
    if len(digits) > len(str(int(LARGEST_NUMBER))):
        raise ValueError("a number is out of range")
    return int(digits)


def _finite(text: str) -> float:
    value = float(text)
    if not abs(value) <= LARGEST_NUMBER:
        raise ValueError("a number is out of range")
    return value
