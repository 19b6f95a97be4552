"""Lists a folder: its photos, its label tables, and other files with the reason to skip each."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gan.data.archive import PICTURES, TABLES, hidden
from gan.data.body_types import Split
from gan.data.cache import cache_root
from gan.data.kinds import HEAD, describe, picture_kind
from gan.errors import UserError

SHOWN = 3  # examples in a message
LARGEST_TABLE = 256 << 20  # bytes
ATTRIBUTES = "attributes.txt"  # CompCars' table of models
# Other files that people may have, and how to use them.
ADVICE = {
    ".parquet": "a Parquet table: save its pictures as files, one folder a class",
    ".arrow": "an Arrow table: save its pictures as files, one folder a class",
    ".tfrecord": "TensorFlow records: save their pictures as files, one folder a class",
    ".xls": "a spreadsheet: save it as a CSV to use it for labels",
    ".xlsx": "a spreadsheet: save it as a CSV to use it for labels",
    ".ods": "a spreadsheet: save it as a CSV to use it for labels",
    ".json": "JSON: write its labels to a CSV with the columns filename and body_type",
}


@dataclass(frozen=True)
class Entry:
    """A file of a folder."""

    path: Path
    name: str  # relative to the folder, with forward slashes, as readable text
    state: tuple[int, int, int] = (0, 0, 0)  # bytes, mtime and ctime, with links followed
    problem: str = ""  # why it can't be used


@dataclass(frozen=True)
class Photo:
    """A labelled photo."""

    path: Path
    name: str  # relative to the source, with forward slashes
    body_type: str = ""
    split: Split = ""  # "" if the source gives none: then it is chosen by content
    problem: str = ""  # why it can't be used
    source: str = ""  # the collection that it comes from, if a table says so


@dataclass
class Contents:
    """The files of a folder by kind; each list in order of name."""

    photos: list[Entry] = field(default_factory=list)
    tables: list[Entry] = field(default_factory=list)
    passed_over: list[tuple[str, str]] = field(default_factory=list)  # name, reason


def readable(name: str) -> str:
    """A file name as text; one that isn't UTF-8 is read as Western European."""
    data = os.fsencode(name)
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            pass
    return data.decode("latin-1")


def examples(names: Iterable[str]) -> str:
    """The first three of `names` for a message, and how many more there are."""
    first, more = sorted(names)[:SHOWN], len(set(names)) - SHOWN
    return ", ".join(map(repr, first)) + (f" and {more} more" if more > 0 else "")


def contents(folder: Path) -> Contents:
    """Sort the files below `folder` by kind, pictures by ending or content.

    A file with a picture's ending isn't opened here: if it is none, decoding it will fail.

    Raises:
        UserError: The folder can't be read.
    """
    listed = Contents()
    for entry in walk(folder):
        problem = entry.problem
        if not problem:
            ending = Path(entry.name).suffix.lower()
            if ending in PICTURES:
                listed.photos.append(entry)
                continue
            try:
                with entry.path.open("rb") as file:
                    head = file.read(HEAD)
            except OSError as error:
                problem = f"can't be read: {error.strerror}"
            else:
                if picture_kind(head):
                    listed.photos.append(entry)
                    continue
                if ending in TABLES - {".txt"} or entry.path.name.lower() == ATTRIBUTES:
                    listed.tables.append(entry)
                    continue
                problem = f"not a picture: it is {ADVICE.get(ending) or describe(head)}"
        listed.passed_over.append((entry.name, problem))
    return listed


def identity(folder: Path) -> dict[str, Any]:
    """A digest of names, sizes and times of all files, which changes when any file does.

    Raises:
        UserError: The folder can't be read.
    """
    digest = hashlib.sha256()
    for entry in walk(folder):
        if not entry.problem or "can't be read" in entry.problem:
            digest.update(f"{entry.name} {entry.state} {entry.problem}\n".encode())
    return {"folder": str(folder.resolve()), "state": digest.hexdigest()}


def walk(folder: Path) -> Iterator[Entry]:
    """Every file below `folder` in order of name, and folders that aren't entered, with a problem.

    Links to folders are followed, but each folder is entered once, and none that contains `folder`,
    so that loops of links end. Hidden files and folders, those that macOS adds, and those that
    this program made (cache, prepared sets, runs) aren't entered.

    Raises:
        UserError: `folder` itself can't be read.
    """
    try:
        entries = list(_entries(folder, ""))
        above = {
            _identity(parent.stat()) for parent in (folder.resolve(), *folder.resolve().parents)
        }
    except OSError as error:
        raise UserError(f"{folder} can't be read: {error.strerror}") from None
    entered: dict[tuple[int, int], str] = {}
    results: list[Entry] = []
    links: list[tuple[os.DirEntry[str], str]] = []
    while entries or links:
        # Links last: a folder that is also below `folder` itself keeps its own name.
        late = not entries
        entry, name = links.pop(0) if late else entries.pop()
        try:
            status = entry.stat()
        except OSError as error:
            gone = entry.is_symlink() and isinstance(error, FileNotFoundError)
            problem = "a link that leads nowhere" if gone else f"can't be read: {error.strerror}"
            results.append(Entry(Path(entry.path), name, problem=problem))
            continue
        is_folder = stat.S_ISDIR(status.st_mode)
        problem = hidden([entry.name])
        if problem and is_folder:
            problem = problem.replace("file", "folder")
        elif is_folder:
            if entry.is_symlink() and not late:
                links.append((entry, name))
                continue
            own = _identity(status)
            if own in above:
                problem = "a link to a folder that holds this one"
            elif own in entered:
                problem = f"a link to a folder that is here already: {entered[own]}"
            else:
                entered[own] = name
                try:
                    inside = list(_entries(Path(entry.path), f"{name}/"))
                    problem = _made_here(Path(entry.path), {e.name for e, _ in inside})
                    if not inside:
                        problem = "an empty folder"
                    entries += [] if problem else inside
                except OSError as error:
                    problem = f"a folder that can't be read: {error.strerror}"
            if not problem:
                continue
        elif not problem and not stat.S_ISREG(status.st_mode):
            problem = "not a regular file"
        state = (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        results.append(Entry(Path(entry.path), name, state, problem))
    yield from sorted(results, key=lambda entry: entry.name)


def _entries(folder: Path, prefix: str) -> Iterator[tuple[os.DirEntry[str], str]]:
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name, reverse=True):
            yield entry, prefix + readable(entry.name)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _made_here(folder: Path, names: set[str]) -> str:
    """The reason to skip a folder that this program made; "" for any other folder."""
    if {"dataset.json", "pictures.npy"} <= names:
        return "a prepared set, no photos"
    if {"config.json", "generator.safetensors"} <= names:
        return "a run, no photos"
    if folder.resolve() == cache_root().resolve():
        return "this program's cache, no photos"
    return ""
