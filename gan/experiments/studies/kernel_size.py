"""Kernel size: the report's DCGAN with kernels 4, 6 and 8, compared in three fair ways."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import ClassVar, Literal

import pandas as pd

from gan.config import DCGANConfig
from gan.experiments import kernel_verdicts
from gan.experiments.experiment import Experiment, Row
from gan.experiments.findings import Finding
from gan.experiments.kernel_verdicts import (
    CHECKS,
    FASTEST,
    KERNELS,
    LARGER,
    PARAMETERS,
    PICTURES,
    TIME,
    WHOLE,
    Kernel,
)
from gan.experiments.plan import TINY, Length, Planned, Stage, changed, resized
from gan.experiments.results import CURVE
from gan.recipes import REPORT_DCGAN
from gan.runs import Run


@dataclass(frozen=True)
class KernelLength(Length):
    """How long the runs are, all in pictures seen."""

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    compared: int = 320_000  # where kernels are compared, with every seed
    whole: int = 637_440  # the report's ten epochs of 498 batches of 128; the first seed alone
    matched: int = 160_000  # where networks of equally many parameters are compared
    along: tuple[int, ...] = (40_000, 80_000)  # further points of the curves
    judged_along: int = 2_000  # generated pictures that are judged along the way


class KernelSize(Experiment):
    """Train the report's DCGAN with each kernel and seed, judge the runs, say what holds."""

    name = "kernel-size"
    title = "Kernel size"
    question = "Does a larger kernel help?"
    about = (
        "The report's unconditional network with kernels 4, 6 and 8, compared at equal pictures, "
        "at equal time, and at equal numbers of parameters. Budgets are counted in pictures seen, "
        "because the report's set of photos was 6.6 times as large: ten of its epochs are 637,440 "
        "pictures. Networks of different kernels start from weights that have nothing in common, "
        "so runs of one seed are not treated as pairs."
    )
    script = "kernel_sweep.py"
    lengths: ClassVar = {
        "full": KernelLength(),
        "short": KernelLength(
            seeds=(0, 1, 2),
            compared=32_000,
            whole=64_000,
            matched=16_000,
            along=(4_000, 8_000),
            judged=2_000,
            judged_along=500,
            judges=1,
        ),
        "tiny": KernelLength(
            compared=192,
            whole=256,
            matched=128,
            along=(64,),
            judged_along=32,
            **(TINY | {"judged": 64}),
        ),
    }
    note = "equal time once kernel 4 of the seed has been trained: its time is the limit"

    @cached_property
    def network(self) -> DCGANConfig:
        """The networks with kernel 4."""
        return DCGANConfig(kernel=FASTEST, width=self.length.width, latent=self.length.latent)

    def judge(self, planned: Planned, run: Run, count: int) -> list[Row]:
        """FD by the classifiers too: one network's FD alone may prefer its own artefacts."""
        from gan.experiments import judging

        return judging.fidelity_rows(run, self.photos, self.extractor, count, self.judges)

    @cached_property
    def floors(self) -> list[Row]:
        """What photos score in the pictures' place."""
        from gan.experiments import judging

        return judging.floor_rows(self.photos, self.extractor, self.judges)

    def plan(self) -> list[Planned]:
        """Seed by seed, kernel 4 first: its time is where the others are read off.

        Whole budgets come last, so that every seed of the comparison comes before them.
        """
        runs = [planned for seed in self.length.seeds for planned in self._of_seed(seed)]
        return runs + [self._check(setting) for setting in CHECKS]

    def _of_seed(self, seed: int) -> list[Planned]:
        from gan.experiments.running import seconds_at

        fastest = self._planned(f"k{FASTEST}", seed, self._stages(seed, FASTEST, 0))
        seconds = seconds_at(self.folder, fastest, self.length.compared)
        runs = [fastest]
        for kernel in LARGER:
            runs.append(self._planned(f"k{kernel}", seed, self._stages(seed, kernel, seconds)))
        for kernel in LARGER:
            stage = Stage((PARAMETERS,), self.length.matched)
            width = matched_width(self.network, kernel)
            runs.append(self._planned(f"k{kernel}-matched", seed, (stage,), kernel, width))
        return runs

    def _stages(self, seed: int, kernel: Kernel, seconds: float) -> tuple[Stage, ...]:
        """The moments at which a run of full width is judged; `seconds` are those of kernel 4."""
        length = self.length
        whole = (length.whole,) if seed == length.seeds[0] else ()
        points = sorted({*length.along, length.matched, length.compared, *whole})
        # Every kernel comes to the comparison before one goes on alone.
        # One batch before: a moment has one row a figure, and the comparison has its own count.
        batch = length.batch or REPORT_DCGAN.loop.batch
        stages = [
            Stage(
                (f"{CURVE}{point}",),
                point - batch,
                judged=length.judged_along,
                late=point > length.compared,
            )
            for point in points
        ]
        fastest = kernel == FASTEST
        stages.append(Stage((PICTURES, TIME) if fastest else (PICTURES,), length.compared))
        if fastest:
            stages.append(Stage((PARAMETERS,), length.matched))
        elif seconds:
            stages.append(Stage((TIME,), length.compared, seconds))
        stages += [Stage((WHOLE,), point, late=True) for point in whole]
        return tuple(stages)

    def _check(self, setting: str) -> Planned:
        planned = self._planned(
            setting, self.length.seeds[0], (Stage((WHOLE,), self.length.whole, late=True),)
        )
        change = CHECKS[setting]
        config = changed(planned.config, change.section, **{change.field: change.value})
        return replace(planned, config=config)

    def _planned(
        self,
        setting: str,
        seed: int,
        stages: tuple[Stage, ...],
        kernel: Kernel | None = None,
        width: int = 0,
    ) -> Planned:
        given = self.given
        config = resized(
            REPORT_DCGAN, self.length, given.data, log_every=1, threads=given.threads, seed=seed
        )
        number = kernel or next(k for k in KERNELS if setting.startswith(f"k{k}"))
        config = changed(config, "network", kernel=number, width=width or self.network.width)
        grids: Literal["all", "last"] = "all" if seed == self.length.seeds[0] else "last"
        return Planned(setting, seed, config, self.photos, stages, grids, keep=not width)

    @classmethod
    def called(cls, setting: str) -> str:
        """A setting in words."""
        return kernel_verdicts.called(setting)

    @classmethod
    def findings(cls, table: pd.DataFrame) -> dict[str, list[Finding]]:
        """The report's conclusions, then the tests that they rest on."""
        return kernel_verdicts.findings(table)

    @classmethod
    def answer(cls, table: pd.DataFrame, view: str = "") -> Finding | None:
        """Which kernel is better in a view, or in each, and whether that is shown."""
        return kernel_verdicts.answer(table, view) if view else kernel_verdicts.overall(table)


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
