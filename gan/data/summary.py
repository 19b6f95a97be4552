"""The messages of a preparation: labels and warnings before it, and the result after it."""

import csv
import shlex
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from gan.data.labels import MANY, Labelled
from gan.data.prepared import Split, read, read_description

REASONS = 4  # the most frequent ones that a message of one line lists


def before(labelled: Labelled, source: str) -> str:
    """The source of the labels, the classes and splits, and warnings: lines to print."""
    classes = labelled.classes()
    named = [f"{name} {count}" for name, count in classes.items()]
    word = "class" if len(classes) == 1 else "classes"
    more = f" and {len(named) - MANY} more" if len(named) > MANY else ""
    given = Counter(photo.split for photo in labelled.photos if not photo.problem)
    splits = [
        f"{given[split]} {split}" for split in ("train", "validation", "test") if given[split]
    ]
    content = f"{given['']} by content, one in ten for testing" if given[""] else ""
    return "\n".join(
        [
            f"{sum(classes.values())} photos of {source}, labelled {labelled.source}",
            f"  {len(classes)} {word}: {', '.join(named[:MANY])}{more}",
            f"  split: {', '.join(filter(None, [*splits, content]))}",
            *left_out(labelled.skipped()),
            *(f"  warning: {warning}" for warning in labelled.warnings),
        ]
    )


def after(folder: Path) -> str:
    """The counts of the prepared set in `folder`, skipped files, and the next command.

    Raises:
        UserError: The folder is no prepared set, or damaged.
    """
    photos, facts = read(folder), read_description(folder)
    splits: tuple[Split, ...] = ("train", "validation", "test")
    counts = {split: photos.counts(split) for split in splits}
    labelled = f", labelled {facts['labels']}" if "labels" in facts else ""
    lines = [f"{len(photos.labels)} pictures of {photos.size} px in {folder}{labelled}"]
    for name in photos.classes:
        lines.append(f"  {name:<14}" + "".join(f"{counts[s][name]:>8} {s}" for s in splits))
    with (folder / "skipped.csv").open(encoding="utf-8", newline="") as file:
        skipped = [(row["file"], row["reason"]) for row in csv.DictReader(file)]
    lines += left_out(skipped)
    if skipped:
        lines.append(f"  each with its reason: {folder / 'skipped.csv'}")
    lines += [f"  warning: {warning}" for warning in facts.get("warnings", ())]
    lines.append(f"next: python train/train_cgan.py --data {shlex.quote(str(folder))}")
    return "\n".join(lines)


def left_out(skipped: Iterable[tuple[str, str]]) -> list[str]:
    """A line for each reason, the most frequent first."""
    return [f"  skipped: {count} ({reason})" for reason, count in _reasons(skipped)]


def why(skipped: Iterable[tuple[str, str]]) -> str:
    """The most frequent reasons as an addition to a sentence; "" without any."""
    reasons = _reasons(skipped)
    listed = "; ".join(f"{count} x {reason}" for reason, count in reasons[:REASONS])
    return f" ({listed})" if listed else ""


def _reasons(skipped: Iterable[tuple[str, str]]) -> list[tuple[str, int]]:
    return Counter(_general(reason) for _, reason in skipped).most_common()


def _general(reason: str) -> str:
    """A reason without the details of one file."""
    if ", which is labelled " in reason:
        return "duplicate with another label"
    if reason.startswith("a table"):
        return reason.partition(":")[0]
    for start in ("duplicate", "unreadable", "too small", "too many pixels"):
        if reason.startswith(start):
            return start
    return reason.partition(" here already:")[0]
