"""Labels the photos of a folder with body types, from tables, folders or file names."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from gan.data.body_types import class_name, mentions_split, split_of
from gan.data.by_folder import by_name
from gan.data.by_table import by_table, find_tables
from gan.data.listing import SHOWN, Contents, Photo, contents, examples
from gan.errors import UserError

MANY = 30  # with more classes, their names are hardly body types


@dataclass(frozen=True)
class Labelled:
    """The photos of a folder with their labels, the source of the labels, and warnings."""

    photos: list[Photo]
    source: str  # "by folder", "by labels.csv (120 of its 120 names fit)", "by file name"
    warnings: tuple[str, ...] = ()
    passed_over: tuple[tuple[str, str], ...] = ()  # (file, reason) of files that are no photos

    def classes(self) -> dict[str, int]:
        """The number of usable photos of each class."""
        return dict(sorted(Counter(p.body_type for p in self.photos if not p.problem).items()))

    def skipped(self) -> list[tuple[str, str]]:
        """(file, reason) of all files that aren't used, in order of name."""
        out = [(photo.name, photo.problem) for photo in self.photos if photo.problem]
        return sorted([*out, *self.passed_over])


def label(
    folder: Path, table: Path | None = None, passed_over: Sequence[tuple[str, str]] = ()
) -> Labelled:
    """Find every photo below `folder` and its body type.

    The first of these sources that fits is used: the file `table`; label tables in the folder,
    among them those of Stanford Cars and CompCars; file names of The Car Connection, unless folders
    name body types; folders; body types in file names. The split comes from a column of the table,
    or else from a folder or table named `train`, `test` or the like.

    Args:
        folder: The folder.
        table: A table of labels, in the folder or elsewhere.
        passed_over: (file, reason) of files that weren't unpacked into the folder.

    Raises:
        UserError: There are no photos or no labels, a table is bad, or two contradict each other.
    """
    listed = contents(folder)
    if not listed.photos:
        raise UserError(_no_photos(folder, listed))
    notes: list[str] = []
    chosen, unused = find_tables(listed, table, notes)
    by_tables = by_table(listed, chosen, table is None, notes) if chosen else None
    if by_tables is None:
        unused += [(each.name, "a table that contradicts the folders") for each in chosen]
    photos, source = by_tables or by_name(folder, listed, notes)
    labelled = Labelled(photos, source, passed_over=(*passed_over, *listed.passed_over, *unused))
    return replace(labelled, warnings=(*notes, *_doubts(labelled)))


def choose(labelled: Labelled, classes: str) -> Labelled:
    """Select or rename classes as --classes says.

    Args:
        labelled: The result of `label`.
        classes: "" keeps all; "sedan,suv" selects two; "sedan=saloon,suv=jeep,suv=crossover" gives
            new names, and merges two classes here. The two forms may be mixed.

    Raises:
        UserError: The text can't be parsed, names a class that no photo has, or a class is called
            "all", which in tables of figures means the whole set.
    """
    photos = labelled.photos
    there = {photo.body_type for photo in photos if photo.body_type}
    if classes.strip():
        mapping: dict[str, str] = {}
        for item in classes.split(","):
            ours, equals, theirs = (class_name(part) for part in item.partition("="))
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
        photos = [
            replace(photo, body_type=mapping[photo.body_type])
            if photo.body_type in mapping
            else replace(photo, problem=photo.problem or "class not chosen")
            for photo in photos
        ]
        there = set(mapping.values())
    if "all" in there:
        others = "".join(f",{name}" for name in sorted(there - {"all"})[:5])
        raise UserError(
            'a class can\'t be called "all", which means the whole set in every table of figures: '
            f"name it otherwise, such as --classes others=all{others}"
        )
    return replace(labelled, photos=photos)


def _no_photos(folder: Path, listed: Contents) -> str:
    reasons = Counter(reason for _, reason in listed.passed_over)
    there = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(SHOWN))
    packed = next((n for n, r in listed.passed_over if "archive" in r and "/" not in n), "")
    advice = f"; to use the photos in {packed}, give --data {folder / packed}" if packed else ""
    return f"{folder} holds no photos{f' ({there})' if there else ''}{advice}"


def _folders(photo: Photo) -> tuple[str, ...]:
    """The folders between the source and a photo, as named on the disk."""
    return photo.path.parts[-len(PurePosixPath(photo.name).parts) : -1]


def _doubts(labelled: Labelled) -> list[str]:
    """Warnings about labels and splits that look wrong, one sentence each."""
    classes = labelled.classes()
    doubts = []
    if len(classes) > MANY:
        doubts.append(f"{len(classes)} classes: are their names body types? --classes maps them")
    years = [name for name in classes if re.fullmatch(r"(19|20)\d\d", name)]
    numbers = [name for name in classes if name.isdecimal() and name not in years]
    if years:
        doubts.append(f"classes that are years: {examples(years)}")
    if numbers:
        doubts.append(f"classes that are numbers: {examples(numbers)}; --classes gives them names")
    folders = {part for p in labelled.photos for part in PurePosixPath(p.name).parts[:-1]}
    unused = [part for part in folders if mentions_split(part) and not split_of(part)]
    if unused:
        doubts.append(f"folders named like a split but not used as one: {examples(unused)}")
    odd = {
        str(PurePosixPath(p.name).parent)
        for p in labelled.photos
        if any("\udc80" <= c <= "\udcff" for c in "".join(_folders(p)))  # undecodable bytes
    }
    if odd:
        doubts.append(f"folders whose names are no UTF-8 are read as {examples(odd)}")
    held_out = {p.split for p in labelled.photos if not p.problem} - {"train"}
    if labelled.classes() and not held_out:
        doubts.append("every photo belongs to the training split: none is left to test on")
    return doubts
