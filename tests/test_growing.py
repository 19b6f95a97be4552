"""Growing: starts with what the trunk draws, learns, resumes exactly, refuses what can't grow."""

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
from gan.growing import grow
from gan.latents import from_seeds
from gan.launch import OutputConfig, launch
from gan.runs import Run
from gan.sampling import generate
from gan.step import build_state, set_learning_rates
from gan.training import train
from tests.conftest import tiny_config
from tests.test_training import same_work, stop_after

CPU = torch.device("cpu")


def enlarged(photos: Photos, times: int) -> Photos:
    return replace(photos, pictures=photos.pictures.repeat(times, 1).repeat(times, 2))


def settings(guided: bool = True, depth: int = 0, **loop: int) -> RunConfig:
    """A short run of the recipe with guidance and a crowd, heads in from the second step on."""
    config = tiny_config("projected", batch=4, sample_every=9, **loop)
    network = replace(config.network, guided=guided, depth=depth)
    objective = DriftConfig(join=4, ramp=4, references=4, crowd=6)
    return replace(config, network=network, objective=objective)


@pytest.fixture(scope="module")
def trunk(tiny_photos: Photos, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = Run(tmp_path_factory.mktemp("trunk") / "trunk")
    train(settings(pictures=12, depth=1), tiny_photos, run)  # what grows from it has that depth too
    return run


def test_grown_generator_starts_with_its_trunks_pictures_enlarged(trunk: Run) -> None:
    config, before = grow(settings(), trunk)
    state = build_state(config, 2, CPU, before)
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
        config, before = grow(settings(pictures=12), run)
        assert config.data.size == size
        whole, parts = Run(tmp_path / f"whole{size}"), Run(tmp_path / f"parts{size}")
        train(config, photos, whole, trunk=before)
        saved = from_json(whole.read_config()["settings"]).network
        assert saved.trunk.startswith(run.short_hash())
        stop_after(8, config, photos, parts, trunk=before)
        parts.sample_path(2).unlink()  # where it stopped
        train(config, photos, parts, resume=True)
        same_work(whole, parts)
        run = whole
    assert load_generator(run).network.grown[1].paint.weight.any()
    assert load_generator(run).config.network.grown == 2
    with pytest.raises(UserError, match="nothing larger"):
        grow(settings(), run)


def test_trunk_learns_at_its_own_rate(trunk: Run) -> None:
    config, before = grow(settings(), trunk)
    state = build_state(config, 2, CPU, before)
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
    extremes = [generate(generator, [7], [1], guidance=guidance) for guidance in (0.0, 1.0)]
    assert not np.array_equal(*extremes)
    one = torch.from_numpy(extremes[1]).permute(0, 3, 1, 2) / 127.5 - 1
    z = torch.from_numpy(from_seeds([7], 8))
    drawn = generator.network(z, torch.tensor([1]), torch.ones(1))
    assert torch.allclose(one, drawn, atol=1 / 127)
    with pytest.raises(UserError, match="guidance must be from 0 to 1"):
        generate(generator, [7], [1], guidance=1.5)


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
    launch(settings(), OutputConfig(out="new"), str(trunk.path))
    assert not given[0].validation.any()
    others = replace(held_back, classes=("sedan", "suv"))
    monkeypatch.setattr("gan.data.photos.load", lambda *_: others)
    with pytest.raises(UserError, match="photos of the same classes"):
        launch(settings(), OutputConfig(out="new"), str(trunk.path))
    assert len(given) == 1


def test_what_cannot_grow_is_refused_in_a_line(
    trunk: Run, tiny_photos: Photos, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="guidance"):
        grow(settings(guided=False), trunk)
    report, unfinished = Run(tmp_path / "report"), Run(tmp_path / "unfinished")
    train(tiny_config("cgan", pictures=8), tiny_photos, report)
    with pytest.raises(UserError, match="conditional recipe"):
        grow(settings(), report)
    stop_after(4, settings(pictures=8), tiny_photos, unfinished)
    with pytest.raises(UserError, match="isn't finished"):
        grow(settings(), unfinished)
    with pytest.raises(UserError, match="not a run"):
        grow(settings(), Run(tmp_path / "nowhere"))
