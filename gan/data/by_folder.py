"""Labels by names: of the folders above a photo, or of the file itself."""

import re
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path, PurePosixPath

from gan.data.body_types import BODY_TYPES, known, normal, split_of, types_in
from gan.data.listing import ADVICE, SHOWN, Contents, Entry, Photo, some
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


def by_name(folder: Path, listed: Contents, notes: list[str]) -> tuple[list[Photo], str]:
    """Label photos by file names of The Car Connection, by folders, or by other file names.

    Args:
        folder: For messages.
        listed: Its contents.
        notes: Takes what a person should look at.

    Returns:
        The photos, and who labelled them.

    Raises:
        UserError: No name says anything.
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
    """The class of each photo by the folders above it: a body type at any height, else the nearest.

    Where most folders have longer names that
    contain a body type, one that contains none gives no label.
    """
    folders = _class_folders([photo.name for photo in photos])
    named = classes_of(folders.values())
    return {name: named[folder] for name, folder in folders.items()}


def _class_folders(names: list[str]) -> dict[str, str]:
    """The folder that names the class of each photo; "" where there is none."""
    above = {name: PurePosixPath(name).parts[:-1] for name in names}
    first, last = min(above.values(), default=()), max(above.values(), default=())
    shared = sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=False))
    )
    return {name: _class_folder(folders, shared) for name, folders in above.items()}


def _class_folder(folders: tuple[str, ...], shared: int) -> str:
    """The nearest folder that is a body type, else that contains one, else that is no split.

    The first `shared` folders are above every photo: a name there counts only if it is plain.
    """
    below = folders[shared:]
    plain = [folder for folder in folders[:shared] if len(set(types_in(folder))) == 1]
    for candidates, says in (
        (folders, known),
        ((*plain, *below), types_in),
        (below, lambda folder: not split_of(folder)),
    ):
        for folder in reversed(candidates):
            if says(folder):
                return folder
    return ""


def classes_of(names: Iterable[str]) -> dict[str, str]:
    """The class that each name of a source means; "" for one that means none."""
    distinct = set(names) - {""}
    containing = {name for name in distinct if not known(name) and types_in(name)}
    classes = {name: normal(name) for name in distinct}
    if 2 * len(containing) >= len(distinct):
        classes |= {name: known(name) for name in distinct}
    return classes | {name: types_in(name)[-1] for name in containing} | {"": ""}


def _folder_notes(names: list[str], types: dict[str, str]) -> list[str]:
    """What was read into folder names, where it isn't plain."""
    folders = {folder: types[name] for name, folder in _class_folders(names).items()}
    several = [f for f in folders if not known(f) and len(set(types_in(f))) > 1]
    silent = [f for f in folders if f and not folders[f]]
    notes = []
    if several:
        notes.append(f"folders that name two body types count for the last: {some(several)}")
    if silent:
        notes.append(f"folders that name no body type give no label: {some(silent)}")
    return notes
