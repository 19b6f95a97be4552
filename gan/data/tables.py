"""Reads label tables (CSV or JSON lines), and finds the photos that their rows name."""

import csv
import io
import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gan.address import public
from gan.data.archive import PICTURES
from gan.data.body_types import Split, body_type_of, split_of, types_in
from gan.data.listing import LARGEST_TABLE, Entry
from gan.errors import UserError

# Column names without case, spaces, hyphens and underscores, the preferred ones first.
FILE_COLUMNS = (
    *("filename", "file", "image", "imagepath", "imagename", "filepath", "path", "photo"),
    *("relativeimpath", "fname", "img", "imageid", "id", "name"),
)
TYPE_COLUMNS = (
    *("bodytype", "bodystyle", "body", "vehicletype", "cartype", "type", "classname"),
    *("labelname", "class", "label", "labels", "category", "target"),
)
SPLIT_COLUMNS = ("split", "set", "subset", "partition")
SOURCE_COLUMN = "source"  # where a photo was taken from, such as one of several collections
TEST_COLUMNS = ("istest", "test")  # of 0 and 1, or true and false
_TRUTHS = {
    "0": "train",
    "false": "train",
    "no": "train",
    "1": "test",
    "true": "test",
    "yes": "test",
}
# Encodings of a file that isn't Unicode; the one by which most photos are found is taken.
_ENCODINGS = ("cp1252", "cp1250", "cp1251", "shift_jis", "gbk", "big5", "latin-1")
_SAMPLE = 1000  # rows by which the column of file names is recognised


class NoLabels(UserError):
    """A readable table has no labels."""


@dataclass(frozen=True)
class Line:
    """One row of a table."""

    file: str
    body_type: str | None  # None if the table has no column of types
    split: Split
    source: str = ""  # the collection that the photo comes from


@dataclass(frozen=True)
class Table:
    """A table of labels."""

    name: str  # for messages
    folder: str  # its folder relative to that of the photos; "" for a table elsewhere
    lines: list[Line]
    note: str = ""  # a warning, such as a guessed encoding


class PhotoNames:
    """Finds the photos that texts in a table name."""

    def __init__(self, photos: Iterable[Entry]) -> None:
        self._by_name: dict[str, list[tuple[list[str], Entry]]] = defaultdict(list)
        self._by_stem: dict[str, list[tuple[list[str], Entry]]] = defaultdict(list)
        for photo in photos:
            parts = [part.strip() for part in _key(photo.name).split("/")]
            self._by_name[parts[-1]].append((parts, photo))
            self._by_stem[PurePosixPath(parts[-1]).stem].append((parts, photo))

    def find(self, text: str, folder: str = "", split: Split = "") -> tuple[list[Entry], int]:
        """The photos that `text` may mean, and how well they fit, from 0 to 3 (best).

        Preferred are, in this order: the path from the table's `folder`, the path from the top,
        and the longest matching end of the path; of several, those below `folder`, then those in a
        folder of the same `split`. Case, slashes, drive letters, Unicode forms and a missing ending
        don't matter.
        """
        parts = _parts(text)
        candidates = self._by_name.get(parts[-1]) or self._by_stem.get(parts[-1]) if parts else None
        if not candidates:
            return [], 0
        above = _parts(folder)
        if len(candidates) > 1:
            for whole in (above + parts, parts):
                exact = [c for c in candidates if len(c[0]) == len(whole) == _shared(c[0], whole)]
                if len(exact) == 1:
                    candidates = exact
                    break
        if len(candidates) > 1:
            most = max(_shared(there, parts) for there, _ in candidates)
            candidates = [c for c in candidates if _shared(c[0], parts) == most]
            candidates = [c for c in candidates if c[0][: len(above)] == above] or candidates
            agreeing = [c for c in candidates if split and split_folder(c[1].name) == split]
            candidates = agreeing or candidates
        there, photo = candidates[0]
        agrees = not split or split_folder(photo.name) in ("", split)
        return [photo for _, photo in candidates], 2 * agrees + (
            _shared(there, parts) >= len(parts)
        )

    def near(self, text: str) -> str:
        """A photo with a name similar to `text`, for messages; "" for none."""
        parts = _parts(text)
        stem = re.sub(r"^0+", "", PurePosixPath(parts[-1]).stem) if parts else ""
        if not stem:
            return ""
        for name, there in self._by_stem.items():
            if stem in name or (len(name) > 2 and name in stem):
                return there[0][1].name
        return ""


def split_folder(name: str) -> Split:
    """The split that the nearest folder above a photo means, if any does."""
    folders = PurePosixPath(name).parts[:-1]
    return next((split for folder in reversed(folders) if (split := split_of(folder))), "")


def _key(text: str) -> str:
    return unicodedata.normalize("NFC", text).casefold()


def _parts(text: str) -> list[str]:
    """The parts of a path in a normal form, without drive letters, quotes and dots."""
    text = re.sub(r"^(file:/+)?[A-Za-z]:(?=[\\/])|^\w+://", "", text.strip().strip("\"'"))
    parts = [part.strip() for part in _key(text.replace("\\", "/")).split("/")]
    return [part for part in parts if part not in ("", ".", "..")]


def _shared(a: Sequence[str], b: Sequence[str]) -> int:
    """The number of parts that two paths share at their ends; one may lack the file's ending."""
    count = 0
    for x, y in zip(reversed(a), reversed(b), strict=False):
        if x != y and not (count == 0 and PurePosixPath(x).stem == y):
            break
        count += 1
    return count


def read(path: Path, photos: PhotoNames, folder: str | None = None) -> Table:
    """Read a table, and find its columns of files, types and splits.

    Args:
        path: A .csv, .tsv, .jsonl, or any other text with commas, semicolons, tabs or bars.
        photos: The photos, by which the column of files is recognised.
        folder: The table's folder relative to that of the photos; None if it is elsewhere.

    Raises:
        UserError: It can't be read, or has no column of types or splits.
    """
    try:
        if path.stat().st_size > LARGEST_TABLE:
            raise UserError(f"{path} is too large for a table of labels")
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} can't be read as a table: {error.strerror}") from None
    best: tuple[int, Table] | None = None
    problem: UserError | None = None
    for encoding in _encodings(data):
        try:
            text = data.decode(encoding)
            rows = _json_rows(path, text) if _is_json(path, text) else _csv_rows(path, text)
            fits, lines = _lines(path, rows, photos, folder or "")
        except UnicodeDecodeError:
            continue
        except UserError as error:
            problem = problem or error
            continue
        if best is None or fits > best[0]:
            note = "" if encoding.startswith("utf") else f"read as {encoding}: it is no UTF-8"
            best = fits, Table(path.name, folder or "", lines, note)
    if best is None:
        raise problem or UserError(f"{path} can't be read as a table: save it as UTF-8")
    return best[1]


def _encodings(data: bytes) -> tuple[str, ...]:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return ("utf-16",)
    if b"\0" in data[:200]:
        return ("utf-16-le", "utf-16-be") if data[1:2] == b"\0" else ("utf-16-be", "utf-16-le")
    try:
        data.decode()
    except UnicodeDecodeError:
        return _ENCODINGS
    return ("utf-8-sig",)


def _is_json(path: Path, text: str) -> bool:
    return path.suffix.lower() in (".jsonl", ".ndjson") or text.lstrip()[:1] == "{"


def _json_rows(path: Path, text: str) -> list[list[str]]:
    """The objects of a JSON-lines file as a header and rows."""
    objects = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            raise UserError(f"{path} can't be read as a table: line {number} is no JSON") from None
        if not isinstance(value, dict):
            raise UserError(f"{path} can't be read as a table: line {number} is no object")
        objects.append(value)
    header = list(dict.fromkeys(key for value in objects for key in value))
    return [header, *([_cell(value.get(key)) for key in header] for value in objects)]


def _cell(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _csv_rows(path: Path, text: str) -> list[list[str]]:
    first = text.lstrip().partition("\n")[0]
    if re.fullmatch(r"sep=.\r?", first):  # Excel's way to name the delimiter
        text = text.lstrip().partition("\n")[2]
        delimiter = first[4]
    else:
        delimiter = max(",;\t|", key=first.count)
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [row for row in rows if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise UserError(f"{path} can't be read as a CSV: {error}") from None


def _lines(
    path: Path, rows: list[list[str]], photos: PhotoNames, folder: str
) -> tuple[int, list[Line]]:
    """The number of first rows that name a photo, and all rows."""
    if not rows:
        raise UserError(f"{path} can't be read as a table: it is empty")
    width = max(map(len, rows))
    rows = [[*row, *([""] * (width - len(row)))] for row in rows]
    header = rows[0]
    if any(_is_file(cell) and photos.find(cell, folder)[0] for cell in header):
        header = [""] * width  # the first row names a photo, so there is no header
    else:
        rows = rows[1:]
    columns = {
        re.sub(r"[\W_]", "", name.lower()): i for i, name in reversed(list(enumerate(header)))
    }
    file, fits = _file_column(rows, columns, width, photos, folder)
    split = _split_column(path, rows, columns)
    source = columns.get(SOURCE_COLUMN)
    kinds = _type_cells(rows, header, columns, file, split)
    table_split = split_of(PurePosixPath(path.name).stem)
    if kinds is None and split is None and not table_split:
        raise NoLabels(
            f"{path} needs a column of files (filename) and one of types (body_type, class or "
            f"label); it has: {', '.join(name for name in header if name) or 'no header'}"
        )
    lines = [
        Line(
            row[file].strip(),
            None if kinds is None else kinds[i],
            _cell_split(row[split]) if split is not None else table_split,
            "" if source is None else public(row[source].strip()),
        )
        for i, row in enumerate(rows)
    ]
    return fits, lines


def _file_column(
    rows: list[list[str]], columns: dict[str, int], width: int, photos: PhotoNames, folder: str
) -> tuple[int, int]:
    """The column that names most photos, and how many of its first rows do.

    In a column whose header isn't one of FILE_COLUMNS only names with an ending count: plain
    numbers fit numbered photos by chance.
    """
    named = [columns[name] for name in FILE_COLUMNS if name in columns]
    order = [*named, *(i for i in range(width) if i not in named)]
    fits = {
        i: sum(
            (i in named or _is_file(row[i])) and bool(photos.find(row[i], folder)[0])
            for row in rows[:_SAMPLE]
        )
        for i in order
    }
    best = max(order, key=lambda i: fits[i])
    return best, fits[best]


def _is_file(cell: str) -> bool:
    return PurePosixPath(cell.strip()).suffix.lower() in PICTURES


def _split_column(path: Path, rows: list[list[str]], columns: dict[str, int]) -> int | None:
    for name in SPLIT_COLUMNS:
        if name in columns:
            for row in rows:
                cell = row[columns[name]].strip()
                if cell and not _cell_split(cell):
                    raise UserError(
                        f"{path}: the split of {row[0]!r} is {cell!r}, not train or test"
                    )
            return columns[name]
    for name in TEST_COLUMNS:
        if name in columns and all(row[columns[name]].strip().lower() in _TRUTHS for row in rows):
            return columns[name]
    return None


def _cell_split(cell: str) -> Split:
    split = _TRUTHS.get(cell.strip().lower())
    return "test" if split == "test" else "train" if split else split_of(cell)


def _type_cells(
    rows: list[list[str]], header: list[str], columns: dict[str, int], file: int, split: int | None
) -> list[str] | None:
    """The class of each row; None if the table has no column of types."""
    others = [i for i in range(len(header)) if i not in (file, split)]
    named = [columns[name] for name in TYPE_COLUMNS if columns.get(name) in others]
    # Prefer a column of names to one of numbers.
    named.sort(key=lambda i: all(row[i].strip().isdecimal() for row in rows))
    sample = rows[:_SAMPLE]
    typed = [
        i
        for i in others
        if 2 * sum(bool(body_type_of(row[i]) or types_in(row[i])) for row in sample) > len(sample)
    ]
    if chosen := [*named, *typed]:
        return [row[chosen[0]].strip() for row in rows]
    flags = [i for i in others if rows and all(row[i].strip() in ("0", "1") for row in rows)]
    if len(flags) > 1 and all(header[i] for i in flags):
        # One column for each class, as Roboflow exports them; a row with several marks has none.
        marks = [[header[i].strip() for i in flags if row[i].strip() == "1"] for row in rows]
        return [names[0] if len(names) == 1 else "" for names in marks]
    return None
