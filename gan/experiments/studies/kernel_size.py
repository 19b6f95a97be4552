"""Kernel size: the report's DCGAN with kernels 4, 6 and 8, compared in three fair ways."""

import itertools
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

import pandas as pd

from gan.config import DCGANConfig
from gan.experiments.experiment import Experiment
from gan.experiments.findings import Finding, compared, corrected, everywhere, ranged, spread
from gan.experiments.plan import TINY, Length, Planned, Stage, changed, resized
from gan.experiments.results import values
from gan.metrics.glossary import FLOOR, LITE2, METRICS, STAND_INS, Figure, without_stand_ins
from gan.recipes import REPORT_DCGAN

VIEWS = {
    "equal-pictures": "Equal pictures",
    "equal-time": "Equal time",
    "equal-parameters": "Equal parameters",
    "whole-budget": "The report's whole budget",
}
PICTURES, TIME, PARAMETERS, WHOLE = VIEWS
COMPARED = (PICTURES, TIME, PARAMETERS)  # the whole budget has one seed
CURVE = "curve-"  # begins the views along the way: curve-40000
Kernel = Literal[4, 6, 8]
FASTEST: Kernel = 4
LARGER: tuple[Kernel, ...] = (6, 8)
KERNELS: tuple[Kernel, ...] = (FASTEST, *LARGER)
WON = 0.15  # the report's "about 0.1": a discriminator's loss below this has won
# Single changes of kernel 4 over the whole budget: do they end as well as they begin?
CHECKS: dict[str, dict[str, Any]] = {
    "k4-d-first": {"first": "discriminator"},
    "k4-mse": {"loss": "mse"},
    "k4-lr-d-half": {"lr_d": ("times", 0.5)},
}
CHECK_WORDS = {
    "k4-d-first": "D's step before G's",
    "k4-mse": "mean squared error in place of cross-entropy",
    "k4-lr-d-half": "half the learning rate for D",
}


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
    question = "Which kernel size is better, and is the difference shown?"
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
        return replace(planned, config=changed(planned.config, "objective", **CHECKS[setting]))

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
        first = seed == self.length.seeds[0]
        return Planned(setting, seed, config, self.photos, stages, grids=first, keep=not width)

    @classmethod
    def called(cls, setting: str) -> str:
        """A setting in words."""
        if setting in CHECK_WORDS:
            return f"kernel {FASTEST} with {CHECK_WORDS[setting]}"
        kernel = setting.removesuffix("-matched")
        if kernel not in {f"k{kernel}" for kernel in KERNELS}:
            return setting
        return f"kernel {kernel[1:]}" + (", narrowed" if setting != kernel else "")

    @classmethod
    def tables(cls, table: pd.DataFrame) -> dict[str, list[Finding]]:
        """Pairs of kernels in each view, then the report's conclusions."""
        k4, k6, k8 = settings = [cls.called(f"k{kernel}") for kernel in KERNELS]

        def at(metric: str, view: str = PICTURES) -> pd.DataFrame:
            return values(table, metric, view).rename(columns=cls.called)

        result = {}
        for view in COMPARED:
            (key, _), fd = _best_known(table, "fd", view)
            result[f"{METRICS[key].name} of each pair of kernels, {VIEWS[view].lower()}"] = _pairs(
                METRICS[key].name, fd.rename(columns=cls.called), view
            )
        figure, fd = _best_known(table, "fd", PICTURES)
        name = METRICS[figure[0]].name
        _, score = _best_known(table, "is", PICTURES)
        fd, score = fd.rename(columns=cls.called), score.rename(columns=cls.called)
        loss_g, wave = at("loss_g"), at("loss_g_oscillation")
        result["The report's conclusions about training"] = [
            compared("a larger kernel makes G's loss oscillate more", wave, settings),
            compared(
                "it oscillates more in proportion too (oscillation / G's loss)",
                wave / loss_g,
                settings,
            ),
            compared("a larger kernel makes training slower (seconds)", at("seconds"), settings),
            compared("G's loss is higher with kernel 6 than with 4", loss_g, [k4, k6]),
            _won(at("loss_d"), settings),
        ]
        result["The report's conclusions about pictures"] = [
            compared(
                f"going from kernel 4 to 6 lowers {name} (the report: FID 153 to 149)",
                fd,
                [k4, k6],
                sign=-1,
            ),
            compared(
                "going on from kernel 6 to 8 raises it (the report: 149 to 153)", fd, [k6, k8]
            ),
            compared(
                "IS is higher with kernel 6 than with 4 (the report: 2.94, 2.86)", score, [k4, k6]
            ),
            compared(
                "IS is lower with kernel 8 than with 4 (the report: 2.41, 2.86)",
                score,
                [k4, k8],
                sign=-1,
            ),
            _covered(at("recall"), at("precision"), settings),
            *_floor(table, figure, fd),
        ]
        (key, _), whole = _best_known(table, "fd", WHOLE)
        whole = whole.rename(columns=cls.called)
        if not whole.empty:
            name = METRICS[key].name
            result["The report's whole budget, one seed: figures, not comparisons"] = [
                Finding(f"{name} of {setting} is known", True, f"{spread(whole[setting])}, one run")
                for setting in [*settings, *map(cls.called, CHECKS)]
                if setting in whole
            ]
        return result

    @classmethod
    def answer(cls, table: pd.DataFrame, view: str = PICTURES) -> Finding | None:
        """Which kernel has the lowest FID (or else FD) in a view, and whether that is shown."""
        (key, _), fd = _best_known(table, "fd", view)
        name = METRICS[key].name
        fd = fd.rename(columns=lambda name: name.removesuffix("-matched"))
        settings = [f"k{kernel}" for kernel in KERNELS if f"k{kernel}" in fd]
        if len(settings) < 2:
            return None
        fd = fd[settings].rename(columns={k: f"kernel {k[1:]}" for k in settings})
        best, *others = (str(name) for name in fd.mean().sort_values().index)
        pairs = [
            compared("", fd, [ahead, behind])
            for ahead, behind in itertools.combinations([best, *others], 2)
        ]
        against = corrected(pairs)[: len(others)]
        beaten = [name for name, finding in zip(others, against, strict=True) if finding.holds]
        tied = [name for name in others if name not in beaten]
        seeds = int(fd.count().max())
        if not tied:
            words = f"{best.capitalize()} is best: it is shown to be ahead of {_join(others)}."
        elif beaten:
            words = (
                f"{best.capitalize()} has the lowest {name} and is shown to be ahead of "
                f"{_join(beaten)}, but not of {_join(tied)}."
            )
        else:
            words = (
                f"No kernel is shown to be better at {seeds} seed{'s' * (seeds > 1)}; "
                f"{best} has the lowest {name}."
            )
        evidence = "; ".join(
            f"{other}: {finding.evidence.partition('; difference ')[2]}"
            for other, finding in zip(others, against, strict=True)
        )
        listed = ", ".join(f"{kernel}: {spread(fd[kernel])}" for kernel in (best, *others))
        return Finding(words, not tied or None, f"{name}: {listed}. {evidence}", words)


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


def along(table: pd.DataFrame, metric: str = "fd") -> pd.DataFrame:
    """The curves of a figure of the pictures: name, seed, pictures, seconds, value, n_fake.

    Figures along the way rest on fewer pictures than those of the comparisons.
    """
    rows = by_kernel(table[table["view"].str.startswith(CURVE)])
    keys = ["name", "seed", "view"]
    time = rows[rows["metric"] == "seconds"].set_index(keys)["value"]
    rows = rows[(rows["metric"] == metric) & (rows["extractor"] == LITE2)]
    rows = rows[rows["body_type"] == "all"]
    seconds = [time.get(tuple(key), float("nan")) for key in rows[keys].to_numpy()]
    pictures = rows["view"].str.removeprefix(CURVE).astype(int)
    columns = ["name", "seed", "pictures", "seconds", "value", "n_fake", "extractor"]
    return rows.assign(pictures=pictures, seconds=seconds)[columns].reset_index(drop=True)


def _best_known(
    table: pd.DataFrame, metric: Literal["fd", "is"], view: str
) -> tuple[Figure, pd.DataFrame]:
    """FID or IS by seed and setting, or Lite2's figure in its place where more runs have that."""
    stand_in = metric, LITE2
    wide = {
        figure: values(table, figure[0], view, extractor=figure[1])
        for figure in (stand_in, STAND_INS[stand_in])
    }
    figure = without_stand_ins({figure: int(of.count().sum()) for figure, of in wide.items()})[0]
    return figure, wide[figure]


def _pairs(name: str, fd: pd.DataFrame, view: str) -> list[Finding]:
    suffix = "-matched" * (view == PARAMETERS)
    names = [KernelSize.called(f"k{k}" + suffix * (k != FASTEST)) for k in KERNELS]
    return [
        compared(f"{after} has a lower {name} than {before}", fd, [before, after], sign=-1)
        for before, after in itertools.combinations(names, 2)
    ]


def _won(loss_d: pd.DataFrame, settings: list[str]) -> Finding:
    claim = "D's loss ends near 0.1 in every run: D has won"
    kernels = [setting for setting in settings if setting in loss_d]
    listed = ", ".join(f"{setting}: {spread(loss_d[setting])}" for setting in kernels)
    if not kernels:
        return Finding(claim, None, "not measured")
    evidence = f"{listed} [{ranged(loss_d[kernels[0]])}]; won: below {WON}"
    return Finding(claim, everywhere(loss_d[kernels] < WON), evidence)


def _covered(recall: pd.DataFrame, precision: pd.DataFrame, settings: list[str]) -> Finding:
    claim = "the pictures cover some of the photos: recall is above 0 in every run"
    kernels = [setting for setting in settings if setting in recall and setting in precision]
    if not kernels:
        return Finding(claim, None, "not measured")
    listed = "; ".join(
        f"{setting}: recall {spread(recall[setting])}, precision {spread(precision[setting])}"
        for setting in kernels
    )
    evidence = f"{listed} [{ranged(recall[kernels[0]])}]"
    return Finding(claim, everywhere(recall[kernels] > 0), evidence)


def _floor(table: pd.DataFrame, figure: Figure, fd: pd.DataFrame) -> list[Finding]:
    key, extractor = figure
    same = (table["metric"] == key + FLOOR) & (table["extractor"] == extractor)
    floors = table[same]
    floor = floors["value"]
    if not len(floor) or fd.empty:
        return []
    name = METRICS[key].name
    made, real = int(floors["n_fake"].iloc[0]), int(floors["n_real"].iloc[0])
    evidence = f"{name} of {made:,} photos against {real:,} others is {spread(floor)}"
    above = bool(fd.min(axis=None) > floor.max())
    claim = f"every run's {name} is above that of photos against other photos"
    return [Finding(claim, above, evidence)]


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
