"""The validation split: a tenth of each class, the same in every size, the test split untouched."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.data.photos import load
from gan.data.validation import choose_validation

COUNTS = {"sedan": 2000, "wagon": 150, "pickup": 40}


def _set(ending: str = ".jpg", folder: str = "photos/") -> tuple[list[str], list[str], np.ndarray]:
    kinds = [kind for kind, count in COUNTS.items() for _ in range(count)]
    files = [f"{folder}{i:05d}{ending}" for i in range(len(kinds))]
    return files, kinds, np.arange(len(kinds)) % 10 == 3


def test_a_tenth_of_each_class_and_twenty_where_there_are_enough() -> None:
    files, kinds, test = _set()
    chosen = choose_validation(files, kinds, test)
    assert not (chosen & test).any()
    counts = {kind: chosen[np.array(kinds) == kind].sum() for kind in COUNTS}
    assert 140 <= counts["sedan"] <= 220  # of 1,800, by chance
    assert 20 <= counts["wagon"] <= 27  # of 135
    assert counts["pickup"] == 7  # a fifth of 36
    assert (choose_validation(files, kinds, test) == chosen).all()


def test_a_photo_is_on_the_same_side_in_other_formats_and_in_a_part_of_the_set() -> None:
    files, kinds, test = _set()
    chosen = choose_validation(files, kinds, test)
    again = choose_validation(*_set(".webp", "cars8/"))
    assert (again == chosen).all()
    part = np.arange(len(kinds)) % 3 != 0
    some = choose_validation(
        [f for f, kept in zip(files, part, strict=True) if kept],
        [k for k, kept in zip(kinds, part, strict=True) if kept],
        test[part],
    )
    sedans = np.array(kinds)[part] == "sedan"
    assert (some == chosen[part])[sedans].all()


def test_a_prepared_set_has_three_splits_that_share_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAR_GAN_DATA", str(tmp_path / "data"))
    stream = np.random.RandomState(0)
    for kind in ("sedan", "suv"):
        (tmp_path / "photos" / kind).mkdir(parents=True)
        for i in range(40):
            picture = stream.randint(0, 256, (70, 70, 3)).astype(np.uint8)
            Image.fromarray(picture).save(tmp_path / "photos" / kind / f"{i}.png")
    photos = load(str(tmp_path / "photos"), 64)
    parts = [photos.indices(split) for split in ("train", "validation", "test")]
    assert all(map(len, parts))
    assert sorted(np.concatenate(parts)) == list(range(80))
    assert (photos.indices("development") == np.flatnonzero(~photos.test)).all()
    whole = photos.without_validation()
    assert (whole.indices("train") == photos.indices("development")).all()
    assert whole.content_hash == photos.content_hash
