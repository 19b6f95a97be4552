"""The base class of experiments: flags, photos, how runs are judged, and findings."""

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
from gan.experiments.findings import WORDS, Finding, corrected, text
from gan.experiments.permutation import LEVEL
from gan.experiments.plan import Length, Planned
from gan.experiments.results import CURVE
from gan.runs import Run

if TYPE_CHECKING:  # the app reads findings without torch
    from torch_fidelity.feature_extractor_base import FeatureExtractorBase

    from gan.metrics.judge import Judge

Row = dict[str, Any]
HEAD = "| claim | verdict | evidence |"


@dataclass(frozen=True)
class Options:
    """The flags that all experiments have."""

    data: str = "drawn"  # "drawn" (embedded), a prepared folder, photos, an archive or its URL
    budget: Literal["full", "short", "tiny"] = "full"  # short: fewer pictures; tiny: a miniature
    out: str = ""  # the runs' folder, or its name under checkpoints/; default: the experiment's
    dry_run: bool = False  # show the runs and the time that they would take, do nothing
    findings: bool = False  # say what results.csv shows, do nothing else
    write: bool = False  # with --findings: write it into the README.md beside results.csv too
    threads: int = 0  # threads that compute; 0: one a core; fewer where other programs run too


@dataclass(frozen=True)
class Drawing:
    """The data of one chart: a metric by setting and seed."""

    metric: str
    extractor: str
    rows: pd.DataFrame  # setting (in words), group, seed, value, n_real, n_fake
    note: str = ""  # what the values are, if they aren't the metric itself


class Experiment:
    """The base of the experiments in `studies`; each defines its runs and its claims."""

    name: ClassVar[str]  # of its folder under checkpoints/
    title: ClassVar[str]
    question: ClassVar[str]
    about: ClassVar[str]  # how it answers the question, for readers of the figures
    script: ClassVar[str]  # file name in train/
    options: ClassVar[type[Options]] = Options
    lengths: ClassVar[Mapping[str, Length]]  # by the value of --budget
    note: ClassVar[str] = ""  # runs that are planned only when others are finished, in words

    def __init__(
        self,
        options: Options,
        photos: Photos,
        folder: Path,
        extractor: FeatureExtractorBase,
        length: Length | None = None,
    ) -> None:
        """`folder` is for the runs and results.csv; `length` replaces the one of --budget."""
        self.given: Any = options  # the parsed flags, of the type `self.options`
        self.photos, self.folder = photos, folder
        self.extractor = extractor
        self.length: Any = length or self.lengths[options.budget]

    def plan(self) -> list[Planned]:
        """All runs in the order to run them; those that depend on unfinished ones come later."""
        raise NotImplementedError

    def judge(self, planned: Planned, run: Run, count: int) -> list[Row]:
        """Rows of metrics.csv for `count` pictures of the run in its current state."""
        from gan.experiments import judging

        return judging.fidelity_rows(run, self.photos, self.extractor, count)

    def other_rows(self, rows: list[Row]) -> list[Row]:
        """Further rows of results.csv, given those of the runs: what photos score."""
        about = {"setting": "photos", "seed": 0, "view": ""}
        return [floor | about for floor in self.floors] if rows else []

    @cached_property
    def floors(self) -> list[Row]:
        """What photos score in the pictures' place."""
        from gan.experiments import judging

        return judging.floor_rows(self.photos, self.extractor)

    @cached_property
    def judges(self) -> Judge:
        """The classifiers trained on all photos, for experiments that judge each class."""
        from gan.metrics.classifier import BUDGET
        from gan.metrics.judge import judge_of

        pictures = self.length.judge_pictures or BUDGET
        return judge_of(self.photos, self.length.judges, pictures)

    @classmethod
    def called(cls, setting: str) -> str:
        """A setting in words, for readers of its figures."""
        return setting

    @classmethod
    def tables(cls, table: pd.DataFrame) -> dict[str, list[Finding]]:
        """The claims that results.csv is tested for, by heading; their verdicts come later."""
        raise NotImplementedError

    @classmethod
    def findings(cls, table: pd.DataFrame) -> dict[str, list[Finding]]:
        """The claims with verdicts, each table corrected for its number of comparisons."""
        return {heading: corrected(claims) for heading, claims in cls.tables(table).items()}

    @classmethod
    def answer(cls, table: pd.DataFrame) -> Finding | None:
        """The answer to the question: by default the first finding."""
        return next((claim for claims in cls.findings(table).values() for claim in claims), None)

    @classmethod
    def drawings(cls, table: pd.DataFrame) -> list[Drawing]:
        """The charts of results.csv in the app."""
        return []

    @classmethod
    def findings_text(cls, table: pd.DataFrame) -> str:
        """The findings as text for a terminal."""
        return text(cls.findings(table))

    @classmethod
    def document(cls, table: pd.DataFrame) -> str:
        """The answer and the findings as Markdown, with the evidence."""
        answer = cls.answer(table)
        generated = (table["body_type"] == "all") & (table["setting"] != "photos")
        generated &= ~table["view"].str.startswith(CURVE)  # no finding rests on those
        judged = table.loc[generated, "n_fake"].dropna()
        counts = sorted({int(count) for count in judged if count})
        listed = " or ".join(f"{count:,}" for count in counts)
        verdict = answer.verdict if answer else ""
        parts = [verdict if "\n" in verdict else f"**{verdict}**"] if verdict else []
        parts += [
            f"Written from `results.csv` by `{cls.command()} --findings --write`; {listed} "
            f"generated pictures judged a run. A comparison holds where an exact permutation test "
            f"over training seeds gives a p of at most {LEVEL}, corrected for the comparisons of "
            "its table (Holm). Ranges in brackets are over seeds. Intervals are the test's own, "
            "each for its comparison alone."
        ]
        for heading, findings in cls.findings(table).items():
            rows = [
                f"| {finding.claim} | {WORDS[finding.holds].lower()} | {finding.evidence} |"
                for finding in findings
            ]
            parts.append("\n".join([f"### {heading}", "", HEAD, "|---|---|---|", *rows]))
        return "\n\n".join(parts)

    @classmethod
    def command(cls) -> str:
        """The command that carries it out."""
        return f"python train/{cls.script}"


def every_experiment() -> list[type[Experiment]]:
    """All experiments by title; each is defined in a module of `studies`."""
    from gan.experiments import studies

    for module in pkgutil.iter_modules(studies.__path__):
        importlib.import_module(f"{studies.__name__}.{module.name}")
    kinds = [
        kind for kind in Experiment.__subclasses__() if kind.__module__.startswith(studies.__name__)
    ]
    return sorted(kinds, key=lambda kind: kind.title)
