"""What every experiment shares: its flags, its photos, how its runs are judged, its findings."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import pandas as pd

from gan.data.prepared import Photos
from gan.experiments.findings import Finding, text
from gan.experiments.plan import Length, Planned
from gan.runs import Run

if TYPE_CHECKING:  # the app reads findings without torch
    from torch_fidelity.feature_extractor_base import FeatureExtractorBase

    from gan.metrics.judge import Judge

Row = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """Flags of every experiment."""

    data: str = "drawn"  # "drawn" (embedded), a prepared folder, photos, an archive or its URL
    budget: Literal["full", "short", "tiny"] = "full"  # short: fewer pictures; tiny: a miniature
    out: str = ""  # the runs' folder, or its name under checkpoints/; default: the experiment's
    dry_run: bool = False  # show the runs and the time that they would take, do nothing
    findings: bool = False  # say what results.csv shows, do nothing else
    threads: int = 0  # CPU threads; 0 takes every core


class Experiment:
    """The base of each experiment in `studies`, which says what is trained and what is asked."""

    name: ClassVar[str]  # of its folder under checkpoints/
    title: ClassVar[str]
    question: ClassVar[str]
    about: ClassVar[str]  # how it answers the question, for readers of the figures
    script: ClassVar[str]  # in train/
    options: ClassVar[type[Options]] = Options
    lengths: ClassVar[Mapping[str, Length]]  # by the flag --budget
    note: ClassVar[str] = ""  # what the plan can't hold yet

    def __init__(
        self,
        options: Options,
        photos: Photos,
        folder: Path,
        extractor: FeatureExtractorBase,
        length: Length | None = None,
    ) -> None:
        """`folder` is where the runs and results.csv go; `length` stands for --budget's."""
        self.given: Any = options  # flags of `options`
        self.photos, self.folder = photos, folder
        self.extractor = extractor
        self.length: Any = length or self.lengths[options.budget]

    def plan(self) -> list[Planned]:
        """All runs, as far as the finished ones let it be known, in the order to run them."""
        raise NotImplementedError

    def judge(self, planned: Planned, run: Run) -> list[Row]:
        """Rows of metrics.csv about the run as it is now: distances to the train split."""
        from gan.experiments import judging

        return judging.fidelity_rows(run, self.photos, self.extractor, self.length.judged)

    def other_rows(self, rows: list[Row]) -> list[Row]:
        """Rows of results.csv beside those of each run (`rows`): the floor, real against real."""
        return [self._floor] if rows else []

    @cached_property
    def _floor(self) -> Row:
        from gan.experiments import judging

        about = {"setting": "photos", "seed": 0, "view": ""}
        return judging.floor_row(self.photos, self.extractor) | about

    @cached_property
    def judges(self) -> Judge:
        """Classifiers of all photos, for experiments that judge class by class."""
        from gan.metrics.classifier import BUDGET
        from gan.metrics.judge import judge_of

        pictures = self.length.judge_pictures or BUDGET
        return judge_of(self.photos, self.length.judges, pictures)

    @classmethod
    def findings(cls, table: pd.DataFrame) -> list[Finding]:
        """What results.csv shows, the answer to the question first."""
        raise NotImplementedError

    @classmethod
    def report(cls, table: pd.DataFrame) -> str:
        """The findings as text."""
        return text(cls.findings(table))

    @classmethod
    def command(cls) -> str:
        """What makes its runs."""
        return f"python train/{cls.script}"


def every_experiment() -> list[type[Experiment]]:
    """All experiments in order of their titles: each module of `studies` holds one."""
    from gan.experiments import studies

    for module in pkgutil.iter_modules(studies.__path__):
        importlib.import_module(f"{studies.__name__}.{module.name}")
    found = [
        kind for kind in Experiment.__subclasses__() if kind.__module__.startswith(studies.__name__)
    ]
    return sorted(found, key=lambda kind: kind.title)
