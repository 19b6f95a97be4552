"""Reads the label files of published data sets: Stanford Cars and CompCars."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from gan.data.body_types import Split, split_of
from gan.data.listing import LARGEST_TABLE, Entry
from gan.data.tables import Line, Table
from gan.errors import UserError

# CompCars' types by number, from 1 on, as in its car_type.mat; 0 is unknown. Yang et al. 2015, "A
# Large-Scale Car Dataset for Fine-Grained Categorization and Verification".
COMPCARS_TYPES = (
    "MPV", "SUV", "sedan", "hatchback", "minibus", "fastback", "estate", "pickup",
    "hardtop convertible", "sports", "crossover", "convertible",
)  # fmt: skip


def stanford(mats: list[Entry]) -> Iterator[Table]:
    """The tables of Stanford Cars among MATLAB files: cars_annos.mat, or one a split.

    Class names stand in cars_annos.mat itself, or in cars_meta.mat beside the one of a split.

    Raises:
        UserError: A file with annotations can't be used; one line says why.
    """
    contents = {mat: _matlab(mat.path) for mat in mats}
    names = next(
        (_texts(values["class_names"]) for values in contents.values() if "class_names" in values),
        [],
    )
    for mat, values in contents.items():
        if "annotations" not in values:
            continue
        rows = values["annotations"]
        rows = [rows] if isinstance(rows, dict) else list(rows)
        if not names:
            raise UserError(f"{mat.name} needs cars_meta.mat with the names of its classes")
        split = split_of(PurePosixPath(mat.name).stem)
        try:
            lines = [_stanford_line(row, names, split) for row in rows]
        except (KeyError, TypeError, ValueError, IndexError):
            raise UserError(f"{mat.name} holds no annotations as Stanford Cars has them") from None
        yield Table(mat.name, "", lines)


def _stanford_line(row: dict[str, Any], names: list[str], split: Split) -> Line:
    if "relative_im_path" in row:
        # car_ims/000001.jpg, also where only the folder of pictures was kept.
        return Line(
            str(row["relative_im_path"]),
            names[int(row["class"]) - 1],
            "test" if int(row["test"]) else "train",
        )
    # Both splits number their photos from 1 on, in folders of their own.
    return Line(str(row["fname"]), names[int(row["class"]) - 1] if "class" in row else "", split)


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [str(name) for name in value]


def _matlab(path: Path) -> dict[str, Any]:
    from scipy.io import loadmat  # imported here, since it takes half a second

    try:
        if path.stat().st_size > LARGEST_TABLE:
            raise ValueError("too large for a table of labels")
        return dict(loadmat(path, simplify_cells=True))
    except Exception as error:  # a damaged file can raise nearly anything
        text = " ".join(str(error).split())[:120]
        raise UserError(f"{path} can't be read as a MATLAB file: {text}") from None


def compcars(attributes: Entry, photos: list[Entry]) -> Table | None:
    """The types of CompCars: photos are in .../MAKE/MODEL/YEAR/, attributes.txt lists models.

    The lists classification/train.txt and test.txt, below the parent of attributes.txt's folder,
    give the split.

    Returns:
        A line for each photo in such a folder; None if the file isn't CompCars'.

    Raises:
        UserError: The file can't be read.
    """
    try:
        text = attributes.path.read_text(encoding="utf-8", errors="replace")
        splits = {
            PurePosixPath(line.strip()).name: split_of(path.stem)
            for path in sorted(attributes.path.parent.parent.rglob("classification/*.txt"))
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines()
        }
    except OSError as error:
        raise UserError(f"{attributes.name} can't be read: {error.strerror}") from None
    header, *rows = [line.split() for line in text.splitlines() if line.strip()] or [[]]
    if not {"model_id", "type"} <= set(header):
        return None
    model, kind = header.index("model_id"), header.index("type")
    types = {row[model]: row[kind] for row in rows if len(row) == len(header)}
    lines = []
    for photo in photos:
        parts = PurePosixPath(photo.name).parts
        if len(parts) >= 4 and parts[-3] in types:
            number = types[parts[-3]]
            valid = number.isdecimal() and 1 <= int(number) <= len(COMPCARS_TYPES)
            name = COMPCARS_TYPES[int(number) - 1] if valid else ""
            lines.append(Line(photo.name, name, splits.get(parts[-1], "")))
    return Table(attributes.name, "", lines) if lines else None
