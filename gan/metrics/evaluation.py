"""All figures of one run: generate a set, ask every network, write the run's tables."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan import atomic
from gan.checkpoint import load_generator
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics import fidelity
from gan.metrics.classifier import accuracy, predict, recalls, train_classifier
from gan.metrics.extractors import extract, real_features
from gan.metrics.features import Features, Row
from gan.metrics.glossary import CLASSIFIER, FLOOR
from gan.metrics.judge import Judge
from gan.metrics.measures import by_class, diversity, frechet_distance, nearest
from gan.metrics.sheet import SHEET, write_sheet
from gan.runs import Run
from gan.sampling import generate_set

PAIRED = 2000  # pictures a class whose pairwise distances are averaged, at most


@dataclass(frozen=True)
class Generated:
    """What a run's generator draws to be judged."""

    pictures: np.ndarray  # uint8 [N,S,S,3]
    labels: np.ndarray | None  # int64 [N]: the classes asked for; None where it takes none


def check_source(run: Run, photos: Photos) -> None:
    """Refuse photos that the run wasn't trained on.

    Raises:
        UserError: Another data set, or another version or size of it.
    """
    trained_on = run.read_config()["dataset"]
    if trained_on.get("content_hash") != photos.content_hash:
        raise UserError(
            f"{run.name} was trained on other photos ({trained_on.get('name')}, "
            f"{str(trained_on.get('content_hash'))[:8]}) than these ({photos.name}, "
            f"{photos.content_hash[:8]}): name its own with --data"
        )


def evaluate(
    run: Run,
    photos: Photos,
    judge: Judge,
    extractors: list[FeatureExtractorBase],
    count: int,
    seeds: int,
    budget: int,
) -> pd.DataFrame:
    """Judge `count` pictures of the run and write metrics.csv and what lies beside it.

    `seeds` classifiers judge; for a conditional run as many learn from the generated pictures,
    `budget` pictures seen each.

    Returns:
        The rows that were added to metrics.csv.

    Raises:
        UserError: The run can't be used, or was trained on other photos.
    """
    check_source(run, photos)
    generator = load_generator(run)
    progress = run.read_config()["progress"]
    seen = progress.get("chosen", progress).get("images_seen")
    if not isinstance(seen, int):
        raise UserError(f"{run.config_path} doesn't say how many pictures the run has seen")
    print(f"{run.name}: drawing {count:,} pictures")
    pictures, labels = generate_set(generator, count, seed=0)
    fake = Generated(pictures, labels if generator.classes else None)
    rows: list[Row] = []
    for extractor in extractors:
        rows += _extractor_rows(extractor, fake, photos)
    rows += _judge_rows(run, fake, photos, judge, seeds)
    if fake.labels is not None and photos.test.any():
        rows += [row for seed in range(seeds) for row in _gan_train(fake, photos, seed, budget)]
    rows = [{"images_seen": seen, "seed": 0} | row for row in rows]
    run.add_metrics(rows)
    return pd.DataFrame(rows)


def _extractor_rows(extractor: FeatureExtractorBase, fake: Generated, photos: Photos) -> list[Row]:
    name = extractor.get_name()
    train = real_features(extractor, photos, "train")
    held_out = photos.indices("test")
    # A small set may hold no photo out: then there is nothing to read.
    test = real_features(extractor, photos, "test") if len(held_out) else train[held_out]
    made = extract(extractor, fake.pictures, f"{name}, generated")
    rows = fidelity.rows(made, train, name)
    rows += fidelity.floor_rows(train.pooled, test.pooled, name)
    if fake.labels is not None:
        real_labels = photos.labels[photos.indices("train")]
        sides = (made.pooled, fake.labels), (train.pooled, real_labels)
        rows += fidelity.class_rows(*sides, photos.classes, name)
    return rows


def _judge_rows(run: Run, fake: Generated, photos: Photos, judge: Judge, seeds: int) -> list[Row]:
    rows: list[Row] = []
    confusion: list[Row] = []
    train, test = photos.indices("train"), photos.indices("test")
    for seed in range(seeds):
        made = predict(judge.networks[seed], fake.pictures, f"judge {seed}, generated")
        real = judge.features(photos, seed)
        found = [*_ceiling(real[test], photos), _distance(made, real[train])]
        found += fidelity.floor_rows(real[train].pooled, real[test].pooled, CLASSIFIER)
        if fake.labels is not None:
            found += _gan_test(made, fake, photos)
            found += _diversity(made, fake, real[train], photos)
            confusion += _confusion(made.named, fake.labels, photos.classes, seed)
        if seed == 0:
            found += _neighbours(run, made, fake, photos, judge)
        rows += [row | {"seed": seed} for row in found]
    if confusion:
        atomic.write_text(run.confusion_path, pd.DataFrame(confusion).to_csv(index=False))
    return rows


def _ceiling(test: Features, photos: Photos) -> list[Row]:
    """What the classifier reaches on real photos that it never saw."""
    if not len(test):
        return []
    labels = photos.labels[photos.indices("test")]
    shared: Row = {"metric": "classifier", "extractor": CLASSIFIER, "reference": "test"}
    counts = photos.counts("test")
    return _per_class(shared, test.named, labels, photos.classes, "n_real", counts)


def _gan_test(made: Features, fake: Generated, photos: Photos) -> list[Row]:
    """Does a classifier of real photos name the class that was asked of the generator?"""
    assert fake.labels is not None
    n_real = len(photos.indices("train"))
    shared: Row = {
        "metric": "gan_test",
        "extractor": CLASSIFIER,
        "reference": "train",
        "n_real": n_real,
    }
    counts = _counts(fake.labels, photos.classes)
    return _per_class(shared, made.named, fake.labels, photos.classes, "n_fake", counts)


def _gan_train(fake: Generated, photos: Photos, seed: int, budget: int) -> list[Row]:
    """Does a classifier of generated pictures name the class of real ones?

    The classification accuracy score of Ravuri & Vinyals (2019).
    """
    assert fake.labels is not None
    network = train_classifier(
        fake.pictures, fake.labels, len(photos.classes), seed, budget, f"GAN-train, seed {seed}"
    )
    test = photos.indices("test")
    said = predict(network, photos.pictures[test], "GAN-train, photos")
    shared: Row = {
        "metric": "gan_train",
        "extractor": CLASSIFIER,
        "reference": "test",
        "n_fake": len(fake.pictures),
        "seed": seed,
    }
    counts = photos.counts("test")
    return _per_class(shared, said.named, photos.labels[test], photos.classes, "n_real", counts)


def _distance(made: Features, train: Features) -> Row:
    return {
        "metric": "fd",
        "extractor": CLASSIFIER,
        "body_type": "all",
        "value": frechet_distance(made.pooled, train.pooled),
        "n_real": len(train),
        "n_fake": len(made),
        "reference": "train",
    }


def _diversity(made: Features, fake: Generated, train: Features, photos: Photos) -> list[Row]:
    """How much pictures of one class differ, generated over real, at equal counts."""
    assert fake.labels is not None
    sides = (made.pooled, fake.labels), (train.pooled, photos.labels[photos.indices("train")])
    shared: Row = {"metric": "diversity", "extractor": CLASSIFIER, "reference": "train"}
    return [
        shared
        | {"body_type": name, "value": diversity(ours, theirs)}
        | {"n_real": len(theirs), "n_fake": len(ours)}
        for name, ours, theirs in by_class(*sides, photos.classes, PAIRED)
    ]


def _neighbours(
    run: Run, made: Features, fake: Generated, photos: Photos, judge: Judge
) -> list[Row]:
    """Distances to the nearest train photo: of generated pictures, and of held-out photos.

    The second is what "not memorised" looks like. Writes the table and the sheet.
    """
    distances, index = nearest(made.pooled, judge.reference)
    asked = "all" if fake.labels is None else np.array(photos.classes)[fake.labels]
    tables = [pd.DataFrame({"kind": "generated", "body_type": asked, "distance": distances})]
    train, test = photos.indices("train"), photos.indices("test")
    write_sheet(run.neighbours_path, fake.pictures[:SHEET], photos.pictures[train[index[:SHEET]]])
    rows = [_median(distances) | {"n_fake": len(made), "n_real": len(train), "reference": "train"}]
    if len(test):
        held_out, _ = nearest(judge.features(photos, 0).pooled[test], judge.reference)
        types = np.array(photos.classes)[photos.labels[test]]
        tables.append(pd.DataFrame({"kind": "held-out", "body_type": types, "distance": held_out}))
        floor = {"metric": "neighbour_distance" + FLOOR, "reference": "test"}
        rows.append(_median(held_out) | floor | {"n_real": len(test)})
    table = pd.concat(tables).round({"distance": 4})
    atomic.write_text(run.distances_path, table.to_csv(index=False))
    return rows


def _median(distances: np.ndarray) -> Row:
    low, median, high = np.quantile(distances, [0.05, 0.5, 0.95])
    return {
        "metric": "neighbour_distance",
        "extractor": CLASSIFIER,
        "body_type": "all",
        "value": float(median),
        "low": float(low),
        "high": float(high),
    }


def _per_class(
    shared: Row,
    named: np.ndarray,
    labels: np.ndarray,
    classes: tuple[str, ...],
    counted: str,
    counts: dict[str, int],
) -> list[Row]:
    """The accuracy over all pictures, then each class's recall, with the counts behind them."""
    rows = [shared | {"body_type": "all", "value": accuracy(named, labels), counted: len(labels)}]
    for name, value in recalls(named, labels, classes).items():
        rows.append(shared | {"body_type": name, "value": value, counted: counts[name]})
    return rows


def _confusion(
    named: np.ndarray, asked: np.ndarray, classes: tuple[str, ...], seed: int
) -> list[Row]:
    table = np.zeros((len(classes), len(classes)), int)
    np.add.at(table, (asked, named), 1)
    return [
        {"seed": seed, "asked": one, "named": other, "count": int(table[i, j])}
        for i, one in enumerate(classes)
        for j, other in enumerate(classes)
    ]


def _counts(labels: np.ndarray, classes: tuple[str, ...]) -> dict[str, int]:
    return dict(zip(classes, np.bincount(labels, minlength=len(classes)).tolist(), strict=True))
