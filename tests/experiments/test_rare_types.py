"""The cuts of rare types, their pairs with balanced batches, and what counts as a copy."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from gan.data.prepared import Photos
from gan.errors import UserError
from gan.experiments import judging, results, running
from gan.experiments.permutation import LEVEL
from gan.experiments.studies import rare_types
from gan.experiments.studies.rare_types import (
    CUT,
    KEPT,
    NATURAL,
    VIEW,
    RareTypes,
    RareTypesLength,
    RareTypesOptions,
    share_kept,
)
from gan.metrics.glossary import CLASSIFIER
from gan.recipes import LONG, PROJECTED
from gan.runs import Run
from tests.experiments.conftest import SMALL

LENGTH = RareTypesLength(pictures=16, bank=4, recipe=PROJECTED, end_seeds=SMALL["seeds"], **SMALL)


@pytest.fixture
def experiment(cars: Photos, tmp_path: Path, extractor: Any) -> RareTypes:
    return RareTypes(RareTypesOptions(), cars, tmp_path / "rare-types", extractor, LENGTH)


def test_the_sets_are_balanced_nested_and_keep_the_test_photos(experiment: RareTypes) -> None:
    assert experiment.cut == ("coupe", "suv")
    base = experiment.set_of(1)
    assert base.counts("train") == dict.fromkeys(base.classes, 16)
    before = base
    for share, left in ((2, 8), (4, 4), (8, 2), (16, 1)):
        now = experiment.set_of(share)
        assert now.counts("train") == {"coupe": left, "sedan": 16, "suv": left, "wagon": 16}
        assert now.counts("test") == experiment.photos.counts("test")
        assert now.content_hash != before.content_hash
        held = {picture.tobytes() for picture in before.pictures}
        assert all(picture.tobytes() in held for picture in now.pictures)
        before = now


def test_the_plan_pairs_every_cut_with_and_without_balance(experiment: RareTypes) -> None:
    runs = experiment.plan()
    assert len(runs) == 3 * 9
    assert runs[1].name == "cut-1of2-seed0"
    for planned in runs:
        assert planned.config.loop.balanced == planned.setting.endswith("-balanced")
        assert planned.config.loop.seed == planned.seed
    assert len({planned.stages[0].pictures for planned in runs}) == 1


def test_the_two_ends_have_more_seeds(cars: Photos, tmp_path: Path, extractor: Any) -> None:
    length = replace(LENGTH, end_seeds=(0, 1, 2, 3, 4))
    runs = RareTypes(RareTypesOptions(), cars, tmp_path, extractor, length).plan()
    seeds = {planned.setting: 0 for planned in runs}
    for planned in runs:
        seeds[planned.setting] += 1
    assert {name for name, count in seeds.items() if count == 5} == {
        "full", "cut-1/16", "cut-1/16-balanced",
    }  # fmt: skip
    assert seeds["cut-1/2"] == seeds["cut-1/8-balanced"] == 3


def test_the_full_length_can_show_what_it_asks() -> None:
    length = RareTypes.lengths["full"]
    assert length.recipe is LONG
    assert set(length.seeds) < set(length.end_seeds)
    compared = len(rare_types.ASKED)  # in the table of the mean over the types
    assert compared * 2 / 2 ** len(length.end_seeds) <= LEVEL


def test_a_type_that_does_not_exist_is_one_line(
    cars: Photos, tmp_path: Path, extractor: Any
) -> None:
    with pytest.raises(UserError, match="'boat' is none of coupe, sedan"):
        RareTypes(RareTypesOptions(cut=("boat",)), cars, tmp_path, extractor, LENGTH)


@pytest.mark.parametrize(
    ("setting", "kept"),
    [
        ("cut-1/8", ("1/8", False)),
        ("cut-1/16-balanced", ("1/16", True)),
        ("full", ("all", False)),
        ("natural", None),
    ],
)
def test_a_setting_names_the_share_that_is_kept(
    setting: str, kept: tuple[str, bool] | None
) -> None:
    assert share_kept(setting) == kept


def test_no_test_photo_is_opened_to_look_for_copies(
    cars: Photos, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = cars.indices("train")[::2]
    asked: list[np.ndarray] = []
    original = judging.copies.match

    def watched(pictures: np.ndarray, photos: np.ndarray, what: str) -> Any:
        asked.extend([pictures, photos])
        return original(pictures, photos, what)

    monkeypatch.setattr(judging.copies, "match", watched)
    monkeypatch.setattr(judging, "load_generator", lambda run: None)
    made = cars.pictures[learned[:8]], cars.labels[learned[:8]]
    monkeypatch.setattr(judging, "generate_set", lambda generator, count: made)
    rows = judging.copy_rows(Run(Path()), cars, learned, cars.classes[:1], 8)
    assert {row["metric"] for row in rows} == {"copies", "copies_floor"}
    opened = {picture.tobytes() for part in asked for picture in part}
    assert len(opened) == (cars.labels[cars.indices("train")] == 0).sum()
    assert not opened & {picture.tobytes() for picture in cars.pictures[cars.test]}


def test_copies_are_told_from_other_pictures(cars: Photos) -> None:
    """Photos that were learned from, photos that were withheld: only the first are copies."""
    stream = np.random.RandomState(0)
    known = torch.from_numpy(stream.standard_normal((len(cars.labels), 6)).astype(np.float32))
    every = np.flatnonzero((cars.labels == 2) & ~cars.test)
    learned, withheld = every[:6], every[6:]

    def judged(made: torch.Tensor, from_photos: np.ndarray = learned) -> dict[str, float]:
        labels = np.full(len(made), 2)
        rows = judging._neighbours(made, labels, known, cars, from_photos)
        return {row["metric"]: row["value"] for row in rows}

    noise = 0.01 * torch.from_numpy(stream.rand(6, 6).astype(np.float32))
    copies = judged(known[learned] + noise)
    assert copies["copying"] < 0.1
    assert copies["copying_rank"] == 1 / 40
    others = judged(known[withheld[:6]] + noise)
    assert others["copying"] > 1
    assert others["copying_rank"] > 0.5
    # A class of which too little was withheld has no such figure.
    assert set(judged(known, every[:9])) == {"learned_distance"}


def test_pictures_that_know_no_photo_are_called_copies_as_seldom_as_chance(cars: Photos) -> None:
    """Even where they lie far from all photos, and the learned ones are few."""
    every = np.flatnonzero((cars.labels == 2) & ~cars.test)
    ranks = []
    for seed in range(60):
        stream = np.random.RandomState(seed)
        known = torch.from_numpy(stream.standard_normal((len(cars.labels), 6)).astype(np.float32))
        made = torch.from_numpy(4 + stream.standard_normal((30, 6)).astype(np.float32))
        rows = judging._neighbours(made, np.full(30, 2), known, cars, every[:4])
        ranks.append({row["metric"]: row["value"] for row in rows}["copying_rank"])
    assert np.mean(np.array(ranks) <= 0.05) < 0.2
    assert 0.3 < np.mean(ranks) < 0.7


def natural_run(folder: Path) -> Run:
    run = Run(folder / "cpu-64")
    counts = {"coupe": 16, "sedan": 20, "suv": 24, "wagon": 18}
    run.write_config(
        {
            "settings": {},
            "dataset": {"counts": {"train": counts}},
            "progress": {},
            "environment": {},
        }
    )
    shared = {"images_seen": 5, "extractor": CLASSIFIER, "reference": "train", "n_fake": 9}
    run.add_metrics(
        [
            shared | {"metric": "gan_test", "body_type": name, "value": count / 30, "seed": seed}
            for name, count in counts.items()
            for seed in range(3)
        ]
    )
    return run


def test_the_experiment_for_real(
    cars: Photos,
    tmp_path: Path,
    extractor: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path))
    folder, length = tmp_path / "rare-types", replace(LENGTH, seeds=(0,), end_seeds=(0,))
    natural_run(tmp_path)
    experiment = RareTypes(RareTypesOptions(), cars, folder, extractor, length)
    monkeypatch.setattr(rare_types, "SHARES", (2, 16))
    assert running.carry_out(experiment) == {}
    table = results.read(folder)
    assert set(table.loc[table["view"] == VIEW, "setting"]) == {
        "full", "cut-1/2", "cut-1/2-balanced", "cut-1/16", "cut-1/16-balanced",
    }  # fmt: skip
    for metric in ("gan_test", "kid", "diversity_first", "learned_distance"):
        rows = table[(table["metric"] == metric) & (table["setting"] == "cut-1/16")]
        assert set(rows["body_type"]) >= {CUT, KEPT, "coupe", "sedan", "suv", "wagon"}
        value = rows.set_index("body_type")["value"]
        assert value[CUT] == pytest.approx((value["coupe"] + value["suv"]) / 2)
        assert value[KEPT] == pytest.approx((value["sedan"] + value["wagon"]) / 2)
    copies = table[(table["metric"] == "copies") & (table["setting"] == "cut-1/16")]
    assert set(copies["body_type"]) == {CUT, "coupe", "suv"}
    copying = table[(table["metric"] == "copying") & (table["setting"] == "cut-1/16")]
    assert {CUT, "coupe", "suv"} <= set(copying["body_type"])
    # How many photos a type had stands beside its figure.
    named = table[(table["metric"] == "gan_test") & (table["setting"] == "cut-1/16")]
    assert named.set_index("body_type").loc["coupe", "n_real"] == 1
    kid = table[(table["metric"] == "kid") & ~table["body_type"].isin(["all", CUT, KEPT])]
    assert kid["n_real"].nunique() == 1
    assert (table["view"] == NATURAL).sum() == 12
    findings = RareTypes.findings(table)
    claims = [one.claim for one in findings["GAN-test, type by type, with balanced sampling"]]
    assert ["SUV" in claims[0], "coupe" in claims[1], len(claims)] == [True, True, 2]
    assert "sedan" in findings["Length of the training"][0].evidence
    (by_count,) = findings["One run on all photos"]
    assert by_count.holds is None  # one training
    assert "rank correlation over 4 types 1 " in by_count.evidence


def test_findings_from_figures_alone() -> None:
    rows = []
    for seed in range(3):
        settings = {"full": 0.8, "cut-1/16": 0.3, "cut-1/16-balanced": 0.5}
        for setting, value in settings.items():
            key = {"setting": setting, "seed": seed, "view": VIEW, "metric": "gan_test"}
            noise = 0.2 * np.sin(seed)
            row = key | {"extractor": CLASSIFIER, "body_type": CUT, "value": value + noise}
            rows.append(dict.fromkeys(results.COLUMNS) | row)
    tables = RareTypes.findings(pd.DataFrame(rows))
    findings = {one.claim: one for table in tables.values() for one in table}
    balance = "balanced sampling makes the {} types better recognised (mean over the cuts)"
    assert (
        "paired change 0.2 (75 % interval 0.2 to 0.2)" in findings[balance.format("cut")].evidence
    )
    assert findings[balance.format("other")].evidence == "not measured"
    (fewer,) = [one for claim, one in findings.items() if "recognises it (without" in claim]
    # All three seeds agree, which three seeds do by chance in a quarter of all cases.
    assert fewer.holds is None
    assert "difference from 1/16 of the photos to all photos: 0.5" in fewer.evidence


def test_each_cut_type_and_the_length_of_training_are_judged_on_their_own() -> None:
    rows = []
    for seed in range(7):
        for setting, few in (("full", 99), ("cut-1/16", 6)):
            for name, value in (("van", 0.7), ("suv", 0.7 - 0.4 * (few == 6)), ("sedan", 0.5)):
                key = {"setting": setting, "seed": seed, "view": VIEW, "metric": "gan_test"}
                count = few if name != "sedan" else 99
                row = key | {"extractor": CLASSIFIER, "body_type": name, "n_real": count}
                rows.append(dict.fromkeys(results.COLUMNS) | row | {"value": value + seed / 1000})
    tables = RareTypes.findings(pd.DataFrame(rows))
    by_type = {
        one.claim.split(",")[0]: one.holds
        for one in tables["GAN-test, type by type, without balanced sampling"]
    }
    assert by_type == {
        "the fewer photos of the type SUV": True,
        "the fewer photos of the type van": None,
    }
    (long_enough,) = tables["Length of the training"]
    assert long_enough.holds is False
    assert "sedan 0.503, SUV 0.703, van 0.703" in long_enough.evidence
