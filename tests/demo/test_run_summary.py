"""What the front page says of a run's figures."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from gan import recipes
from gan.config import ProjectedConfig
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
    assert "Real photos, half against half: 15.1" in words["FD (EfficientNet-Lite2)"]
    assert "38.5" not in "".join(words.values())


def test_the_time_of_a_grown_run_counts_every_run_that_it_grew_from(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = next(one for one in catalogue.list_entries(full) if one.name == "cgan")
    sizes = {64: 6540, 128: 4020}
    grown_from = [
        SimpleNamespace(
            name=f"cgan-{size}",
            progress={"seconds": spent},
            size=size,
            settings=None,
            dataset={"name": "others"},
            counts={"train": 9},
            run=SimpleNamespace(read_config=lambda: {"environment": {"device": "cpu"}}),
        )
        for size, spent in sizes.items()
    ]
    monkeypatch.setattr(run_summary.store, "trunks", lambda entry: grown_from[::-1])
    monkeypatch.setattr(run_summary.store, "keys", lambda entries: ())
    grown = replace(entry, progress=entry.progress | {"seconds": 7200.0})
    words = run_summary.training_time(grown)
    assert words.startswith("4.9 hours on a CPU (109 minutes at 64 px, 67 minutes at 128 px, 120")
    line = run_summary.in_one_line(grown)
    assert "trained for 4.9 hours on a CPU;" in line
    assert "photos after a run on 9 photos of others;" in line
    told = run_summary.commands(grown)
    # Into runs of their own: those of these names are here.
    assert "--grow-from my-cgan-64 --out my-cgan-128\n" in told
    assert "--grow-from my-cgan-128 --out my-cgan\n" in told
    assert "checkpoints/my-cgan\n" in told


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("report-cgan", "train_cgan.py --data drawn --recipe report --out my-report-cgan\n"),
        ("report-dcgan-k4", "train_gan.py --data drawn --out my-report-dcgan-k4\n"),
    ],
)
def test_each_kind_of_run_has_its_own_command(full: Path, name: str, script: str) -> None:
    entry = next(one for one in catalogue.list_entries(full) if one.name == name)
    assert f"python train/{script}" in run_summary.commands(entry)


def test_a_type_stands_beside_photos_of_it(full: Path) -> None:
    entry = next(one for one in catalogue.list_entries(full) if one.name == "cgan")
    shared = {"metric": "classifier", "extractor": "car-classifier", "body_type": "van"}
    shared |= {"images_seen": 51200, "seed": 0}
    assert run_summary.of_type(entry, "Van") is None
    entry.run.add_metrics(
        [
            shared | {"value": 0.75, "n_real": 63, "reference": "test"},
            shared | {"value": 0.99, "n_real": 59, "reference": "validation"},
        ]
    )
    (entry,) = (one for one in catalogue.list_entries(full) if one.name == "cgan")
    found = run_summary.of_type(entry, "Van")
    assert found is not None
    assert "75.0 % of 63 held-out photos" in found.verdict
    assert "99" not in found.verdict


def test_cores_are_those_of_every_stage(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = next(one for one in catalogue.list_entries(full) if one.name == "cgan")
    run = Run(full / "cgan")
    config = run.read_config()
    run.write_config(config | {"environment": {"device": "cpu", "threads": 1}})
    before = replace(entry, run=Run(full / "report-cgan"))
    config = before.run.read_config()
    before.run.write_config(config | {"environment": {"device": "cpu", "threads": 2}})
    monkeypatch.setattr(run_summary.store, "trunks", lambda entry: [before])
    assert "on 1 or 2 cores of a CPU, without a GPU (" in run_summary.training_time(entry)
    before.run.write_config(config | {"environment": {"device": "cuda NVIDIA H100", "threads": 1}})
    assert "on a CPU and a GPU (NVIDIA H100) (" in run_summary.training_time(entry)


def test_a_trunk_that_is_not_here_is_said_to_be_missing(full: Path) -> None:
    entry = next(one for one in catalogue.list_entries(full) if one.name == "cgan")
    assert "not here" not in run_summary.training_time(entry)
    assert isinstance(recipes.GROWN.network, ProjectedConfig)
    network = replace(recipes.GROWN.network, trunk="0" * 64)
    grown = replace(entry, settings=replace(recipes.GROWN, network=network))
    assert run_summary.training_time(grown).endswith("after a run of 32 px that is not here")
    assert "--grow-from YOUR-RUN-OF-32-PX --out my-cgan" in run_summary.commands(grown)
    network = replace(network, start="1" * 64)
    started = replace(entry, settings=replace(recipes.GROWN, network=network))
    assert run_summary.training_time(started).endswith("after a run of 64 px that is not here")
    assert "--start-from YOUR-RUN-OF-64-PX --pictures 130000 --out my-cgan" in run_summary.commands(
        started
    )


@pytest.mark.parametrize(
    ("photos", "said"), [("cars8", True), ("cars8-256", True), ("cars8-mine", False)]
)
def test_where_photos_come_from_is_said_of_the_shipped_ones_alone(
    full: Path, photos: str, said: bool
) -> None:
    entry = next(one for one in catalogue.list_entries(full) if one.name == "cgan")
    entry = replace(entry, dataset=entry.dataset | {"name": photos})
    assert ("licence" in run_summary.facts(entry)) is said
