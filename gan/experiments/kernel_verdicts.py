"""What the kernel experiment shows: tests of pairs, the report's conclusions, the answer."""

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd

from gan.experiments.findings import (
    WORDS,
    Finding,
    compared,
    corrected,
    digits,
    interval,
    spread,
)
from gan.experiments.permutation import LEVEL, Difference, holm, unpaired
from gan.experiments.results import CURVE, values
from gan.experiments.studies.ablations import CHANGES
from gan.metrics.glossary import (
    CLASSIFIER,
    FLOOR,
    INCEPTION,
    LITE2,
    STAND_INS,
    Figure,
    title,
    without_stand_ins,
)

VIEWS = {
    "equal-pictures": "Equal pictures",
    "equal-time": "Equal time",
    "equal-parameters": "Equal parameters",
    "whole-budget": "The report's whole budget",
}
PICTURES, TIME, PARAMETERS, WHOLE = VIEWS
COMPARED = (PICTURES, TIME, PARAMETERS)  # the whole budget has one seed
Kernel = Literal[4, 6, 8]
FASTEST: Kernel = 4
LARGER: tuple[Kernel, ...] = (6, 8)
KERNELS: tuple[Kernel, ...] = (FASTEST, *LARGER)
NAMES = tuple(f"kernel {kernel}" for kernel in KERNELS)
NO_HELP = (
    "It is not shown to help: in no comparison does a judge show a kernel ahead of a smaller one."
)
ONE_EACH = "Nothing can be shown by one training of each"
WON = 0.15  # the report's "about 0.1": a discriminator's loss below this has won
DISTANCES: tuple[Figure, ...] = (("fid", INCEPTION), ("fd", LITE2), ("fd", CLASSIFIER))
# Single changes of kernel 4 over the whole budget: do they end as well as they begin?
CHECKS = {f"k4-{name}": CHANGES[name] for name in ("d-first", "mse", "lr-d-half")}


def called(setting: str) -> str:
    """A setting in words: `k6-matched` is "kernel 6, narrowed"."""
    if setting in CHECKS:
        return f"kernel {FASTEST} with {CHECKS[setting].words}"
    kernel = setting.removesuffix("-matched")
    if kernel not in {f"k{kernel}" for kernel in KERNELS}:
        return setting
    return f"kernel {kernel[1:]}" + (", narrowed" if setting != kernel else "")


def findings(table: pd.DataFrame) -> dict[str, list[Finding]]:
    """The report's conclusions, then the tests that they rest on: a table a figure.

    `table` is results.csv of the experiment.
    """
    distances = {view: _by_distance(table, view) for view in COMPARED}
    trainings = _trainings(table)
    tables = {
        "The report's conclusions": _conclusions(table, distances[PICTURES], trainings),
        **{one.heading: one.findings for one in (*distances.values(), *trainings.values())},
    }
    if whole := _whole_budget(table):
        tables["The report's whole budget: one run each, so nothing is tested"] = whole
    return tables


def answer(table: pd.DataFrame, view: str) -> Finding | None:
    """Which kernel is better in a view, and whether that is shown; None for fewer than two kernels.

    One kernel is shown to be ahead of another only where the test shows it for every distance that
    was measured: FID or else Lite2's FD, and the car classifier's FD. So p of a pair is the larger
    of the two (an intersection-union test, Berger 1982), corrected for the pairs.
    """
    wides = {title(*figure): fd for figure, fd in _distances(table, view).items()}
    kernels = [name for name in NAMES if all(name in fd for fd in wides.values())]
    if len(kernels) < 2:
        return None
    wides = {name: fd[kernels] for name, fd in wides.items()}
    first = next(iter(wides.values()))
    order = list(first.mean().sort_values().index)
    if first.count().max() == 1:
        listed = _listed(wides, order)
        return Finding(ONE_EACH, None, listed, f"{ONE_EACH}; {_lowest(wides)}.")
    pairs = list(itertools.combinations(order, 2))
    steps = [_steps(wides, *pair) for pair in pairs]
    ps = _for_all(steps)
    shown = {pair: p for pair, p in zip(pairs, ps, strict=True) if p <= LEVEL}
    counts = first.count()
    seeds = " to ".join(map(str, sorted({counts.min(), counts.max()})))
    words = _in_words(wides, order, shown, f"{seeds} trainings of each")
    said = "p for both judges" if len(wides) > 1 else "p"
    evidence = [
        f"{behind} less {ahead}: {' and '.join(map(interval, of))}, {said} {p:.2g}"
        for (ahead, behind), of, p in zip(pairs, steps, ps, strict=True)
    ]
    best = all((order[0], other) in shown for other in order[1:])
    return Finding(words, best or None, "; ".join([_listed(wides, order), *evidence]), words)


def overall(table: pd.DataFrame) -> Finding | None:
    """The answer in every view that compares kernels; None where there is none.

    What holds for equal pictures need not hold for equal time: all views speak.
    """
    found = {VIEWS[view]: answer(table, view) for view in COMPARED}
    known = {name: one for name, one in found.items() if one}
    if len(known) < 2:
        return next(iter(known.values()), None)
    views: dict[str, list[str]] = {}
    for name, one in known.items():
        views.setdefault(one.verdict, []).append(name.lower())
    if len(views) == 1:
        ((verdict, names),) = views.items()
        words = f"{verdict} The answer is the same at {', '.join(names)}."
    else:
        words = "\n".join(
            f"- {', '.join(names).capitalize()}: {verdict}" for verdict, names in views.items()
        )
    if not any(_larger_is_ahead(table, view) for view in COMPARED):
        words = f"{NO_HELP}\n\n{words}"
    evidence = "; ".join(f"{name.lower()}: {one.evidence}" for name, one in known.items())
    best = {one.holds for one in known.values()}
    return Finding(words, best.pop() if len(best) == 1 else None, evidence, words)


def _for_all(steps: list[list[Difference]]) -> list[float]:
    """p of each pair for all distances together, corrected for the pairs; see `answer`."""
    return holm([max(one.p if one.mean > 0 else 1 for one in of) for of in steps])


def _larger_is_ahead(table: pd.DataFrame, view: str) -> bool:
    """Whether a kernel is shown to be ahead of a smaller one, by any distance or by all."""
    wides = {title(*figure): fd for figure, fd in _distances(table, view).items()}
    kernels = [name for name in NAMES if all(name in fd for fd in wides.values())]
    if not wides or len(kernels) < 2:
        return False
    wides = {name: fd[kernels] for name, fd in wides.items()}
    shown = [pair for found in _alone(wides).values() for pair in found]
    pairs = [(larger, smaller) for smaller, larger in itertools.combinations(kernels, 2)]
    ps = _for_all([_steps(wides, *pair) for pair in pairs])
    return any(p <= LEVEL for p in ps) or any(pair in shown for pair in pairs)


def by_kernel(table: pd.DataFrame) -> pd.DataFrame:
    """Add `kernel` and `name` ("Kernel 4") to rows whose setting names a kernel; drop others.

    A network narrowed to equal parameters (`k6-matched`) speaks for its kernel in the view of
    equal parameters alone, and one of full width (`k6`) in every other.
    """
    parts = table["setting"].str.extract(r"^k([468])(-matched)?$")
    narrow = parts[1].notna()
    fits = narrow.eq(table["view"].eq(PARAMETERS)) | (parts[0].eq(str(FASTEST)) & ~narrow)
    known = parts[0].notna() & fits
    rows = table[known].copy()
    rows["kernel"] = parts.loc[known, 0].astype(int)
    rows["name"] = [f"Kernel {kernel}" for kernel in rows["kernel"]]
    return rows


def along(table: pd.DataFrame, metric: str = "fd", extractor: str = LITE2) -> pd.DataFrame:
    """The curves of a figure of the pictures: name, seed, pictures, seconds, value, n_fake.

    Figures along the way rest on fewer pictures than those of the comparisons.
    """
    rows = by_kernel(table[table["view"].str.startswith(CURVE)])
    keys = ["name", "seed", "view"]
    time = rows[rows["metric"] == "seconds"].set_index(keys)["value"]
    rows = rows[(rows["metric"] == metric) & (rows["extractor"] == extractor)]
    rows = rows[rows["body_type"] == "all"]
    seconds = [time.get(tuple(key), float("nan")) for key in rows[keys].to_numpy()]
    pictures = rows["view"].str.removeprefix(CURVE).astype(int)
    columns = ["name", "seed", "pictures", "seconds", "value", "n_fake", "extractor"]
    return rows.assign(pictures=pictures, seconds=seconds)[columns].reset_index(drop=True)


@dataclass(frozen=True)
class Comparison:
    """A figure of the kernels in one view, tested for each pair of them; or several figures."""

    heading: str
    # With {ahead}, the kernel with the lower value, or with `sign` 1 the higher; {behind}, the
    # other; and where there are several figures {figure}.
    claim: str
    wides: dict[str, pd.DataFrame]  # each figure, by its name: by seed and kernel
    sign: int = -1

    @cached_property
    def findings(self) -> list[Finding]:
        """One a figure and pair, corrected for their number; the kernel ahead is named first."""
        findings = []
        for figure, wide in self.wides.items():
            for one, other in itertools.combinations(NAMES, 2):
                pair = other, one
                if _change(wide, one, other) * self.sign < 0:
                    pair = one, other
                ahead, behind = pair
                claim = self.claim.format(ahead=ahead, behind=behind, figure=figure)
                findings.append(compared(claim, wide, (behind, ahead), sign=self.sign))
        return corrected(findings)

    def said(self, claim: str, *changes: tuple[Kernel, Kernel, int]) -> Finding:
        """What the pairs show of a claim: that the figure rises (1) or falls (-1) between two.

        It is shown if each change is, in every figure, and shown to be false if the opposite of
        one is, in every figure.
        """
        verdicts, evidence = [], []
        pairs = list(itertools.combinations(KERNELS, 2))
        for before, after, sign in changes:
            names = f"kernel {before}", f"kernel {after}"
            found = self.findings[pairs.index((before, after)) :: len(pairs)]
            ways = {
                _change(wide, *names) * sign > 0 if finding.holds else None
                for finding, wide in zip(found, self.wides.values(), strict=True)
            }
            verdicts.append(ways.pop() if len(ways) == 1 else None)
            evidence += [f"{one.claim}: {WORDS[one.holds].lower()}" for one in found]
        known = [verdict for verdict in verdicts if verdict is not None]
        holds = all(known) if len(known) == len(verdicts) or not all(known) else None
        return Finding(claim, holds, "; ".join(evidence))


def _change(wide: pd.DataFrame, before: str, after: str) -> float:
    """By how much the mean rises; NaN where one is not measured."""
    if before not in wide or after not in wide:
        return float("nan")
    return float(wide[after].mean() - wide[before].mean())


def _by_distance(table: pd.DataFrame, view: str) -> Comparison:
    """The distances of a view: FID or else Lite2's FD, and the car classifier's."""
    wides = {title(*figure): fd for figure, fd in _distances(table, view).items()}
    return Comparison(
        f"{_join(list(wides))}, {VIEWS[view].lower()}",
        "{ahead} has a lower {figure} than {behind}",
        wides,
    )


def _trainings(table: pd.DataFrame) -> dict[str, Comparison]:
    """The figures at equal pictures that the report draws conclusions from, but distances."""
    figure, score = _best_known(table, "is", PICTURES)
    wave, loss = (_wide(table, key, PICTURES) for key in ("loss_g_oscillation", "loss_g"))
    step = _wide(table, "step_seconds", PICTURES)

    def of(heading: str, claim: str, wide: pd.DataFrame) -> Comparison:
        return Comparison(heading, claim, {heading: wide}, 1)

    return {
        "is": of(title(*figure), "{ahead} has a higher {figure} than {behind}", score),
        "wave": of(
            "Oscillation of G's loss",
            "G's loss oscillates more with {ahead} than with {behind}",
            wave,
        ),
        "share": of(
            "Oscillation in proportion to G's loss",
            "it oscillates more in proportion with {ahead} than with {behind}",
            wave / loss,
        ),
        "loss": of("G's loss", "G's loss ends higher with {ahead} than with {behind}", loss),
        "step": of(
            "Time of a training step", "a step takes longer with {ahead} than with {behind}", step
        ),
    }


def _conclusions(
    table: pd.DataFrame, distance: Comparison, other: dict[str, Comparison]
) -> list[Finding]:
    """What the report concluded, and what its table says, beside the tests of the pairs."""
    name = _join(list(distance.wides))
    larger: list[tuple[Kernel, Kernel, int]] = [(4, 6, 1), (6, 8, 1)]
    return [
        other["wave"].said("a larger kernel makes G's loss oscillate more", *larger),
        other["share"].said("it oscillates more in proportion to the loss too", *larger),
        other["step"].said("a larger kernel makes a training step slower", *larger),
        other["loss"].said("G's loss is higher with kernel 6 than with 4", (4, 6, 1)),
        _everywhere(
            "G's loss rises over the second half of the training with every kernel (the report: "
            "with 6 and 8)",
            _wide(table, "loss_g_rise", PICTURES),
            lambda values: values > 0,
        ),
        _everywhere(
            f"D's loss ends near 0.1 in every run: D has won (below {WON})",
            _wide(table, "loss_d", PICTURES),
            lambda values: values < WON,
        ),
        distance.said(
            f"going from kernel 4 to 6 lowers {name} (the report: FID 153 to 149)", (4, 6, -1)
        ),
        distance.said(
            f"going on from kernel 6 to 8 raises {name} (the report: 149 to 153)", (6, 8, 1)
        ),
        other["is"].said(
            "IS is higher with kernel 6 than with 4 (the report: 2.94, 2.86)", (4, 6, 1)
        ),
        other["is"].said(
            "IS is lower with kernel 8 than with 4 (the report: 2.41, 2.86)", (4, 8, -1)
        ),
        _everywhere(
            "the pictures cover some of the photos: recall is above 0 in every run",
            _wide(table, "recall", PICTURES),
            lambda values: values > 0,
        ),
        *_floors(table),
        Finding(
            "by eye kernel 4 is best",
            None,
            "graded by vision models, not people, without knowing the kernel: "
            "`python train/grade.py --read checkpoints/kernel-size/grades.csv`",
        ),
        Finding(
            "with other hyper-parameters kernel 6 could win",
            None,
            "not tested: the settings were changed with kernel 4 alone",
        ),
    ]


def _wide(table: pd.DataFrame, metric: str, view: str, extractor: str = "") -> pd.DataFrame:
    """A figure in a view: a row a seed, a column a kernel ("kernel 4")."""
    rows = by_kernel(table[table["view"] == view])
    rows["setting"] = [str(name).lower() for name in rows["name"]]
    wide = values(rows, metric, view, extractor=extractor)
    return wide[[name for name in NAMES if name in wide]]


def _best_known(
    table: pd.DataFrame, metric: Literal["fd", "is"], view: str
) -> tuple[Figure, pd.DataFrame]:
    """FID or IS by seed and kernel, or Lite2's figure in its place where more runs have that."""
    stand_in = metric, LITE2
    wide = {
        figure: _wide(table, figure[0], view, figure[1])
        for figure in (stand_in, STAND_INS[stand_in])
    }
    figure = without_stand_ins({figure: int(of.count().sum()) for figure, of in wide.items()})[0]
    return figure, wide[figure]


def _distances(table: pd.DataFrame, view: str) -> dict[Figure, pd.DataFrame]:
    """The distances by which kernels are compared in a view, each by seed and kernel.

    FID or else Lite2's FD, and the car classifier's FD where as many runs have it.
    """
    figure, fd = _best_known(table, "fd", view)
    own = _wide(table, "fd", view, CLASSIFIER)
    enough = 0 < fd.count().sum() <= own.count().sum()
    return {figure: fd} | ({("fd", CLASSIFIER): own} if enough else {})


def _steps(wides: dict[str, pd.DataFrame], ahead: str, behind: str) -> list[Difference]:
    """By how much one kernel is ahead of another in each of the distances."""
    steps = (unpaired(fd[behind], fd[ahead]) for fd in wides.values())
    return [step for step in steps if step is not None]


def _alone(wides: dict[str, pd.DataFrame]) -> dict[str, dict[tuple[str, str], float]]:
    """p of the pairs of which one distance alone shows that the first is ahead, by distance.

    Corrected for all pairs of all distances, as any of them could have shown it.
    """
    tests = {
        (name, pair): _steps({name: fd}, *pair)[0].p
        for name, fd in wides.items()
        for pair in itertools.combinations(map(str, fd.mean().sort_values().index), 2)
    }
    alone: dict[str, dict[tuple[str, str], float]] = {name: {} for name in wides}
    for (name, pair), p in zip(tests, holm(list(tests.values())), strict=True):
        if p <= LEVEL:
            alone[name][pair] = p
    return alone


def _ahead(pairs: Iterable[tuple[str, str]]) -> str:
    """Pairs in words: the first of each is ahead of the second."""
    behind: dict[str, list[str]] = {}
    for one, other in pairs:
        behind.setdefault(one, []).append(other)
    leaders: dict[tuple[str, ...], list[str]] = {}  # kernels that are ahead of the same
    for one, others in behind.items():
        leaders.setdefault(tuple(others), []).append(one)
    return ", and ".join(
        f"{_join(ones)} {'is' if len(ones) == 1 else 'are'} ahead of {_join(list(others))}"
        for others, ones in leaders.items()
    )


def _in_words(
    wides: dict[str, pd.DataFrame],
    order: Sequence[str],
    shown: dict[tuple[str, str], float],
    trained: str,
) -> str:
    """The answer as a sentence.

    Args:
        wides: The distances by name: by seed and kernel.
        order: The kernels, that with the lowest mean of the first distance first.
        shown: p of the pairs of which the first is shown to be ahead of the second.
        trained: How many trainings of each kernel.
    """
    ends = _lowest(wides)
    if not shown:
        alone = _alone(wides) if len(wides) > 1 else {}
        told = [
            f"{name} alone shows that {_ahead(found)} (p {max(found.values()):.2g})"
            for name, found in alone.items()
            if found
        ]
        if told:
            silent = [f"{name} shows no difference" for name, found in alone.items() if not found]
            return (
                f"No kernel is shown to be better by both judges over {trained}: "
                f"{'; '.join([*told, *silent])}."
            )
        return f"No kernel is shown to be better over {trained}; {ends}."
    same = len({fd.mean().idxmin() for fd in wides.values()}) == 1
    best = order[0] if same else ""
    beaten = [other for other in order if (best, other) in shown]
    tied = [other for other in order[1:] if (best, other) not in shown]
    by = f"by {_join(list(wides))} over {trained} (p {max(shown.values()):.2g})"
    if best and not tied:
        return f"{best.capitalize()} is best: it is shown to be ahead of {_join(beaten)}, {by}."
    if best and len(beaten) == len(shown):
        return (
            f"{best.capitalize()} is shown to be ahead of {_join(beaten)}, but not of "
            f"{_join(tied)}, {by}."
        )
    return f"No kernel is shown to be best. It is shown that {_ahead(shown)}, {by}; {ends}."


def _lowest(wides: dict[str, pd.DataFrame]) -> str:
    """Which kernel has the lowest mean of each distance, in words."""
    leaders: dict[str, list[str]] = {}
    for name, fd in wides.items():
        leaders.setdefault(str(fd.mean().idxmin()), []).append(name)
    return _join([f"{one} has the lowest {_join(names)}" for one, names in leaders.items()])


def _listed(wides: dict[str, pd.DataFrame], order: Sequence[str]) -> str:
    """Each distance of each kernel, mean and range."""
    return "; ".join(
        f"{name}: {', '.join(f'{kernel} {spread(fd[kernel])}' for kernel in order)}"
        for name, fd in wides.items()
    )


def _whole_budget(table: pd.DataFrame) -> list[Finding]:
    """Larger kernels and single changes of kernel 4, each beside the run of kernel 4."""
    found, base = [], f"k{FASTEST}"
    words = {f"k{kernel}": f"kernel {kernel} in place of {FASTEST}" for kernel in LARGER}
    words |= {setting: change.words for setting, change in CHECKS.items()}
    for metric, extractor in DISTANCES:
        wide, name = values(table, metric, WHOLE, extractor=extractor), title(metric, extractor)
        for setting, change in words.items():
            if setting in wide and base in wide:
                evidence = f"{spread(wide[setting])} against {spread(wide[base])}"
                found.append(Finding(f"{change} lowers {name}", None, evidence))
    return found


def _everywhere(
    claim: str, wide: pd.DataFrame, condition: Callable[[pd.Series], pd.Series]
) -> Finding:
    """The claim that a condition holds in every run."""
    known = wide.melt()["value"].dropna()
    if known.empty:
        return Finding(claim, None, "not measured")
    met = condition(known)
    listed = ", ".join(f"{kernel}: {spread(wide[kernel])}" for kernel in wide)
    return Finding(claim, bool(met.all()), f"in {int(met.sum())} of {len(met)} runs; {listed}")


def _floors(table: pd.DataFrame) -> list[Finding]:
    """Each distance of every run beside that of photos against other photos."""
    result = []
    for (key, extractor), fd in _distances(table, PICTURES).items():
        floors = table[(table["metric"] == key + FLOOR) & (table["extractor"] == extractor)]
        if floors.empty or fd.empty:
            continue
        floor, name = float(floors["value"].iloc[0]), title(key, extractor)
        made, real = int(floors["n_fake"].iloc[0]), int(floors["n_real"].iloc[0])
        evidence = f"{name} of {made:,} photos against {real:,} others is {digits(floor)}"
        claim = f"every run's {name} is above that of photos against other photos"
        result.append(Finding(claim, float(fd.min().min()) > floor, evidence))
    return result


def _join(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
