"""What the front page says of a run's figures."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from gan.demo import catalogue, run_summary
from gan.runs import Run


def test_a_distance_stands_beside_the_floor_of_the_larger_counts(full: Path) -> None:
    """The floor of a few held-out photos may lie above a good generator's distance."""
    shared = {"metric": "fd_floor", "extractor": "efficientnet-lite2", "body_type": "all"}
    shared |= {"images_seen": 51200, "seed": 0}
    Run(full / "cgan").add_metrics(
        [
            shared | {"value": 15.1, "n_real": 4833, "n_fake": 4833, "reference": "train"},
            shared | {"value": 38.5, "n_real": 9667, "n_fake": 1063, "reference": "test"},
        ]
    )
    entry = next(one for one in catalogue.list_entries(full) if one.name == "cgan")
    words = {name: text for name, _, text, _ in run_summary.headline_figures(entry)}
    assert "half of the real photos against half: 15.1" in words["FD (EfficientNet-Lite2)"]
    assert "38.5" not in "".join(words.values())


def test_the_time_of_a_grown_run_counts_its_trunk(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(one for one in catalogue.list_entries(full) if one.name == "cgan")
    settings = SimpleNamespace(data=SimpleNamespace(size=64))
    trunk = SimpleNamespace(progress={"seconds": 6540}, settings=settings)
    monkeypatch.setattr(run_summary.store, "trunk", lambda entry: trunk)
    grown = replace(entry, progress=entry.progress | {"seconds": 1200.0, "images_seen": 7000})
    line = run_summary.in_one_line(grown)
    assert "trained for 20 minutes after 109 at 64 px; 7,000 pictures seen at this size" in line
