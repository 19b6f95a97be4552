"""Trains judges with other budgets, widths and augmentations: do they get better?"""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from gan import atomic, reading
from gan.data.prepared import Photos, Split
from gan.errors import UserError
from gan.metrics.classifier import accuracy, predict, recalls, train_classifier
from gan.reading import Kind

KINDS: dict[str, Kind] = {
    "budget": "count",
    "width": "number",
    "strength": "number",
    "seed": "count",
    "split": "text",
    "n_real": "count",
    "accuracy": "number",
    "mean_recall": "number",
}
COLUMNS = tuple(KINDS)
KEY = list(COLUMNS[:4])
SPLITS: tuple[Split, ...] = ("train", "validation")


def sweep(
    photos: Photos,
    path: Path,
    budgets: tuple[int, ...],
    widths: tuple[float, ...],
    strengths: tuple[float, ...],
    seeds: int,
) -> Iterator[pd.DataFrame]:
    """Train a classifier for every combination, the cheapest first, and measure its accuracy.

    It is trained on the train split, and measured on that and on the validation split; the
    difference shows overfitting. `path`, a CSV with COLUMNS, is written after each training;
    combinations that it holds already are skipped. Yields the rows of each new combination.

    Args:
        photos: The data set.
        path: Where the table is kept.
        budgets: Pictures seen in a training.
        widths: As for CarClassifier.
        strengths: Of the augmentation, as for `augment`.
        seeds: Trainings of each combination.

    Raises:
        UserError: `path` is another table, of other photos, or can't be read.
    """
    exists = path.exists()
    table = reading.read_table(path, KINDS) if exists else pd.DataFrame(columns=list(COLUMNS))
    counts = {split: len(photos.indices(split)) for split in SPLITS}
    if (table["n_real"] != table["split"].map(counts)).any():
        raise UserError(f"{path} holds figures of other photos: name another --out")
    done = {tuple(row) for row in table[KEY].to_numpy(float)}
    for each in itertools.product(sorted(budgets), sorted(widths), strengths, range(seeds)):
        budget, width, strength, seed = each
        if tuple(map(float, each)) in done:
            continue
        train = photos.indices("train")
        network = train_classifier(
            photos.pictures[train],
            photos.labels[train],
            len(photos.classes),
            seed,
            budget,
            f"{budget:,} pictures, width {width:g}, augmentation {strength:g}, seed {seed}",
            width,
            strength,
        )
        rows = []
        for split in SPLITS:
            indices = photos.indices(split)
            named = predict(network, photos.pictures[indices], f"{split} photos").named
            labels = photos.labels[indices]
            by_class = recalls(named, labels, photos.classes).values()
            figures = accuracy(named, labels), sum(by_class) / len(by_class)
            rows.append((*each, split, len(indices), *figures))
        new = pd.DataFrame(rows, columns=list(COLUMNS))
        table = pd.concat([table, new]) if len(table) else new
        atomic.write_text(path, table.to_csv(index=False))
        yield new
