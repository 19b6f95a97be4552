"""The drawn cars: the same everywhere, balanced, varied, and told apart by shape."""

import hashlib

import numpy as np
import pytest

from gan.data.body_types import BODY_TYPES
from gan.data.drawn import draw, draw_one
from gan.errors import UserError


def test_the_bytes_are_frozen() -> None:
    """A change of a drawing needs a new drawn.VERSION, then this digest."""
    digest = hashlib.sha256()
    for number in range(16):
        digest.update(draw_one(number, 64, seed=0).tobytes())
    assert digest.hexdigest()[:16] == "6ee070deaec1ab92"


def test_a_car_depends_on_seed_and_number_alone() -> None:
    assert (draw_one(5, 64, 1) == draw_one(5, 64, 1)).all()
    assert (draw_one(5, 64, 1) != draw_one(5, 64, 2)).any()
    assert (draw_one(5, 64, 1) != draw_one(13, 64, 1)).any()
    small = [car.picture for car in draw(160, 64, 3)]
    large = draw(168, 64, 3)
    assert all((a == next(large).picture).all() for a in small)


def test_processes_give_the_same_cars() -> None:
    alone = draw(1000, 64, 0, workers=0)
    for number, car in enumerate(draw(1000, 64, 0, workers=2)):
        if number < 48:
            assert (car.picture == next(alone).picture).all()
        if number == 60:
            break


def test_types_and_split_are_balanced() -> None:
    cars = list(draw(160, 64))
    for body_type in BODY_TYPES:
        mine = [car for car in cars if car.body_type == body_type]
        assert len(mine) == 20
        assert sum(car.test for car in mine) == 2


@pytest.mark.parametrize("size", [64, 128, 256])
def test_a_larger_picture_shows_the_same_scene(size: int) -> None:
    small = draw_one(3, 64, 0).astype(float)
    picture = draw_one(3, size, 0)
    assert picture.shape == (size, size, 3)
    factor = size // 64
    reduced = picture.reshape(64, factor, 64, factor, 3).mean((1, 3))
    assert abs(reduced - small).mean() < 4


def test_every_picture_differs_and_uses_colours() -> None:
    cars = list(draw(320, 64, 9))
    assert len({car.picture.tobytes() for car in cars}) == 320
    assert np.stack([car.picture for car in cars]).std(0).min() > 10


@pytest.mark.parametrize("count", [0, 159, 10**9])
def test_absurd_counts(count: int) -> None:
    with pytest.raises(UserError, match="--count"):
        next(draw(count, 64))
