"""Rare types: trains with fewer photos of two body types, and judges each type."""

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from gan.config import RunConfig
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.experiments.experiment import Drawing, Experiment, Options, Row
from gan.experiments.findings import (
    Finding,
    compared,
    digits,
    interval,
    ranged,
    spread,
)
from gan.experiments.plan import TINY, Length, Planned, Stage, changed, resized, subset
from gan.experiments.results import figure_rows, records, values
from gan.metrics.glossary import CLASSIFIER, LITE2, METRICS
from gan.recipes import LONG, PROJECTED
from gan.runs import Run, find_run, latest, one_reference

VIEW, NATURAL = "equal-pictures", "natural"
SHARES = (2, 4, 8, 16)  # of a cut type, 1/2, 1/4, 1/8 or 1/16 of the photos are kept
FULL = "full"
CUT, KEPT = "cut", "kept"  # body types of rows that are means over those types
SUMMED = (
    *("gan_test", "kid", "diversity_first"),
    *("copies", "learned_distance", "copying", "copying_rank"),
)
CHANCE = 0.05  # above this, a `copying_rank` may be due to chance
NAMED = 0.6  # GAN-test that each type must reach with nothing cut, or the training was too short

# What fewer photos may do to a type: the metric, in words, and whether it rises with the photos.
ASKED = (
    ("gan_test", "the less often the classifier recognises it", True),
    ("kid", "the farther it is from real photos (KID)", False),
    ("diversity_first", "the less its pictures vary", True),
)
COPIED = ("copies", "the more of its pictures are copies", False)

# What is drawn of the types that were cut, and by what it is measured.
DRAWN = (
    ("gan_test", CLASSIFIER),
    ("kid", LITE2),
    ("diversity_first", CLASSIFIER),
    ("copies", ""),
    ("copying", CLASSIFIER),
)
SAMPLING = {False: "as they come", True: "balanced"}  # how often a type is drawn in training
NOTE = "Mean over the types whose photos were cut"


@dataclass(frozen=True)
class RareTypesOptions(Options):
    """Which types are cut, and which run is shown beside the experiment."""

    cut: tuple[str, ...] = ()  # the types to cut; default: the rarest and the most frequent
    natural: str = "cpu-64"  # a run on all photos, whose figures are shown too


@dataclass(frozen=True)
class RareTypesLength(Length):
    """How long the runs are."""

    pictures: int = 100_000  # seen by a run, whatever its set's size
    bank: int = 256  # photos a class whose statistics are kept at hand
    recipe: RunConfig = LONG
    # Seeds of the two settings that are compared, nothing cut and 1/16. With seven pairs the
    # smallest p is 1/64, so that three comparisons can be shown after correction.
    end_seeds: tuple[int, ...] = tuple(range(7))


class RareTypes(Experiment):
    """Train our conditional GAN with two types cut to 1/2, 1/4, 1/8, 1/16, judge each type."""

    name = "rare-types"
    title = "Rare types"
    question = "Are rare types drawn worse?"
    about = (
        "All types were first cut to as many photos as the rarest has. Then two of them were cut "
        "further, down to a sixteenth. Balanced batches hold equally many photos of each type."
    )
    script = "imbalance.py"
    options = RareTypesOptions
    lengths: ClassVar = {
        "full": RareTypesLength(),
        "short": RareTypesLength(
            pictures=24_000, recipe=PROJECTED, end_seeds=(0, 1, 2), judged=2_000
        ),
        "tiny": RareTypesLength(
            pictures=512, bank=16, recipe=PROJECTED, end_seeds=TINY["seeds"], **TINY
        ),
    }

    def __init__(self, given: RareTypesOptions, photos: Photos, *others: Any) -> None:
        """As every experiment.

        Raises:
            UserError: A type of --cut doesn't exist.
        """
        super().__init__(given, photos, *others)
        counts = photos.counts("train")
        ordered = sorted(counts, key=lambda name: counts[name])
        # A rare and a frequent type, so that effects aren't due to one type being rare anyway.
        self.cut = given.cut or (ordered[0], ordered[-1])
        for name in self.cut:
            if name not in counts:
                raise UserError(f"--cut: {name!r} is none of {', '.join(photos.classes)}")
        if given.natural != RareTypesOptions.natural:
            find_run(given.natural).read_config()  # says that there is no such run
        self.each = counts[ordered[0]]
        self.set_of = cache(self._set_of)

    def chosen(self, share: int) -> np.ndarray:
        """The indices of the photos to train on, int64, rising; each set contains the next one.

        As many of each type as the rarest has, and of the cut types 1/`share` of that.
        """
        kept = []
        for k, name in enumerate(self.photos.classes):
            mine = np.flatnonzero((self.photos.labels == k) & ~self.photos.test)
            count = max(1, self.each // share) if name in self.cut else self.each
            kept.append(np.random.RandomState(k).permutation(mine)[:count])
        return np.sort(np.concatenate(kept))

    def _set_of(self, share: int) -> Photos:
        """The chosen photos, and the whole test split."""
        name = f"{self.photos.name}-{'balanced' if share == 1 else f'cut-{share}'}"
        both = np.concatenate([self.photos.indices("test"), self.chosen(share)])
        return subset(self.photos, np.sort(both), name)

    def plan(self) -> list[Planned]:
        """Seed by seed: nothing cut, then each cut with either sampling; of later seeds the last.

        With nothing cut every type is sampled alike either way: one run serves both.
        """
        runs = []
        for seed in self.length.end_seeds:
            runs.append(self._planned(FULL, 1, False, seed))
            for share in SHARES if seed in self.length.seeds else SHARES[-1:]:
                for balanced in (False, True):
                    setting = setting_of(share, balanced)
                    runs.append(self._planned(setting, share, balanced, seed))
        return runs

    def _planned(self, setting: str, share: int, balanced: bool, seed: int) -> Planned:
        stage = Stage((VIEW,), self.length.pictures)
        config = resized(
            self.length.recipe,
            self.length,
            self.given.data,
            seed=seed,
            balanced=balanced,
            log_every=10,
            threads=self.given.threads,
            # The learning rate may depend on the budget, so that is a setting here.
            pictures=stage.pictures,
        )
        config = changed(config, "network", bank=self.length.bank)
        grids = seed == self.length.seeds[0] and share in (1, SHARES[-1])
        return Planned(
            setting, seed, config, self.set_of(share), (stage,), "all" if grids else "none"
        )

    def judge(self, planned: Planned, run: Run, count: int) -> list[Row]:
        """Figures of each class, against the photos of which nothing was cut."""
        from gan.experiments import judging

        share = next(n for n in (1, *SHARES) if self.set_of(n) is planned.photos)
        learned = self.chosen(share)
        rows = judging.class_rows(
            run, self.photos, self.chosen(1), learned, self.judges, self.extractor, count
        )
        return rows + judging.copy_rows(run, self.photos, learned, self.cut, count)

    def other_rows(self, rows: list[Row]) -> list[Row]:
        """Means over the cut types and over the others, and the rows of the run on all photos."""
        table = pd.DataFrame(rows)
        if len(table):
            table = table[table["metric"].isin(SUMMED) & (table["body_type"] != "all")]
            table["body_type"] = table["body_type"].map(lambda n: CUT if n in self.cut else KEPT)
            keys = ["setting", "seed", "view", "metric", "extractor", "body_type"]
            table = table.groupby(keys, as_index=False, sort=False)[
                ["value", "n_real", "n_fake"]
            ].mean()
        return records(table) + natural_rows(find_run(self.given.natural))

    @classmethod
    def tables(cls, table: pd.DataFrame) -> dict[str, list[Finding]]:
        """Are rare types drawn as well? Does balanced sampling help? Are few photos memorised?"""
        # In sentences; the names of the other types are words already.
        table = table.assign(body_type=table["body_type"].replace("suv", "SUV"))
        result: dict[str, list[Finding]] = {}
        least = SHARES[-1]
        for balanced in (False, True):
            how = "with" if balanced else "without"
            heading = f"A type cut to 1/{least}, {how} balanced sampling"
            result[heading] = [_fewer(table, CUT, balanced, *asked) for asked in ASKED]
            result[heading].append(_copies(table, setting_of(least, balanced)))
            measured = set(table["metric"])
            for asked in (one for one in (*ASKED, COPIED) if one[0] in measured):
                title = METRICS[asked[0]].name
                if each := [_fewer(table, one, balanced, *asked) for one in _cut_types(table)]:
                    result[f"{title}, type by type, {how} balanced sampling"] = each
        result["Balanced sampling, mean over the cuts"] = [
            _balance(values(table, "gan_test", VIEW, body_type), whom)
            for body_type, whom in ((CUT, "the cut types"), (KEPT, "the other types"))
        ]
        if by_count := _by_count(table):
            result["One run on all photos"] = by_count
        result["Length of the training"] = [_named(table)]
        return result

    @classmethod
    def called(cls, setting: str) -> str:
        """A setting in words."""
        cut = share_kept(setting)
        if cut is None:
            return setting
        kept = "all photos" if setting == FULL else f"{cut[0]} of the photos"
        return f"{kept}, balanced batches" if cut[1] else kept

    @classmethod
    def drawings(cls, table: pd.DataFrame) -> list[Drawing]:
        """Figures of the cut types by the share of their photos that was kept."""
        result = []
        for metric, extractor in DRAWN:
            rows = figure_rows(table, metric, extractor, VIEW, CUT)
            kept = rows["setting"].map(share_kept)
            rows, kept = rows[kept.notna()], kept.dropna()
            if rows["setting"].nunique() < 2:
                continue
            rows = rows.assign(
                setting=[f"{share} of the photos" for share, _ in kept],
                group=[SAMPLING[balanced] for _, balanced in kept],
            )
            # With nothing cut both samplings are the same run.
            whole = rows[rows["setting"].str.startswith("all")].assign(group=SAMPLING[True])
            result.append(Drawing(metric, extractor, pd.concat([whole, rows]), NOTE))
        return result


def setting_of(share: int, balanced: bool) -> str:
    """The name of a setting: cut-1/4, or cut-1/4-balanced."""
    return f"cut-1/{share}" + ("-balanced" if balanced else "")


def share_kept(setting: str) -> tuple[str, bool] | None:
    """The share of photos kept and whether batches were balanced, from a setting's name.

    "cut-1/8-balanced" is ("1/8", True), "full" is ("all", False), another name None.
    """
    if setting == FULL:
        return "all", False
    parts = re.fullmatch(r"cut-(1/\d+)(-balanced)?", setting)
    return (parts[1], bool(parts[2])) if parts else None


def natural_rows(run: Run) -> list[Row]:
    """The figures of each type in a run on all photos; n_real of `gan_test` is its photos."""
    if not run.metrics_path.exists():
        return []
    metrics = one_reference(latest(run.read_metrics()))
    wanted = ("gan_test", "classifier", "kid", "diversity")
    metrics = metrics[metrics["metric"].isin(wanted) & (metrics["body_type"] != "all")]
    counts = run.read_config()["dataset"].get("counts", {}).get("train", {})
    keys = ("seed", "metric", "extractor", "body_type", "value", "n_real", "n_fake")
    rows = []
    for measured in records(metrics):
        row: Row = {key: measured[key] for key in keys}
        if row["metric"] == "gan_test":
            row["n_real"] = counts.get(row["body_type"])
        rows.append(row | {"setting": NATURAL, "view": NATURAL})
    return rows


def _cut_types(table: pd.DataFrame) -> list[str]:
    """The types that were cut: the strongest cut has fewer photos of them than no cut."""
    rows = table[(table["metric"] == "gan_test") & (table["view"] == VIEW)]
    counts = rows.pivot_table(index="body_type", columns="setting", values="n_real")
    ends = [setting_of(SHARES[-1], False), FULL]
    if not set(ends) <= set(counts):
        return []
    fewer = counts.index[counts[ends[0]] < counts[ends[1]]]
    return [str(name) for name in fewer if name not in ("all", CUT, KEPT)]


def _fewer(
    table: pd.DataFrame, body_type: str, balanced: bool, metric: str, words: str, rises: bool
) -> Finding:
    """The effect of the strongest cut on a type, or on the mean of the cut types, in one metric."""
    called = RareTypes.called
    settings = [called(setting_of(share, balanced)) for share in reversed(SHARES)]
    wide = values(table, metric, VIEW, body_type).rename(columns=called)
    whose = "a type" if body_type == CUT else f"the type {body_type}"
    how = "with" if balanced else "without"
    claim = f"the fewer photos of {whose}, {words} ({how} balanced sampling)"
    listed = ", ".join(f"{one}: {spread(wide[one])}" for one in settings[1:] if one in wide)
    between = f"; between: {listed or 'not measured'}"
    # The runs share first weights and latents: those of a seed are pairs.
    ends = settings[0], called(FULL)
    return compared(claim, wide, ends, True, 1 if rises else -1, between)


def _named(table: pd.DataFrame) -> Finding:
    """Whether every type is recognised with nothing cut; otherwise a cut could hardly matter."""
    claim = f"with nothing cut, {100 * NAMED:.0f} % of each type's pictures are named as asked"
    rows = table[(table["metric"] == "gan_test") & (table["view"] == VIEW)]
    rows = rows[(rows["setting"] == FULL) & ~rows["body_type"].isin(["all", CUT, KEPT])]
    if rows.empty:
        return Finding(claim, None, "not measured")
    means = rows.groupby("body_type")["value"].mean().sort_values()
    listed = ", ".join(f"{name} {digits(value)}" for name, value in means.items())
    return Finding(claim, bool(means.min() >= NAMED), f"means over seeds: {listed}")


def _copies(table: pd.DataFrame, setting: str) -> Finding:
    """Whether pictures of the cut types lie nearer to the few photos than chance explains."""
    claim = (
        f"with {RareTypes.called(setting)}, pictures lie nearer to the photos learned from than "
        "chance explains"
    )
    ratios, ranks = (values(table, metric, VIEW, CUT) for metric in ("copying", "copying_rank"))
    if setting not in ratios or setting not in ranks:
        return Finding(claim, None, "not measured")
    ratio, rank = ratios[setting], ranks[setting]
    evidence = f"distance over that to as many unseen photos {spread(ratio)} [{ranged(ratio)}]"
    evidence += f"; share of such sets as near {spread(rank)}, chance above {CHANCE}"
    # Each rank is the p of a permutation test over photos: no copies are shown unless all agree.
    near = rank.dropna() <= CHANCE
    return Finding(claim, bool(len(near) and near.all()) or None, evidence)


def _balance(wide: pd.DataFrame, whom: str) -> Finding:
    """Whether balanced sampling raises the recall of a group, over all cuts together."""
    claim = f"balanced sampling makes {whom} better recognised (mean over the cuts)"
    changes = {
        f"1/{share}": wide[setting_of(share, True)] - wide[setting_of(share, False)]
        for share in SHARES
        if {setting_of(share, True), setting_of(share, False)} <= set(wide)
    }
    if not changes:
        return Finding(claim, None, "not measured")
    listed = ", ".join(f"{share} {spread(change)}" for share, change in changes.items())
    mean = pd.DataFrame(changes).mean(axis=1, skipna=False)
    both = pd.DataFrame({"plain": 0 * mean, "balanced": mean})
    finding = compared(claim, both, ("plain", "balanced"), True)
    if not finding.step:
        return finding
    return replace(finding, evidence=f"paired change {interval(finding.step)}: {listed}")


def _by_count(table: pd.DataFrame) -> list[Finding]:
    """Whether types with more photos are drawn better in the run on all photos."""
    rows = table[(table["view"] == NATURAL) & (table["extractor"] == CLASSIFIER)]
    recognised = rows[rows["metric"] == "gan_test"]
    if recognised["body_type"].nunique() < 3:
        return []
    photos = recognised.groupby("body_type")["n_real"].first()
    counts = {str(name): float(count) for name, count in photos.items()}
    real = rows[rows["metric"] == "classifier"].groupby("body_type")["value"].mean()
    ceilings = {str(name): f", real photos {value:.3g}" for name, value in real.items()}
    result = []
    for word, figures in (
        ("recognised", recognised),
        ("varied", rows[rows["metric"] == "diversity"]),
    ):
        wide = figures.pivot_table(index="seed", columns="body_type", values="value")
        if wide.empty:
            continue
        rank = wide.rank(axis=1).T.corrwith(photos.rank())
        listed = ", ".join(
            f"{name}, {counts[name]:,.0f} photos: {spread(wide[name])}"
            + (ceilings.get(name, "") if word == "recognised" else "")
            for name in (min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__))
            if name in wide
        )
        claim = f"in the run on all photos, types with more photos are better {word}"
        # Here the seeds are the classifiers': there is one training.
        evidence = (
            f"rank correlation over {len(photos)} types {spread(rank)} [{ranged(rank)}]; {listed}"
        )
        result.append(Finding(claim, None, f"{evidence}; not tested"))
    return result
