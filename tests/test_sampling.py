"""The same seed gives the same picture, alone or in company."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gan import latents, sampling
from gan.checkpoint import LoadedGenerator
from gan.config import RunConfig
from gan.errors import UserError
from gan.models import build_generator
from gan.pictures import grid
from tests.conftest import tiny_config


def loaded(config: RunConfig, classes: tuple[str, ...]) -> LoadedGenerator:
    torch.manual_seed(0)
    network = build_generator(config.network, 64, len(classes)).eval()
    return LoadedGenerator(network, classes, 64, config.network.latent, config)


CONDITIONAL = loaded(tiny_config("cgan"), ("sedan", "suv", "van"))
UNCONDITIONAL = loaded(tiny_config("dcgan"), ())


def test_latents_are_the_frozen_stream() -> None:
    assert latents.from_seeds([7], 3)[0].tolist() == pytest.approx(
        [1.6905257, -0.46593738, 0.03282016], abs=1e-6
    )


def test_picture_depends_on_its_own_seed_alone() -> None:
    together = sampling.generate(CONDITIONAL, [1, 2, 3], [0, 1, 2])
    alone = sampling.generate(CONDITIONAL, [2], [1])
    assert np.abs(together[1].astype(int) - alone[0]).max() <= 1
    assert (together[1] != together[2]).any()


def test_large_sets_go_in_parts() -> None:
    count = sampling.BATCH + 3
    pictures, labels = sampling.generate_set(CONDITIONAL, count)
    assert pictures.shape == (count, 64, 64, 3)
    assert pictures.dtype == np.uint8
    assert np.bincount(labels).tolist() == [23, 22, 22]
    last = sampling.generate(CONDITIONAL, [count - 1], [int(labels[-1])])[0]
    assert np.abs(pictures[-1].astype(int) - last).max() <= 1


def test_a_set_has_the_shares_that_are_asked_for() -> None:
    pictures, labels = sampling.generate_set(CONDITIONAL, 10, shares=np.array([0.55, 0, 0.45]))
    assert len(pictures) == 10
    assert np.bincount(labels, minlength=3).tolist() in ([5, 0, 5], [6, 0, 4])
    alone = sampling.generate(CONDITIONAL, [9], [2])[0]
    assert np.abs(pictures[9].astype(int) - alone).max() <= 1
    same, none = sampling.generate_set(UNCONDITIONAL, 3, shares=np.array([0.5, 0.5]))
    assert len(same) == 3
    assert none.tolist() == [0, 0, 0]


def test_drawing_a_large_set_shows_how_far_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    sampling.generate(UNCONDITIONAL, range(64))  # a training's grid
    assert capsys.readouterr().err == ""
    sampling.generate(UNCONDITIONAL, range(300))
    assert "draw" in capsys.readouterr().err


def test_sets_of_different_seeds_share_no_picture() -> None:
    a, _ = sampling.generate_set(UNCONDITIONAL, 4, 0)
    b, _ = sampling.generate_set(UNCONDITIONAL, 4, 1)
    assert not any((x == y).all() for x in a for y in b)


def test_truncation_scales_the_latent() -> None:
    full, half = latents.from_seeds([1, 2], 16), latents.from_seeds([1, 2], 16, 0.5)
    assert np.allclose(half, full / 2)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: latents.from_seeds([1], 4, 0), "truncation"),
        (lambda: latents.from_seeds([1], 4, float("nan")), "truncation"),
        (lambda: latents.from_seeds([-1], 4), "seed"),
        (lambda: sampling.generate(CONDITIONAL, [1]), "needs a class"),
        (lambda: sampling.generate(CONDITIONAL, [1], [3]), "class number"),
        (lambda: sampling.generate(CONDITIONAL, [1, 2], [0]), "as many labels"),
        (lambda: sampling.generate(UNCONDITIONAL, [1], [0]), "no classes"),
    ],
)
def test_wrong_requests_are_refused(call: object, says: str) -> None:
    with pytest.raises(UserError, match=says):
        call()  # type: ignore[operator]


def test_morph_between_classes_starts_and_ends_at_them() -> None:
    z = torch.from_numpy(latents.from_seeds([5, 5, 5], CONDITIONAL.latent))
    weights = latents.class_weights(0, 2, 3, [0, 0.5, 1])
    strip = sampling.from_latents(CONDITIONAL, z, torch.from_numpy(weights))
    ends = sampling.generate(CONDITIONAL, [5, 5], [0, 2])
    assert np.abs(strip[[0, 2]].astype(int) - ends).max() <= 1
    assert weights.sum(1).tolist() == [1, 1, 1]


def test_interpolation_keeps_the_length() -> None:
    start, end = latents.from_seeds([1, 2], 256)
    path = latents.interpolate(start, end, [0, 0.25, 0.5, 1])
    lengths = np.linalg.norm(path, axis=1)
    assert np.allclose(path[0], start, atol=1e-5)
    assert np.allclose(path[-1], end, atol=1e-5)
    assert lengths.min() > 0.95 * min(lengths[0], lengths[-1])
    assert np.allclose(latents.interpolate(start, start, [0.3])[0], start)


def test_grid_lays_out_in_rows() -> None:
    pictures = np.arange(3, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 4, 3), np.uint8)
    sheet = grid(pictures, 2, gap=1)
    assert sheet.shape == (9, 9, 3)
    assert [int(sheet[y, x, 0]) for y, x in ((0, 0), (0, 5), (5, 0))] == [0, 1, 2]
    assert (sheet[4] == 255).all()
    assert (sheet[5:, 5:] == 255).all()


def test_nothing_asked_nothing_given(tmp_path: Path) -> None:
    assert sampling.generate(UNCONDITIONAL, []).shape == (0, 64, 64, 3)
