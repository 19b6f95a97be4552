"""Which body type each photo shows, and who says so: a label table, folders, or file names."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from gan.data.body_types import mentions_split, normal, split_of
from gan.data.by_folder import by_name
from gan.data.by_table import by_table, find_tables
from gan.data.listing import SHOWN, Contents, Photo, contents, some
from gan.errors import UserError

MANY = 30  # classes: with more, the names are seldom body types


@dataclass(frozen=True)
class Labelled:
    """The photos of a folder, who labelled them, and what a person should look at."""

    photos: list[Photo]
    source: str  # "by folder", "by labels.csv (120 of its 120 names fit)", "by file name"
    warnings: tuple[str, ...] = ()
    passed_over: tuple[tuple[str, str], ...] = ()  # (file, reason) of what is no photo

    def classes(self) -> dict[str, int]:
        """Photos that have a label, for each class."""
        return dict(sorted(Counter(p.body_type for p in self.photos if not p.problem).items()))

    def skipped(self) -> list[tuple[str, str]]:
        """(file, reason) of all that is left out, in order of name."""
        out = [(photo.name, photo.problem) for photo in self.photos if photo.problem]
        return sorted([*out, *self.passed_over])


def label(
    folder: Path, table: Path | None = None, passed_over: Sequence[tuple[str, str]] = ()
) -> Labelled:
    """Find every photo below `folder` and its body type.

    In this order: the file `table`; label tables in the folder whose names fit photos, and the
    label files of Stanford Cars and CompCars; file names of The Car Connection where folders name
    no body types; folders; body types in file names. A folder or table named `train`, `test` or
    the like gives the split where no column of a table does.

    Args:
        folder: Of photos.
        table: The one that counts, wherever it lies.
        passed_over: (file, reason) of what never came into the folder.

    Raises:
        UserError: No photos, no source of labels, a bad table, or two that contradict each other.
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
    """Keep or map body types as --classes says.

    Args:
        labelled: From `label`.
        classes: "" keeps all; "sedan,suv" picks two; "sedan=saloon,suv=jeep,suv=crossover" names
            for each of ours which one of the source it takes. The two forms mix.

    Raises:
        UserError: The text doesn't parse, names a type that no photo has, or a class is called
            "all", which in every table of figures means the whole set.
    """
    photos = labelled.photos
    there = {photo.body_type for photo in photos if photo.body_type}
    if classes.strip():
        mapping: dict[str, str] = {}
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
    """The folders between the source and a photo, as the disk has them."""
    return photo.path.parts[-len(PurePosixPath(photo.name).parts) : -1]


def _doubts(labelled: Labelled) -> list[str]:
    """What looks wrong, as one sentence each."""
    classes = labelled.classes()
    doubts = []
    if len(classes) > MANY:
        doubts.append(f"{len(classes)} classes: are their names body types? --classes maps them")
    years = [name for name in classes if re.fullmatch(r"(19|20)\d\d", name)]
    numbers = [name for name in classes if name.isdecimal() and name not in years]
    if years:
        doubts.append(f"classes that are years: {some(years)}")
    if numbers:
        doubts.append(f"classes that are numbers: {some(numbers)}; --classes gives them names")
    folders = {part for p in labelled.photos for part in PurePosixPath(p.name).parts[:-1]}
    unused = [part for part in folders if mentions_split(part) and not split_of(part)]
    if unused:
        doubts.append(f"folders named like a split but not used as one: {some(unused)}")
    odd = {
        str(PurePosixPath(p.name).parent)
        for p in labelled.photos
        if any("\udc80" <= c <= "\udcff" for c in "".join(_folders(p)))  # bytes, not letters
    }
    if odd:
        doubts.append(f"folders whose names are no UTF-8 are read as {some(odd)}")
    held_out = {p.split for p in labelled.photos if not p.problem} - {"train"}
    if labelled.classes() and not held_out:
        doubts.append("every photo belongs to the training split: none is left to test on")
    return doubts
