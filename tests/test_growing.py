"""Runs that start with another's generator draw its pictures first, learn, and resume exactly."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gan.checkpoint import load_generator
from gan.config import DriftConfig, RunConfig, from_json
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.growing import first_weights, grow, start
from gan.latents import from_seeds
from gan.launch import OutputConfig, launch, read_command
from gan.recipes import GROWN_GPU, of_kind, on_gpu
from gan.runs import Run
from gan.sampling import generate
from gan.step import build_state, set_learning_rates
from gan.training import train
from tests.conftest import tiny_config
from tests.test_training import same_work, stop_after

Capture = pytest.CaptureFixture[str]
CPU = torch.device("cpu")


def enlarged(photos: Photos, times: int) -> Photos:
    return replace(photos, pictures=photos.pictures.repeat(times, 1).repeat(times, 2))


def settings(guided: bool = True, depth: int = 0, mapping: bool = False, **loop: int) -> RunConfig:
    """A short run of the recipe with guidance and a crowd, heads in from the second step on."""
    config = tiny_config("projected", batch=4, sample_every=9, **loop)
    network = replace(config.network, guided=guided, depth=depth, mapping=mapping)
    objective = DriftConfig(join=4, ramp=4, references=4, crowd=6)
    return replace(config, network=network, objective=objective)


def weights_of(run: Run) -> dict[str, torch.Tensor]:
    generator = load_generator(run)
    return first_weights(generator, generator.classes)


@pytest.fixture(scope="module")
def trunk(tiny_photos: Photos, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("trunk") / "trunk")
    # What grows from it has that depth and a mapping too.
    train(settings(pictures=12, depth=1, mapping=True), tiny_photos, run)
    return run


def test_grown_generator_starts_with_its_trunks_pictures_enlarged(trunk: Run) -> None:
    config, before = grow(trunk, settings()), load_generator(trunk)
    state = build_state(config, 2, CPU, before.network.state_dict())
    z, y, guidance = torch.randn(4, 8), torch.tensor([0, 1, 0, 1]), torch.rand(4)
    small = before.network(z, y, guidance)
    assert small.abs().max() < 0.999  # or atanh would lose what tanh did
    expected = F.interpolate(small.atanh(), scale_factor=2, mode="bilinear").tanh()
    for network in (state.average, state.generator.eval()):
        assert torch.allclose(network(z, y, guidance), expected, atol=1e-4)


def test_ladder_to_256_pixels_names_each_trunk_and_resumes_to_the_same_bits(
    trunk: Run, tiny_photos: Photos, tmp_path: Path
) -> None:
    run = trunk
    for size in (128, 256):
        photos = enlarged(tiny_photos, size // 64)
        config, weights = grow(run, settings(pictures=12)), weights_of(run)
        assert config.data.size == size
        whole, parts = Run(tmp_path / f"whole{size}"), Run(tmp_path / f"parts{size}")
        train(config, photos, whole, weights=weights)
        saved = from_json(whole.read_config()["settings"]).network
        assert saved.trunk.startswith(run.short_hash())
        stop_after(8, config, photos, parts, weights=weights)
        parts.sample_path(2).unlink()  # where it stopped
        train(config, photos, parts, resume=True)
        same_work(whole, parts)
        run = whole
    assert load_generator(run).network.grown[1].paint.weight.any()
    assert load_generator(run).config.network.grown == 2
    with pytest.raises(UserError, match="nothing larger"):
        grow(run, settings())


def test_trunk_learns_at_its_own_rate(trunk: Run) -> None:
    config = grow(trunk, settings())
    state = build_state(config, 2, CPU, weights_of(trunk))
    set_learning_rates(state, config, 100)
    rates = {
        id(p): group["lr"] for group in state.optimizer_g.param_groups for p in group["params"]
    }
    full = config.objective.lr_g
    for name, parameter in state.generator.named_parameters():
        new = name.startswith(("grown.", "relaxed"))
        assert rates[id(parameter)] == pytest.approx(full if new else 0.1 * full), name


def test_guidance_changes_pictures_only_where_it_was_learned(trunk: Run) -> None:
    network = load_generator(trunk).network
    z, y = torch.randn(4, 8), torch.tensor([0, 1, 0, 1])
    typical, varied = network(z, y, torch.ones(4)), network(z, y, torch.zeros(4))
    assert torch.equal(typical, network(z, y))
    assert not torch.equal(typical, varied)
    half = network(z, y, torch.tensor([0.0, 0.0, 1.0, 1.0]))
    assert torch.equal(half[:2], varied[:2])
    assert torch.equal(half[2:], typical[2:])


def test_pictures_are_drawn_with_the_guidance_asked_for(trunk: Run) -> None:
    generator = load_generator(trunk)
    extremes = [generate(generator, [7], [1], guidance=guidance) for guidance in (0.0, 1.5)]
    assert not np.array_equal(*extremes)
    z = torch.from_numpy(from_seeds([7], 8))
    for guidance, made in zip((0.0, 1.5), extremes, strict=True):
        one = torch.from_numpy(made).permute(0, 3, 1, 2) / 127.5 - 1
        drawn = generator.network(z, torch.tensor([1]), torch.full((1,), guidance))
        assert torch.allclose(one, drawn, atol=1 / 127)
    for guidance in (-0.1, 1.6):
        with pytest.raises(UserError, match=r"guidance must be from 0 to 1\.5"):
            generate(generator, [7], [1], guidance=guidance)


def test_growing_keeps_to_the_photos_and_types_of_its_trunk(
    trunk: Run, tiny_photos: Photos, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trunk that learned from validation photos must not call them unseen once it has grown."""
    held_back = replace(tiny_photos, validation=np.arange(40) < 4)
    given: list[Photos] = []
    monkeypatch.setattr("gan.data.photos.load", lambda *_: held_back)
    monkeypatch.setattr(
        "gan.training.train", lambda config, photos, *_: given.append(photos) or True
    )
    launch(grow(trunk, settings()), OutputConfig(out="new"), trunk)
    assert not given[0].validation.any()
    others = replace(held_back, classes=("sedan", "tram"))
    monkeypatch.setattr("gan.data.photos.load", lambda *_: others)
    with pytest.raises(UserError, match="photos of classes that it draws"):
        launch(grow(trunk, settings()), OutputConfig(out="new"), trunk)
    assert len(given) == 1
    # Photos that the generator of `trunk` has not seen keep their validation photos.
    others = replace(held_back, classes=tiny_photos.classes[::-1], content_hash="other")
    launch(start(trunk), OutputConfig(out="new"), trunk)
    assert given[1].validation.any()


def test_with_a_gpu_a_run_grows_with_settings_for_it_and_says_when_memory_is_short(
    trunk: Run, tiny_photos: Photos, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan.hardware.best_device", lambda: torch.device("cuda"))
    recipes = of_kind(conditional=True)
    config, output, origin = read_command("", recipes, ["--grow-from", str(trunk.path)])
    assert (config.objective, config.loop) == (GROWN_GPU.objective, GROWN_GPU.loop)
    assert config.network.width == settings().network.width  # that of the trunk
    assert recipes[on_gpu("grown", 256)].loop.batch < GROWN_GPU.loop.batch

    def full(*_: object) -> bool:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("gan.data.photos.load", lambda *_: tiny_photos)
    monkeypatch.setattr("gan.training.train", full)
    with pytest.raises(UserError, match=r"too little memory for --batch 1024.*another --out"):
        launch(config, replace(output, out="new"), origin)


def test_too_few_pictures_for_the_heads_are_said(
    tiny_photos: Photos, root: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setattr("gan.data.photos.load", lambda *_: tiny_photos)
    monkeypatch.setattr("gan.training.train", lambda *_: True)
    for pictures in (8, 7):  # join and ramp are 4 each
        launch(settings(pictures=pictures), OutputConfig(out="new"))
        assert ("--pictures 7 ends before" in capsys.readouterr().err) == (pictures == 7)


def test_a_run_starts_with_the_pictures_of_another_and_resumes_to_the_same_bits(
    trunk: Run, tiny_photos: Photos, tmp_path: Path
) -> None:
    config, weights = start(trunk), weights_of(trunk)
    z, y, guidance = torch.randn(4, 8), torch.tensor([0, 1, 0, 1]), torch.rand(4)
    expected = load_generator(trunk).network(z, y, guidance)
    assert torch.equal(build_state(config, 2, CPU, weights).average(z, y, guidance), expected)
    whole, parts = Run(tmp_path / "whole"), Run(tmp_path / "parts")
    train(config, tiny_photos, whole, weights=weights)
    assert not torch.equal(load_generator(whole).network(z, y, guidance), expected)
    saved = from_json(whole.read_config()["settings"])
    before = from_json(trunk.read_config()["settings"])
    network = replace(before.network, start=trunk.generator_hash())
    assert saved == replace(before, network=network)
    stop_after(8, config, tiny_photos, parts, weights=weights)
    parts.sample_path(2).unlink()  # where it stopped
    train(config, tiny_photos, parts, resume=True)
    same_work(whole, parts)
    after = grow(whole, settings()).network
    assert (after.start, after.trunk) == ("", whole.generator_hash())


def test_a_run_may_start_with_some_of_the_types_of_another(trunk: Run) -> None:
    generator = load_generator(trunk)
    z, typical = torch.randn(3, 8), torch.ones(3)
    for guidance in (typical, 0 * typical):
        expected = generator.network(z, torch.ones(3, dtype=torch.int64), guidance)
        weights = first_weights(generator, generator.classes[1:])
        state = build_state(start(trunk), 1, CPU, weights)
        assert torch.equal(state.average(z, torch.zeros(3, dtype=torch.int64), guidance), expected)


def test_what_the_first_weights_decide_can_not_be_changed(trunk: Run, root: Path) -> None:
    recipes = {"projected": settings(), "grown": settings(log_every=7)}
    for flag, size, every in (("--start-from", 64, 2), ("--grow_from", 128, 7)):
        config, _, origin = read_command("", recipes, [flag, str(trunk.path), "--pictures", "20"])
        assert (config.data.size, config.loop.pictures, config.loop.log_every) == (size, 20, every)
        assert (config.network.depth, config.network.mapping) == (1, True)  # the recipe has neither
        assert origin is not None
        assert origin.path == trunk.path
        flags = (["--depth", "0"], ["--width", "5"], ["--size", "256"])
        for change in (*flags, ["--no-guided"], ["--no-mapping"]):
            with pytest.raises(UserError, match=change[0].replace("no-", "")):
                read_command("", recipes, [flag, str(trunk.path), *change])
    with pytest.raises(UserError, match="not both"):
        read_command("", recipes, ["--start-from", "a", "--grow-from", "b"])
    with pytest.raises(UserError, match="leave out --recipe"):
        read_command("", recipes, ["--start-from", str(trunk.path), "--recipe", "grown"])
    with pytest.raises(UserError, match="needs the name"):
        read_command("", recipes, ["--start-from", ""])
    with pytest.raises(UserError, match="goes on with the run in --out"):
        read_command("", recipes, ["--start-from", str(trunk.path), "--out", "x", "--resume"])


def test_what_cannot_grow_is_refused_in_a_line(
    trunk: Run, tiny_photos: Photos, tmp_path: Path
) -> None:
    report, unfinished = Run(tmp_path / "report"), Run(tmp_path / "unfinished")
    train(tiny_config("cgan", pictures=8), tiny_photos, report)
    with pytest.raises(UserError, match="conditional recipe"):
        grow(report, settings())
    stop_after(4, settings(pictures=8), tiny_photos, unfinished)
    with pytest.raises(UserError, match="isn't finished"):
        grow(unfinished, settings())
    with pytest.raises(UserError, match="not a run"):
        grow(Run(tmp_path / "nowhere"), settings())
