"""A run folder: the one place that knows its file names. Training writes it, evaluation adds
to it, the app only reads it."""

import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

from gan import atomic, reading
from gan.errors import UserError
from gan.metrics.glossary import METRICS
from gan.reading import Kind

LOSS_KINDS: dict[str, Kind] = {
    "iteration": "count",
    "images_seen": "count",
    "seconds": "number",
    "loss_g": "number",
    "loss_d": "number",
    "d_real": "number",
    "d_fake": "number",
}
METRIC_KINDS: dict[str, Kind] = {
    "images_seen": "count",
    "metric": "text",
    "extractor": "text",
    "body_type": "text",
    "value": "maybe",
    "low": "maybe",
    "high": "maybe",
    "n_real": "maybe",
    "n_fake": "maybe",
    "reference": "text",
    "seed": "maybe",
}
# Held-out photos of a source and type; the metrics are shares of them, means over seeds.
SOURCE_KINDS: dict[str, Kind] = {
    "source": "text",
    "body_type": "text",
    "n_real": "count",
    "classifier": "number",
    "gan_train": "number",
}
LOSS_COLUMNS, METRIC_COLUMNS = tuple(LOSS_KINDS), tuple(METRIC_KINDS)
# Two rows that agree in these measure the same thing: the newer replaces the older.
METRIC_KEY = ("images_seen", "metric", "extractor", "body_type", "reference", "seed")
# What pictures, or photos in their place, are compared with, the one that speaks first: photos of
# a split (those of "train" are all but the test split's), none, or one half of the photos.
REFERENCES = ("test", "validation", "train", "", "half")
TEXT_COLUMNS = ("metric", "extractor", "body_type", "reference")


JUDGE_GRAPH = "judge.onnx"  # in a judge's folder: its classifiers' graph, see gan/graph.py


def runs_root() -> Path:
    """Where runs live: $CAR_GAN_CHECKPOINTS, the repository's checkpoints/, or ./checkpoints."""
    named = os.environ.get("CAR_GAN_CHECKPOINTS")
    if named:
        return Path(named).expanduser()
    shipped = Path(__file__).resolve().parent.parent / "checkpoints"
    return shipped if shipped.is_dir() else Path("checkpoints")


JUDGE_FILE = "judge.json"  # describes a judge; a folder without it holds none


def judge_path(dataset: str, size: int, content_hash: str) -> Path:
    """Where classifiers that judge pictures of a data set at `size` pixels are kept.

    The name is for people; the hash keeps other photos of the same name apart.
    """
    return runs_root() / f"judge-{dataset}-{size}-{content_hash[:8]}"


def find_judges(root: Path, content_hash: str, size: int) -> list[Path]:
    """The folders of classifiers that know these photos at this size, whatever they are called."""
    found = []
    for path in sorted(root.glob(f"judge-*/{JUDGE_FILE}")):
        try:
            about = reading.read_json(path)
            if (about["dataset"]["content_hash"], about["size"]) == (content_hash, size):
                found.append(path.parent)
        except (UserError, KeyError, TypeError):
            continue
    return found


@dataclass(frozen=True)
class Run:
    """One run folder; nothing is read before a method is called."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def config_path(self) -> Path:
        return self.path / "config.json"

    @property
    def generator_path(self) -> Path:
        return self.path / "generator.safetensors"

    @property
    def graph_path(self) -> Path:
        """The generator's graph without weights, see gan/graph.py."""
        return self.path / "generator.onnx"

    @property
    def losses_path(self) -> Path:
        return self.path / "losses.csv"

    @property
    def metrics_path(self) -> Path:
        return self.path / "metrics.csv"

    @property
    def samples_path(self) -> Path:
        return self.path / "samples"

    @property
    def confusion_path(self) -> Path:
        return self.path / "confusion.csv"

    @property
    def distances_path(self) -> Path:
        return self.path / "neighbour_distances.csv"

    @property
    def predictions_path(self) -> Path:
        """What each classifier of an evaluation named each held-out photo."""
        return self.path / "predictions.csv"

    @property
    def sources_path(self) -> Path:
        """How many held-out photos of each source and type were named right, see SOURCE_KINDS."""
        return self.path / "by_source.csv"

    @property
    def directions_path(self) -> Path:
        """Directions in the latent space that change one thing, see gan/directions.py."""
        return self.path / "directions.csv"

    @property
    def copies_path(self) -> Path:
        """Each generated picture's best match among the photos, the most alike first."""
        return self.path / "copies.csv"

    @property
    def openings_path(self) -> Path:
        """When figures of this run were measured on the test split, one row a time."""
        return self.path / "test_openings.csv"

    @property
    def neighbours_path(self) -> Path:
        """Generated pictures beside their nearest photos; never committed."""
        return self.path / "neighbours.png"

    @property
    def resume_path(self) -> Path:
        return self.path / "resume" / "state.safetensors"

    def sample_path(self, iteration: int) -> Path:
        return self.samples_path / f"{iteration:07d}.jpg"

    def kept_path(self, iteration: int) -> Path:
        """A generator of before the end, kept to choose among; never committed."""
        return self.path / "kept" / f"{iteration:07d}.safetensors"

    @property
    def guidance_path(self) -> Path:
        return self.path / "guidance.csv"

    @property
    def choice_path(self) -> Path:
        return self.path / "choice.csv"

    def samples(self) -> list[tuple[int, Path]]:
        """The grids of fixed latents as (iteration, path), in order of iteration.

        Runs of before grids were JPEG have PNG; where both are there the JPEG is the newer.
        """
        both = (_numbered(self.samples_path, suffix) for suffix in (".png", ".jpg"))
        return sorted(dict(itertools.chain(*both)).items())

    def kept(self) -> list[tuple[int, Path]]:
        """The generators to choose among as (iteration, path), in order of iteration."""
        return _numbered(self.kept_path(0).parent, ".safetensors")

    def read_config(self) -> dict[str, Any]:
        """The whole of config.json: `settings`, `dataset`, `progress`, `environment`.

        Raises:
            UserError: The file is missing or isn't what a training writes.
        """
        try:
            return reading.read_config(self.config_path)
        except FileNotFoundError:
            raise UserError(
                f"{self.path} is not a run: it has no {self.config_path.name}"
            ) from None

    def write_config(self, values: dict[str, Any]) -> None:
        atomic.write_text(self.config_path, json.dumps(values, indent=2) + "\n")

    def kept_validation(self) -> bool:
        """Whether the run kept the validation photos back; runs before there were any did not.

        Raises:
            UserError: config.json can't be read.
        """
        return bool(self.read_config()["dataset"].get("counts", {}).get("validation"))

    def read_losses(self) -> pd.DataFrame:
        """losses.csv with LOSS_COLUMNS; empty if there is none; a torn last line is dropped."""
        return _table(self.losses_path, LOSS_KINDS)

    def read_metrics(self) -> pd.DataFrame:
        """metrics.csv with METRIC_COLUMNS; empty if there is none; a torn last line is dropped."""
        return _table(self.metrics_path, METRIC_KINDS)

    def read_sources(self) -> pd.DataFrame:
        """by_source.csv with the columns of SOURCE_KINDS; empty if there is none."""
        return _table(self.sources_path, SOURCE_KINDS)

    def write_losses(self, rows: pd.DataFrame) -> None:
        atomic.write_text(self.losses_path, rows.to_csv(index=False))

    def add_metrics(self, rows: list[dict[str, Any]]) -> None:
        """Add rows with keys of METRIC_COLUMNS (absent ones stay empty), replacing equal keys.

        Raises:
            KeyError: A metric is not in the glossary.
        """
        unknown = {str(row.get("metric")) for row in rows} - METRICS.keys()
        if unknown:
            raise KeyError(f"the glossary knows no metric {', '.join(sorted(unknown))}")
        new = pd.DataFrame(rows, columns=list(METRIC_COLUMNS))
        new = new.astype(dict.fromkeys(TEXT_COLUMNS, "str")).fillna(dict.fromkeys(TEXT_COLUMNS, ""))
        table = pd.concat([self.read_metrics(), new]) if self.metrics_path.exists() else new
        table = table.drop_duplicates(list(METRIC_KEY), keep="last")
        atomic.write_text(self.metrics_path, table.to_csv(index=False))

    def record_opening(self, images_seen: int) -> None:
        """Write down that the run's figures on the test split are about to be looked at."""
        try:
            before = self.openings_path.read_text(encoding="utf-8")
        except FileNotFoundError:
            before = "time,images_seen,generator\n"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = f"{now},{images_seen},{self.short_hash()}\n"
        atomic.write_text(self.openings_path, before + row)

    def short_hash(self) -> str:
        """First 8 hexadecimal digits of the generator file's SHA-256: names a checkpoint.

        Raises:
            UserError: There is no generator file.
        """
        try:
            return hashlib.sha256(self.generator_path.read_bytes()).hexdigest()[:8]
        except OSError as error:
            raise UserError(f"{self.generator_path} can't be read: {error.strerror}") from None

    @property
    def lock_path(self) -> Path:
        return self.resume_path.parent / "lock"

    @property
    def owner_path(self) -> Path:
        """Holds the number of the process that has the lock."""
        return self.resume_path.parent / "owner"

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder for one writer; the system lets go of it however the process ends.

        Raises:
            UserError: Another training holds it.
            OSError: The folder can't be written.
        """
        self.lock_path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.lock_path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise UserError(
                f"another training writes to {self.path}: wait for it, or name another --out"
            ) from None
        try:
            self.owner_path.write_text(str(os.getpid()), encoding="utf-8")
            for leftover in (*self.path.glob(".*.tmp"), *self.path.glob("*/.*.tmp")):
                leftover.unlink(missing_ok=True)
            yield
        finally:
            lock.release()

    def check_owner(self) -> None:
        """See that no other training took over a folder that was removed under this one.

        A removed folder alone is no reason to lose work: the next save makes it anew.

        Raises:
            UserError: Another training holds the folder's name now.
        """
        try:
            owner = self.owner_path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return
        if owner != str(os.getpid()):
            raise UserError(
                f"{self.path} was removed and another training writes there now: this one ends"
            )


def find_run(out: str) -> Run:
    """The run that `out` names: a path if it has a slash or exists, else a name in checkpoints/."""
    path = Path(out).expanduser()
    if "/" in out or os.sep in out or path.exists():  # "./x" and "x/" too, which Path cuts to "x"
        return Run(path)
    return Run(runs_root() / path)


def find_runs(root: Path) -> list[Run]:
    """Every run under `root`, however deep, in order of path; an experiment's runs nest."""
    return [Run(path.parent) for path in sorted(root.glob("**/config.json"))]


def latest(metrics: pd.DataFrame) -> pd.DataFrame:
    """The rows of metrics.csv that were measured last, for each metric on its own.

    Rows are in the order in which they were measured, not of pictures seen: a generator of before
    the end may be chosen after the last one was judged.
    """
    if metrics.empty:
        return metrics
    last = metrics.groupby(["metric", "extractor"])["images_seen"].transform("last")
    return metrics[metrics["images_seen"] == last]


def one_reference(metrics: pd.DataFrame) -> pd.DataFrame:
    """The rows against one set of photos for each metric and extractor, the first of REFERENCES.

    A figure that was measured against several, at several counts, must not be averaged over them.
    """
    if metrics.empty:
        return metrics
    places = metrics["reference"].map({name: i for i, name in enumerate(REFERENCES)})
    places = places.fillna(len(REFERENCES))
    keys = [metrics[key] for key in ("metric", "extractor", "body_type")]
    return metrics[places == places.groupby(keys).transform("min")]


def _numbered(folder: Path, suffix: str) -> list[tuple[int, Path]]:
    found = folder.glob(f"*{suffix}") if folder.is_dir() else ()
    return sorted((int(path.stem), path) for path in found if path.stem.isdecimal())


def _table(path: Path, kinds: dict[str, Kind]) -> pd.DataFrame:
    try:
        return reading.read_table(path, kinds)
    except FileNotFoundError:
        return pd.DataFrame(columns=list(kinds))
