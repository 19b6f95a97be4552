"""One change at a time: the settings that the report tried, each with its effect and spread."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import pandas as pd

from gan.config import RunConfig
from gan.experiments.experiment import Experiment
from gan.experiments.findings import ENOUGH, Finding, agree, ranged, spread, text
from gan.experiments.plan import TINY, Length, Planned, Stage, changed, resized
from gan.experiments.results import values
from gan.metrics.glossary import LITE2
from gan.recipes import REPORT_CGAN, REPORT_DCGAN
from gan.runs import Run

SHORT, FULL = "short", "full-length"
BASE, PAIR, PAIR_DEEPER = "base", "conditional", "conditional-dense-3"
BEST = "best"  # begins the name of the combination


@dataclass(frozen=True)
class Change:
    """One setting that is changed."""

    words: str
    section: str  # of the run's settings
    field: str
    value: Any  # ("times", n) multiplies the base's


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

    epochs: float = 3  # of a run that tries a setting
    full_epochs: float = 10  # of a base and of the best changes together


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
        "tiny": AblationLength(epochs=0.5, full_epochs=1, **TINY),
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
        """Settings by name; the combination of the best is added once it is known."""
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
        """Bases on every seed, changes on the first; then what the finished runs call for."""
        first, *others = self.length.seeds
        bases = [BASE] if len(self.photos.classes) < 2 else [BASE, PAIR]
        runs = [self._planned(base, seed) for base in bases for seed in self.length.seeds]
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
        """Changes that lower FD on every seed, one a field; empty while any isn't known."""
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
                # ReLU has no slope: the two are one choice.
                chosen.setdefault("activation" if field == "slope" else field, setting)
        return list(chosen.values())

    def _effect(self, setting: str, seed: int) -> float:
        """FD of a setting less its base's on the same seed; NaN while either isn't known."""
        scores = [self._score(self._planned(s, seed)) for s in (setting, base_of(setting))]
        known = [score for score in scores if score is not None]
        return known[0] - known[1] if len(known) == 2 else float("nan")

    def _score(self, planned: Planned) -> float | None:
        """FD of the short run; None until it is judged. Once known it stays."""
        from gan.experiments.running import measured_at

        if planned.name not in self._scores:
            run = Run(self.folder / planned.name)
            seen = measured_at(run, planned, self.stages[SHORT], self.length.judged)
            if seen is None:
                return None
            rows = run.read_metrics()
            rows = rows[(rows["images_seen"] == seen) & (rows["metric"] == "fd")]
            self._scores[planned.name] = float(rows["value"].iloc[0])
        return self._scores[planned.name]

    def _planned(self, setting: str, seed: int) -> Planned:
        config = changed(self.configs[setting], "loop", seed=seed)
        first = seed == self.length.seeds[0]
        long = first and (setting == BASE or setting.startswith(BEST))
        views = (SHORT, FULL) if long else (SHORT,)
        stages = tuple(self.stages[view] for view in views)
        return Planned(setting, seed, config, self.photos, stages, grids=1 if first else 0)

    @classmethod
    def findings(cls, table: pd.DataFrame) -> list[Finding]:
        """For each setting of the report's list whether it lowers FD here, best first."""
        fd = values(table, "fd", SHORT, extractor=LITE2)
        if BASE not in fd:
            return [Finding("the base was judged", None, "not measured")]
        result = []
        for setting in effects(table)["setting"]:
            if setting not in WORDS:
                continue  # the combination: it is judged at full length
            base = fd[base_of(setting)]
            change = fd[setting] - base
            # The first seed chose what is run on the others: there, luck looks like an effect.
            later = change.drop(change.index.min()).dropna()
            result.append(
                Finding(
                    f"{WORDS[setting]} lowers FD ({setting})",
                    agree(-change),
                    f"paired change of FD {spread(change)} [{ranged(change)}]; "
                    f"the base itself {spread(base)} [{ranged(base)}]"
                    + (f"; on the seeds that didn't choose it {spread(later)}" * bool(len(later)))
                    + ("" if change.count() >= ENOUGH else "; too few seeds to say"),
                )
            )
        long = values(table, "fd", FULL, extractor=LITE2)
        for setting in long.columns:
            if setting.startswith(BEST) and BASE in long:
                change = long[setting] - long[BASE]
                result.append(
                    Finding(
                        f"the best changes together lower FD at full length ({setting})",
                        agree(-change),
                        f"{spread(long[setting])} against {spread(long[BASE])}, one run each",
                    )
                )
        return result

    @classmethod
    def report(cls, table: pd.DataFrame) -> str:
        """The effects as a table, then what they say of the report's list."""
        heading = f"Change of FD against the base, {SHORT} runs, paired by seed"
        return f"{heading}\n{_table(effects(table))}\n\n{text(cls.findings(table))}"


def base_of(setting: str) -> str:
    """The setting that this one is compared with."""
    return PAIR if setting == PAIR_DEEPER else BASE


def effects(table: pd.DataFrame) -> pd.DataFrame:
    """FD of each change less its base's, paired by seed, best first.

    Returns:
        setting, effect (mean), low, high (range over seeds), seeds.
    """
    fd = values(table, "fd", SHORT, extractor=LITE2)
    rows = []
    for setting in fd.columns:
        base = base_of(setting)
        if setting in (BASE, PAIR) or base not in fd:
            continue
        change = (fd[setting] - fd[base]).dropna()
        if len(change):
            rows.append((setting, change.mean(), change.min(), change.max(), len(change)))
    columns = ["setting", "effect", "low", "high", "seeds"]
    return pd.DataFrame(rows, columns=columns).sort_values("effect", ignore_index=True)


def _with(base: RunConfig, change: Change) -> RunConfig:
    return changed(base, change.section, **{change.field: change.value})


def _table(rows: pd.DataFrame) -> str:
    return rows.to_string(index=False, float_format="{:+.2f}".format) if len(rows) else "(none)"
