"""Drawing: one picture a seed whatever stands beside it, bounded, with the classifier's opinion."""

import hashlib
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gan import calibration, latents
from gan.calibration import Calibration
from gan.config import DataConfig, DriftConfig, ProjectedConfig
from gan.demo import catalogue, engine, network, opinions, store
from gan.demo.catalogue import Entry
from gan.errors import UserError
from tests.demo.fake_runs import make_run


@pytest.fixture
def entry(full: Path) -> Entry:
    return next(one for one in catalogue.list_entries(full) if one.name == "cgan")


def test_the_same_seed_gives_the_same_picture(entry: Entry) -> None:
    first = engine.draw(entry, (5,), (2,), 0.8).pictures
    engine._draw.clear()  # type: ignore[attr-defined]
    assert (engine.draw(entry, (5,), (2,), 0.8).pictures == first).all()


def test_a_new_calibration_changes_the_pictures_and_what_they_are_said_to_be_by(
    entry: Entry,
) -> None:
    """A generator without guidance, whose latents are shrunk."""
    asked = entry, (5,), (2,), 1.0
    before, by = engine.draw(*asked).pictures, store.drawn_by(entry)
    halved = engine.draw(*asked[:-1], 0.5).pictures
    strip = engine.morph(entry, (5, 5), (2, 2), ((0.0, 0.0),)).pictures
    kinds = tuple(entry.dataset["classes"])
    calibration.write(entry.run, kinds, Calibration((0.6,) * len(entry.classes), 0.5))
    assert (engine.draw(*asked).pictures == halved).all()
    assert (before != halved).any()
    assert (strip != engine.morph(entry, (5, 5), (2, 2), ((0.0, 0.0),)).pictures).any()
    assert store.drawn_by(entry).startswith(f"{by}-")


def test_pages_know_which_shipped_runs_are_calibrated() -> None:
    shipped = Path(__file__).resolve().parent.parent.parent / "checkpoints"
    entries = {one.name: one for one in catalogue.list_entries(shipped)}
    for name in ("cgan-64", "cgan", "cgan-256"):
        entry = entries[name]
        found = store.calibration_of(entry)
        assert found == network.load_generator(entry.run).calibration
        assert bool(found.typical) == entry.run.calibration_path.exists()


def test_a_picture_does_not_depend_on_its_batch(entry: Entry) -> None:
    one = engine.draw(entry, (5,), (2,), 1.0).pictures[0]
    many = engine.draw(entry, tuple(range(16)), (2,) * 16, 1.0).pictures
    assert many.shape == (16, 64, 64, 3)
    # The order of sums may differ with the batch's size by a rounding.
    assert np.abs(many[5].astype(int) - one).max() <= 1


def test_a_morph_starts_and_ends_at_its_ends(entry: Entry) -> None:
    made = engine.morph(entry, (3, 4), (0, 6), ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))).pictures
    for found, seed, label in zip(made, (3, 4, 4), (0, 0, 6), strict=True):
        expected = engine.draw(entry, (seed,), (label,), 1.0).pictures[0]
        assert np.abs(found.astype(int) - expected).max() <= 1


def test_the_judge_names_a_type_and_places_the_distance(entry: Entry) -> None:
    drawn = engine.draw(entry, (0, 1), (0, 1), 1.0)
    judged = engine.judge(entry, drawn)
    assert judged is not None
    assert judged.accuracy == 0.71
    assert len(judged.opinions) == 2
    for opinion in judged.opinions:
        assert opinion.named in entry.classes
        assert 1 / len(entry.classes) <= opinion.confidence <= 1
        assert opinion.distance is not None
        assert opinion.closer == opinions.share_closer(opinion.distance, judged.held_out)


def test_a_damaged_judge_says_so_and_an_absent_one_says_nothing(entry: Entry, full: Path) -> None:
    drawn = engine.draw(entry, (0,), (0,), 1.0)
    (full / "judge-fake-64" / "seed0.safetensors").write_bytes(b"half")
    (full / "judge-fake-64" / "judge.json").touch()
    with pytest.raises(UserError, match="damaged"):
        engine.judge(entry, drawn)
    other = make_run(full, "other", conditional=True, types=("A", "B"))
    values = other.read_config()
    values["dataset"]["content_hash"] = "0" * 64
    other.write_config(values)
    stranger = next(one for one in catalogue.list_entries(full) if one.name == "other")
    assert engine.judge(stranger, drawn) is None


def test_a_crowd_is_told_to_try_again(entry: Entry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "PATIENCE", 0.05)
    leave = threading.Event()
    held = [engine._pool().submit(leave.wait) for _ in range(engine.WORKERS)]
    try:
        with pytest.raises(engine.Busy):
            engine.draw(entry, (77,), (0,), 1.0)
    finally:
        leave.set()
        for one in held:
            one.result()
    monkeypatch.undo()
    assert len(engine.draw(entry, (77,), (0,), 1.0).pictures) == 1


def test_memory_is_given_back_after_each_turn(
    entry: Entry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After one that fails, too."""
    turns: list[int] = []
    monkeypatch.setattr(engine.memory, "give_back", lambda: turns.append(1))
    engine.draw(entry, (7,), (2,), 0.9)
    with pytest.raises(UserError, match="a class number"):
        engine.draw(entry, (7,), (99,), 0.9)
    assert len(turns) == 2


@pytest.mark.parametrize(("distance", "share"), [(0.5, 0.0), (1.5, 0.25), (4.0, 0.75), (9.0, 1.0)])
def test_the_share_of_held_out_photos_that_are_closer(distance: float, share: float) -> None:
    assert opinions.share_closer(distance, np.array([1.0, 2.0, 3.0, 4.0])) == share


def test_a_direction_moves_every_latent_as_far(entry: Entry) -> None:
    still = engine.draw(entry, (1, 2), (0, 3), 1.0)
    moved = engine.draw(entry, (1, 2), (0, 3), 1.0, moves=(0.0, 0.0, 0.0, 2.0))
    z = latents.from_seeds((1, 2), 8)
    z[:, 3] += 2  # each direction of the made-up run is an axis
    expected = network.load_generator(entry.run).draw(z, np.eye(8, dtype=np.float32)[[0, 3]])
    assert (moved.pictures == expected).all()
    assert (still.pictures != moved.pictures).any(axis=(1, 2, 3)).all()


def test_a_grown_run_is_judged_by_its_trunks_judge_on_pictures_averaged_down(
    entry: Entry, full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = engine.draw(entry, (1, 2), (0, 3), 1.0)
    large = engine.Drawn(small.pictures.repeat(2, 1).repeat(2, 2), 0.0, ("large",))
    assert entry.settings is not None
    digest = hashlib.sha256(entry.run.generator_path.read_bytes()).hexdigest()
    network = ProjectedConfig(grown=1, trunk=digest)
    settings = replace(
        entry.settings, data=DataConfig(size=128), network=network, objective=DriftConfig()
    )
    grown = replace(entry, settings=settings, dataset=entry.dataset | {"content_hash": "other"})
    monkeypatch.setenv("CAR_GAN_CHECKPOINTS", str(full))
    judged, expected = engine.judge(grown, large), engine.judge(entry, small)
    assert judged is not None
    assert expected is not None
    assert judged.opinions == expected.opinions
    unknown = replace(settings, network=replace(network, trunk="f" * 64))
    assert engine.judge(replace(grown, settings=unknown), large) is None
    # A run that went on from there on other photos is judged by nobody: the judge never saw them.
    started = replace(
        entry.settings, network=ProjectedConfig(start=digest), objective=DriftConfig()
    )
    assert engine.judge(replace(grown, settings=started), small) is None
    assert engine.judge(replace(entry, settings=started), small) is not None
