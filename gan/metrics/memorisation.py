"""Whether a run repeats its training photos: nearest photos in features, and copies in pixels."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image
from torch import Tensor

from gan import atomic
from gan.data.prepared import Photos, Split
from gan.metrics import copies
from gan.metrics.features import Row
from gan.metrics.glossary import CLASSIFIER, FLOOR
from gan.metrics.measures import nearest
from gan.pictures import grid
from gan.runs import Run

SCANNED = 5000  # pictures that are compared with photos to find copies, at most
QUANTILES = 1001  # of the distances, evenly spaced, which are kept for the app's curves
SHEET = 64  # pictures on the sheet of the best matches


def learned_from(run: Run, photos: Photos) -> np.ndarray:
    """Indices of the photos that the run was trained on, int64 [n]."""
    return photos.indices("train" if run.kept_validation() else "development")


def neighbour_rows(
    run: Run,
    photos: Photos,
    made: Tensor,
    labels: np.ndarray | None,
    known: Tensor,
    held_out: Split | None,
    write: bool = True,
) -> list[Row]:
    """Distances from pictures, and from held-out photos, to the nearest training photo.

    Held-out photos show what to expect without memorisation.

    Args:
        run: The run that drew the pictures.
        photos: The data set.
        made: Features of the pictures, [N,d].
        labels: Their classes, int64 [N]; None if the generator is unconditional.
        known: Features of all photos, [M,d].
        held_out: The split of photos to compare with; None leaves them out.
        write: Whether to write neighbour_distances.csv.

    Returns:
        Medians with 5 % and 95 % quantiles, of the pictures and, if asked for, of the photos.
    """
    learned = learned_from(run, photos)
    distances, _ = nearest(made, known[learned])
    curves = [_curve("generated", distances)]
    rows = [_median(distances) | {"n_fake": len(made), "n_real": len(learned)}]
    if held_out:
        unseen = photos.indices(held_out)
        theirs, _ = nearest(known[unseen], known[learned])
        real_labels = photos.labels[unseen]
        curves.append(_curve("held-out", theirs))
        if labels is not None:
            theirs = _repeated(theirs, real_labels, np.bincount(labels))
        floor: Row = {"metric": "neighbour_distance" + FLOOR, "reference": held_out}
        rows.append(_median(theirs) | floor | {"n_fake": len(unseen), "n_real": len(learned)})
    if write:
        atomic.write_text(run.distances_path, pd.concat(curves).to_csv(index=False))
    return rows


def copy_rows(
    run: Run, photos: Photos, pictures: np.ndarray, held_out: Split, write: bool = True
) -> list[Row]:
    """The share of pictures uint8 [N,S,S,3] that copy a training photo, and of held-out photos.

    With `write`, copies.csv and the sheet of the best matches are written.
    """
    learned, others = learned_from(run, photos), photos.indices(held_out)
    pictures = pictures[:SCANNED]
    unseen = copies.match(photos.pictures[others], photos.pictures[learned], "held-out photos")
    matches = copies.match(pictures, photos.pictures[learned], "copies")
    if write:
        _write_matches(run, photos, pictures, learned, matches, unseen)
    shared: Row = {"body_type": "all", "reference": held_out, "n_real": len(learned)}
    return copy_figures(matches, unseen, **shared)


def _write_matches(
    run: Run,
    photos: Photos,
    pictures: np.ndarray,
    learned: np.ndarray,
    matches: copies.Matches,
    unseen: copies.Matches,
) -> None:
    """copies.csv, and the sheet of the best matches."""
    table = pd.DataFrame(
        {
            "picture": np.arange(len(pictures)),
            "photo": learned[matches.photo],
            "similarity": matches.similarity,
            "rank": matches.rank(unseen),
        }
    ).sort_values("similarity", ascending=False, kind="stable")
    text = table.round({"similarity": 4, "rank": 4}).to_csv(index=False)
    atomic.write_text(run.copies_path, text)
    top = table.head(SHEET)
    write_sheet(
        run.neighbours_path,
        pictures[top["picture"].to_numpy()],
        photos.pictures[top["photo"].to_numpy()],
    )


def copy_figures(matches: copies.Matches, unseen: copies.Matches, **shared: Any) -> list[Row]:
    """Rows of `copies` and of its floor: the share of pictures that copy a photo, and by chance.

    Args:
        matches: The best matches of pictures among the training photos.
        unseen: Those of photos that were not trained on.
        shared: The other columns.
    """
    figures = (
        ("copies", matches.copies(unseen), matches),
        ("copies" + FLOOR, copies.held_out_rate(unseen), unseen),
    )
    return [
        {"metric": metric, "extractor": "", "value": value, "n_fake": len(found.similarity)}
        | shared
        for metric, value, found in figures
    ]


def write_sheet(path: Path, pictures: np.ndarray, neighbours: np.ndarray) -> None:
    """A PNG of pictures uint8 [N,S,S,3], each with its nearest photo [N,S,S,3] on its right."""
    pairs = np.concatenate([pictures, neighbours], axis=2)
    sheet = Image.fromarray(grid(pairs, columns=8, gap=6))
    with atomic.replacing(path) as temporary:
        sheet.save(temporary, "PNG")


def _curve(kind: str, distances: np.ndarray) -> pd.DataFrame:
    quantiles = np.quantile(distances, np.linspace(0, 1, QUANTILES))
    return pd.DataFrame({"kind": kind, "distance": quantiles.round(4)})


def _median(distances: np.ndarray) -> Row:
    low, median, high = np.quantile(distances, [0.05, 0.5, 0.95])
    return {
        "metric": "neighbour_distance",
        "extractor": CLASSIFIER,
        "body_type": "all",
        "value": float(median),
        "low": float(low),
        "high": float(high),
        "reference": "train",
    }


def _repeated(values: np.ndarray, labels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The values of each class, repeated until class k has `counts[k]` of them."""
    parts = [
        np.resize(values[labels == k], count)
        for k, count in enumerate(counts)
        if (labels == k).any()
    ]
    return np.concatenate(parts)
