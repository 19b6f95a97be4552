"""What each piece of the conditional recipe is worth: take one away, train again, compare."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.config import RunConfig
from gan.data.prepared import Photos
from gan.experiments import judging
from gan.experiments.ablations import changed
from gan.experiments.paired import verdict
from gan.experiments.plan import Budget, Planned, Stage
from gan.experiments.results import Finding, ranged, records, spread, text, values
from gan.metrics.evaluation import CLASSIFIER
from gan.metrics.extractors import LITE2
from gan.metrics.features import Row
from gan.metrics.judge import Judge, judge_of
from gan.runs import Run

FOLDER = "recipe-pieces"
VIEW = "equal-pictures"
WHOLE = "whole"

# What stands in for each piece: sections of the run's settings, a field, its value.
PIECES: dict[str, list[tuple[str, str, Any]]] = {
    "no-heads": [("objective", "adversarial", 0.0)],
    "heads-at-once": [("objective", "join", 0), ("objective", "ramp", 0)],
    "no-class-head": [("objective", "classify", 0.0)],
    "no-contrast": [("objective", "contrast", 0.0)],
    "no-balance": [("loop", "balanced", False)],
}
SAYS = {
    "no-heads": "heads on frozen features, the adversary",
    "heads-at-once": "letting the heads join late",
    "no-class-head": "the class head",
    "no-contrast": "being repelled by photos of other classes",
    "no-balance": "class-balanced batches",
}
# What a piece is judged by, and whether a higher value is better.
JUDGED = {"fd": False, "gan_test": True, "diversity": True}


class RecipePieces:
    """The whole recipe, then without each piece, on every seed."""

    note = ""

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
        self.stage = Stage((VIEW,), budget.conditional_pictures)
        # The learning rate may fall towards the end of the budget: it belongs to the settings.
        loop = replace(recipe.loop, pictures=self.stage.pictures)
        whole = replace(recipe, loop=loop)
        self.configs = {WHOLE: whole} | {
            name: changed(whole, changes) for name, changes in PIECES.items()
        }

    def plan(self) -> list[Planned]:
        """Seed by seed, so that whatever is finished can be compared."""
        return [
            self._planned(setting, seed) for seed in self.budget.seeds for setting in self.configs
        ]

    def _planned(self, setting: str, seed: int) -> Planned:
        config = self.configs[setting]
        config = replace(config, loop=replace(config.loop, seed=seed))
        grids = 1 if seed == self.budget.seeds[0] else 0
        return Planned(setting, seed, config, self.photos, (self.stage,), grids)

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
        table = table[(table["metric"] == "diversity") & (table["body_type"] != "all")]
        keys = ["setting", "seed", "view", "metric", "extractor"]
        columns = ["value", "n_real", "n_fake"]
        means = table.groupby(keys, as_index=False, sort=False)[columns].mean()
        return records(means.assign(body_type="all"))


def report(table: pd.DataFrame) -> str:
    """What the seeds say of each piece."""
    return text(findings(table))


def findings(table: pd.DataFrame) -> list[Finding]:
    """For each piece whether the recipe is better with it, figure by figure."""
    result = []
    for setting, piece in SAYS.items():
        for metric, rises in JUDGED.items():
            found = values(table, metric, VIEW, extractor=LITE2 if metric == "fd" else CLASSIFIER)
            claim = f"{piece} improves {metric} ({WHOLE} against {setting})"
            if WHOLE not in found or setting not in found:
                result.append(Finding(claim, None, "not measured"))
                continue
            gain = (found[WHOLE] - found[setting]) * (1 if rises else -1)
            evidence = f"with {spread(found[WHOLE])}, without {spread(found[setting])}; "
            evidence += f"paired gain {spread(gain)} [{ranged(gain)}]"
            result.append(Finding(claim, verdict(gain), evidence))
    return result
