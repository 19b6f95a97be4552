"""Files of pictures: sizes, provenance, what a ZIP holds."""

import csv
import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from gan.demo import pictures
from gan.pictures import grid


def noise(count: int, size: int = 16) -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (count, size, size, 3)).astype(np.uint8)


def test_pictures_grow_by_whole_factors_and_to_natural_width() -> None:
    assert pictures.enlarge(noise(1)[0], 50, natural=False).shape == (48, 48, 3)
    assert pictures.enlarge(noise(1)[0], 50, natural=True).shape == (48, 86, 3)
    assert pictures.enlarge(noise(1)[0], 1, natural=False).shape == (16, 16, 3)


def test_provenance_is_in_the_png() -> None:
    data = pictures.png(noise(1)[0], {"run": "cgan", "seed": 7, "type": "SUV, größer"})
    image = Image.open(io.BytesIO(data))
    assert image.text == {"run": "cgan", "seed": "7", "type": "SUV, größer"}  # type: ignore[attr-defined]
    assert (np.asarray(image) == noise(1)[0]).all()


def test_a_zip_holds_pictures_manifest_and_provenance() -> None:
    made = noise(3)
    rows = [{"body_type": "SUV", "seed": seed} for seed in range(3)]
    with zipfile.ZipFile(io.BytesIO(pictures.archive(made, rows, {"run": "cgan"}))) as file:
        assert file.namelist() == ["00.png", "01.png", "02.png", "manifest.csv", "provenance.json"]
        table = list(csv.DictReader(io.StringIO(file.read("manifest.csv").decode())))
        assert [row["seed"] for row in table] == ["0", "1", "2"]
        assert json.loads(file.read("provenance.json")) == {"run": "cgan"}
        image = Image.open(io.BytesIO(file.read("02.png")))
        assert (np.asarray(image) == made[2]).all()
        assert image.text == {"run": "cgan", "body_type": "SUV", "seed": "2"}  # type: ignore[attr-defined]


def test_an_animation_plays_there_and_back() -> None:
    image = Image.open(io.BytesIO(pictures.animation(noise(5))))
    assert image.format == "WEBP"
    assert image.n_frames == 8  # type: ignore[attr-defined]


def test_a_saved_grid_is_cut_into_what_it_was_made_of() -> None:
    made = noise(10)
    cut = pictures.tiles(grid(made, 5), 16)
    assert (cut.reshape(10, 16, 16, 3) == made).all()
    assert (pictures.tiles(pictures.sheet(made, 5), 16).reshape(made.shape) == made).all()
    with pytest.raises(ValueError, match="not made of 15-pixel pictures"):
        pictures.tiles(grid(made, 5), 15)
