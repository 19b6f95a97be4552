"""Directions in the latent space: each changes what it is named after."""

import numpy as np
import pytest
import torch

from gan import directions, latents
from gan.checkpoint import LoadedGenerator
from gan.errors import UserError
from tests.conftest import tiny_config

LATENT = 8


class Painter(torch.nn.Module):
    """Draws what latent numbers say: paint, warmth, background, and a lit right half.

    The first one lights the background too, half as much as the third.
    """

    def __init__(self, deaf: bool = False) -> None:
        super().__init__()
        self.deaf = torch.nn.Parameter(torch.tensor(float(deaf)))

    def forward(self, z: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        paint, warm, background, turn = (z[:, i, None, None, None] * 0.1 for i in range(4))
        pictures = (background + paint / 2).expand(-1, 3, 64, 64).clone()
        pictures[:, :, 24:44, 12:52] = paint
        pictures[:, 0:1, 24:44, 12:52] += warm
        pictures[:, 2:3, 24:44, 12:52] -= warm
        pictures[:, :, 44:56, 8:32] -= turn
        pictures[:, :, 44:56, 32:56] += turn
        return pictures * (1 - self.deaf)


def painter(deaf: bool = False) -> LoadedGenerator:
    return LoadedGenerator(Painter(deaf), ("sedan", "van"), 64, LATENT, tiny_config("cgan"))


def test_each_direction_changes_what_it_is_named_after_and_nothing_else() -> None:
    found = directions.find(painter(), 128)
    assert list(found) == list(latents.DIRECTIONS)
    expected = np.eye(LATENT, 4)  # up is lighter, redder, and facing right
    expected[2, 0] = -0.5  # lighter paint, and the background as it was
    assert found.to_numpy() == pytest.approx(expected / np.linalg.norm(expected, axis=0), abs=0.1)
    assert np.linalg.norm(found, axis=0) == pytest.approx(np.ones(4))


def test_a_network_that_its_latents_do_not_move_has_no_directions() -> None:
    with pytest.raises(UserError, match="hardly explain"):
        directions.find(painter(deaf=True), 128)
