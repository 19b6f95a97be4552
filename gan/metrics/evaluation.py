"""All figures of one run: generate a set, ask every network, write the run's tables."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from torch import Tensor
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan import atomic
from gan.checkpoint import load_generator
from gan.data.prepared import Photos, Split
from gan.errors import UserError
from gan.metrics import copies, fidelity, sources, teaching
from gan.metrics.classifier import accuracy, predict, recalls
from gan.metrics.extractors import extract, label, real_features
from gan.metrics.features import Features, Row, cached
from gan.metrics.glossary import CLASSIFIER, FLOOR, NOISE, distance
from gan.metrics.judge import Judge
from gan.metrics.measures import by_class, diversity, frechet_distance, nearest
from gan.metrics.noise import scramble
from gan.metrics.sheet import SHEET, write_sheet
from gan.runs import Run
from gan.sampling import generate_set

PAIRED = 2000  # pictures a class whose pairwise distances are averaged, at most
SCANNED = 5000  # pictures that are laid over photos to find copies, at most


@dataclass(frozen=True)
class Generated:
    """What a run's generator draws to be judged."""

    pictures: np.ndarray  # uint8 [N,S,S,3]
    labels: np.ndarray | None  # int64 [N]: the classes asked for; None where it takes none


@dataclass(frozen=True)
class Effort:
    """How much an evaluation does."""

    count: int = 10_000  # pictures to generate
    seeds: int = 3  # classifiers that judge, and that learn from pictures
    budget: int = 140_000  # pictures that each classifier sees in its training
    test: bool = False  # open the test split; else the validation photos are held out
    added: bool = False  # also teach classifiers with photos and pictures together
    again: bool = False  # measure anew what metrics.csv already holds


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


def held_out_split(run: Run, test: bool) -> Split | None:
    """The photos that stand for unseen ones: None where only the test split could.

    A run from before there were validation photos learned from those too.
    """
    if test:
        return "test"
    return "validation" if run.kept_validation() else None


@dataclass
class Evaluation:
    """Everything about one data set that several runs are compared with; measured once."""

    photos: Photos
    judge: Judge
    extractors: list[FeatureExtractorBase]
    effort: Effort
    _rulers: dict[str, fidelity.Ruler] = field(default_factory=dict)

    def of(self, run: Run) -> pd.DataFrame:
        """Judge the run; write metrics.csv as each part is done, and what lies beside it.

        What metrics.csv already holds of this generator at this count is left as it is, so an
        evaluation that was interrupted goes on.

        Returns:
            The run's rows of metrics.csv about this generator.

        Raises:
            UserError: The run can't be used, or was trained on other photos.
        """
        check_source(run, self.photos)
        generator = load_generator(run)
        progress = run.read_config()["progress"]
        seen = progress.get("chosen", progress).get("images_seen")
        if not isinstance(seen, int):
            raise UserError(f"{run.config_path} doesn't say how many pictures the run has seen")
        held_out = held_out_split(run, self.effort.test)
        if held_out and not len(self.photos.indices(held_out)):
            held_out = None  # a small set may hold no photo out
        parts = self._parts(run, held_out, bool(generator.classes))
        if not self.effort.again:
            parts = [part for part in parts if not self._measured(run, seen, *part[:3])]
        if parts:
            if held_out == "test":
                run.record_opening(seen)
            print(f"{run.name}: drawing {self.effort.count:,} pictures")
            pictures, labels = generate_set(generator, self.effort.count, seed=0)
            fake = Generated(pictures, labels if generator.classes else None)
            for *_, measure in parts:
                rows = [{"images_seen": seen, "seed": 0} | row for row in measure(fake)]
                run.add_metrics(rows)
        table = run.read_metrics()
        return table[table["images_seen"] == seen]

    def _parts(
        self, run: Run, held_out: Split | None, conditional: bool
    ) -> list[tuple[str, str, str, Callable[[Generated], list[Row]]]]:
        """What there is to measure: a metric, extractor and reference that tell it is done."""
        parts: list[tuple[str, str, str, Callable[[Generated], list[Row]]]] = []
        for extractor in self.extractors:
            name = extractor.get_name()

            def read(fake: Generated, extractor: FeatureExtractorBase = extractor) -> list[Row]:
                return self._extractor_rows(extractor, fake)

            parts.append((distance(name), name, "half", read))
        parts.append(("fd", CLASSIFIER, "half", lambda fake: self._judged(run, fake)))
        if held_out:
            parts.append(("copies", "", held_out, lambda fake: self._copies(run, fake, held_out)))
            if conditional:
                added = self.effort.added and self._equal_budgets()
                metric = "added_gain" if added else "gan_train"
                parts.append(
                    (metric, CLASSIFIER, held_out, lambda fake: self._taught(run, fake, held_out))
                )
        return parts

    def _measured(self, run: Run, seen: int, metric: str, extractor: str, reference: str) -> bool:
        table = run.read_metrics()
        same = (table["images_seen"] == seen) & (table["metric"] == metric)
        same &= (table["extractor"] == extractor) & (table["reference"] == reference)
        # The figure at the pictures' own count stands beside those at equal counts.
        counts = table.loc[
            (table["images_seen"] == seen) & (table["extractor"] == extractor), "n_fake"
        ]
        wanted = self.effort.count if metric != "copies" else min(self.effort.count, SCANNED)
        return bool(same.any() and (counts == wanted).any())

    def _extractor_rows(self, extractor: FeatureExtractorBase, fake: Generated) -> list[Row]:
        name, photos = extractor.get_name(), self.photos
        known = photos.indices("development")
        real = real_features(extractor, photos)[known]
        made = extract(extractor, fake.pictures, f"{name}, generated")
        rows = fidelity.rows(made, real, name)
        labels = photos.labels[known]
        rows.append(fidelity.own_floor(real.pooled, labels, len(made), _shares(fake, photos), name))
        if fake.labels is not None:
            sides = (made.pooled, fake.labels), (real.pooled, labels)
            rows += fidelity.class_rows(*sides, photos.classes, name)
        ruler = self._ruler(
            name, label(extractor), real, lambda noise: extract(extractor, noise, f"{name}, noise")
        )
        return rows + ruler.rows(made, fake.labels)

    def _ruler(
        self, name: str, label: str, real: Features, read: Callable[[np.ndarray], Features]
    ) -> fidelity.Ruler:
        """The ruler of an extractor: it is laid on the photos once, whatever the run."""
        if name not in self._rulers:
            photos, known = self.photos, self.photos.indices("development")
            first, _ = fidelity.halves(len(known))
            noise = cached(
                photos,
                f"noise-{photos.size}-{label}",
                len(first),
                lambda: read(scramble(photos.pictures[known[first]])),
            )
            self._rulers[name] = fidelity.Ruler(name, real, photos.labels[known], noise)
        return self._rulers[name]

    def _judged(self, run: Run, fake: Generated) -> list[Row]:
        """What the classifiers of photos say: FD, GAN-test, diversity, the nearest photos."""
        photos, rows, confusion = self.photos, [], []
        known = photos.indices("development")
        labels = photos.labels[known]
        for seed in range(self.effort.seeds):
            network = self.judge.networks[seed]
            made = predict(network, fake.pictures, f"judge {seed}, generated")
            real = self.judge.features(photos, seed)[known]
            shared: Row = {"extractor": CLASSIFIER, "body_type": "all", "reference": "train"}
            found: list[Row] = [
                shared
                | {"metric": "fd", "value": frechet_distance(made.pooled, real.pooled)}
                | {"n_real": len(real), "n_fake": len(made)},
                fidelity.own_floor(
                    real.pooled, labels, len(made), _shares(fake, photos), CLASSIFIER
                ),
            ]
            if fake.labels is not None:
                found += _gan_test(made, fake, photos)
                found += _diversity(made.pooled, fake.labels, real.pooled, labels, photos)
                confusion += _confusion(made.named, fake.labels, photos.classes, seed)
            if seed == 0:
                ruler = self._ruler(
                    CLASSIFIER,
                    f"{CLASSIFIER}-{self.judge.digest(0)}",
                    real,
                    lambda noise: predict(self.judge.networks[0], noise, "noise"),
                )
                found += ruler.rows(made, fake.labels)
                found += _diversity_ends(ruler, photos)
                found += self._neighbours(run, made, fake)
            rows += [row | {"seed": seed} for row in found]
        if confusion:
            atomic.write_text(run.confusion_path, pd.DataFrame(confusion).to_csv(index=False))
        return rows

    def _neighbours(self, run: Run, made: Features, fake: Generated) -> list[Row]:
        """Distances to the nearest photo that was learned from, beside those of held-out photos.

        The second is what "not memorised" looks like. Writes neighbour_distances.csv.
        """
        photos = self.photos
        kept = run.kept_validation()
        learned = photos.indices("train" if kept else "development")
        held_out = held_out_split(run, self.effort.test)
        known = self.judge.features(photos, 0).pooled
        distances, _ = nearest(made.pooled, known[learned])
        asked = "all" if fake.labels is None else np.array(photos.classes)[fake.labels]
        tables = [pd.DataFrame({"kind": "generated", "body_type": asked, "distance": distances})]
        rows = [_median(distances) | {"n_fake": len(made), "n_real": len(learned)}]
        if held_out and len(photos.indices(held_out)):
            unseen = photos.indices(held_out)
            theirs, _ = nearest(known[unseen], known[learned])
            types = photos.labels[unseen]
            names = np.array(photos.classes)[types]
            tables.append(
                pd.DataFrame({"kind": "held-out", "body_type": names, "distance": theirs})
            )
            if fake.labels is not None:
                theirs = _in_shares(theirs, types, np.bincount(fake.labels))
            floor: Row = {"metric": "neighbour_distance" + FLOOR, "reference": held_out}
            rows.append(_median(theirs) | floor | {"n_fake": len(unseen), "n_real": len(learned)})
        table = pd.concat(tables).round({"distance": 4})
        atomic.write_text(run.distances_path, table.to_csv(index=False))
        return rows

    def _copies(self, run: Run, fake: Generated, held_out: Split) -> list[Row]:
        """The share of pictures that are copies; writes copies.csv and the sheet, nearest first."""
        photos = self.photos
        learned = photos.indices("train" if run.kept_validation() else "development")
        pictures = fake.pictures[:SCANNED]
        asked = photos.indices(held_out)
        unseen = copies.match(photos.pictures[asked], photos.pictures[learned], "held-out photos")
        found = copies.match(pictures, photos.pictures[learned], "copies")
        table = pd.DataFrame(
            {
                "picture": np.arange(len(pictures)),
                "photo": learned[found.photo],
                "similarity": found.similarity,
                "rank": found.rank(unseen),
            }
        ).sort_values("similarity", ascending=False, kind="stable")
        text = table.round({"similarity": 4, "rank": 4}).to_csv(index=False)
        atomic.write_text(run.copies_path, text)
        top = table.head(SHEET)
        sides = pictures[top["picture"].to_numpy()], photos.pictures[top["photo"].to_numpy()]
        write_sheet(run.neighbours_path, *sides)
        shared: Row = {"extractor": "", "body_type": "all", "reference": held_out}
        shared |= {"n_real": len(learned)}
        return [
            shared | {"metric": "copies", "value": found.copies(unseen), "n_fake": len(pictures)},
            shared
            | {"metric": "copies" + FLOOR, "value": copies.held_out_rate(unseen)}
            | {"n_fake": len(asked)},
        ]

    def _taught(self, run: Run, fake: Generated, held_out: Split) -> list[Row]:
        """GAN-train; writes what each classifier named each held-out photo."""
        assert fake.labels is not None
        effort, equal = self.effort, self._equal_budgets()
        if not equal:
            print(
                f"{run.name}: no gan_train_ratio{' and no added_gain' if effort.added else ''}: "
                f"the classifiers of photos saw {self.judge.budget:,} pictures, those of generated "
                f"ones {effort.budget:,}; leave out --quick to compare them"
            )
        lessons = teaching.teach(
            fake.pictures,
            fake.labels,
            self.photos,
            held_out,
            self.judge,
            effort.seeds,
            effort.budget,
            effort.added and equal,
        )
        atomic.write_text(run.predictions_path, lessons.table().to_csv(index=False))
        if self.photos.sources:
            found = sources.table(lessons, np.array(self.photos.sources)[lessons.photo])
            atomic.write_text(run.sources_path, found.round(4).to_csv(index=False))
        return teaching.rows(lessons, held_out, len(fake.pictures), compared=equal)

    def _equal_budgets(self) -> bool:
        """Whether the judge saw as many pictures as a classifier of generated ones will."""
        return self.judge.budget == self.effort.budget


def _shares(fake: Generated, photos: Photos) -> np.ndarray | None:
    """The classes' shares among the pictures; None where nobody asked for a class."""
    if fake.labels is None:
        return None
    return np.bincount(fake.labels, minlength=len(photos.classes)) / len(fake.labels)


def _gan_test(made: Features, fake: Generated, photos: Photos) -> list[Row]:
    """Does a classifier of real photos name the class that was asked of the generator?"""
    assert fake.labels is not None
    shared: Row = {"metric": "gan_test", "extractor": CLASSIFIER, "reference": "train"}
    shared |= {"n_real": len(photos.indices("development"))}
    counts = np.bincount(fake.labels, minlength=len(photos.classes))
    whole = {"body_type": "all", "value": accuracy(made.named, fake.labels)}
    rows: list[Row] = [shared | whole | {"n_fake": len(fake.labels)}]
    for name, value in recalls(made.named, fake.labels, photos.classes).items():
        n_fake = int(counts[photos.classes.index(name)])
        rows.append(shared | {"body_type": name, "value": value, "n_fake": n_fake})
    return rows


def _diversity(
    made: Tensor, labels: np.ndarray, real: Tensor, real_labels: np.ndarray, photos: Photos
) -> list[Row]:
    """How much pictures of one class differ, generated over real, at equal counts."""
    shared: Row = {"metric": "diversity", "extractor": CLASSIFIER, "reference": "train"}
    return [
        shared
        | {"body_type": name, "value": diversity(ours, theirs)}
        | {"n_real": len(theirs), "n_fake": len(ours)}
        for name, ours, theirs in by_class(
            (made, labels), (real, real_labels), photos.classes, PAIRED
        )
    ]


def _diversity_ends(ruler: fidelity.Ruler, photos: Photos) -> list[Row]:
    """Diversity of one half of the photos, and of noise, over the other half: mean of classes."""
    labels, real = ruler.labels[ruler.second], ruler.real[ruler.second].pooled
    mine = ruler.labels[ruler.first]
    ends = {FLOOR: ruler.real[ruler.first].pooled, NOISE: ruler.noise.pooled}
    rows: list[Row] = []
    for ending, features in ends.items():
        pairs = by_class((features, mine), (real, labels), photos.classes, PAIRED)
        if pairs:
            n_fake, n_real = (sum(len(pair[side]) for pair in pairs) for side in (1, 2))
            rows.append(
                {"metric": "diversity" + ending, "extractor": CLASSIFIER, "body_type": "all"}
                | {"value": float(np.mean([diversity(*pair[1:]) for pair in pairs]))}
                | {"reference": "half", "n_real": n_real, "n_fake": n_fake}
            )
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
        "reference": "train",
    }


def _in_shares(values: np.ndarray, labels: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Values of each class repeated until they are as many as `counts` says."""
    parts = [
        np.resize(values[labels == k], count)
        for k, count in enumerate(counts)
        if (labels == k).any()
    ]
    return np.concatenate(parts)


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
