"""The sheet that a person looks at."""

from pathlib import Path

import numpy as np
from PIL import Image

from gan.metrics.memorisation import write_sheet


def test_the_sheet_shows_each_picture_beside_its_neighbour(tmp_path: Path) -> None:
    write_sheet(
        tmp_path / "sheet.png",
        np.full((9, 64, 64, 3), 10, np.uint8),
        np.full((9, 64, 64, 3), 200, np.uint8),
    )
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape == (2 * 64 + 6, 8 * 128 + 7 * 6, 3)
    assert (sheet[:64, :64] == 10).all()
    assert (sheet[:64, 64:128] == 200).all()
