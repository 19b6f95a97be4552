"""Finds directions in a generator's latent space that change one visible property each.

`python -m gan.directions RUN ...` writes each run's directions.csv, from which the app makes
sliders. Properties are measured on many pictures and fitted linearly to their latents (cf. Shen et
al. 2020, "Interpreting the Latent Space of GANs").
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from gan import atomic, latents
from gan.checkpoint import LoadedGenerator, load_generator
from gan.errors import UserError, command
from gan.runs import Run
from gan.sampling import BATCH, generate

COUNT = 1_024  # pictures measured: eight for each of the 128 numbers of a latent
FIRST_SEED = 3_000_000  # far from the seeds that the app's pages begin with
CELLS = 16  # cells a side over which a picture is averaged


def find(generator: LoadedGenerator, count: int = COUNT) -> pd.DataFrame:
    """A table [latent, properties]: a unit vector in each column of `latents.DIRECTIONS`.

    They are the pseudo-inverse of the linear fit, so that each changes its own property and, as far
    as the fit holds, none of the others.

    Args:
        generator: A generator of any size; its classes are drawn in turn.
        count: Pictures to measure; more than the numbers of a latent.

    Raises:
        UserError: The latents explain less than a quarter of a property's variance.
    """
    seeds = range(FIRST_SEED, FIRST_SEED + count)
    classes = max(1, len(generator.classes))
    labels = np.arange(count) % classes
    given = labels.tolist() if generator.classes else None
    cells = [
        _cells(generate(generator, seeds[i : i + BATCH], given and given[i : i + BATCH]))
        for i in range(0, count, BATCH)
    ]
    measured = _properties(np.concatenate(cells))
    for label in range(classes):  # differences between types don't come from the latents
        measured[labels == label] -= measured[labels == label].mean(0)
    deviation = measured.std(0)
    measured /= np.maximum(deviation, 1e-6)
    z = latents.from_seeds(seeds, generator.latent)
    fit = np.linalg.lstsq(z, measured, rcond=None)[0]
    explained = np.where(deviation > 1e-6, 1 - ((measured - z @ fit) ** 2).mean(0), 0)
    if explained.min() < 0.25:
        worst = list(latents.DIRECTIONS)[explained.argmin()]
        raise UserError(f"the latents of this run hardly explain {worst}: there is no direction")
    inverse = np.linalg.pinv(fit).T
    return pd.DataFrame(inverse / np.linalg.norm(inverse, axis=0), columns=list(latents.DIRECTIONS))


def _cells(pictures: np.ndarray) -> np.ndarray:
    """Means over a grid of CELLS x CELLS cells, float32 [N, CELLS, CELLS, 3] in [0, 1]."""
    count, size = pictures.shape[:2]
    square = size // CELLS
    blocks = pictures.reshape(count, CELLS, square, CELLS, square, 3)
    return blocks.mean((2, 4), dtype=np.float32) / 255


def _properties(cells: np.ndarray) -> np.ndarray:
    """The visible properties in the order of `latents.DIRECTIONS`, float32 [N, properties].

    The car is in the middle of a picture, the background at its edges. The car's direction is the
    largest principal component of the difference between a picture and its mirror image.
    """
    grey = cells.mean(3)
    middle = cells[:, 6:11, 3:13]
    paint = middle.mean((1, 2, 3))
    warm = (middle[..., 0] - middle[..., 2]).mean((1, 2))
    background = np.concatenate([grey[:, :3].mean(2), grey[:, :, [0, -1]].mean(1)], 1).mean(1)
    mirrored = (grey - grey[:, :, ::-1])[:, :, : CELLS // 2].reshape(len(grey), -1)
    component = np.linalg.svd(mirrored - mirrored.mean(0), full_matrices=False)[2][0]
    # The sign of a component is arbitrary; cars that face right are darker in the left half.
    turned = mirrored @ component * -np.sign(component.sum())
    return np.stack([paint, warm, background, turned], 1)


@command
def main() -> None:
    """Write the directions of the runs that the command line names."""
    if not sys.argv[1:]:
        raise UserError("name the folders of runs: python -m gan.directions checkpoints/NAME ...")
    for run in map(Run, map(Path, sys.argv[1:])):
        table = find(load_generator(run)).round(5).assign(generator=run.short_hash())
        atomic.write_text(run.directions_path, table.to_csv(index=False))
        print(f"wrote {run.directions_path}")


if __name__ == "__main__":
    main()
