"""A prepared set on disk: one uint8 array with labels and splits, read as a memory map."""

import csv
import hashlib
import io
import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from gan import atomic, reading
from gan.data.validation import choose_validation
from gan.errors import UserError

# Train, validation and test share no photo; development is train and validation together.
Split = Literal["train", "validation", "test", "development"]
FEWEST = 8  # training photos a class: with fewer, a classifier or a conditional GAN learns nothing


@dataclass(frozen=True)
class Photos:
    """Labelled pictures of one size, mapped from disk."""

    name: str
    pictures: npt.NDArray[np.uint8]  # [N, size, size, 3]
    labels: npt.NDArray[np.int64]  # [N], index into classes
    test: npt.NDArray[np.bool_]  # [N], the test split, which only published figures use
    validation: npt.NDArray[np.bool_]  # [N], the validation split, for development
    classes: tuple[str, ...]
    content_hash: str  # hexadecimal, of pictures, labels, split and classes
    folder: Path
    sources: tuple[str, ...] = ()  # [N], the collection of each; empty where none is known

    @property
    def size(self) -> int:
        """Pixels a side."""
        return int(self.pictures.shape[1])

    def indices(self, split: Split) -> npt.NDArray[np.int64]:
        """The indices of the pictures of a split, int64, rising."""
        if split == "train":
            return np.flatnonzero(~(self.test | self.validation))
        held_out = {"validation": self.validation, "test": self.test, "development": ~self.test}
        return np.flatnonzero(held_out[split])

    def without_validation(self) -> "Photos":
        """The same photos with the validation split moved to the train split."""
        return replace(self, validation=np.zeros_like(self.validation))

    def counts(self, split: Split) -> dict[str, int]:
        """The number of pictures of each class in a split."""
        counts = np.bincount(self.labels[self.indices(split)], minlength=len(self.classes))
        return dict(zip(self.classes, counts.tolist(), strict=True))


@dataclass(frozen=True)
class Origin:
    """Source, class and split of one picture."""

    file: str
    body_type: str
    test: bool
    validation: bool = False  # as the source says; if it has no such split, it is chosen later
    source: str = ""  # the collection that it comes from

    @property
    def split(self) -> Split:
        return "test" if self.test else "validation" if self.validation else "train"


class Writer:
    """Writes a prepared set picture by picture, so that memory stays bounded."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self._size = size
        self._file: BinaryIO = (folder / "pictures.npy").open("wb")
        self._count = 0
        self._hash = hashlib.sha256()
        self._header()
        self._start = self._file.tell()

    def _header(self) -> None:
        # NumPy pads the header so that the first axis may grow: writing it again with the final
        # count takes the same room.
        shape = (self._count, self._size, self._size, 3)
        np.lib.format.write_array_header_1_0(
            self._file, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )

    def add(self, picture: npt.NDArray[np.uint8]) -> None:
        """Append one picture, uint8 [size, size, 3]."""
        data = picture.tobytes()
        self._file.write(data)
        self._hash.update(data)
        self._count += 1

    def close(self) -> None:
        """Close the file, after an error; `finish` closes it otherwise."""
        self._file.close()

    def finish(
        self, rows: list[Origin], skipped: list[tuple[str, str]], facts: dict[str, Any]
    ) -> None:
        """Write labels, split, tables and dataset.json.

        Args:
            rows: One for each picture, in order.
            skipped: (file, reason) of what is left out.
            facts: `name`, `source` and `key`, for dataset.json.

        Raises:
            UserError: Fewer than two classes, or one with too few photos to train on.
        """
        self._file.seek(0)
        self._header()
        assert self._file.tell() == self._start
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        classes = _checked_classes(rows, skipped)
        labels = np.array([classes.index(row.body_type) for row in rows], np.int64)
        test = np.array([row.test for row in rows], bool)
        validation = np.array([row.validation for row in rows], bool)
        np.save(self._folder / "labels.npy", labels)
        np.save(self._folder / "test.npy", test)
        self._hash.update(labels.astype("<i8").tobytes())
        self._hash.update(test.tobytes())
        if validation.any():
            self._hash.update(validation.tobytes())
        self._hash.update(json.dumps(classes).encode())
        # A set whose photos name no source has the table that every set had before.
        columns: tuple[str, ...] = ("file", "body_type", "split")
        if any(row.source for row in rows):
            columns += ("source",)
        table = [tuple(getattr(row, name) for name in columns) for row in rows]
        _write_table(self._folder / "files.csv", columns, table)
        _write_table(self._folder / "skipped.csv", ("file", "reason"), skipped)
        counts = {
            split: {
                name: sum(row.body_type == name and row.split == split for row in rows)
                for name in classes
            }
            for split in ("train", *(("validation",) if validation.any() else ()), "test")
        }
        values = facts | {
            "size": self._size,
            "classes": classes,
            "counts": counts,
            "skipped": len(skipped),
            "content_hash": self._hash.hexdigest(),
        }
        atomic.write_text(self._folder / "dataset.json", json.dumps(values, indent=2) + "\n")


def _checked_classes(rows: list[Origin], skipped: list[tuple[str, str]]) -> list[str]:
    training = Counter(row.body_type for row in rows if row.split == "train")
    classes = sorted({row.body_type for row in rows})
    if not rows:
        first = "; the first, {}: {}".format(*skipped[0]) if skipped else ""
        raise UserError(f"no photo is usable: all {len(skipped)} were skipped{first}")
    if len(classes) == 1:
        raise UserError(f"all photos are of one body type ({classes[0]}): at least two are needed")
    check_counts({name: training[name] for name in classes})
    return classes


def check_counts(training: dict[str, int]) -> None:
    """Check that each class has enough photos to train on.

    Raises:
        UserError: A class has too few; the message says how to go on without it.
    """
    few = [name for name, count in training.items() if count < FEWEST]
    if not few:
        return
    rest = ",".join(name for name in training if name not in few)
    without = ""
    if len(training) - len(few) > 1:
        choice = f'"{rest}"' if len(rest) < 200 else "and the names of the others"
        without = f", or go on without with --classes {choice}"
    also = f"; so it is with {len(few) - 1} other classes" if few[1:] else ""
    raise UserError(
        f"the class {few[0]!r} has {training[few[0]]} usable training photos, and {FEWEST} are "
        f"needed{also}: add photos{without}"
    )


def _write_table(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    # A file name need not be valid Unicode.
    atomic.write_bytes(path, text.getvalue().encode(errors="backslashreplace"))


@contextmanager
def appearing(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `folder`, which is renamed to `folder` on a clean exit.

    Leftovers of killed processes are removed first; the caller holds the lock for `folder`.

    Raises:
        UserError: `folder` exists and holds something.
        OSError: The disk is full or can't be written.
    """
    with atomic.naming(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        for leftover in folder.parent.glob(f".{_escaped(folder.name)}.*.tmp"):
            shutil.rmtree(leftover, ignore_errors=True)
        made = tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".tmp")
    temporary = Path(made)
    try:
        temporary.chmod(0o755)
        with atomic.naming(folder):
            yield temporary
        try:
            temporary.replace(folder)
        except OSError:
            if not folder.is_dir() or not any(folder.iterdir()):
                raise
            raise UserError(f"{folder} exists and isn't empty: name another folder") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _escaped(name: str) -> str:
    return "".join(f"[{c}]" if c in "*?[" else c for c in name)


def read_description(folder: Path) -> dict[str, Any]:
    """The contents of dataset.json.

    Raises:
        UserError: The folder is no prepared set, or the file is damaged.
    """
    path = folder / "dataset.json"
    try:
        values = json.loads(reading.read_text(path))  # its paths need not be valid Unicode
    except FileNotFoundError:
        raise UserError(f"{folder} is not a prepared set: it has no dataset.json") from None
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} can't be read: {error}") from None
    expected = {"name", "size", "classes", "counts", "content_hash"}
    if not isinstance(values, dict) or not expected <= values.keys():
        raise UserError(f"{path} lacks one of: {', '.join(sorted(expected))}")
    return values


def read(folder: Path) -> Photos:
    """Read a prepared set; its pictures are a memory map.

    Raises:
        UserError: Files are missing, damaged, or don't fit together; or a class is called "all".
    """
    values = read_description(folder)
    try:
        for file in ("pictures.npy", "labels.npy", "test.npy", "files.csv"):
            reading.check_plain(folder / file)
        pictures = np.load(folder / "pictures.npy", mmap_mode="r", allow_pickle=False)
        labels = np.load(folder / "labels.npy", allow_pickle=False)
        test = np.load(folder / "test.npy", allow_pickle=False)
        with (folder / "files.csv").open(encoding="utf-8", newline="") as table:
            origins = list(csv.DictReader(table))
        files, kinds, splits = (
            [row[column] for row in origins] for column in ("file", "body_type", "split")
        )
        sources = tuple(row["source"] or "" for row in origins if "source" in row)
    except Exception as error:  # NumPy parses headers as Python and raises whatever that does
        raise UserError(
            f"{folder} is damaged, remove it and prepare it again: {error!s:.200}"
        ) from None
    size, classes = values["size"], values["classes"]
    count = len(labels) if labels.ndim == 1 else -1
    good = (
        isinstance(classes, list)
        and all(isinstance(name, str) for name in classes)
        and (pictures.dtype, labels.dtype, test.dtype) == (np.uint8, np.int64, np.bool_)
        and pictures.shape == (count, size, size, 3)
        and test.shape == (count,)
        and len(files) == count
        and count > 0
        and labels.min() >= 0
        and labels.max() < len(classes)
    )
    if not good:
        raise UserError(
            f"{folder} is damaged, remove it and prepare it again: its files don't fit together"
        )
    if "all" in classes:
        raise UserError(
            f'{folder} has a class "all", which means the whole set in every table of figures: '
            "prepare it again with --classes others=all,..."
        )
    validation = np.array([split == "validation" for split in splits])
    if not validation.any():
        validation = choose_validation(files, kinds, test)
    return Photos(
        name=str(values["name"]),
        pictures=pictures,
        labels=labels,
        test=test,
        validation=validation,
        classes=tuple(classes),
        content_hash=str(values["content_hash"]),
        folder=folder,
        sources=sources,
    )
