"""Ablations of our recipe: without each of its pieces, and beside the report's networks."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

import pandas as pd

from gan.config import RunConfig
from gan.experiments.experiment import Drawing, Experiment, Row
from gan.experiments.findings import Finding, compared
from gan.experiments.plan import TINY, Length, Planned, Stage, changed, resized
from gan.experiments.results import figure_rows, records, values
from gan.metrics.glossary import CLASSIFIER, LITE2, METRICS, title
from gan.recipes import PROJECTED, REPORT_CGAN
from gan.runs import Run

PICTURES, TIME = "equal-pictures", "equal-time"
WHOLE, REPORT = "whole", "report"


@dataclass(frozen=True)
class Piece:
    """A piece of the recipe, and the settings that take it away."""

    words: str
    section: str
    fields: dict[str, Any]


PIECES = {
    "no-heads": Piece("heads on frozen features, the adversary", "objective", {"adversarial": 0.0}),
    "heads-at-once": Piece("letting the heads join late", "objective", {"join": 0, "ramp": 0}),
    "no-class-head": Piece("the class head", "objective", {"classify": 0.0}),
    "no-contrast": Piece(
        "being repelled by photos of other classes", "objective", {"contrast": 0.0}
    ),
    "no-balance": Piece("class-balanced batches", "loop", {"balanced": False}),
}
# The metrics by which a piece is judged, and their extractors.
JUDGED = {"fd": LITE2, "gan_test": CLASSIFIER, "diversity_first": CLASSIFIER}


@dataclass(frozen=True)
class PiecesLength(Length):
    """How long the runs are."""

    pictures: int = 100_000
    bank: int = 256  # photos a class whose statistics are kept at hand


class RecipePieces(Experiment):
    """Train our conditional GAN whole, without each piece, and the report's pair for as long."""

    name = "recipe-pieces"
    title = "Recipe"
    question = "What is each piece of our recipe worth?"
    about = (
        "Each is trained anew on the same photos, for as many pictures as the whole recipe; the "
        "report's pair for as long."
    )
    script = "recipe_pieces.py"
    lengths: ClassVar = {
        "full": PiecesLength(),
        "short": PiecesLength(pictures=14_000, judged=2_000),
        "tiny": PiecesLength(pictures=512, bank=16, **TINY),
    }
    note = "the report's pair of a seed once the time is known that the whole recipe takes"

    @cached_property
    def stage(self) -> Stage:
        """The end of a run, where it is judged."""
        return Stage((PICTURES,), self.length.pictures)

    @cached_property
    def configs(self) -> dict[str, RunConfig]:
        """Settings by name."""
        given, length = self.given, self.length
        # The learning rate may depend on the budget, so that is a setting here.
        loop = {"threads": given.threads, "pictures": self.stage.pictures}
        whole = resized(PROJECTED, length, given.data, **loop)
        whole = changed(whole, "network", bank=length.bank)
        # Every step is logged, since this run ends by time: it is judged by its step's time.
        pair = resized(REPORT_CGAN, length, given.data, threads=given.threads, log_every=1)
        without = {
            name: changed(whole, piece.section, **piece.fields) for name, piece in PIECES.items()
        }
        return {WHOLE: whole, **without, REPORT: pair}

    def plan(self) -> list[Planned]:
        """All runs of one seed after the other, so that finished seeds can be compared."""
        return [planned for seed in self.length.seeds for planned in self._of_seed(seed)]

    def _of_seed(self, seed: int) -> list[Planned]:
        from gan.experiments.running import seconds_at

        both = replace(self.stage, views=(PICTURES, TIME))
        whole = self._planned(WHOLE, seed, both)
        runs = [whole, *(self._planned(setting, seed, self.stage) for setting in PIECES)]
        seconds = seconds_at(self.folder, whole, self.stage.pictures)
        if seconds:
            # More pictures than this time allows on any machine.
            stage = Stage((TIME,), 20 * self.stage.pictures, seconds)
            runs.append(self._planned(REPORT, seed, stage))
        return runs

    def _planned(self, setting: str, seed: int, stage: Stage) -> Planned:
        config = changed(self.configs[setting], "loop", seed=seed)
        grids: Literal["all", "none"] = "all" if seed == self.length.seeds[0] else "none"
        return Planned(setting, seed, config, self.photos, (stage,), grids)

    def judge(self, planned: Planned, run: Run, count: int) -> list[Row]:
        """Figures of all pictures and of each class, against the train split."""
        from gan.experiments import judging

        train = self.photos.indices("train")
        return judging.class_rows(
            run, self.photos, train, train, self.judges, self.extractor, count
        )

    def other_rows(self, rows: list[Row]) -> list[Row]:
        """The mean over classes of diversity, which is measured within each class."""
        table = pd.DataFrame(rows)
        if table.empty:
            return []
        table = table[(table["metric"] == "diversity_first") & (table["body_type"] != "all")]
        keys = ["setting", "seed", "view", "metric", "extractor"]
        columns = ["value", "n_real", "n_fake"]
        means = table.groupby(keys, as_index=False, sort=False)[columns].mean()
        return records(means.assign(body_type="all"))

    @classmethod
    def called(cls, setting: str) -> str:
        """A setting in words."""
        if setting in PIECES:
            return f"without {PIECES[setting].words}"
        whole = {WHOLE: "the whole recipe", REPORT: "the report's pair, trained for as long"}
        return whole.get(setting, setting)

    @classmethod
    def tables(cls, table: pd.DataFrame) -> dict[str, list[Finding]]:
        """Whether the recipe is better than the report's networks, and better with each piece."""
        recipe = "our recipe in place of the report's pair, trained for as long,"
        return {
            "Our recipe beside the report's pair, at equal time": [
                _worth(table, recipe, REPORT, TIME, metric) for metric in JUDGED
            ]
        } | {
            f"Without {piece.words}, at equal pictures": [
                _worth(table, piece.words, setting, PICTURES, metric) for metric in JUDGED
            ]
            for setting, piece in PIECES.items()
        }

    @classmethod
    def drawings(cls, table: pd.DataFrame) -> list[Drawing]:
        """Each metric of the whole recipe, without each piece, and of the report's networks."""
        result = []
        for metric, extractor in JUDGED.items():
            rows = figure_rows(table, metric, extractor, PICTURES)
            pair = figure_rows(table, metric, extractor, TIME)
            rows = pd.concat([rows, pair[pair["setting"] == REPORT]])
            if rows["setting"].nunique() > 1:
                known = rows["setting"].map(cls.called)
                result.append(Drawing(metric, extractor, rows.assign(setting=known, group="all")))
        return result


def _worth(table: pd.DataFrame, piece: str, other: str, view: str, metric: str) -> Finding:
    """Whether the whole recipe is better than `other`."""
    extractor = JUDGED[metric]
    wide = values(table, metric, view, extractor=extractor).rename(columns=RecipePieces.called)
    claim = f"{piece} improves {title(metric, extractor)}"
    # Runs of one seed are pairs unless the networks differ.
    pairs = other != REPORT
    settings = RecipePieces.called(other), RecipePieces.called(WHOLE)
    return compared(claim, wide, settings, pairs, METRICS[metric].sign)
