"""Kernel size: the report's DCGAN with kernels 4, 6 and 8, compared in three fair ways."""

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import pandas as pd
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.config import AdversarialConfig, DataConfig, DCGANConfig, LoopConfig, RunConfig
from gan.data.prepared import Photos
from gan.experiments import judging
from gan.experiments.plan import SIZE, Budget, Planned, Stage
from gan.experiments.results import Finding, costs, ranged, rising, spread, text, values
from gan.experiments.running import seconds_taken
from gan.metrics.features import Row
from gan.runs import Run

FOLDER = "kernel-size"
PICTURES, TIME, PARAMETERS = VIEWS = ("equal-pictures", "equal-time", "equal-parameters")
Kernel = Literal[4, 6, 8]
FASTEST: Kernel = 4
LARGER: tuple[Kernel, ...] = (6, 8)
WON = 0.15  # the report's "about 0.1": a discriminator's loss below this has won


class KernelSize:
    """Kernels at equal pictures, at equal time, and at equal numbers of parameters."""

    note = ""

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
        self.pictures = round(budget.epochs * len(photos.indices("train")))
        self.base = base_config(source, budget, threads)
        assert isinstance(self.base.network, DCGANConfig)
        self.network = self.base.network
        self.matched = {kernel: matched_width(self.network, kernel) for kernel in LARGER}

    def plan(self) -> list[Planned]:
        """Seed by seed, kernel 4 first: its time is where the others are cut."""
        return [planned for seed in self.budget.seeds for planned in self._of_seed(seed)]

    def _of_seed(self, seed: int) -> list[Planned]:
        fastest = self._planned(f"k{FASTEST}", FASTEST, seed, (Stage(VIEWS, self.pictures),))
        runs = [fastest]
        seconds = seconds_taken(self.folder, fastest)
        for kernel in LARGER:
            stages = [Stage((PICTURES,), self.pictures)]
            if seconds:
                stages.insert(0, Stage((TIME,), self.pictures, seconds))
            runs.append(self._planned(f"k{kernel}", kernel, seed, tuple(stages)))
        for kernel in LARGER:
            stage = Stage((PARAMETERS,), self.pictures)
            width = self.matched[kernel]
            runs.append(self._planned(f"k{kernel}-matched", kernel, seed, (stage,), width))
        return runs

    def _planned(
        self, setting: str, kernel: Kernel, seed: int, stages: tuple[Stage, ...], width: int = 0
    ) -> Planned:
        network = replace(self.network, kernel=kernel, width=width or self.network.width)
        config = replace(self.base, network=network, loop=replace(self.base.loop, seed=seed))
        grids = 1 if not width or seed == self.budget.seeds[0] else 0
        return Planned(setting, seed, config, self.photos, stages, grids)

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


def base_config(source: str, budget: Budget, threads: int) -> RunConfig:
    """The report's unconditional run at the budget's width, from which all settings start."""
    return RunConfig(
        DataConfig(source, SIZE),
        DCGANConfig(kernel=FASTEST, width=budget.width, latent=budget.latent),
        AdversarialConfig(),
        LoopConfig(batch=budget.batch, log_every=1, threads=threads),
    )


def matched_width(network: DCGANConfig, kernel: Kernel) -> int:
    """The width at which `kernel` gives both networks together as many parameters as `network`.

    As near as whole widths allow: within 5 % from width 32 on.
    """
    wanted = costs(network, 0)[0]
    return min(
        range(1, network.width + 1),
        key=lambda width: abs(costs(replace(network, kernel=kernel, width=width), 0)[0] - wanted),
    )


def report(table: pd.DataFrame) -> str:
    """The report's conclusions and whether they hold here."""
    return text(findings(table))


def findings(table: pd.DataFrame) -> list[Finding]:
    """The report's conclusions about kernels, each with whether it holds here."""
    k4, k6, k8 = settings = [f"k{kernel}" for kernel in (FASTEST, *LARGER)]

    def at(metric: str, view: str = PICTURES) -> pd.DataFrame:
        return values(table, metric, view)

    fd, score = at("fd"), at("is")
    loss_g, wave = at("loss_g"), at("loss_g_oscillation")
    result = [
        rising("a larger kernel makes G's loss oscillate more", wave, settings),
        rising(
            "it oscillates more in proportion too (oscillation / G's loss)", wave / loss_g, settings
        ),
        rising("a larger kernel makes training slower (seconds)", at("seconds"), settings),
        rising("G's loss is higher with kernel 6 than with 4", loss_g, [k4, k6]),
        _won(at("loss_d"), settings),
        rising("going from kernel 4 to 6 lowers FD (the report: FID 153 to 149)", fd, [k6, k4]),
        rising("going on from kernel 6 to 8 raises it (the report: 149 to 153)", fd, [k6, k8]),
        rising("IS is higher with kernel 6 than with 4 (the report: 2.94, 2.86)", score, [k4, k6]),
        rising("IS is lower with kernel 8 than with 4 (the report: 2.41, 2.86)", score, [k8, k4]),
        _covered(at("recall"), at("precision"), settings),
    ]
    for view in VIEWS:
        found = at("fd", view)
        for larger in (k6, k8):
            name = f"{larger}-matched" if view == PARAMETERS else larger
            claim = f"kernel 4 is best, {view}: its FD is lower than that of {name}"
            result.append(rising(claim, found, [k4, name]))
    floor = table.loc[table["metric"] == "fd_floor", "value"]
    if len(floor):
        text = f"FD real against real is {spread(floor)}; no generator can be expected below"
        result.append(Finding("every kernel's FD is above the floor", _above(fd, floor), text))
    return result


def _won(loss_d: pd.DataFrame, settings: list[str]) -> Finding:
    claim = "D's loss ends near 0.1 with every kernel: D has won"
    kernels = [setting for setting in settings if setting in loss_d]
    listed = ", ".join(f"{setting} {spread(loss_d[setting])}" for setting in kernels)
    if not kernels:
        return Finding(claim, None, "not measured")
    below = loss_d[kernels] < WON
    holds = True if below.all(axis=None) else False if not below.any(axis=None) else None
    return Finding(claim, holds, f"{listed} [{ranged(loss_d[kernels[0]])}]; won: below {WON}")


def _covered(recall: pd.DataFrame, precision: pd.DataFrame, settings: list[str]) -> Finding:
    claim = "the pictures cover some of the photos: recall is above 0 with every kernel"
    kernels = [setting for setting in settings if setting in recall and setting in precision]
    if not kernels:
        return Finding(claim, None, "not measured")
    listed = "; ".join(
        f"{setting} recall {spread(recall[setting])}, precision {spread(precision[setting])}"
        for setting in kernels
    )
    above = recall[kernels] > 0
    holds = True if above.all(axis=None) else False if not above.any(axis=None) else None
    return Finding(claim, holds, f"{listed} [{ranged(recall[kernels[0]])}]")


def _above(fd: pd.DataFrame, floor: pd.Series) -> bool:
    return bool(fd.min(axis=None) > floor.max())
