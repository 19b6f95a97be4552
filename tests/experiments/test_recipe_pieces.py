"""The recipe's pieces: what is taken away, and what is said of it."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from gan.config import to_json
from gan.data.prepared import Photos
from gan.experiments import results, running
from gan.experiments.experiment import Options
from gan.experiments.studies.recipe_pieces import (
    PICTURES,
    PIECES,
    REPORT,
    TIME,
    WHOLE,
    PiecesLength,
    RecipePieces,
)
from gan.metrics.glossary import CLASSIFIER, LITE2
from gan.runs import Run
from tests.experiments.conftest import SMALL

LENGTH = PiecesLength(pictures=16, bank=4, **SMALL)


@pytest.fixture
def experiment(cars: Photos, tmp_path: Path, extractor: Any) -> RecipePieces:
    return RecipePieces(Options(), cars, tmp_path / "recipe-pieces", extractor, LENGTH)


def test_each_run_differs_from_the_whole_in_its_piece_alone(experiment: RecipePieces) -> None:
    runs = experiment.plan()
    assert [planned.setting for planned in runs] == 3 * [WHOLE, *PIECES]
    whole = to_json(runs[0].config)
    for planned in runs[1 : 1 + len(PIECES)]:
        settings = to_json(planned.config)
        apart = {
            (section, field)
            for section in ("data", "network", "objective", "loop")
            for field, value in settings[section].items()
            if value != whole[section][field]
        }
        piece = PIECES[planned.setting]
        assert apart == {(piece.section, field) for field in piece.fields}


def test_every_piece_can_be_taken_away(
    experiment: RecipePieces, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(experiment, "length", replace(LENGTH, seeds=(0,)))
    assert running.carry_out(experiment) == {}
    table = results.read(experiment.folder)
    for metric in ("fd", "gan_test", "diversity_first"):
        for view, settings in ((PICTURES, [WHOLE, *PIECES]), (TIME, [WHOLE, REPORT])):
            found = results.values(table, metric, view)
            assert list(found.columns) == settings
            assert found.notna().all(axis=None)
    whole, report = (
        Run(experiment.folder / planned.name).read_config()["progress"]["seconds"]
        for planned in experiment.plan()
        if planned.setting in (WHOLE, REPORT)
    )
    assert report >= whole  # it ends with the step in which the time is up


def test_three_seeds_show_the_worth_of_no_piece() -> None:
    given = {
        "fd": {WHOLE: (10, 20, 30), "no-heads": (11, 25, 31), "no-contrast": (9, 21, 31)}
        | {REPORT: (90, 90, 90)},
        "gan_test": {WHOLE: (0.5, 0.6, 0.7), "no-heads": (0.6, 0.7, 0.8)},
    }
    rows = [
        {"setting": setting, "seed": seed, "view": view, "metric": metric, "value": value}
        | {"extractor": LITE2 if metric == "fd" else CLASSIFIER, "body_type": "all"}
        for view in (PICTURES, TIME)
        for metric, settings in given.items()
        for setting, found in settings.items()
        for seed, value in enumerate(found)
    ]
    tables = RecipePieces.findings(pd.DataFrame(rows))
    findings = {one.claim: one for table in tables.values() for one in table}
    fd = findings["heads on frozen features, the adversary improves FD (EfficientNet-Lite2)"]
    assert fd.holds is None
    assert "the adversary to the whole recipe: -2.33 (75 % interval -5 to -1)" in fd.evidence
    assert (
        "not shown at 3 paired seeds (they allow no p below 0.25, even before the correction)"
        in fd.evidence
    )
    (pair,) = [
        one for claim, one in findings.items() if "trained for as long, improves FD" in claim
    ]
    assert (
        "not shown at 3 seeds (they allow no p below 0.1, even before the correction)"
        in pair.evidence
    )
    untried = [one for claim, one in findings.items() if "class-balanced batches improves" in claim]
    assert [one.evidence[:12] for one in untried] == 3 * ["not measured"]
