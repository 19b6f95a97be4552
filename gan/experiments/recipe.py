"""What the conditional recipe and each of its pieces are worth, beside the report's pair."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.config import AdversarialConfig, CGANConfig, LoopConfig, RunConfig
from gan.data.prepared import Photos
from gan.experiments import judging, named
from gan.experiments.ablations import changed
from gan.experiments.paired import verdict
from gan.experiments.plan import Budget, Planned, Stage
from gan.experiments.results import Finding, ranged, records, spread, text, values
from gan.experiments.running import seconds_taken
from gan.metrics.features import Row
from gan.metrics.glossary import CLASSIFIER, LITE2, METRICS
from gan.metrics.judge import Judge, judge_of
from gan.runs import Run

FOLDER = "recipe-pieces"
PICTURES, TIME = "equal-pictures", "equal-time"
WHOLE, REPORT = "whole", "report"

# What stands in for each piece: sections of the run's settings, a field, its value.
PIECES: dict[str, list[tuple[str, str, Any]]] = {
    "no-heads": [("objective", "adversarial", 0.0)],
    "heads-at-once": [("objective", "join", 0), ("objective", "ramp", 0)],
    "no-class-head": [("objective", "classify", 0.0)],
    "no-contrast": [("objective", "contrast", 0.0)],
    "no-balance": [("loop", "balanced", False)],
}
# What a piece is judged by.
JUDGED = ("fd", "gan_test", "diversity_first")


class RecipePieces:
    """The whole recipe, without each piece, and the report's pair for as long, on every seed."""

    note = "the report's pair of a seed once the time is known that the whole recipe takes"

    def __init__(
        self,
        recipe: RunConfig,
        photos: Photos,
        budget: Budget,
        folder: Path,
        extractor: FeatureExtractorBase,
    ) -> None:
        self.photos, self.budget, self.folder = photos, budget, folder
        self.extractor = extractor
        self.stage = Stage((PICTURES,), budget.piece_pictures)
        # The learning rate may fall towards the end of the budget: it belongs to the settings.
        loop = replace(recipe.loop, pictures=self.stage.pictures)
        whole = replace(recipe, loop=loop)
        self.configs = {WHOLE: whole} | {
            name: changed(whole, changes) for name, changes in PIECES.items()
        }
        pair = CGANConfig(width=budget.width, latent=budget.latent)
        # Every step's time is kept: by it the moment is found at which the time was up.
        trained = LoopConfig(batch=budget.batch, threads=loop.threads, log_every=1)
        self.pair = RunConfig(recipe.data, pair, AdversarialConfig(), trained)

    def plan(self) -> list[Planned]:
        """Seed by seed, so that whatever is finished can be compared."""
        return [planned for seed in self.budget.seeds for planned in self._of_seed(seed)]

    def _of_seed(self, seed: int) -> list[Planned]:
        both = replace(self.stage, views=(PICTURES, TIME))
        whole = self._planned(WHOLE, self.configs[WHOLE], seed, both)
        runs = [whole]
        for setting in PIECES:
            runs.append(self._planned(setting, self.configs[setting], seed, self.stage))
        seconds = seconds_taken(self.folder, whole)
        if seconds:
            # Far more pictures than the time will allow on any machine.
            stage = Stage((TIME,), 20 * self.stage.pictures, seconds)
            runs.append(self._planned(REPORT, self.pair, seed, stage))
        return runs

    def _planned(self, setting: str, config: RunConfig, seed: int, stage: Stage) -> Planned:
        config = replace(config, loop=replace(config.loop, seed=seed))
        grids = 1 if seed == self.budget.seeds[0] else 0
        return Planned(setting, seed, config, self.photos, (stage,), grids)

    @cached_property
    def judges(self) -> Judge:
        """Classifiers of the photos."""
        return judge_of(self.photos, self.budget.judges, self.budget.judge_pictures)

    def judge(self, planned: Planned, run: Run) -> list[Row]:
        """The set as a whole and class by class, against the train split."""
        train = self.photos.indices("train")
        return judging.class_rows(
            run, self.photos, train, train, self.judges, self.extractor, self.budget.judged
        )

    def other_rows(self, rows: list[Row]) -> list[Row]:
        """Diversity as a mean over the classes: it is measured within each."""
        table = pd.DataFrame(rows)
        if table.empty:
            return []
        table = table[(table["metric"] == "diversity_first") & (table["body_type"] != "all")]
        keys = ["setting", "seed", "view", "metric", "extractor"]
        columns = ["value", "n_real", "n_fake"]
        means = table.groupby(keys, as_index=False, sort=False)[columns].mean()
        return records(means.assign(body_type="all"))


def report(table: pd.DataFrame) -> str:
    """What the seeds say of each piece."""
    return text(findings(table))


def findings(table: pd.DataFrame) -> list[Finding]:
    """Whether the recipe beats the report's pair, and is better with each of its pieces."""
    result = [_worth(table, "training our recipe for as long", REPORT, TIME, m) for m in JUDGED]
    for setting, piece in named.PIECES.items():
        result += [_worth(table, piece, setting, PICTURES, metric) for metric in JUDGED]
    return result


def _worth(table: pd.DataFrame, piece: str, other: str, view: str, metric: str) -> Finding:
    """Whether the whole recipe is better than `other` in every seed."""
    found = values(table, metric, view, extractor=LITE2 if metric == "fd" else CLASSIFIER)
    claim = f"{piece} improves {metric} ({WHOLE} against {other})"
    if WHOLE not in found or other not in found:
        return Finding(claim, None, "not measured")
    gain = (found[WHOLE] - found[other]) * METRICS[metric].sign
    evidence = f"with {spread(found[WHOLE])}, without {spread(found[other])}; "
    evidence += f"paired gain {spread(gain)} [{ranged(gain)}]"
    return Finding(claim, verdict(gain), evidence)
