"""All figures of one run: draw pictures, read them by every network, write the run's tables."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan import atomic
from gan.checkpoint import load_generator
from gan.data.prepared import Photos, Split
from gan.metrics import fidelity, sources, teaching
from gan.metrics.class_figures import diversity_rows, diversity_ruler, recognition_rows
from gan.metrics.classifier import BUDGET, predict
from gan.metrics.extractors import extract, label, real_features
from gan.metrics.features import Features, Row, cached
from gan.metrics.glossary import CLASSIFIER, FLOOR, distance
from gan.metrics.inception import gives_is
from gan.metrics.judge import Judge
from gan.metrics.memorisation import SCANNED, copy_rows, neighbour_rows
from gan.metrics.noise import scramble
from gan.metrics.run_photos import check_source, held_out_split
from gan.runs import Run
from gan.sampling import generate_set


@dataclass(frozen=True)
class Generated:
    """The pictures by which a run is judged."""

    pictures: np.ndarray  # uint8 [N,S,S,3]
    labels: np.ndarray | None  # int64 [N]: the classes asked for; None if unconditional


@dataclass(frozen=True)
class Effort:
    """How much an evaluation does."""

    count: int = 10_000  # pictures to generate
    seeds: int = 3  # classifiers that judge, and that are trained on pictures
    budget: int = BUDGET  # pictures that each classifier sees in its training
    test: bool = False  # judge with the test split, else with the validation split
    added: bool = False  # also train classifiers on photos and pictures together
    again: bool = False  # measure again what metrics.csv already holds


@dataclass
class Evaluation:
    """Judges runs of one data set; what doesn't depend on the run is measured once.

    Without a judge only the extractors' figures are measured, and copies if the test split is
    asked for.
    """

    photos: Photos
    judge: Judge | None
    extractors: list[FeatureExtractorBase]
    effort: Effort
    _rulers: dict[str, fidelity.Ruler] = field(default_factory=dict)
    _calibration: str = ""  # Calibration.digest() of the run that is being judged

    def of(self, run: Run) -> pd.DataFrame:
        """Judge the run; write metrics.csv and the other tables as each part is done.

        Figures of this generator at this count that metrics.csv already holds are kept, so that
        an interrupted evaluation goes on where it ended. Figures of another judge or calibration
        are not. Tables that show the generator on test photos stay until it is judged on test
        photos again.

        Returns:
            The run's rows of metrics.csv about this generator.

        Raises:
            UserError: The run can't be used, or was trained on other photos.
        """
        check_source(run, self.photos)
        generator = load_generator(run)
        self._calibration = generator.calibration.digest()
        seen = run.generator_seen()
        opened = self.judge or self.effort.test
        held_out = held_out_split(run, self.effort.test) if opened else None
        if held_out and not len(self.photos.indices(held_out)):
            held_out = None  # a small data set may have no such photos
        parts = self._parts(run, held_out, bool(generator.classes))
        if not self.effort.again:
            parts = [part for part in parts if not self._measured(run, seen, *part[:3])]
        if parts:
            table = run.read_metrics()
            before = table[(table["images_seen"] == seen) & (table["extractor"] == CLASSIFIER)]
            if self.judge and set(before["judge"]) - {self.judge.digest()}:
                print(f"{run.name}: figures of another or an unknown judge are measured again")
            if set(table.loc[table["images_seen"] == seen, "calibration"]) - {self._calibration}:
                print(f"{run.name}: figures of pictures drawn otherwise are measured again")
            # The networks of --networks see no held-out photos.
            if held_out == "test" and {part[1] for part in parts} & {"", CLASSIFIER}:
                run.record_opening(seen)
            print(f"{run.name}: drawing {self.effort.count:,} pictures")
            pictures, labels = generate_set(generator, self.effort.count, seed=0)
            fake = Generated(pictures, labels if generator.classes else None)
            for *_, measure in parts:
                same = {"images_seen": seen, "seed": 0, "calibration": self._calibration}
                rows = [same | row for row in measure(fake)]
                run.add_metrics(self.judge.signed(rows) if self.judge else rows)
        table = run.read_metrics()
        return table[table["images_seen"] == seen]

    def _parts(
        self, run: Run, held_out: Split | None, conditional: bool
    ) -> list[tuple[str, str, str, Callable[[Generated], list[Row]]]]:
        """The parts of an evaluation: metric, extractor, reference, and what measures it.

        If metrics.csv has a row of that metric, extractor and reference, the part is done.
        """
        parts: list[tuple[str, str, str, Callable[[Generated], list[Row]]]] = []
        for extractor in self.extractors:
            name = extractor.get_name()

            def read(fake: Generated, extractor: FeatureExtractorBase = extractor) -> list[Row]:
                return self._extractor_rows(extractor, fake)

            parts.append((distance(name), name, "half", read))
        if judge := self.judge:
            parts.append(
                ("fd", CLASSIFIER, "half", lambda fake: self._judged(run, fake, held_out, judge))
            )
        if held_out:

            def copied(fake: Generated, held_out: Split = held_out) -> list[Row]:
                write = self._replaces(run, held_out, "copies", "")
                return copy_rows(run, self.photos, fake.pictures, held_out, write)

            parts.append(("copies", "", held_out, copied))
            if judge and conditional:
                added = self.effort.added and self._equal_budgets(judge)
                metric = "added_gain" if added else "gan_train"

                def taught(fake: Generated, held_out: Split = held_out) -> list[Row]:
                    return self._taught(run, fake, held_out, judge)

                parts.append((metric, CLASSIFIER, held_out, taught))
        return parts

    def _measured(self, run: Run, seen: int, metric: str, extractor: str, reference: str) -> bool:
        """Whether metrics.csv holds a part at the count and the seeds that are asked for."""
        # The gain has one seed, GAN-train, which is measured with it, has all.
        if metric == "added_gain" and not self._measured(
            run, seen, "gan_train", extractor, reference
        ):
            return False
        table = self._same(run, seen, extractor)
        # FID may have been measured without the last layer of Inception, which IS needs.
        if self._is_wanted(extractor) and not (table["metric"] == "is").any():
            return False
        table = table[table["metric"] == metric]
        if not (table["reference"] == reference).any():
            return False
        # Against one half of the photos there are fewer pictures and one seed: the rows against
        # all of them, which are measured with it, tell.
        table = table[table["reference"] == ("train" if reference == "half" else reference)]
        wanted = self.effort.count if metric != "copies" else min(self.effort.count, SCANNED)
        seeds = self.effort.seeds if extractor == CLASSIFIER and metric != "added_gain" else 1
        return table.loc[table["n_fake"] == wanted, "seed"].nunique() >= seeds

    def _is_wanted(self, extractor: str) -> bool:
        return any(gives_is(one) for one in self.extractors if one.get_name() == extractor)

    def _replaces(self, run: Run, held_out: Split | None, metric: str, extractor: str) -> bool:
        """Whether this evaluation may overwrite the table that goes with `metric`.

        A table about the test photos is kept when the generator is judged on validation photos,
        because pages show test figures first.
        """
        table = self._same(run, run.generator_seen(), extractor)
        on_test = (table["metric"] == metric) & (table["reference"] == "test")
        return held_out == "test" or not on_test.any()

    def _same(self, run: Run, seen: int, extractor: str) -> pd.DataFrame:
        """The rows of metrics.csv about these pictures by an extractor; no other judge's."""
        table = run.read_metrics()
        table = table[table["calibration"] == self._calibration]
        table = table[(table["images_seen"] == seen) & (table["extractor"] == extractor)]
        if extractor == CLASSIFIER and self.judge:
            table = table[table["judge"] == self.judge.digest()]
        return table

    def _extractor_rows(self, extractor: FeatureExtractorBase, fake: Generated) -> list[Row]:
        name, photos = extractor.get_name(), self.photos
        development = photos.indices("development")
        real = real_features(extractor, photos)[development]
        made = extract(extractor, fake.pictures, f"{name}, generated")
        rows = fidelity.rows(made, real, name)
        labels = photos.labels[development]
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
        """The ruler of an extractor, which is the same for all runs."""
        if name not in self._rulers:
            photos, development = self.photos, self.photos.indices("development")
            first, _ = fidelity.halves(len(development))
            noise = cached(
                photos,
                f"noise-{photos.size}-{label}",
                len(first),
                lambda: read(scramble(photos.pictures[development[first]])),
            )
            self._rulers[name] = fidelity.Ruler(name, real, photos.labels[development], noise)
        return self._rulers[name]

    def _judged(self, run: Run, fake: Generated, held_out: Split | None, judge: Judge) -> list[Row]:
        """Figures by the judge's classifiers: FD, GAN-test, diversity, the nearest photos."""
        photos, rows, confusion = self.photos, [], []
        development = photos.indices("development")
        labels = photos.labels[development]
        for seed in range(self.effort.seeds):
            network = judge.networks[seed]
            made = predict(network, fake.pictures, f"judge {seed}, generated")
            real = judge.features(photos, seed)[development]
            figures: list[Row] = [
                fidelity.distance_row(made.pooled, real.pooled, CLASSIFIER),
                fidelity.own_floor(
                    real.pooled, labels, len(made), _shares(fake, photos), CLASSIFIER
                ),
            ]
            if fake.labels is not None:
                figures += recognition_rows(
                    made.named,
                    fake.labels,
                    photos.classes,
                    "n_fake",
                    metric="gan_test",
                    reference="train",
                    n_real=len(judge.reference_labels),
                )
                sides = (made.pooled, fake.labels), (real.pooled, labels)
                figures += diversity_rows(*sides, photos.classes)
                confusion += _confusion(made.named, fake.labels, photos.classes, seed)
            if seed == 0:
                ruler = self._ruler(
                    CLASSIFIER,
                    f"{CLASSIFIER}-{judge.digest()}",
                    real,
                    lambda noise: predict(judge.networks[0], noise, "noise"),
                )
                figures += ruler.rows(made, fake.labels)
                figures += diversity_ruler(ruler, photos.classes)
                known = judge.features(photos, seed).pooled
                write = self._replaces(run, held_out, "neighbour_distance" + FLOOR, CLASSIFIER)
                figures += neighbour_rows(
                    run, photos, made.pooled, fake.labels, known, held_out, write
                )
            rows += [row | {"seed": seed} for row in figures]
        if confusion:
            atomic.write_text(run.confusion_path, pd.DataFrame(confusion).to_csv(index=False))
        return rows

    def _taught(self, run: Run, fake: Generated, held_out: Split, judge: Judge) -> list[Row]:
        """GAN-train; writes predictions.csv, each classifier's answer for each held-out photo."""
        assert fake.labels is not None
        effort, equal = self.effort, self._equal_budgets(judge)
        if not equal:
            print(
                f"{run.name}: no gan_train_ratio{' and no added_gain' if effort.added else ''}: "
                f"the classifiers of photos saw {judge.budget:,} pictures, those of generated "
                f"ones {effort.budget:,}; leave out --quick to compare them"
            )
        lessons = teaching.teach(
            fake.pictures,
            fake.labels,
            self.photos,
            held_out,
            judge,
            effort.seeds,
            effort.budget,
            effort.added and equal,
        )
        if self._replaces(run, held_out, "gan_train", CLASSIFIER):
            atomic.write_text(run.predictions_path, lessons.table().to_csv(index=False))
            if self.photos.sources:
                found = sources.table(lessons, np.array(self.photos.sources)[lessons.photo])
                atomic.write_text(run.sources_path, found.round(4).to_csv(index=False))
        return teaching.rows(lessons, held_out, len(fake.pictures), compared=equal)

    def _equal_budgets(self, judge: Judge) -> bool:
        """Whether the judge's classifiers saw as many pictures as those of GAN-train will."""
        return judge.budget == self.effort.budget


def _shares(fake: Generated, photos: Photos) -> np.ndarray | None:
    """Each class's share of the pictures; None if the generator is unconditional."""
    if fake.labels is None:
        return None
    return np.bincount(fake.labels, minlength=len(photos.classes)) / len(fake.labels)


def _confusion(
    named: np.ndarray, asked: np.ndarray, classes: tuple[str, ...], seed: int
) -> list[Row]:
    table = np.zeros((len(classes), len(classes)), int)
    np.add.at(table, (asked, named), 1)
    return [
        {"seed": seed, "asked": asked_name, "named": name, "count": int(table[i, j])}
        for i, asked_name in enumerate(classes)
        for j, name in enumerate(classes)
    ]
