"""The loop: learns, records, stops cleanly, and resumes to the same bits."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import safetensors.torch
import torch

from gan.checkpoint import State, load_generator
from gan.config import DataConfig, DriftConfig, RunConfig, from_json, frozen_settings
from gan.data.batches import Batches, seed_from
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.record import Record
from gan.runs import Run
from gan.sampling import generate
from gan.schedule import rate_factor, total_iterations
from gan.step import build_state, half_life, set_learning_rates, update_average
from gan.training import stop_on_signal, train
from tests.conftest import tiny_config

CPU = torch.device("cpu")


def same_work(a: Run, b: Run) -> None:
    """Both runs hold the same weights, grids and losses, bit for bit; only seconds may differ.

    On a GPU, where the order of sums varies, only losses are compared, and nearly.
    """
    tables = [run.read_losses().drop(columns="seconds") for run in (a, b)]
    if torch.cuda.is_available():
        return pd.testing.assert_frame_equal(*tables, rtol=0.05, atol=0.05)
    for path in (a.generator_path, *(p for _, p in a.samples())):
        assert path.read_bytes() == (b.path / path.relative_to(a.path)).read_bytes(), path.name
    assert [i for i, _ in a.samples()] == [i for i, _ in b.samples()]
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    states = [safetensors.torch.load_file(run.resume_path) for run in (a, b)]
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    return None


@pytest.mark.parametrize("architecture", ["dcgan", "cgan"])
def test_resumed_run_equals_an_uninterrupted_one(
    tiny_photos: Photos, tmp_path: Path, architecture: str
) -> None:
    whole, parts = Run(tmp_path / "whole"), Run(tmp_path / "parts")
    train(tiny_config(architecture), tiny_photos, whole)
    train(tiny_config(architecture, pictures=24), tiny_photos, parts)
    train(tiny_config(architecture, pictures=40), tiny_photos, parts, resume=True)
    # The end of a shorter run leaves a grid that the longer one has no reason for.
    for extra in {i for i, _ in parts.samples()} - {i for i, _ in whole.samples()}:
        parts.sample_path(extra).unlink()
    train(tiny_config(architecture), tiny_photos, parts, resume=True)
    same_work(whole, parts)


def test_budget_may_change_only_before_the_learning_rates_fall(
    tiny_photos: Photos, tmp_path: Path
) -> None:
    whole, parts = Run(tmp_path / "whole"), Run(tmp_path / "parts")
    train(tiny_config(decay_from=0.5, pictures=80), tiny_photos, whole)
    # Two of eight steps: before the fall of either budget.
    stop_after(16, tiny_config(decay_from=0.5, pictures=64), tiny_photos, parts)
    train(tiny_config(decay_from=0.5, pictures=80), tiny_photos, parts, resume=True)
    assert whole.generator_path.read_bytes() == parts.generator_path.read_bytes()
    late = Run(tmp_path / "late")  # seven of eight steps: the rates are falling
    stop_after(56, tiny_config(decay_from=0.5, pictures=64), tiny_photos, late)
    with pytest.raises(UserError, match="began to fall"):
        train(tiny_config(decay_from=0.5, pictures=160), tiny_photos, late, resume=True)


def test_a_finished_run_goes_on_with_a_larger_budget_and_says_so(
    tiny_photos: Photos, tmp_path: Path
) -> None:
    run, straight = Run(tmp_path / "run"), Run(tmp_path / "straight")
    train(tiny_config(decay_from=0.5, pictures=64), tiny_photos, run)
    assert run.read_config()["progress"]["restarts"] == []
    with pytest.raises(UserError, match="began to fall"):  # there is nothing left to do with less
        train(tiny_config(decay_from=0.5, pictures=32), tiny_photos, run, resume=True)
    stop_after(96, tiny_config(decay_from=0.5, pictures=160), tiny_photos, run, resume=True)
    train(tiny_config(decay_from=0.5, pictures=160), tiny_photos, run, resume=True)
    assert run.read_config()["progress"]["restarts"] == [64]
    whole = Run(tmp_path / "whole")  # the same without the interruption
    for pictures in (64, 160):
        longer = tiny_config(decay_from=0.5, pictures=pictures)
        train(longer, tiny_photos, whole, resume=pictures > 64)
    assert whole.generator_path.read_bytes() == run.generator_path.read_bytes()
    # The rates fell twice: not the weights of a run that was given it all from the start.
    train(tiny_config(decay_from=0.5, pictures=160), tiny_photos, straight)
    assert run.generator_path.read_bytes() != straight.generator_path.read_bytes()
    assert (
        run.read_losses()["images_seen"].tolist() == straight.read_losses()["images_seen"].tolist()
    )


def stop_after(
    pictures: int, config: RunConfig, photos: Photos, run: Run, resume: bool = False, **start: Any
) -> None:
    """Train, and press Ctrl-C once `pictures` were seen."""
    from gan import training

    get = training.Batches.get

    def press(self: Any, iteration: int, *arguments: Any) -> Any:
        if (iteration + 1) * config.loop.batch == pictures:
            os.kill(os.getpid(), signal.SIGINT)
        return get(self, iteration, *arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Batches, "get", press)
        with pytest.raises(KeyboardInterrupt):
            train(config, photos, run, resume, **start)
    assert run.read_config()["progress"]["images_seen"] == pictures


CHILD = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup ignores it
import numpy as np
from pathlib import Path
from gan.data.batches import Batches
from gan.data.prepared import Photos
from gan.record import Record
from gan.runs import Run
from gan.sampling import generate
from gan.training import train
from gan.config import from_json
import json, torch
torch.set_num_threads(1)
data = np.load(sys.argv[1])
photos = Photos(name="tiny", pictures=data["pictures"], labels=data["labels"], test=data["test"],
                validation=data["test"] & False,
                classes=("dark", "light"), content_hash="0" * 64, folder=Path(sys.argv[1]).parent)
run = Run(Path(sys.argv[2]))
train(from_json(json.loads(sys.argv[3])), photos, run, resume=run.resume_path.exists())
"""


def test_generators_are_kept_to_choose_among(tiny_photos: Photos, tmp_path: Path) -> None:
    """Whenever so many pictures were seen, and at the end, which is the run's own generator."""
    run = Run(tmp_path / "run")
    train(tiny_config("cgan", pictures=56, keep_every=20), tiny_photos, run)
    assert [i * 8 for i, _ in run.kept()] == [24, 40, 56]
    assert run.kept_path(7).read_bytes() == run.generator_path.read_bytes()
    first, last = (load_generator(run, path).network for _, path in run.kept()[::2])
    assert not torch.equal(*(next(network.parameters()) for network in (first, last)))
    train(tiny_config("cgan", pictures=56), tiny_photos, Run(tmp_path / "other"))
    assert not Run(tmp_path / "other").kept()


def test_stopped_run_resumes_to_the_same_bits(tiny_photos: Photos, tmp_path: Path) -> None:
    """One that is killed: tests/faults/test_kills.py."""
    from gan.config import to_json

    config = tiny_config(pictures=8 * 60, save_minutes=1e-9, sample_every=20)
    arrays = tmp_path / "tiny.npz"
    np.savez(
        arrays,
        pictures=tiny_photos.pictures,
        labels=tiny_photos.labels,
        test=tiny_photos.test,
    )
    run = Run(tmp_path / "killed")

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", CHILD, arrays, run.path, json.dumps(to_json(config))],
            cwd=Path(__file__).parent.parent,
            stderr=subprocess.DEVNULL,
        )

    child = start()
    watching = threading.Event()
    while child.poll() is None and len(run.samples()) < 2:
        watching.wait(0.002)
    child.send_signal(signal.SIGTERM)
    assert child.wait(300) != 0
    reached = json.loads(run.config_path.read_text(encoding="utf-8"))["progress"]["iteration"]
    assert 0 < reached < 60
    assert start().wait(300) == 0
    whole = Run(tmp_path / "whole")
    train(config, tiny_photos, whole)
    # A clean stop leaves the grid of the moment it stopped.
    for extra in {i for i, _ in run.samples()} - {i for i, _ in whole.samples()}:
        run.sample_path(extra).unlink()
    same_work(whole, run)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_a_wish_a_second_ends_at_once_and_nohup_holds(number: signal.Signals) -> None:
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {each: signal.signal(each, signal.default_int_handler) for each in numbers}
    try:
        with stop_on_signal() as stop:
            signal.raise_signal(number)
            assert stop.asked == number
            with pytest.raises(KeyboardInterrupt):
                signal.raise_signal(number)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        with stop_on_signal() as stop:
            signal.raise_signal(signal.SIGHUP)
            assert not stop.asked
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_run_folder_explains_itself(tiny_photos: Photos, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    assert train(tiny_config("cgan"), tiny_photos, run)
    values = run.read_config()
    assert from_json(values["settings"]) == tiny_config("cgan")
    assert values["dataset"]["classes"] == ["dark", "light"]
    assert values["dataset"]["counts"]["train"] == {"dark": 16, "light": 16}
    assert values["progress"] | {"seconds": 0} == {
        "iteration": 8,
        "images_seen": 64,
        "seconds": 0,
        "stalled": 0,
        "finished": True,
        "restarts": [],
        "segments": [{"from": 0, "git_revision": values["environment"]["git_revision"]}],
    }
    assert run.read_losses()["iteration"].tolist() == [2, 4, 6, 8]
    assert [i for i, _ in run.samples()] == [0, 4, 8]
    assert load_generator(run).classes == ("dark", "light")


def test_second_run_in_a_folder_is_refused(tiny_photos: Photos, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    train(tiny_config(), tiny_photos, run)
    before = run.generator_path.read_bytes()
    with pytest.raises(UserError, match="--resume"):
        train(tiny_config(), tiny_photos, run)
    assert run.generator_path.read_bytes() == before


@pytest.mark.parametrize("change", [{"seed": 1}, {"batch": 16}, {"architecture": "cgan"}])
def test_a_resumed_run_keeps_what_decides_its_weights(change: dict[str, Any]) -> None:
    """tests/faults/test_poison.py sees the refusal itself."""
    kept = frozen_settings(tiny_config())
    assert frozen_settings(tiny_config(**change)) != kept
    assert frozen_settings(tiny_config(pictures=800, minutes=1.0, threads=2)) == kept


def test_nothing_to_resume(tiny_photos: Photos, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no"):
        train(tiny_config(), tiny_photos, Run(tmp_path / "run"), resume=True)


def test_time_limit_ends_between_two_steps(tiny_photos: Photos, tmp_path: Path) -> None:
    run = Run(tmp_path / "run")
    assert not train(tiny_config(pictures=10**7, minutes=1e-4), tiny_photos, run)
    progress = run.read_config()["progress"]
    assert 0 < progress["iteration"] < 10**5
    assert not progress["finished"]


def test_training_tells_real_from_fake(tiny_photos: Photos, tmp_path: Path) -> None:
    """After 150 steps pictures are no flat grey, and D tells photos from them."""
    run = Run(tmp_path / "run")
    train(tiny_config("cgan", pictures=8 * 150, sample_every=1000), tiny_photos, run)
    from gan.sampling import generate

    pictures = generate(load_generator(run), range(16), [0] * 8 + [1] * 8)
    assert pictures.std(axis=(1, 2, 3)).mean() > 10
    losses = run.read_losses()
    assert losses["d_real"].tail(20).mean() > losses["d_fake"].tail(20).mean()


def test_budget() -> None:
    def of(**loop: Any) -> int:
        return total_iterations(tiny_config(**loop), 100)

    assert of(pictures=0, epochs=2.5) == -(-250 // 8)
    assert of(pictures=64) == 8
    assert of(pictures=65) == 9


def state_of(config: RunConfig) -> State:
    return build_state(config, 2, CPU)


def test_learning_rate_falls_to_zero() -> None:
    config = tiny_config(decay_from=0.6)
    state = state_of(config)

    def at(progress: float) -> float:
        state.iteration = round(progress * 100)
        set_learning_rates(state, config, 100)
        return state.optimizer_g.param_groups[0]["lr"] / config.objective.lr_g

    assert [at(p) for p in (0, 0.6, 0.8, 1)] == pytest.approx([1, 1, 0.5, 0])


def test_learning_rates_rise_over_the_warmup() -> None:
    config = tiny_config(warmup=80)  # ten steps of eight
    rates = [rate_factor(config, iteration, 100) for iteration in (0, 5, 10, 50)]
    assert rates == pytest.approx([0.05, 0.55, 1, 1])


def test_average_has_the_half_life_it_says() -> None:
    state = state_of(tiny_config())
    with torch.no_grad():
        for p in state.average.parameters():
            p.zero_()
        for p in state.generator.parameters():
            p.fill_(1)
    assert [half_life(tiny_config(), seen) for seen in (20_000, 10**6)] == [1000, 10_000]
    for _ in range(20):  # of 50 pictures
        update_average(state.average, state.generator, 50, half_life=1000)
    value = float(next(state.average.parameters()).detach().flatten()[0])
    assert value == pytest.approx(0.5, abs=1e-3)


def test_same_seed_same_start_whatever_the_process_did_before() -> None:
    torch.rand(100)
    a = state_of(tiny_config())
    torch.rand(7)
    b = state_of(tiny_config())
    assert all(
        torch.equal(x, y)
        for x, y in zip(a.generator.parameters(), b.generator.parameters(), strict=True)
    )


def test_rows_of_lost_work_are_dropped(tiny_photos: Photos, tmp_path: Path) -> None:
    run, config = Run(tmp_path / "run"), tiny_config(pictures=32, log_every=1)
    train(config, tiny_photos, run)
    saved = run.resume_path.read_bytes()
    train(tiny_config(pictures=48, log_every=1), tiny_photos, run, resume=True)
    run.resume_path.write_bytes(saved)  # as if the last save had not reached the disk
    state = state_of(config)
    record = Record(config, tiny_photos, run)
    record.begin(state, resume=True)
    assert state.iteration == 4
    assert [row["iteration"] for row in record.rows] == [1, 2, 3, 4]
    assert [segment["from"] for segment in record.segments] == [0, 4]


def test_seeds_are_a_frozen_stream() -> None:
    """An older run that is resumed must see its photos in the same order."""
    assert seed_from(1, 2, 3) == 3822189696


def at_size(photos: Photos, size: int) -> Photos:
    """Photos of 64 px side by side, in squares of `size` pixels."""
    times = size // 64
    return replace(photos, pictures=photos.pictures.repeat(times, 1).repeat(times, 2))


@pytest.mark.parametrize(
    ("piece", "size"), [("", 64), ("layouts", 64), ("mapping", 64), ("close", 128)]
)
def test_conditional_recipe_resumes_to_the_same_bits(
    tiny_photos: Photos, tmp_path: Path, piece: str, size: int
) -> None:
    """Across the moment at which the heads come in: bank, balances and places of crops included."""
    config = tiny_config("projected", pictures=48, balanced=True, mirror=True)
    network = replace(config.network, **{piece: True} if piece else {})
    config = replace(config, network=network, data=replace(config.data, size=size))  # type: ignore[arg-type]
    photos = at_size(tiny_photos, size)
    whole, parts = Run(tmp_path / "whole"), Run(tmp_path / "parts")
    train(config, photos, whole)
    stop_after(24, config, photos, parts)
    for extra in {i for i, _ in parts.samples()} - {i for i, _ in whole.samples()}:
        parts.sample_path(extra).unlink()
    train(config, photos, parts, resume=True)
    same_work(whole, parts)
    assert load_generator(whole).classes == ("dark", "light")


def test_a_run_saved_before_there_was_a_setting_goes_on_with_its_default(
    tiny_photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, run = tiny_config("projected", pictures=16), Run(tmp_path / "run")

    def older(config: RunConfig) -> dict[str, Any]:
        values = frozen_settings(config)
        del values["network"]["guided"]
        return values

    with monkeypatch.context() as patch:
        patch.setattr("gan.record.frozen_settings", older)
        stop_after(8, config, tiny_photos, run)
    changed = replace(config, network=replace(config.network, guided=True))
    with pytest.raises(UserError, match="guided was False"):
        train(changed, tiny_photos, run, resume=True)
    train(config, tiny_photos, run, resume=True)
    assert run.read_config()["progress"]["finished"]


@pytest.mark.parametrize("size", [128, 256])
def test_conditional_recipe_runs_and_resumes_at_larger_sizes(
    tiny_photos: Photos, tmp_path: Path, size: int
) -> None:
    """One step with the heads in, and one more after a resume."""
    photos = at_size(tiny_photos, size)
    config = tiny_config("projected", pictures=4, batch=4, sample_every=9)
    config = replace(config, data=DataConfig("tiny", size), objective=DriftConfig(join=0))
    run = Run(tmp_path / "run")
    assert train(config, photos, run)
    longer = replace(config, loop=replace(config.loop, pictures=8))
    assert train(longer, photos, run, resume=True)
    assert np.isfinite(run.read_losses().to_numpy()).all()
    assert generate(load_generator(run), [0, 1], [0, 1]).shape == (2, size, size, 3)


@pytest.mark.parametrize(("size", "view"), [(64, 64), (128, 256)])
def test_a_close_view_where_none_is_taken_is_refused(size: int, view: int) -> None:
    tiny = tiny_config("projected")
    network = replace(tiny.network, close=True, view=view)
    with pytest.raises(UserError, match="--close is for pictures of 128 px or more"):
        replace(tiny, data=DataConfig("tiny", size), network=network)


def test_conditional_recipe_takes_classes_as_they_come(tiny_photos: Photos, tmp_path: Path) -> None:
    """Without balanced batches a class may have one picture in a batch, or none."""
    run = Run(tmp_path / "run")
    assert train(tiny_config("projected", pictures=24, batch=3), tiny_photos, run)
    assert np.isfinite(run.read_losses().to_numpy()).all()


def test_a_new_run_keeps_the_validation_photos_back_and_an_old_one_goes_on_with_all(
    tiny_photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_back = replace(tiny_photos, validation=np.arange(40) < 4)
    met: list[int] = []

    class Watched(Batches):
        def _read(self, chosen: np.ndarray) -> Any:
            met.extend(chosen)
            return super()._read(chosen)

    monkeypatch.setattr("gan.training.Batches", Watched)
    new, old = Run(tmp_path / "new"), Run(tmp_path / "old")
    train(tiny_config(), held_back, new)
    assert new.kept_validation()
    assert new.read_config()["dataset"]["counts"]["validation"] == {"dark": 2, "light": 2}
    assert set(met) == set(range(4, 32))

    train(tiny_config(), tiny_photos, old)
    assert not old.kept_validation()
    met.clear()
    train(tiny_config(pictures=128), held_back, old, resume=True)
    assert set(met) == set(range(32))
    assert not old.kept_validation()
