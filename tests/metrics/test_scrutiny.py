"""What looks at pictures without a pretrained network sees what it should, and nothing else."""

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.metrics.scrutiny import (
    SHEET,
    auc,
    checker_energy,
    coarse,
    detector_auc,
    rows,
    weave_energy,
    write_blind_sheet,
)


def noise(count: int, seed: int, size: int = 16) -> np.ndarray:
    stream = np.random.RandomState(seed)
    return stream.randint(90, 160, (count, size, size, 3)).astype(np.uint8)


def test_auc_counts_pairs() -> None:
    stream = np.random.RandomState(0)
    low, high = stream.randint(0, 9, 40), stream.randint(2, 11, 30)
    pairs = (high[:, None] > low[None]) + 0.5 * (high[:, None] == low[None])
    assert auc(low, high) == pytest.approx(pairs.mean())
    assert auc(np.zeros(3), np.ones(2)) == 1
    assert auc(np.ones(3), np.zeros(2)) == 0
    assert auc(np.ones(3), np.ones(2)) == 0.5


def test_checkerboard_alone_raises_its_energy() -> None:
    flat = np.full((1, 8, 8, 3), 100, np.uint8)
    lines, columns = np.indices((8, 8))
    assert checker_energy(flat) == 0
    assert checker_energy(flat + (10 * (lines % 2))[None, ..., None].astype(np.uint8)) == 0
    weave = flat + (10 * ((lines + columns) % 2))[None, ..., None].astype(np.uint8)
    assert checker_energy(weave) == 100


def test_weave_in_step_is_found_at_its_period_alone() -> None:
    photos = noise(8, 0)
    lines, columns = np.indices((16, 16))
    for period in (2, 4):
        wave = 8 * np.cos(2 * np.pi * lines / period) * np.cos(2 * np.pi * columns / period)
        woven = (photos + wave[None, ..., None]).astype(np.uint8)
        assert weave_energy(woven, period) > 3 * weave_energy(photos, period)
        other = weave_energy(woven, 6 - period) / weave_energy(photos, 6 - period)
        assert other == pytest.approx(1, abs=0.2)
    spectrum = np.abs(np.fft.fft2(photos.astype(np.float32).mean(-1))) ** 2
    assert weave_energy(photos, 4) == pytest.approx(spectrum[:, 4, 4].mean(), rel=1e-3)


def test_detector_tells_a_planted_mark_and_nothing_where_there_is_none() -> None:
    photos, marked = noise(400, 0), noise(400, 1)
    marked[:, ::4] = np.minimum(marked[:, ::4] + 40, 255)
    (_, seen), *_, (count, sure) = detector_auc(photos, marked, (64, 1280))
    assert count == 1280
    assert sure > 0.95
    assert sure >= seen
    assert detector_auc(photos, noise(400, 2), (1280,))[0][1] == pytest.approx(0.5, abs=0.2)


def test_coarse_pictures_have_large_shapes_and_no_weave() -> None:
    blocks = np.random.RandomState(0).randint(60, 190, (3, 16, 16, 3)).astype(np.uint8)
    pictures = blocks.repeat(8, 1).repeat(8, 2)
    lines, columns = np.indices((128, 128))
    woven = pictures + (60 * ((lines + columns) % 2))[None, ..., None].astype(np.uint8)
    assert np.array_equal(coarse(pictures), blocks)
    assert np.array_equal(coarse(woven), blocks + 30)
    fine = noise(2, 0).repeat(2, 1).repeat(2, 2)[:, 1:, 1:]  # blocks of 2 that cross its own
    fine = np.pad(fine, ((0, 0), (0, 1), (0, 1), (0, 0)))
    first = fine[0, :2, :2].reshape(4, 3).mean(0)
    assert np.abs(coarse(fine)[0, 0, 0] - first).max() <= 0.5


def test_figures_are_ratios_to_photos() -> None:
    photos, pictures = noise(8, 0), noise(8, 1)
    lines, columns = np.indices((16, 16))
    woven = pictures + (20 * ((lines + columns) % 2))[None, ..., None].astype(np.uint8)
    values = {row["metric"]: row["value"] for row in rows(photos, woven, 0.75, 0.6)}
    assert (values["detector_auc"], values["detector_auc_16"]) == (0.75, 0.6)
    assert values["checkerboard"] == checker_energy(woven) / checker_energy(photos) > 1.2
    assert values["weave_2"] > 10  # the checkerboard repeats every 2 pixels
    assert values["weave_4"] == weave_energy(woven, 4) / weave_energy(photos, 4) < 5
    same = rows(photos, photos, 0.5, 0.5)
    assert [row["value"] for row in same] == [0.5, 0.5, 1, 1, 1]


def test_blind_sheet_holds_half_of_each_and_its_key_is_true(tmp_path: Path) -> None:
    photos = np.full((70, 8, 8, 3), 20, np.uint8)
    pictures = np.full((90, 8, 8, 3), 220, np.uint8)
    write_blind_sheet(tmp_path, photos, pictures, seed=3)
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    with (tmp_path / "key.csv").open(encoding="utf-8") as file:
        key = list(csv.DictReader(file))
    assert len(key) == SHEET
    assert sum(line["what"] == "photo" for line in key) == SHEET // 2
    for line in key:
        top, left = (int(line["row"]) - 1) * 12, (int(line["column"]) - 1) * 12
        value = sheet[top, left, 0]
        assert line["what"] == ("photo" if value == 20 else "generated")
    # In order they would give themselves away.
    assert [line["what"] for line in key] != sorted(line["what"] for line in key)
