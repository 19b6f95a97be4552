"""Labels photos by tables: finds the tables that name the photos, and combines them."""

from collections import Counter, defaultdict
from dataclasses import replace
from itertools import pairwise
from pathlib import Path, PurePosixPath

from gan.data import published, tables
from gan.data.body_types import body_type_of
from gan.data.by_folder import by_folder, classes_of
from gan.data.listing import ATTRIBUTES, SHOWN, Contents, Entry, Photo
from gan.data.tables import Table, split_folder
from gan.errors import UserError


def find_tables(
    listed: Contents, given: Path | None, notes: list[str]
) -> tuple[list[Table], list[tuple[str, str]]]:
    """The tables that label these photos, and (name, reason) of those that don't.

    A table is used if half of its names fit one photo each, or if they fit half of the photos.

    Args:
        listed: Photos and tables of a folder.
        given: The table of --labels, which is then the only one used.
        notes: Warnings are added to it.

    Raises:
        UserError: `given` can't be used; one line says why.
    """
    photos = tables.PhotoNames(listed.photos)
    if given is not None:
        inside = next((t.name for t in listed.tables if t.path.resolve() == given.resolve()), None)
        folder = None if inside is None else str(PurePosixPath(inside).parent)
        table = tables.read(given, photos, folder)
        fits = sum(bool(photos.find(line.file)[0]) for line in table.lines)
        if not fits:
            raise UserError(f"{given} names no photo that is there{_near(table, photos)}")
        rest = [t.name for t in listed.tables if t.name != inside]
        return [table], [(name, "a table: --labels names another") for name in rest]
    chosen, unused, others = _published(listed, notes)
    doubts = []
    for entry in others:
        folder = str(PurePosixPath(entry.name).parent)
        try:
            table = tables.read(entry.path, photos, "" if folder == "." else folder)
        except UserError as error:
            reason = str(error).replace(str(entry.path), "the table")
            unused.append((entry.name, f"a table that gives no labels: {reason}"))
            if not isinstance(error, tables.NoLabels):
                doubts.append(f"{entry.name} is not used for labels: {reason}")
            continue
        table = replace(table, name=entry.name)
        matches = [len(photos.find(line.file, table.folder, line.split)[0]) for line in table.lines]
        fits, several = matches.count(1), sum(count > 1 for count in matches)
        if fits and (2 * fits >= len(table.lines) or 2 * fits >= len(listed.photos)):
            chosen.append(table)
            continue
        reason = f"{fits} of its {len(table.lines)} names fit photos"
        if several:
            reason += f", {several} fit several at once"
        unused.append((entry.name, f"a table about other things: {reason}"))
        doubts.append(f"{entry.name} is not used for labels: {reason}{_near(table, photos)}")
    notes += doubts[:SHOWN]
    if len(doubts) > SHOWN:
        notes.append(f"{len(doubts) - SHOWN} more tables are not used for labels either")
    return chosen, unused


def _published(
    listed: Contents, notes: list[str]
) -> tuple[list[Table], list[tuple[str, str]], list[Entry]]:
    """Label files of known data sets, (name, reason) of unusable ones, and all other tables."""
    mats = [entry for entry in listed.tables if entry.path.suffix.lower() == ".mat"]
    attributes = [entry for entry in listed.tables if entry.path.name.lower() == ATTRIBUTES]
    chosen: list[Table] = []
    unused: list[tuple[str, str]] = []
    try:
        chosen += published.stanford(mats)
    except UserError as error:
        notes.append(f"{error}; no MATLAB file is used for labels")
    if not chosen:
        unused += [(mat.name, "a MATLAB file without labels of these photos") for mat in mats]
    for entry in attributes:
        if table := published.compcars(entry, listed.photos):
            chosen.append(table)
        else:
            unused.append((entry.name, "not a picture: it is a text"))
    others = [entry for entry in listed.tables if entry not in (*mats, *attributes)]
    return chosen, unused, others


def _near(table: Table, photos: tables.PhotoNames) -> str:
    """A name of the table beside a similar name of a photo, as an addition to a message."""
    for line in table.lines[:200]:
        if not photos.find(line.file)[0] and (near := photos.near(line.file)):
            return f"; the nearest: {line.file!r} there, {near!r} among the photos"
    if table.lines:
        return f"; its first name is {table.lines[0].file!r}"
    return ""


def by_table(
    listed: Contents, chosen: list[Table], by_chance: bool, notes: list[str]
) -> tuple[list[Photo], str] | None:
    """Label photos by the tables `chosen`, and by folders where the tables give no class.

    Args:
        listed: The photos.
        chosen: The tables.
        by_chance: Whether the tables were found in the folder, and not named by the user.
        notes: Warnings are added to it.

    Returns:
        The photos, plus an entry with a problem for each name that fits no photo, and the source
        of the labels in words. None if tables that were found by chance contradict the folders of
        most photos: numbers as names fit the photos of any set.

    Raises:
        UserError: Two tables contradict each other.
    """
    photos = tables.PhotoNames(listed.photos)
    lines_of: dict[Path, list[tuple[int, Table, tables.Line]]] = defaultdict(list)
    problems: list[Photo] = []
    fits: Counter[str] = Counter()
    for table in chosen:
        for line in table.lines:
            fitting, rank = photos.find(line.file, table.folder, line.split)
            if len(fitting) == 1:
                lines_of[fitting[0].path].append((rank, table, line))
                fits[table.name] += 1
            else:
                problem = "name fits several photos" if fitting else "in the table, but not there"
                problems.append(Photo(Path(line.file), line.file or "(no name)", problem=problem))
    classes = classes_of(line.body_type or "" for table in chosen for line in table.lines)
    labelled = []
    clashes: Counter[tuple[str, str]] = Counter()
    folders = by_folder(listed.photos)
    for photo in listed.photos:
        lines = lines_of.get(photo.path, [])
        best = max((rank for rank, _, _ in lines), default=0)
        for rank, table, line in lines:
            if rank < best:
                fits[table.name] -= 1
                problems.append(Photo(photo.path, line.file, problem="in the table, but not there"))
        lines = [each for each in lines if each[0] == best]
        types = {classes[line.body_type] for _, _, line in lines if line.body_type is not None}
        splits = {line.split for _, _, line in lines if line.split}
        problem = ""
        if not lines:
            problem = "no label in the table"
        elif len(types) > 1 or len(splits) > 1:
            problem = "two different labels"
            clashes.update(pairwise(sorted({table.name for _, table, _ in lines})))
        elif not any(types):
            types = types or {folders[photo.name]}
            problem = "" if any(types) else "no label"
        labelled.append(
            Photo(
                photo.path,
                photo.name,
                max(types, default=""),
                max(splits, default="") or split_folder(photo.name),
                problem,
                max((line.source for _, _, line in lines), default=""),
            )
        )
    for (first, second), count in clashes.items():
        if 2 * count > min(fits[first], fits[second]):
            raise UserError(
                f"{first} and {second} give {count} photos different labels: choose with --labels"
            )
    for table in chosen:
        if table.note:
            notes.append(f"{table.name} is {table.note}")
    against = sum(
        body_type_of(folder) not in ("", photo.body_type)
        for photo in labelled
        for folder in [folders[photo.name]]
        if not photo.problem
    )
    names = " and ".join(table.name for table in chosen)
    if by_chance and 2 * against > sum(not photo.problem for photo in labelled):
        notes.append(
            f"{names} not used for labels: {against} photos lie in folders of another body type; "
            "--labels makes a table count all the same"
        )
        return None
    if against:
        notes.append(f"{against} photos lie in folders of another body type than {names} says")
    counts = [f"{t.name} ({fits[t.name]} of its {len(t.lines)} names fit)" for t in chosen]
    return [*labelled, *problems], f"by {' and '.join(counts)}"
