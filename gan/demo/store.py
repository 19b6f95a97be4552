"""What the pages read, each file once: cached by the file's time and size, and bounded."""

import hashlib
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from gan import calibration, reading, runs
from gan.calibration import Calibration
from gan.demo import catalogue, pictures
from gan.demo.catalogue import Entry
from gan.errors import UserError
from gan.experiments import results
from gan.latents import DIRECTIONS
from gan.metrics.glossary import METRICS
from gan.runs import Run

Stamp = tuple[int, int]
Folders = list[tuple[str, tuple[Stamp, ...]]]
MOST = 1000  # files of a kind that are kept: more than an experiment of any size has
DISTANCE_COLUMNS = ["kind", "distance"]
CONFUSION_COLUMNS = ["seed", "asked", "named", "count"]


def stamp(path: Path) -> Stamp:
    """Changes whenever the file does; (0, 0) where there is none."""
    try:
        found = path.stat()
    except OSError:
        return (0, 0)
    return (found.st_mtime_ns, found.st_size)


def entries() -> list[Entry]:
    """Every run under the checkpoints folder, at most two seconds old."""
    root = str(runs.runs_root().absolute())
    return _entries(root, *_folders(root))


def key(entry: Entry) -> tuple[object, ...]:
    """Changes whenever a file does from which a run's figures are read."""
    run = entry.run
    read = (run.config_path, run.losses_path, run.metrics_path, run.along_path, run.copies_path)
    return (str(run.path), *map(stamp, read))


Keys = tuple[tuple[object, ...], ...]


def keys(entries: list[Entry]) -> Keys:
    """The keys of some runs: the key of what is worked out from all of them."""
    return tuple(map(key, entries))


def losses(entry: Entry) -> pd.DataFrame:
    """losses.csv of a run; empty where it can't be read (the listing says why)."""
    return _losses(str(entry.run.path), stamp(entry.run.losses_path))


def metrics(entry: Entry) -> pd.DataFrame:
    """metrics.csv of a run; empty where it can't be read (the listing says why)."""
    return _metrics(str(entry.run.path), stamp(entry.run.metrics_path))


def along(entry: Entry) -> pd.DataFrame:
    """along.csv of a run, figures of kept generators; empty where there is none to read."""
    return _metrics(str(entry.run.path), stamp(entry.run.along_path), along=True)


def confusion(entry: Entry) -> pd.DataFrame:
    """confusion.csv of a run: seed, asked, named, count; empty where there is none."""
    path = entry.run.confusion_path
    return _plain(str(path), stamp(path), tuple(CONFUSION_COLUMNS))


def photo_confusion(entry: Entry) -> pd.DataFrame:
    """What the first classifier named each held-out photo, as `confusion`; empty without it."""
    path = entry.run.predictions_path
    table = _plain(str(path), stamp(path), ("body_type", "photos_0"))
    table = table.rename(columns={"body_type": "asked", "photos_0": "named"})
    counts = table.value_counts(["asked", "named"], sort=False).reset_index()
    # In the order of classes, as generated pictures are counted.
    return counts.sort_values("asked", key=lambda types: types.str.casefold())


def distances(entry: Entry) -> pd.DataFrame:
    """neighbour_distances.csv of a run: kind, distance; empty where there is none."""
    path = entry.run.distances_path
    return _plain(str(path), stamp(path), tuple(DISTANCE_COLUMNS))


def matches(entry: Entry) -> pd.DataFrame:
    """copies.csv of a run: similarity and rank, the most alike first; empty where there is none."""
    path = entry.run.copies_path
    return _plain(str(path), stamp(path), ("similarity", "rank"))


def sources(entry: Entry) -> pd.DataFrame:
    """by_source.csv of a run, as `gan.runs.SOURCE_KINDS` has it; empty where there is none."""
    path = entry.run.sources_path
    return _sources(str(path), stamp(path))


def experiment(name: str) -> tuple[pd.DataFrame, str | None]:
    """An experiment's results.csv, and what is wrong with it (None where nothing is)."""
    path = runs.runs_root().absolute() / name / results.FILE
    return _results(str(path), stamp(path))


def experiment_stamp(name: str) -> Stamp:
    """Changes whenever an experiment's results.csv does."""
    return stamp(runs.runs_root().absolute() / name / results.FILE)


def grid_jpeg(path: Path, scale: int, natural: bool) -> bytes | None:
    """A saved grid enlarged by a whole factor, as JPEG; None where it can't be read.

    Args:
        path: samples/ITERATION.avif of a run.
        scale: The factor.
        natural: Undo the squashing to squares.
    """
    return _grid_jpeg(str(path), stamp(path), scale, natural)


def grid_film(paths: list[Path]) -> bytes | None:
    """Saved grids one after the other, in natural proportions; None where they can't be read."""
    return _grid_film(tuple((str(path), stamp(path)) for path in paths))


def row_jpegs(path: Path, size: int, height: int, natural: bool, most: int) -> list[bytes] | None:
    """Each row of a saved grid as its own JPEG strip; None where the grid can't be cut."""
    return _row_jpegs(str(path), stamp(path), size, height, natural, most)


def jpegs(made: np.ndarray, height: int, natural: bool) -> list[bytes]:
    """Pictures uint8 [N, H, W, 3] enlarged and encoded as they are sent; encoded once for all."""
    return _jpegs(made, height, natural)


def film(frames: np.ndarray, height: int) -> bytes:
    """Frames uint8 [N, H, W, 3], enlarged to natural proportions, as an animation for browsers."""
    return _film(frames, height)


def judge_folder(content_hash: str, size: int) -> Path | None:
    """The judge that was trained on the photos of that hash at that size; None without one."""
    return _judge_folder(str(runs.runs_root().absolute()), content_hash, size)


def trunks(entry: Entry) -> list[Entry]:
    """The runs that a run started from, the last first, as far as they are there.

    Each is known by its generator's hash.
    """
    found: list[Entry] = []
    ready = [other for other in entries() if other.ready]
    while wanted := getattr((found or [entry])[-1].settings, "network", None):
        trunk = getattr(wanted, "start", "") or getattr(wanted, "trunk", "")
        before = next((one for one in ready if trunk and trunk.startswith(short_hash(one))), None)
        if before is None or before in found:
            break
        found.append(before)
    return found


def directions(entry: Entry) -> np.ndarray:
    """Directions in the latent space, float [latent, D], one column a name in DIRECTIONS.

    D is 0 where none were found for this very generator.
    """
    path = entry.run.directions_path
    found = _directions(str(path), stamp(path), short_hash(entry))
    latent = entry.settings.network.latent if entry.settings else 0
    return found if len(found) == latent else np.empty((latent, 0))


def short_hash(entry: Entry) -> str:
    """First digits of the checkpoint's SHA-256: two people see that they look at the same."""
    return _short_hash(str(entry.run.path), stamp(entry.run.generator_path))


# What is shared between visitors is never changed in place: no page needs a copy of its own.
@st.cache_resource(ttl=2, max_entries=4, show_spinner=False)
def _folders(root: str) -> tuple[str, Folders]:
    """A digest that changes whenever a run does, and each run's folder with its files' stamps."""
    found = []
    for path in catalogue.run_folders(Path(root)):
        stamps = tuple(stamp(path / name) for name in sorted(catalogue.RUN_FILES))
        found.append((str(path), (*stamps, stamp(Run(path).graph_path))))
    return hashlib.sha256(repr(sorted(found)).encode()).hexdigest(), found


@st.cache_resource(max_entries=2, show_spinner=False)
def _entries(root: str, digest: str, _found: Folders) -> list[Entry]:
    return catalogue.in_order([_entry(root, *one) for one in _found])


@st.cache_resource(max_entries=MOST, show_spinner=False)
def _entry(root: str, path: str, changed: tuple[Stamp, ...]) -> Entry:
    return catalogue.read_entry(Path(root), Path(path))


@st.cache_data(ttl=10, max_entries=16, show_spinner=False)
def _judge_folder(root: str, content_hash: str, size: int) -> Path | None:
    return next(iter(runs.find_judges(Path(root), content_hash, size)), None)


@st.cache_resource(max_entries=MOST, show_spinner=False)
def _losses(path: str, changed: Stamp) -> pd.DataFrame:
    run = Run(Path(path))
    try:
        return run.read_losses()
    except UserError:
        return pd.DataFrame(columns=list(runs.LOSS_COLUMNS))


@st.cache_resource(max_entries=MOST, show_spinner=False)
def _metrics(path: str, changed: Stamp, along: bool = False) -> pd.DataFrame:
    run = Run(Path(path))
    try:
        table = run.read_along() if along else run.read_metrics()
    except UserError:
        return pd.DataFrame(columns=list(runs.METRIC_COLUMNS))
    table = table[table["metric"].isin(METRICS)]  # a later version may know more
    return table.assign(body_type=table["body_type"].map(catalogue.type_name))


@st.cache_resource(max_entries=MOST, show_spinner=False)
def _sources(path: str, changed: Stamp) -> pd.DataFrame:
    try:
        table = Run(Path(path).parent).read_sources()
    except UserError:
        return pd.DataFrame(columns=list(runs.SOURCE_KINDS))
    return table.assign(body_type=table["body_type"].map(catalogue.type_name))


@st.cache_resource(max_entries=MOST, show_spinner=False)
def _plain(path: str, changed: Stamp, columns: tuple[str, ...]) -> pd.DataFrame:
    types = ("body_type", "asked", "named", "photos_0")
    kinds: dict[str, reading.Kind] = {
        name: "text" if name in (*types, "kind") else "number" for name in columns
    }
    try:
        table = reading.read_table(Path(path), kinds, more=True)
    except (FileNotFoundError, UserError):
        return pd.DataFrame(columns=list(columns))
    for column in set(types) & set(columns):
        table[column] = table[column].map(catalogue.type_name)
    return table


@st.cache_resource(max_entries=16, show_spinner=False)
def _results(path: str, changed: Stamp) -> tuple[pd.DataFrame, str | None]:
    try:
        return results.read(Path(path).parent), None
    except UserError as error:
        problem = catalogue.without_folder(str(error), Path(path).parent.parent)
        shown = problem if Path(path).exists() else None
        return pd.DataFrame(columns=list(results.COLUMNS)), shown


@st.cache_resource(max_entries=64, show_spinner=False)
def _grid_jpeg(path: str, changed: Stamp, scale: int, natural: bool) -> bytes | None:
    try:
        grid = reading.read_picture(Path(path))
    except (FileNotFoundError, UserError):
        return None
    return pictures.jpeg(pictures.enlarge(grid, grid.shape[0] * scale, natural))


@st.cache_resource(max_entries=16, show_spinner=False)
def _grid_film(files: tuple[tuple[str, Stamp], ...]) -> bytes | None:
    try:
        grids = [reading.read_picture(Path(path)) for path, _ in files]
    except (FileNotFoundError, UserError):
        return None
    if len({grid.shape for grid in grids}) != 1:
        return None
    frames = np.stack([pictures.enlarge(grid, len(grid), True) for grid in grids])
    return pictures.animation(frames, 600, back=False)


@st.cache_resource(max_entries=16, show_spinner=False)
def _row_jpegs(
    path: str, changed: Stamp, size: int, height: int, natural: bool, most: int
) -> list[bytes] | None:
    try:
        cut = pictures.tiles(reading.read_picture(Path(path)), size)
    except (FileNotFoundError, UserError, ValueError):
        return None
    return [
        pictures.light_jpeg(
            np.hstack([pictures.enlarge(one, height, natural) for one in row[:most]])
        )
        for row in cut
    ]


@st.cache_resource(max_entries=64, show_spinner=False)
def _jpegs(made: np.ndarray, height: int, natural: bool) -> list[bytes]:
    return [pictures.jpeg(pictures.enlarge(one, height, natural)) for one in made]


def calibration_of(entry: Entry) -> Calibration:
    """How the run's pictures are drawn by default; none where its table can't be used."""
    run = entry.run
    stamps = stamp(run.generator_path), stamp(run.calibration_path)
    classes = tuple(entry.dataset.get("classes", ()))  # as they are, not as pages show them
    return _calibration(str(run.path), classes, stamps)


def drawn_by(entry: Entry) -> str:
    """The checkpoint's short hash and, where it has one, its calibration's: what pictures show."""
    digest = calibration_of(entry).digest()
    return f"{short_hash(entry)}-{digest[:4]}" if digest else short_hash(entry)


@st.cache_resource(max_entries=16, show_spinner=False)
def _film(frames: np.ndarray, height: int) -> bytes:
    return pictures.animation(np.stack([pictures.enlarge(one, height, True) for one in frames]))


@st.cache_resource(max_entries=16, show_spinner=False)
def _directions(path: str, changed: Stamp, generator: str) -> np.ndarray:
    kinds: dict[str, reading.Kind] = dict.fromkeys(DIRECTIONS, "number")
    kinds["generator"] = "text"
    try:
        table = reading.read_table(Path(path), kinds)
    except (FileNotFoundError, UserError):
        return np.empty((0, 0))
    fits = table["generator"].eq(generator).all()
    return table[list(DIRECTIONS)].to_numpy() if fits else np.empty((0, 0))


@st.cache_resource(max_entries=MOST, show_spinner=False)
def _calibration(path: str, classes: tuple[str, ...], changed: tuple[Stamp, ...]) -> Calibration:
    try:
        return calibration.read(Run(Path(path)), classes)
    except UserError:
        return calibration.PLAIN


@st.cache_resource(max_entries=MOST, show_spinner=False)
def _short_hash(path: str, changed: Stamp) -> str:
    try:
        return Run(Path(path)).short_hash()
    except UserError:
        return "none"
