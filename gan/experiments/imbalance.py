"""Rare types: cut the photos of two body types, and see what becomes of them."""

from dataclasses import replace
from functools import cache, cached_property
from pathlib import Path

import numpy as np
import pandas as pd
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.config import RunConfig
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.experiments import judging
from gan.experiments.paired import linked, verdict
from gan.experiments.plan import Budget, Planned, Stage, subset
from gan.experiments.results import Finding, ranged, records, rising, spread, text, values
from gan.metrics.features import Row
from gan.metrics.glossary import CLASSIFIER
from gan.metrics.judge import Judge, judge_of
from gan.runs import Run, latest

FOLDER = "rare-types"
VIEW, NATURAL = "equal-pictures", "natural"
SHARES = (2, 4, 8, 16)  # one photo in so many is kept
FULL = "full"
CUT, KEPT = "cut", "kept"  # body types of rows that are means over those types
SUMMED = ("gan_test", "kid", "diversity_first", "learned_distance", "copying", "copying_rank")
CHANCE = 0.05  # a rank above this is what sets of unseen photos reach too


class RareTypes:
    """A balanced base, then two of its types cut, with and without class-balanced sampling."""

    note = ""

    def __init__(
        self,
        recipe: RunConfig,
        photos: Photos,
        budget: Budget,
        folder: Path,
        extractor: FeatureExtractorBase,
        cut: tuple[str, ...] = (),
        natural: Run | None = None,
    ) -> None:
        """`cut` names the types; where it is empty, the rarest and the most frequent.

        `natural` is a finished run on all photos, whose own metrics.csv tells of the rest.

        Raises:
            UserError: A type of `cut` doesn't exist.
        """
        self.recipe, self.photos, self.budget, self.folder = recipe, photos, budget, folder
        self.extractor, self.natural = extractor, natural
        counts = photos.counts("train")
        ordered = sorted(counts, key=lambda name: counts[name])
        # One of each end: rarity in the world and in the experiment are then not the same.
        self.cut = cut or (ordered[0], ordered[-1])
        for name in self.cut:
            if name not in counts:
                raise UserError(f"--cut: {name!r} is none of {', '.join(photos.classes)}")
        self.each = counts[ordered[0]]
        self.set_of = cache(self._set_of)

    @cached_property
    def judges(self) -> Judge:
        """Classifiers of all photos."""
        return judge_of(self.photos, self.budget.judges, self.budget.judge_pictures)

    def chosen(self, share: int) -> np.ndarray:
        """Which train photos are learned from, int64, rising; each choice holds the next.

        As many of each type as the rarest has; of the cut ones 1/`share` of that.
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
        """Seed by seed: nothing cut, then each cut with either sampling.

        With nothing cut every type is sampled alike either way: one run serves both.
        """
        runs = []
        for seed in self.budget.seeds:
            runs.append(self._planned(FULL, 1, False, seed))
            for share in SHARES:
                for balanced in (False, True):
                    setting = setting_of(share, balanced)
                    runs.append(self._planned(setting, share, balanced, seed))
        return runs

    def _planned(self, setting: str, share: int, balanced: bool, seed: int) -> Planned:
        stage = Stage((VIEW,), self.budget.conditional_pictures)
        loop = replace(self.recipe.loop, seed=seed, balanced=balanced, log_every=10)
        # The learning rate may fall towards the end of the budget: it belongs to the settings.
        loop = replace(loop, pictures=stage.pictures)
        config = replace(self.recipe, loop=loop)
        grids = 1 if seed == self.budget.seeds[0] and share in (1, SHARES[-1]) else 0
        return Planned(setting, seed, config, self.set_of(share), (stage,), grids)

    def judge(self, planned: Planned, run: Run) -> list[Row]:
        """Class by class, against the set of which nothing was cut."""
        share = next(n for n in (1, *SHARES) if self.set_of(n) is planned.photos)
        return judging.class_rows(
            run,
            self.photos,
            self.chosen(1),
            self.chosen(share),
            self.judges,
            self.extractor,
            self.budget.judged,
        )

    def other_rows(self, rows: list[Row]) -> list[Row]:
        """Means over the cut types and over the others; then the natural distribution."""
        table = pd.DataFrame(rows)
        if len(table):
            table = table[table["metric"].isin(SUMMED) & (table["body_type"] != "all")]
            table["body_type"] = table["body_type"].map(lambda n: CUT if n in self.cut else KEPT)
            keys = ["setting", "seed", "view", "metric", "extractor", "body_type"]
            table = table.groupby(keys, as_index=False, sort=False)[
                ["value", "n_real", "n_fake"]
            ].mean()
        return records(table) + self._natural()

    def _natural(self) -> list[Row]:
        """Each type's figures in the run on all photos; n_real of `gan_test`: its photos."""
        if self.natural is None or not self.natural.metrics_path.exists():
            return []
        metrics = latest(self.natural.read_metrics())
        wanted = ("gan_test", "classifier", "kid", "diversity")
        metrics = metrics[metrics["metric"].isin(wanted) & (metrics["body_type"] != "all")]
        counts = self.natural.read_config()["dataset"]["counts"]["train"]
        rows = []
        for row in records(metrics):
            one: Row = {key: row[key] for key in ("seed", "metric", "extractor", "body_type")}
            one |= {key: row[key] for key in ("value", "n_real", "n_fake")}
            if row["metric"] == "gan_test":
                one["n_real"] = counts.get(row["body_type"])
            rows.append(one | {"setting": NATURAL, "view": NATURAL})
        return rows


def setting_of(share: int, balanced: bool) -> str:
    """The name of a setting: cut-1/4, or cut-1/4-balanced."""
    return f"cut-1/{share}" + ("-balanced" if balanced else "")


def report(table: pd.DataFrame) -> str:
    """The answer in a few sentences, each with its figures."""
    return text(findings(table))


def findings(table: pd.DataFrame) -> list[Finding]:
    """Are rare types drawn as well; does balanced sampling help; are the few memorised?"""
    result = []
    least = SHARES[-1]
    for balanced in (False, True):
        how = "with" if balanced else "without"
        settings = [setting_of(share, balanced) for share in reversed(SHARES)] + [FULL]
        for metric, claim, rises in (
            ("gan_test", "the less often the classifier recognises it", True),
            ("kid", "the farther it is from real photos (KID)", False),
            ("diversity_first", "the less its pictures vary", True),
        ):
            found = values(table, metric, VIEW, CUT)
            steps = [settings[0], FULL] if rises else [FULL, settings[0]]
            claim = f"the fewer photos of a type, {claim} ({how} balanced sampling, 1/{least})"
            one = rising(claim, found, steps)
            listed = ", ".join(f"{s} {spread(found[s])}" for s in settings[1:-1] if s in found)
            result.append(
                Finding(
                    one.claim, one.holds, f"{one.evidence}; between: {listed or 'not measured'}"
                )
            )
        result.append(_copies(table, settings[0], how))
    for body_type, whom in ((CUT, "the cut types"), (KEPT, "the other types")):
        result.append(_balance(values(table, "gan_test", VIEW, body_type), whom))
    return [*result, *_by_count(table)]


def _copies(table: pd.DataFrame, setting: str, how: str) -> Finding:
    """Whether pictures of the cut types lie nearer to the few photos than chance explains."""
    claim = f"the few are copied: {setting} is nearer to its photos ({how} balanced sampling)"
    ratios, ranks = (values(table, metric, VIEW, CUT) for metric in ("copying", "copying_rank"))
    if setting not in ratios or setting not in ranks:
        return Finding(claim, None, "not measured")
    ratio, rank = ratios[setting], ranks[setting]
    evidence = f"distance over that to as many unseen photos {spread(ratio)} [{ranged(ratio)}]"
    evidence += f"; share of such sets as near {spread(rank)}, chance above {CHANCE}"
    return Finding(claim, verdict(CHANCE + 1e-9 - rank), evidence)


def _balance(found: pd.DataFrame, whom: str) -> Finding:
    """Whether balanced sampling raises the recall of a group, over all cuts together."""
    claim = f"balanced sampling makes {whom} better recognised (mean over the cuts)"
    changes = {
        f"1/{share}": found[setting_of(share, True)] - found[setting_of(share, False)]
        for share in SHARES
        if {setting_of(share, True), setting_of(share, False)} <= set(found)
    }
    if not changes:
        return Finding(claim, None, "not measured")
    mean = pd.DataFrame(changes).mean(axis=1, skipna=False)
    listed = ", ".join(f"{share} {spread(change)}" for share, change in changes.items())
    return Finding(claim, verdict(mean), f"paired change {spread(mean)} [{ranged(mean)}]: {listed}")


def _by_count(table: pd.DataFrame) -> list[Finding]:
    """Whether frequent types come out better in the run on all photos."""
    found = table[(table["view"] == NATURAL) & (table["extractor"] == CLASSIFIER)]
    named = found[found["metric"] == "gan_test"]
    if named["body_type"].nunique() < 3:
        return []
    photos = named.groupby("body_type")["n_real"].first()
    counts = {str(name): float(count) for name, count in photos.items()}
    real = found[found["metric"] == "classifier"].groupby("body_type")["value"].mean()
    ceilings = {str(name): f", real photos {value:.3g}" for name, value in real.items()}
    result = []
    for what, figures in (
        ("recognised", named),
        ("varied", found[found["metric"] == "diversity"]),
    ):
        wide = figures.pivot_table(index="seed", columns="body_type", values="value")
        if wide.empty:
            continue
        rank = wide.rank(axis=1).T.corrwith(photos.rank())
        listed = ", ".join(
            f"{name}, {counts[name]:,.0f} photos: {spread(wide[name])}"
            + (ceilings.get(name, "") if what == "recognised" else "")
            for name in (min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__))
            if name in wide
        )
        claim = f"in the run on all photos, types with more photos are better {what}"
        # Here the seeds are the classifiers': there is one training.
        evidence = (
            f"rank correlation over {len(photos)} types {spread(rank)} [{ranged(rank)}]; {listed}"
        )
        result.append(Finding(claim, linked(rank), evidence))
    return result
