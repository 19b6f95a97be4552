"""Run folders: the names and tables of their files, and where they lie.

Training writes a run folder, evaluation adds figures to it, and the app only reads it.
"""

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
from gan.data.cache import expanded
from gan.errors import UserError
from gan.metrics.glossary import FLOOR, INCEPTION, METRICS
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
    "judge": "newer",  # Judge.digest() of the car classifiers; empty: none read the pictures
    "calibration": "newer",  # Calibration.digest() of how they were drawn; empty: without one
}
# For each source and type: held-out photos, and the shares of them named right, means over seeds.
SOURCE_KINDS: dict[str, Kind] = {
    "source": "text",
    "body_type": "text",
    "n_real": "count",
    "classifier": "number",
    "gan_train": "number",
}
LOSS_COLUMNS, METRIC_COLUMNS = tuple(LOSS_KINDS), tuple(METRIC_KINDS)
# A row replaces an older one that agrees with it in these columns.
METRIC_KEY = ("images_seen", "metric", "extractor", "body_type", "reference", "seed")
# The photos that pictures were compared with, the preferred ones first: those of a split ("train"
# stands for all but the test split), none, or one half of the photos.
REFERENCES = ("test", "validation", "train", "", "half")
TEXT_COLUMNS = ("metric", "extractor", "body_type", "reference", "judge", "calibration")
# In the folder of a judge, the classifiers that evaluate runs (gan/metrics/judge.py).
JUDGE_FILE = "judge.json"  # describes the judge and is written last
JUDGE_GRAPH = "judge.onnx"  # the classifiers' graph, see gan/graph.py
JUDGE_REFERENCE = "reference.safetensors"  # features of the photos, for distances to them


def runs_root() -> Path:
    """Where runs lie: $CAR_GAN_CHECKPOINTS, the checkout's checkpoints/, or ./checkpoints."""
    named = os.environ.get("CAR_GAN_CHECKPOINTS")
    if named:
        return expanded(named)
    shipped = Path(__file__).resolve().parent.parent / "checkpoints"
    return shipped if shipped.is_dir() else Path("checkpoints")


def judge_path(dataset: str, size: int, content_hash: str) -> Path:
    """The folder of the judge of a data set at `size` pixels.

    The name is for people; the hash tells data sets of one name apart.
    """
    return runs_root() / f"judge-{dataset}-{size}-{content_hash[:8]}"


def judge_weights(seed: int) -> str:
    """The name of the file, in the folder of a judge, with the weights of classifier `seed`."""
    return f"seed{seed}.safetensors"


def find_judges(root: Path, content_hash: str, size: int) -> list[Path]:
    """The folders of all judges of these photos at this size, whatever their names.

    A judge names the hash of the photos that it learned from, and under "also" those of the same
    photos as other versions of Pillow decode them.
    """
    folders = []
    for path in sorted(root.glob(f"judge-*/{JUDGE_FILE}")):
        try:
            about = reading.read_json(path)
            dataset = about["dataset"]
            hashes = (dataset["content_hash"], *dataset.get("also", ()))
            if content_hash in hashes and about["size"] == size:
                folders.append(path.parent)
        except (UserError, KeyError, TypeError, FileNotFoundError):
            continue
    return folders


class _File:
    """The path of a file in a run folder, as an attribute of Run."""

    def __init__(self, *parts: str) -> None:
        self.parts = parts

    def __get__(self, run: "Run", kind: type["Run"]) -> Path:
        return run.path.joinpath(*self.parts)


@dataclass(frozen=True)
class Run:
    """One run folder; no file is read before a method is called."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name or self.path.resolve().name  # "." has none of its own

    config_path = _File("config.json")
    generator_path = _File("generator.safetensors")
    graph_path = _File("generator.onnx")  # the generator's graph without weights, see gan/graph.py
    losses_path = _File("losses.csv")
    samples_path = _File("samples")
    resume_path = _File("resume", "state.safetensors")
    lock_path = _File("resume", "lock")
    owner_path = _File("resume", "owner")  # the id of the process that holds the lock

    # Written by evaluation.
    metrics_path = _File("metrics.csv")
    confusion_path = _File("confusion.csv")
    distances_path = _File("neighbour_distances.csv")
    predictions_path = _File("predictions.csv")  # each classifier's answer for each held-out photo
    sources_path = _File("by_source.csv")  # accuracy by source of the photos, see SOURCE_KINDS
    directions_path = _File("directions.csv")  # directions in latent space, see gan/directions.py
    copies_path = _File("copies.csv")  # each picture's best match among the photos
    openings_path = _File("test_openings.csv")  # each time that the test split was used
    neighbours_path = _File("neighbours.png")  # pictures beside photos; never committed
    guidance_path = _File("guidance.csv")
    calibration_path = _File("calibration.csv")  # how pictures are drawn, see gan/calibration.py
    choice_path = _File("choice.csv")
    along_path = _File("along.csv")  # figures of kept generators, with METRIC_COLUMNS

    def sample_path(self, iteration: int) -> Path:
        return self.samples_path / f"{iteration:07d}.avif"

    def kept_path(self, iteration: int) -> Path:
        """A generator kept on the way, to choose from; never committed."""
        return self.path / "kept" / f"{iteration:07d}.safetensors"

    def samples(self) -> list[tuple[int, Path]]:
        """The grids of sample pictures as (iteration, path), in order of iteration.

        Older runs have PNGs or JPEGs; if an iteration has several, the newest kind is taken.
        """
        kinds = (_numbered(self.samples_path, suffix) for suffix in (".png", ".jpg", ".avif"))
        return sorted(dict(itertools.chain(*kinds)).items())

    def kept(self) -> list[tuple[int, Path]]:
        """The generators kept on the way as (iteration, path), in order of iteration."""
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
        """Whether validation photos were held out from training; older runs have none.

        Raises:
            UserError: config.json can't be read.
        """
        return bool(self.read_config()["dataset"].get("counts", {}).get("validation"))

    def read_losses(self) -> pd.DataFrame:
        """losses.csv with LOSS_COLUMNS, without a cut-off last line; empty if there is none."""
        return _table(self.losses_path, LOSS_KINDS)

    def read_metrics(self) -> pd.DataFrame:
        """metrics.csv with METRIC_COLUMNS, without a cut-off last line; empty if there is none.

        The rows of the generator in the folder come last: other ones, of points along an
        experiment's curve, may have been measured after it.
        """
        table = _table(self.metrics_path, METRIC_KINDS)
        try:
            seen = self.generator_seen()
        except UserError:
            return table
        order = (table["images_seen"] == seen).argsort(kind="stable")
        return table.iloc[order].reset_index(drop=True)

    def read_along(self) -> pd.DataFrame:
        """along.csv, figures of kept generators, as metrics.csv; empty if there is none."""
        return _table(self.along_path, METRIC_KINDS)

    def read_sources(self) -> pd.DataFrame:
        """by_source.csv with the columns of SOURCE_KINDS; empty if there is none."""
        return _table(self.sources_path, SOURCE_KINDS)

    def write_losses(self, rows: pd.DataFrame) -> None:
        # Six digits: a loss differs from step to step long before them. Seconds keep theirs.
        short = {name: rows[name].map("{:.6g}".format) for name in LOSS_COLUMNS[3:]}
        atomic.write_text(self.losses_path, rows.assign(**short).to_csv(index=False))

    def add_metrics(self, rows: list[dict[str, Any]], along: bool = False) -> None:
        """Add rows to metrics.csv, each in place of an older one with the same METRIC_KEY.

        What classifiers say of one generator comes from one judge: with the first figures of
        another judge, those of the judge before go. Likewise all seeds of a figure are of as many
        pictures: with a new count, those of another go. With the first figures of pictures that
        were drawn with another calibration all figures of the generator from before go. With
        `along` the table is along.csv.

        Raises:
            KeyError: A metric is not in the glossary.
        """
        unknown = {str(row.get("metric")) for row in rows} - METRICS.keys()
        if unknown:
            raise KeyError(f"the glossary knows no metric {', '.join(sorted(unknown))}")
        new = pd.DataFrame(rows, columns=list(METRIC_COLUMNS))
        new = new.astype(dict.fromkeys(TEXT_COLUMNS, "str")).fillna(dict.fromkeys(TEXT_COLUMNS, ""))
        path = self.along_path if along else self.metrics_path
        old = _table(path, METRIC_KINDS)
        of = ["images_seen", "extractor"]
        judges = new.loc[new["judge"] != "", [*of, "judge"]].drop_duplicates(of, keep="last")
        for seen, extractor, judge in judges.itertuples(index=False):
            same = (old["images_seen"] == seen) & (old["extractor"] == extractor)
            old = old[~same | (old["judge"] == judge)]
        drawn = new[["images_seen", "calibration"]].drop_duplicates("images_seen", keep="last")
        for seen, calibration in drawn.itertuples(index=False):
            old = old[(old["images_seen"] != seen) | (old["calibration"] == calibration)]
        figure = [name for name in METRIC_KEY if name != "seed"]
        counts = new.set_index(figure)["n_fake"].groupby(level=figure).last().rename("now")
        now = old.join(counts, on=figure)["now"] if len(old) else pd.Series(dtype=float)
        old = old[now.isna() | old["n_fake"].isna() | (now == old["n_fake"])]
        table = pd.concat([old, new]) if len(old) else new
        table = table.drop_duplicates(list(METRIC_KEY), keep="last")
        atomic.write_text(path, table.to_csv(index=False))

    def generator_seen(self) -> int:
        """The photos seen by the generator in the folder: the last one, or the one chosen.

        Raises:
            UserError: config.json doesn't say.
        """
        progress = self.read_config()["progress"]
        seen = progress.get("chosen", progress).get("images_seen")
        if not isinstance(seen, int):
            raise UserError(f"{self.config_path} doesn't say how many pictures the run has seen")
        return seen

    def record_opening(self, images_seen: int) -> None:
        """Note in test_openings.csv that the run is about to be judged on the test split."""
        try:
            before = self.openings_path.read_text(encoding="utf-8")
        except FileNotFoundError:
            before = "time,images_seen,generator\n"
        now = datetime.now(UTC).isoformat(timespec="seconds")
        row = f"{now},{images_seen},{self.short_hash()}\n"
        atomic.write_text(self.openings_path, before + row)

    def short_hash(self) -> str:
        """First 8 hexadecimal digits of `generator_hash`."""
        return self.generator_hash()[:8]

    def generator_hash(self) -> str:
        """The generator file's SHA-256 in hexadecimal digits, which identifies it.

        Raises:
            UserError: There is no generator file.
        """
        try:
            return hashlib.sha256(self.generator_path.read_bytes()).hexdigest()
        except OSError as error:
            raise UserError(f"{self.generator_path} can't be read: {error.strerror}") from None

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder for one writer; the system frees the lock however the process ends.

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
        """Check that no other training writes here after the folder was removed under this one.

        A removed folder alone is no error: the next save makes it again.

        Raises:
            UserError: Another training holds the lock now.
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
    path = expanded(out)
    if "/" in out or os.sep in out or path.exists():  # of "./x" and "x/" Path leaves only "x"
        return Run(path)
    return Run(runs_root() / path)


def find_runs(root: Path) -> list[Run]:
    """Every run below `root`, in order of path; the runs of an experiment lie in its folder."""
    return [Run(path.parent) for path in sorted(root.glob("**/config.json"))]


def latest(metrics: pd.DataFrame) -> pd.DataFrame:
    """The rows of one generator, the last in the table: figures of two are never set together.

    `Run.read_metrics` puts those of the generator in the run's folder last.
    """
    if metrics.empty:
        return metrics
    return metrics[metrics["images_seen"] == metrics["images_seen"].iloc[-1]]


def one_reference(metrics: pd.DataFrame) -> pd.DataFrame:
    """For each metric, extractor and body type the rows of one reference, the first of REFERENCES.

    Figures against different references must not be averaged.
    """
    if metrics.empty:
        return metrics
    places = metrics["reference"].map({name: i for i, name in enumerate(REFERENCES)})
    places = places.fillna(len(REFERENCES))
    keys = [metrics[key] for key in ("metric", "extractor", "body_type")]
    return metrics[places == places.groupby(keys).transform("min")]


def beside_floors(metrics: pd.DataFrame) -> pd.DataFrame:
    """The rows, of all types only those against half of the photos where photos have such a figure.

    There photos and pictures were compared at the same counts and class shares. Against all train
    photos evaluation gives most figures without a floor, and FD with one that is computed. FID and
    IS by Inception stay as they are, to be set beside published ones.
    """
    whole = metrics["body_type"] == "all"
    half = whole & (metrics["reference"] == "half")
    of = [
        (metric.removesuffix(FLOOR), extractor)
        for metric, extractor in zip(metrics["metric"], metrics["extractor"], strict=True)
    ]
    names, floors = pd.Series(of, metrics.index), metrics["metric"].str.endswith(FLOOR)
    better = set(names[half & floors]) & set(names[half & ~floors])
    better -= {("fid", INCEPTION), ("is", INCEPTION)}
    replaced = [name in better for name in of]
    return metrics[~(pd.Series(replaced, metrics.index, bool) & whole & ~half)]


def _numbered(folder: Path, suffix: str) -> list[tuple[int, Path]]:
    paths = folder.glob(f"*{suffix}") if folder.is_dir() else ()
    return sorted((int(path.stem), path) for path in paths if path.stem.isdecimal())


def _table(path: Path, kinds: dict[str, Kind]) -> pd.DataFrame:
    try:
        return reading.read_table(path, kinds)
    except FileNotFoundError:
        return pd.DataFrame(columns=list(kinds))
