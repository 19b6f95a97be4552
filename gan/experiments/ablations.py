"""One change at a time: the settings that the report tried, each with its effect and spread."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.config import CGANConfig, DataConfig, RunConfig
from gan.data.prepared import Photos
from gan.experiments import judging, named
from gan.experiments.kernel import base_config
from gan.experiments.paired import ENOUGH, verdict
from gan.experiments.plan import SIZE, Budget, Planned, Stage
from gan.experiments.results import Finding, ranged, spread, text, values
from gan.experiments.running import measured_at
from gan.metrics.features import Row
from gan.metrics.glossary import LITE2
from gan.runs import Run

FOLDER = "ablations"
SHORT, FULL = "short", "full-length"
BASE, PAIR, PAIR_DEEPER = "base", "conditional", "conditional-dense-3"
BEST = "best"  # begins the name of the combination

# What each setting changes: the section of the run's settings, a field, its value; a number
# after "times" multiplies the base's.
CHANGES: dict[str, tuple[str, str, Any]] = {
    "lr-g-half": ("objective", "lr_g", ("times", 0.5)),
    "lr-g-double": ("objective", "lr_g", ("times", 2)),
    "lr-d-half": ("objective", "lr_d", ("times", 0.5)),
    "lr-d-double": ("objective", "lr_d", ("times", 2)),
    "slope-0.1": ("network", "slope", 0.1),
    "slope-0.3": ("network", "slope", 0.3),
    "relu": ("network", "activation", "relu"),
    "mse": ("objective", "loss", "mse"),
    "smooth-0.9": ("objective", "real_target", 0.9),
    "width-half": ("network", "width", ("times", 0.5)),
    "width-double": ("network", "width", ("times", 2)),
    "d-first": ("objective", "first", "discriminator"),
}


class Ablations:
    """Short runs of every change; more seeds for what looks better; the best together."""

    note = "then the other seeds of each change that looks better, and the best ones together"

    def __init__(
        self,
        source: str,
        photos: Photos,
        budget: Budget,
        folder: Path,
        extractor: FeatureExtractorBase,
        threads: int = 0,
    ) -> None:
        self.photos, self.budget, self.folder = photos, budget, folder
        self.extractor = extractor
        self._scores: dict[str, float] = {}
        count = len(photos.indices("train"))
        self.short = Stage((SHORT,), round(budget.short_epochs * count))
        self.full = Stage((FULL,), round(budget.epochs * count))
        base = base_config(source, budget, threads)
        pair = CGANConfig(kernel=4, width=budget.width, latent=budget.latent)
        self.configs = {BASE: base} | {
            name: changed(base, [change]) for name, change in CHANGES.items()
        }
        self.configs[PAIR] = RunConfig(DataConfig(source, SIZE), pair, base.objective, base.loop)
        deeper = replace(pair, dense_layers=pair.dense_layers + 1)
        self.configs[PAIR_DEEPER] = replace(self.configs[PAIR], network=deeper)

    def plan(self) -> list[Planned]:
        """Bases on every seed, changes on the first; then what the finished runs call for."""
        first, *others = self.budget.seeds
        bases = [BASE] if len(self.photos.classes) < 2 else [BASE, PAIR]
        runs = [self._planned(base, seed) for base in bases for seed in self.budget.seeds]
        settings = [*CHANGES, *([PAIR_DEEPER] if PAIR in bases else [])]
        runs += [self._planned(setting, first) for setting in settings]
        if any(self._score(run) is None for run in runs if run.seed == first):
            return runs
        better = [setting for setting in settings if self._effect(setting, first) < 0]
        runs += [self._planned(setting, seed) for setting in better for seed in others]
        best = self._best([setting for setting in better if setting in CHANGES])
        if best:
            name = "-".join([BEST, *best])
            self.configs[name] = changed(self.configs[BASE], [CHANGES[one] for one in best])
            runs.append(self._planned(name, first))
        return runs

    def _best(self, better: list[str]) -> list[str]:
        """Changes that lower FD on every seed, one a field; empty while any isn't known."""
        effects = {
            setting: [self._effect(setting, seed) for seed in self.budget.seeds]
            for setting in better
        }
        if any(effect != effect for found in effects.values() for effect in found):
            return []
        chosen: dict[str, str] = {}
        for setting in sorted(effects, key=lambda one: sum(effects[one])):
            if max(effects[setting]) < 0:
                field = CHANGES[setting][1]
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
        if planned.name not in self._scores:
            run = Run(self.folder / planned.name)
            seen = measured_at(run, planned, self.short, self.budget.judged)
            if seen is None:
                return None
            rows = run.read_metrics()
            rows = rows[(rows["images_seen"] == seen) & (rows["metric"] == "fd")]
            self._scores[planned.name] = float(rows["value"].iloc[0])
        return self._scores[planned.name]

    def _planned(self, setting: str, seed: int) -> Planned:
        config = self.configs[setting]
        config = replace(config, loop=replace(config.loop, seed=seed))
        first = seed == self.budget.seeds[0]
        long = first and (setting == BASE or setting.startswith(BEST))
        stages = (self.short, self.full) if long else (self.short,)
        return Planned(setting, seed, config, self.photos, stages, grids=1 if first else 0)

    def judge(self, planned: Planned, run: Run) -> list[Row]:
        """Distances to the train split by EfficientNet-Lite2."""
        return judging.fidelity_rows(run, self.photos, self.extractor, self.budget.judged)

    def other_rows(self, rows: list[Row]) -> list[Row]:
        """The floor: real against real."""
        return [self._floor] if rows else []

    @cached_property
    def _floor(self) -> Row:
        about = {"setting": "photos", "seed": 0, "view": ""}
        return judging.floor_row(self.photos, self.extractor) | about


def changed(base: RunConfig, changes: list[tuple[str, str, Any]]) -> RunConfig:
    """`base` with each change, given as in CHANGES."""
    for section, field, value in changes:
        part = getattr(base, section)
        if isinstance(value, tuple):
            before = getattr(part, field)
            value = type(before)(before * value[1])
        base = replace(base, **{section: replace(part, **{field: value})})
    return base


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
        found = (fd[setting] - fd[base]).dropna()
        if len(found):
            rows.append((setting, found.mean(), found.min(), found.max(), len(found)))
    columns = ["setting", "effect", "low", "high", "seeds"]
    return pd.DataFrame(rows, columns=columns).sort_values("effect", ignore_index=True)


def report(table: pd.DataFrame) -> str:
    """The effects as a table, then what they say of the report's list."""
    heading = f"Change of FD against the base, {SHORT} runs, paired by seed"
    return f"{heading}\n{_table(effects(table))}\n\n{text(findings(table))}"


def findings(table: pd.DataFrame) -> list[Finding]:
    """For each setting of the report's list whether it lowers FD here, best first."""
    fd = values(table, "fd", SHORT, extractor=LITE2)
    if BASE not in fd:
        return [Finding("the base was judged", None, "not measured")]
    result = []
    for setting in effects(table)["setting"]:
        if setting not in named.ABLATIONS:
            continue  # the combination: it is judged at full length
        base = fd[base_of(setting)]
        change = fd[setting] - base
        # The first seed chose what is run on the others: there, luck looks like an effect.
        later = change.drop(change.index.min()).dropna()
        result.append(
            Finding(
                f"{named.ABLATIONS[setting]} lowers FD ({setting})",
                verdict(-change),
                f"paired change of FD {spread(change)} [{ranged(change)}]; "
                f"the base itself {spread(base)} [{ranged(base)}]"
                + (f"; on the seeds that didn't choose it {spread(later)}" if len(later) else "")
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
                    verdict(-change),
                    f"{spread(long[setting])} against {spread(long[BASE])}, one run each",
                )
            )
    return result


def _table(found: pd.DataFrame) -> str:
    return found.to_string(index=False, float_format="{:+.2f}".format) if len(found) else "(none)"
