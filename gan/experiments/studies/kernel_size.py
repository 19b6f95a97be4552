"""Kernel size: the report's DCGAN with kernels 4, 6 and 8, compared in three fair ways."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

import pandas as pd

from gan.config import DCGANConfig
from gan.experiments.experiment import Experiment
from gan.experiments.findings import Finding, everywhere, ranged, rising, spread
from gan.experiments.plan import TINY, Length, Planned, Stage, changed, resized
from gan.experiments.results import values
from gan.recipes import REPORT_DCGAN

VIEWS = {
    "equal-pictures": "Equal pictures",
    "equal-time": "Equal time",
    "equal-parameters": "Equal parameters",
}
PICTURES, TIME, PARAMETERS = VIEWS
Kernel = Literal[4, 6, 8]
FASTEST: Kernel = 4
LARGER: tuple[Kernel, ...] = (6, 8)
WON = 0.15  # the report's "about 0.1": a discriminator's loss below this has won


@dataclass(frozen=True)
class KernelLength(Length):
    """How long the runs are."""

    epochs: float = 10


class KernelSize(Experiment):
    """Train the report's DCGAN with each kernel and seed, judge the runs, say what holds."""

    name = "kernel-size"
    title = "Kernel size"
    question = "Which kernel size is better, and is the difference real?"
    about = (
        "The report's unconditional network with kernels 4, 6 and 8: at equal pictures, at equal "
        "time, and at equal numbers of parameters."
    )
    script = "kernel_sweep.py"
    lengths: ClassVar = {
        "full": KernelLength(),
        # Judging 5,000 took a third of such runs' time; every run has the same count's bias.
        "short": KernelLength(epochs=3, judged=2_000),
        "tiny": KernelLength(epochs=1, **TINY),
    }

    @cached_property
    def pictures(self) -> int:
        """That a run sees."""
        return round(self.length.epochs * len(self.photos.indices("train")))

    @cached_property
    def network(self) -> DCGANConfig:
        """The networks with kernel 4."""
        return DCGANConfig(kernel=FASTEST, width=self.length.width, latent=self.length.latent)

    def plan(self) -> list[Planned]:
        """Seed by seed, kernel 4 first: its time is where the others are cut."""
        return [planned for seed in self.length.seeds for planned in self._of_seed(seed)]

    def _of_seed(self, seed: int) -> list[Planned]:
        from gan.experiments.running import seconds_taken

        stage = Stage(tuple(VIEWS), self.pictures)
        fastest = self._planned(f"k{FASTEST}", FASTEST, seed, (stage,))
        runs = [fastest]
        seconds = seconds_taken(self.folder, fastest)
        for kernel in LARGER:
            stages = [Stage((PICTURES,), self.pictures)]
            if seconds:
                stages.insert(0, Stage((TIME,), self.pictures, seconds))
            runs.append(self._planned(f"k{kernel}", kernel, seed, tuple(stages)))
        for kernel in LARGER:
            stage = Stage((PARAMETERS,), self.pictures)
            runs.append(self._planned(f"k{kernel}-matched", kernel, seed, (stage,), matched=True))
        return runs

    def _planned(
        self,
        setting: str,
        kernel: Kernel,
        seed: int,
        stages: tuple[Stage, ...],
        matched: bool = False,
    ) -> Planned:
        given = self.given
        config = resized(
            REPORT_DCGAN, self.length, given.data, log_every=1, threads=given.threads, seed=seed
        )
        width = matched_width(self.network, kernel) if matched else self.network.width
        config = changed(config, "network", kernel=kernel, width=width)
        grids = 1 if not matched or seed == self.length.seeds[0] else 0
        return Planned(setting, seed, config, self.photos, stages, grids)

    @classmethod
    def findings(cls, table: pd.DataFrame) -> list[Finding]:
        """The report's conclusions about kernels, each with whether it holds here."""
        k4, k6, k8 = settings = [f"k{kernel}" for kernel in (FASTEST, *LARGER)]

        def at(metric: str, view: str = PICTURES) -> pd.DataFrame:
            return values(table, metric, view)

        fd, score = at("fd"), at("is")
        loss_g, wave = at("loss_g"), at("loss_g_oscillation")
        result = [
            rising("a larger kernel makes G's loss oscillate more", wave, settings),
            rising(
                "it oscillates more in proportion too (oscillation / G's loss)",
                wave / loss_g,
                settings,
            ),
            rising("a larger kernel makes training slower (seconds)", at("seconds"), settings),
            rising("G's loss is higher with kernel 6 than with 4", loss_g, [k4, k6]),
            _won(at("loss_d"), settings),
            rising("going from kernel 4 to 6 lowers FD (the report: FID 153 to 149)", fd, [k6, k4]),
            rising("going on from kernel 6 to 8 raises it (the report: 149 to 153)", fd, [k6, k8]),
            rising(
                "IS is higher with kernel 6 than with 4 (the report: 2.94, 2.86)", score, [k4, k6]
            ),
            rising(
                "IS is lower with kernel 8 than with 4 (the report: 2.41, 2.86)", score, [k8, k4]
            ),
            _covered(at("recall"), at("precision"), settings),
        ]
        for view in VIEWS:
            for larger in (k6, k8):
                name = f"{larger}-matched" if view == PARAMETERS else larger
                claim = f"kernel 4 is best, {view}: its FD is lower than that of {name}"
                result.append(rising(claim, at("fd", view), [k4, name]))
        floor = table.loc[table["metric"] == "fd_floor", "value"]
        if len(floor):
            text = f"FD real against real is {spread(floor)}; no generator can be expected below"
            above = bool(fd.min(axis=None) > floor.max())
            result.append(Finding("every kernel's FD is above the floor", above, text))
        return result


def matched_width(network: DCGANConfig, kernel: Kernel) -> int:
    """The width at which `kernel` gives both networks together as many parameters as `network`.

    As near as whole widths allow: within 5 % from width 32 on.
    """
    from gan.experiments.rows import costs

    wanted = costs(network, 0)[0]
    return min(
        range(1, network.width + 1),
        key=lambda width: abs(costs(replace(network, kernel=kernel, width=width), 0)[0] - wanted),
    )


def by_kernel(table: pd.DataFrame) -> pd.DataFrame:
    """Add `kernel` and `name` ("Kernel 4") to rows whose setting names a kernel; drop others.

    A network narrowed to equal parameters (`k6-matched`) speaks for its kernel in the view of
    equal parameters alone, and one of full width (`k6`) in every other.
    """
    parts = table["setting"].str.extract(r"^k([468])(-matched)?$")
    narrow = parts[1].notna()
    fits = narrow.eq(table["view"].eq(PARAMETERS)) | (parts[0].eq(str(FASTEST)) & ~narrow)
    rows = table[parts[0].notna() & fits].copy()
    rows["kernel"] = parts.loc[rows.index, 0].astype(int)
    rows["name"] = "Kernel " + rows["kernel"].astype(str)
    return rows


def _won(loss_d: pd.DataFrame, settings: list[str]) -> Finding:
    claim = "D's loss ends near 0.1 with every kernel: D has won"
    kernels = [setting for setting in settings if setting in loss_d]
    listed = ", ".join(f"{setting} {spread(loss_d[setting])}" for setting in kernels)
    if not kernels:
        return Finding(claim, None, "not measured")
    evidence = f"{listed} [{ranged(loss_d[kernels[0]])}]; won: below {WON}"
    return Finding(claim, everywhere(loss_d[kernels] < WON), evidence)


def _covered(recall: pd.DataFrame, precision: pd.DataFrame, settings: list[str]) -> Finding:
    claim = "the pictures cover some of the photos: recall is above 0 with every kernel"
    kernels = [setting for setting in settings if setting in recall and setting in precision]
    if not kernels:
        return Finding(claim, None, "not measured")
    listed = "; ".join(
        f"{setting} recall {spread(recall[setting])}, precision {spread(precision[setting])}"
        for setting in kernels
    )
    evidence = f"{listed} [{ranged(recall[kernels[0]])}]"
    return Finding(claim, everywhere(recall[kernels] > 0), evidence)
