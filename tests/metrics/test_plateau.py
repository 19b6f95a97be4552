"""The sweep of the judge's training: validation photos alone decide, and nothing is done twice."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics import plateau
from gan.metrics.classifier import train_classifier


def test_every_combination_is_trained_once_on_train_photos_alone(
    photos: Photos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gan.metrics.classifier.BATCH", 16)
    monkeypatch.setattr("gan.metrics.classifier.WIDTHS", (8, 8, 8, 16))
    trained: list[Any] = []

    def watched(pictures: np.ndarray, *more: Any) -> Any:
        trained.append(more[3:4] + more[5:])
        assert np.array_equal(pictures, photos.pictures[photos.indices("train")])
        return train_classifier(pictures, *more)

    monkeypatch.setattr(plateau, "train_classifier", watched)
    path = tmp_path / "sweep.csv"
    first = list(plateau.sweep(photos, path, (16,), (1.0, 0.5), (1.0,), 1))
    assert [len(new) for new in first] == [2, 2]
    list(plateau.sweep(photos, path, (16,), (1.0, 0.5), (1.0, 0.0), 1))
    assert trained == [(16, 0.5, 1.0), (16, 1.0, 1.0), (16, 0.5, 0.0), (16, 1.0, 0.0)]
    table = pd.read_csv(path)
    assert tuple(table) == plateau.COLUMNS
    assert set(table["split"]) == {"train", "validation"}
    asked = table.loc[table["split"] == "validation", "n_real"]
    assert set(asked) == {len(photos.indices("validation"))}


def test_another_table_is_refused_before_anything_is_trained(
    photos: Photos, tmp_path: Path
) -> None:
    path = tmp_path / "sweep.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"sweep\.csv"):
        next(plateau.sweep(photos, path, (16,), (1.0,), (1.0,), 1))
    path.write_text(f"{','.join(plateau.COLUMNS)}\n16,1,1,0,train,7,0.5,0.5\n", encoding="utf-8")
    with pytest.raises(UserError, match="other photos"):
        next(plateau.sweep(photos, path, (16,), (1.0,), (1.0,), 1))
