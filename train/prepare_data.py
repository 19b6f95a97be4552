"""Prepare a data set: fetch, unpack, sort by body type, decode once to one array."""

import csv
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from gan.cli import parse
from gan.data.photos import Request, prepare
from gan.data.prepared import read
from gan.errors import command


@command
def main() -> None:
    """Prepare once, then say what there is and what comes next."""
    request = parse(Request)
    folder = prepare(request)
    photos = read(folder)
    train, test = photos.counts("train"), photos.counts("test")
    print(f"{len(photos.labels)} pictures of {photos.size} px in {folder}")
    for name in photos.classes:
        print(f"  {name:<14} {train[name]:>8} train {test[name]:>8} test")
    with (folder / "skipped.csv").open(encoding="utf-8") as file:
        reasons = Counter(
            row["reason"].partition(":")[0].partition(" of ")[0] for row in csv.DictReader(file)
        )
    for reason, count in reasons.most_common():
        print(f"  skipped: {count} ({reason})")
    if reasons:
        print(f"  each with its reason: {folder / 'skipped.csv'}")
    print(f"next: python train/train_cgan.py --data {folder}")


if __name__ == "__main__":
    main()
