"""Labelled photos -> a prepared set: decode each once, drop duplicates, choose the test split."""

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

BATCH = 256  # photos under way at once


def fill(
    folder: Path, labelled: Labelled, size: int, max_pixels: int, facts: dict[str, Any]
) -> None:
    """Decode with every core into one file; memory holds a few hundred small pictures.

    Args:
        folder: Empty; takes the prepared set.
        labelled: The photos.
        size: Pixels a side of the set.
        max_pixels: Of one photo.
        facts: For dataset.json; takes who labelled the photos, and warnings.

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
    # What can't become enough is refused before the long part.
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
            # Threads: Pillow lets go of Python's lock while it decodes and resizes.
            ThreadPoolExecutor(os.cpu_count()) as pool,
            bar(desc="decode", total=len(usable), unit="photo") as progress,
        ):
            # Pillow warns of much in odd files; what matters goes into the report.
            warnings.simplefilter("ignore")
            for start in range(0, len(usable), BATCH):
                some = usable[start : start + BATCH]
                for photo, result in zip(some, pool.map(work, some), strict=True):
                    progress.update()
                    if isinstance(result, str):
                        skipped.append((photo.name, result))
                    elif first := seen.get(result.picture_hash):
                        other = (
                            ""
                            if first.body_type == photo.body_type
                            else (f", which is labelled {first.body_type}")
                        )
                        skipped.append((photo.name, f"duplicate of {first.name}{other}"))
                    else:
                        seen[result.picture_hash] = photo
                        writer.add(result.picture)
                        split = photo.split
                        if not split:
                            split = "test" if _held_out(result.file_hash) else "train"
                        elif split == "validation" and not tested:
                            split = "test"  # what is held out stands for the one that is missing
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
    """One photo in ten, by its content: the same photo is on the same side in every set."""
    return int.from_bytes(file_hash[:8], "big") % 10 == 0


def _with_test(rows: list[Origin], hashes: list[bytes], given: list[bool]) -> list[Origin]:
    """Chance can leave a small class without a test photo: then its smallest hash becomes one."""
    rows = list(rows)
    for name in {row.body_type for row in rows}:
        mine = [i for i, row in enumerate(rows) if row.body_type == name]
        if not any(rows[i].test or given[i] for i in mine):
            chosen = min(mine, key=lambda i: hashes[i])
            rows[chosen] = replace(rows[chosen], test=True)
    return rows
