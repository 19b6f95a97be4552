"""Labels photos by the names of the folders above them, or by file names."""

import re
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path, PurePosixPath

from gan.data.body_types import BODY_TYPES, body_type_of, class_name, split_of, types_in
from gan.data.listing import ADVICE, SHOWN, Contents, Entry, Photo, examples
from gan.data.tables import split_folder
from gan.errors import UserError

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


def car_connection(file_name: str) -> str | None:
    """The body type in a file name of The Car Connection Picture Dataset.

    Returns:
        One of BODY_TYPES, "" if its style isn't usable, None for any other file name.
    """
    match = CAR_CONNECTION.fullmatch(PurePosixPath(file_name).stem)
    if match is None:
        return None
    style = match["style"].strip().lower()
    # The data set calls every hatchback 2dr. Its number of doors leaves out the tailgate, so a 2dr
    # with four doors is a hatchback; one with two doors can't be told from a coupe.
    if style == "2dr" and match["doors"] in ("3", "4", "5"):
        return "hatchback"
    return CAR_CONNECTION_STYLES.get(style, "")


def by_name(folder: Path, listed: Contents, notes: list[str]) -> tuple[list[Photo], str]:
    """Label photos by file names of The Car Connection, by folders, or by other file names.

    Args:
        folder: For messages.
        listed: Its contents.
        notes: Warnings are added to it.

    Returns:
        The photos, and the source of the labels in words.

    Raises:
        UserError: No name contains a body type.
    """
    names = [photo.name for photo in listed.photos]
    types, source = by_folder(listed.photos), "by folder"
    styles = {name: car_connection(name) for name in names}
    recognised = sum(types[name] in BODY_TYPES for name in names)
    if 2 * recognised <= len(names) < 2 * sum(style is not None for style in styles.values()):
        types, source = {name: style or "" for name, style in styles.items()}, "by file name"
    elif not any(types.values()):
        last = {name: types_in(PurePosixPath(name).stem)[-1:] for name in names}
        if 2 * sum(map(bool, last.values())) > len(names):
            types = {name: "".join(last[name]) for name in names}
            source = "by file name"
    if not any(types.values()):
        others = [
            f"{name}: {reason}"
            for name, reason in listed.passed_over
            if PurePosixPath(name).suffix.lower() in ADVICE
        ]
        hint = "".join(f"; {note}" for note in [*notes, *others][:SHOWN])
        raise UserError(
            f"{folder}: no body types found. Sort the photos into one folder a type, or give "
            f"--labels with a CSV that has the columns filename and body_type{hint}"
        )
    if source == "by folder":
        notes += _folder_notes(names, types)
    photos = [
        Photo(
            photo.path,
            photo.name,
            types[photo.name],
            split_folder(photo.name),
            "" if types[photo.name] else "no label",
        )
        for photo in listed.photos
    ]
    return photos, source


def by_folder(photos: list[Entry]) -> dict[str, str]:
    """The class of each photo, by name, from a folder above it: a body type, or else the nearest.

    If at least half of these folders have longer names that contain a body type, the others give
    a label only if they are a body type.
    """
    folders = _class_folders([photo.name for photo in photos])
    named = classes_of(folders.values())
    return {name: named[folder] for name, folder in folders.items()}


def _class_folders(names: list[str]) -> dict[str, str]:
    """The folder that gives each photo its class; "" where there is none."""
    above = {name: PurePosixPath(name).parts[:-1] for name in names}
    first, last = min(above.values(), default=()), max(above.values(), default=())
    shared = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    )
    return {name: _class_folder(folders, shared) for name, folders in above.items()}


def _class_folder(folders: tuple[str, ...], shared: int) -> str:
    """The nearest folder that is a body type, else that contains one, else that is no split.

    The first `shared` folders are above every photo; of these only names with exactly one body
    type count.
    """
    below = folders[shared:]
    plain = [folder for folder in folders[:shared] if len(set(types_in(folder))) == 1]
    for candidates, accepts in (
        (folders, body_type_of),
        ((*plain, *below), types_in),
        (below, lambda folder: not split_of(folder)),
    ):
        for folder in reversed(candidates):
            if accepts(folder):
                return folder
    return ""


def classes_of(names: Iterable[str]) -> dict[str, str]:
    """The class that each name means; "" for a name without one."""
    distinct = set(names) - {""}
    containing = {name for name in distinct if not body_type_of(name) and types_in(name)}
    classes = {name: class_name(name) for name in distinct}
    if 2 * len(containing) >= len(distinct):
        classes |= {name: body_type_of(name) for name in distinct}
    return classes | {name: types_in(name)[-1] for name in containing} | {"": ""}


def _folder_notes(names: list[str], types: dict[str, str]) -> list[str]:
    """Warnings about folder names that are ambiguous or give no label."""
    folders = {folder: types[name] for name, folder in _class_folders(names).items()}
    several = [f for f in folders if not body_type_of(f) and len(set(types_in(f))) > 1]
    silent = [f for f in folders if f and not folders[f]]
    notes = []
    if several:
        notes.append(f"folders that name two body types count for the last: {examples(several)}")
    if silent:
        notes.append(f"folders that name no body type give no label: {examples(silent)}")
    return notes
