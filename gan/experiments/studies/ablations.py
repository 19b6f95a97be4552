"""Ablations: the settings that the report tried, changed one at a time."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import pandas as pd

from gan.config import RunConfig
from gan.experiments.experiment import Drawing, Experiment
from gan.experiments.findings import Finding, compared, spread
from gan.experiments.plan import TINY, Length, Planned, Stage, changed, resized
from gan.experiments.results import figure_rows, values
from gan.metrics.glossary import LITE2
from gan.recipes import REPORT_CGAN, REPORT_DCGAN
from gan.runs import Run, one_reference

SHORT, FULL = "short", "full-length"
BASE, PAIR, PAIR_DEEPER = "base", "conditional", "conditional-dense-3"
BEST = "best"  # begins the name of the combination


@dataclass(frozen=True)
class Change:
    """A change of one setting."""

    words: str
    section: str  # of RunConfig
    field: str
    value: Any  # ("times", n) multiplies the base's value


CHANGES = {
    "lr-g-half": Change("half the learning rate for G", "objective", "lr_g", ("times", 0.5)),
    "lr-g-double": Change("double the learning rate for G", "objective", "lr_g", ("times", 2)),
    "lr-d-half": Change("half the learning rate for D", "objective", "lr_d", ("times", 0.5)),
    "lr-d-double": Change("double the learning rate for D", "objective", "lr_d", ("times", 2)),
    "slope-0.1": Change("a LeakyReLU slope of 0.1 in place of 0.2", "network", "slope", 0.1),
    "slope-0.3": Change("a LeakyReLU slope of 0.3 in place of 0.2", "network", "slope", 0.3),
    "relu": Change("ReLU in place of LeakyReLU", "network", "activation", "relu"),
    "mse": Change("mean squared error in place of cross-entropy", "objective", "loss", "mse"),
    "smooth-0.9": Change("smoothing real labels to 0.9", "objective", "real_target", 0.9),
    "width-half": Change("half the width", "network", "width", ("times", 0.5)),
    "width-double": Change("double the width", "network", "width", ("times", 2)),
    "d-first": Change("D's step before G's", "objective", "first", "discriminator"),
}
DEEPER = Change("a third dense layer in the conditional pair", "network", "dense_layers", 3)
WORDS = {name: change.words for name, change in CHANGES.items()} | {PAIR_DEEPER: DEEPER.words}


@dataclass(frozen=True)
class AblationLength(Length):
    """How long the runs are."""

    epochs: float = 3  # of a run with one change
    full_epochs: float = 10  # of the base, and of the changes that looked better, together
    base_seeds: tuple[int, ...] = (0, 1, 2, 3, 4)  # more, as every change is compared with the base


class Ablations(Experiment):
    """Train the report's networks with one setting changed at a time, judge, sort by effect."""

    name = "ablations"
    title = "Settings"
    question = "What does each setting of the report's list do?"
    about = (
        "The settings that the report tried, one change at a time, against the same network "
        "without the change."
    )
    script = "ablations.py"
    lengths: ClassVar = {
        "full": AblationLength(),
        "short": AblationLength(epochs=1, full_epochs=3, judged=2_000),
        "tiny": AblationLength(epochs=0.5, full_epochs=1, base_seeds=(0, 1), **TINY),
    }
    note = "then the other seeds of each change that looks better, and the best ones together"

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """The end of a short run, and of one at full length."""
        count = len(self.photos.indices("train"))
        epochs = {SHORT: self.length.epochs, FULL: self.length.full_epochs}
        return {view: Stage((view,), round(number * count)) for view, number in epochs.items()}

    @cached_property
    def configs(self) -> dict[str, RunConfig]:
        """The run settings by name; `plan` adds the combination of the best changes."""
        loop = {"log_every": 1, "threads": self.given.threads}
        base, pair = (
            resized(recipe, self.length, self.given.data, **loop)
            for recipe in (REPORT_DCGAN, REPORT_CGAN)
        )
        changes = {name: _with(base, change) for name, change in CHANGES.items()}
        return {BASE: base, **changes, PAIR: pair, PAIR_DEEPER: _with(pair, DEEPER)}

    @cached_property
    def _scores(self) -> dict[str, float]:
        return {}

    def plan(self) -> list[Planned]:
        """Bases on every seed, changes on the first seed; then runs that depend on the results.

        Changes that lower FD on the first seed run on the others too, and the best run together.
        """
        first, *others = self.length.seeds
        bases = [BASE] if len(self.photos.classes) < 2 else [BASE, PAIR]
        runs = [self._planned(base, seed) for base in bases for seed in self.length.base_seeds]
        settings = [*CHANGES, *([PAIR_DEEPER] if PAIR in bases else [])]
        runs += [self._planned(setting, first) for setting in settings]
        if any(self._score(run) is None for run in runs if run.seed == first):
            return runs
        better = [setting for setting in settings if self._effect(setting, first) < 0]
        runs += [self._planned(setting, seed) for setting in better for seed in others]
        best = self._best([setting for setting in better if setting in CHANGES])
        if best:
            name = "-".join([BEST, *best])
            config = self.configs[BASE]
            for setting in best:
                config = _with(config, CHANGES[setting])
            self.configs[name] = config
            runs.append(self._planned(name, first))
        return runs

    def _best(self, better: list[str]) -> list[str]:
        """The changes that lower FD on every seed, one a field; empty until all are judged."""
        effects = {
            setting: [self._effect(setting, seed) for seed in self.length.seeds]
            for setting in better
        }
        if any(effect != effect for by_seed in effects.values() for effect in by_seed):
            return []
        chosen: dict[str, str] = {}
        for setting in sorted(effects, key=lambda name: sum(effects[name])):
            if max(effects[setting]) < 0:
                field = CHANGES[setting].field
                # ReLU has no slope, so only one of the two can be changed.
                chosen.setdefault("activation" if field == "slope" else field, setting)
        return list(chosen.values())

    def _effect(self, setting: str, seed: int) -> float:
        """FD of a setting less that of its base on the same seed; NaN until both are judged."""
        scores = [self._score(self._planned(s, seed)) for s in (setting, base_of(setting))]
        known = [score for score in scores if score is not None]
        return known[0] - known[1] if len(known) == 2 else float("nan")

    def _score(self, planned: Planned) -> float | None:
        """FD of the short run; None until it is judged."""
        from gan.experiments.running import measured_at

        if planned.name not in self._scores:
            run = Run(self.folder / planned.name)
            seen = measured_at(run, planned, self.stages[SHORT], self.length.judged)
            if seen is None:
                return None
            rows = run.read_metrics()
            rows = rows[(rows["images_seen"] == seen) & (rows["metric"] == "fd")]
            rows = one_reference(rows)
            self._scores[planned.name] = float(rows["value"].iloc[0])
        return self._scores[planned.name]

    def _planned(self, setting: str, seed: int) -> Planned:
        config = changed(self.configs[setting], "loop", seed=seed)
        first = seed == self.length.seeds[0]
        long = first and (setting == BASE or setting.startswith(BEST))
        views = (SHORT, FULL) if long else (SHORT,)
        stages = tuple(self.stages[view] for view in views)
        return Planned(setting, seed, config, self.photos, stages, "all" if first else "none")

    @classmethod
    def called(cls, setting: str) -> str:
        """A setting in words."""
        bases = {BASE: "the report's settings", PAIR: "the report's conditional pair"}
        best = "the changes that looked better, together" if setting.startswith(BEST) else setting
        return (WORDS | bases).get(setting, best)

    @classmethod
    def tables(cls, table: pd.DataFrame) -> dict[str, list[Finding]]:
        """Whether each change lowers FD, the best first.

        A change with a single seed is listed but not tested: which changes run on further seeds was
        chosen by that seed.
        """
        fd = values(table, "fd", SHORT, extractor=LITE2)
        if BASE not in fd:
            return {"Settings": [Finding("the base was judged", None, "not measured")]}
        several, single = [], []
        for setting in changes(fd):
            claim = f"{WORDS[setting]} lowers FD"
            base = fd[base_of(setting)].dropna()
            seen = fd[setting].dropna()
            if len(seen) > 1:
                # The first seed is left out, because it chose this change for further seeds. Runs
                # of one seed aren't taken as pairs, since the base has more seeds.
                others = fd[[base_of(setting), setting]].copy()
                others.loc[seen.index.min(), setting] = float("nan")
                more = f"; with the seed that chose it {spread(seen)}"
                names = "without it", "with it"
                others.columns = pd.Index(names)
                several.append(compared(claim, others, names, sign=-1, more=more))
            else:
                evidence = f"{spread(seen)} on one seed against {spread(base)}"
                single.append(Finding(claim, None, f"{evidence}: one seed is not compared"))
        result = {"Change of FD by each setting, short runs": several}
        if single:
            result["Seen by one seed alone"] = single
        long = values(table, "fd", FULL, extractor=LITE2)
        together = [name for name in map(str, long) if name.startswith(BEST) and BASE in long]
        if together:
            result["The changes that lowered FD on the first seed, together, at full length"] = [
                Finding(
                    "together they lower FD: "
                    f"{', '.join(words for name, words in WORDS.items() if name in setting)}",
                    None,
                    f"{spread(long[setting])} against {spread(long[BASE])}, one run each",
                )
                for setting in together
            ]
        return result

    @classmethod
    def answer(cls, table: pd.DataFrame) -> Finding | None:
        """Which changes are shown to lower FD, and which lowers its base's FD most."""
        several = next(iter(cls.findings(table).values()))
        if not any(finding.step for finding in several):
            return None
        shown = [finding.claim for finding in several if finding.holds]
        words = f"Shown: {'; '.join(shown)}." if shown else "No change is shown to lower FD."
        lowest = several[0]
        evidence = f"Largest fall against its own base: {lowest.claim}: {lowest.evidence}"
        return Finding(words, bool(shown) or None, evidence, words)

    @classmethod
    def drawings(cls, table: pd.DataFrame) -> list[Drawing]:
        """The change of FD by each setting, best first."""
        rows = figure_rows(table, "fd", LITE2, SHORT)
        fd = values(table, "fd", SHORT, extractor=LITE2)
        order = list(changes(fd))
        if not order:
            return []
        rows = rows[rows["setting"].isin(order)]
        rows = rows.assign(
            group="all",
            value=[
                value - fd[base_of(setting)][seed]
                for setting, seed, value in rows[["setting", "seed", "value"]].to_numpy()
            ],
            place=rows["setting"].map(order.index),
            setting=rows["setting"].map(WORDS),
        )
        rows = rows.sort_values("place", kind="stable").drop(columns="place")
        return [Drawing("fd", LITE2, rows, "Change against the base on the same seed")]


def changes(fd: pd.DataFrame) -> dict[str, float]:
    """The change of FD by each setting against its base, mean over seeds, the best first."""
    means = {
        setting: float((fd[setting] - fd[base_of(setting)]).mean())
        for setting in WORDS
        if setting in fd and base_of(setting) in fd
    }
    known = {setting: mean for setting, mean in means.items() if mean == mean}
    return dict(sorted(known.items(), key=lambda item: item[1]))


def base_of(setting: str) -> str:
    """The setting that this one is compared with."""
    return PAIR if setting == PAIR_DEEPER else BASE


def _with(base: RunConfig, change: Change) -> RunConfig:
    return changed(base, change.section, **{change.field: change.value})
