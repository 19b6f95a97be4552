"""Turns labelled photos into a prepared set: decodes, drops duplicates, chooses the test split."""

import os
import warnings
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from gan.data import summary
from gan.data.decode import Decoded, Unusable, decode_file
from gan.data.labels import Labelled
from gan.data.listing import Photo
from gan.data.prepared import Origin, Writer, check_counts
from gan.errors import UserError
from gan.progress import bar

BATCH = 256  # photos that are decoded at once


def fill(
    folder: Path, labelled: Labelled, size: int, max_pixels: int, facts: dict[str, Any]
) -> None:
    """Decode all photos, on every core, into a prepared set in `folder`.

    Args:
        folder: An empty folder.
        labelled: The photos.
        size: Pixels a side.
        max_pixels: The largest number of pixels of one photo.
        facts: Values for dataset.json; the source of the labels and warnings are added.

    Raises:
        UserError: Fewer than two classes, or one with too few photos to train on.
        OSError: The disk is full.
    """
    usable = [photo for photo in labelled.photos if not photo.problem]
    skipped = labelled.skipped()
    if len(labelled.classes()) == 1:
        raise UserError(
            f"all photos are of one body type ({usable[0].body_type}), {labelled.source}: "
            "at least two are needed"
        )
    # Refuse a class that can't have enough photos before the slow part.
    training = Counter(photo.body_type for photo in usable if photo.split in ("", "train"))
    check_counts({name: training[name] for name in labelled.classes()})

    def work(photo: Photo) -> Decoded | str:
        try:
            return decode_file(photo.path, size, max_pixels)
        except Unusable as problem:
            return str(problem)

    tested = any(photo.split == "test" for photo in usable)
    writer = Writer(folder, size)
    rows: list[Origin] = []
    hashes: list[bytes] = []
    seen: dict[bytes, Photo] = {}
    given: list[bool] = []
    try:
        with (
            warnings.catch_warnings(),
            # Threads suffice: Pillow releases Python's lock while it decodes and resizes.
            ThreadPoolExecutor(os.cpu_count()) as pool,
            bar(desc="decode", total=len(usable), unit="photo") as progress,
        ):
            # Pillow's warnings about odd files; photos that fail are listed in skipped.csv.
            warnings.simplefilter("ignore")
            for start in range(0, len(usable), BATCH):
                batch = usable[start : start + BATCH]
                for photo, result in zip(batch, pool.map(work, batch), strict=True):
                    progress.update()
                    if isinstance(result, str):
                        skipped.append((photo.name, result))
                    elif first := seen.get(result.picture_hash):
                        same = first.body_type == photo.body_type
                        note = "" if same else f", which is labelled {first.body_type}"
                        skipped.append((photo.name, f"duplicate of {first.name}{note}"))
                    else:
                        seen[result.picture_hash] = photo
                        writer.add(result.picture)
                        split = photo.split
                        if not split:
                            split = "test" if _held_out(result.file_hash) else "train"
                        elif split == "validation" and not tested:
                            # A source's only held-out split is used as the test split.
                            split = "test"
                        rows.append(
                            Origin(
                                photo.name,
                                photo.body_type,
                                split == "test",
                                split == "validation",
                                photo.source,
                            )
                        )
                        hashes.append(result.file_hash)
                        given.append(bool(photo.split))
        if not rows:
            raise UserError(f"no photo is usable{summary.why(skipped)}")
        rows = _with_test(rows, hashes, given)
        facts["labels"], warned = labelled.source, list(labelled.warnings)
        for name in sorted(labelled.classes().keys() - {row.body_type for row in rows}):
            mine = {photo.name for photo in usable if photo.body_type == name}
            reasons = [(file, reason) for file, reason in skipped if file in mine]
            warned.append(f"the class {name!r} is left out{summary.why(reasons)}")
        facts["warnings"] = warned
        writer.finish(rows, sorted(skipped), facts)
    finally:
        writer.close()


def _held_out(file_hash: bytes) -> bool:
    """One photo in ten, chosen by its content: a photo is in the same split of every set."""
    return int.from_bytes(file_hash[:8], "big") % 10 == 0


def _with_test(rows: list[Origin], hashes: list[bytes], given: list[bool]) -> list[Origin]:
    """Move the photo with the smallest hash to the test split, in classes that have none there."""
    rows = list(rows)
    for name in {row.body_type for row in rows}:
        mine = [i for i, row in enumerate(rows) if row.body_type == name]
        if not any(rows[i].test or given[i] for i in mine):
            chosen = min(mine, key=lambda i: hashes[i])
            rows[chosen] = replace(rows[chosen], test=True)
    return rows
