"""Pictures cut at every marker, block and chunk, and files that are not what their name says."""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from gan.data.decode import Unusable, decode, decode_file
from tests.data.made_up import encoded, noise

MEGA = 10**6
PHOTO = noise(3, 96, 80)
WHOLE = {
    "jpeg": encoded(PHOTO, "JPEG"),
    "jpeg, progressive": encoded(PHOTO, "JPEG", progressive=True),
    "jpeg, restarts": encoded(PHOTO, "JPEG", restart_marker_blocks=4),
    "jpeg, cmyk": encoded(PHOTO.convert("CMYK"), "JPEG"),
    "png": encoded(PHOTO, "PNG"),
    "png, palette": encoded(PHOTO.convert("P"), "PNG"),
    "webp": encoded(PHOTO, "WEBP"),
    "webp, lossless": encoded(PHOTO, "WEBP", lossless=True),
    "gif": encoded(PHOTO.convert("P"), "GIF", save_all=True, append_images=[noise(4, 96, 80)]),
    "tiff": encoded(PHOTO, "TIFF", compression="tiff_lzw"),
    "bmp": encoded(PHOTO, "BMP"),
    "ppm": encoded(PHOTO, "PPM"),
    "avif": encoded(PHOTO, "AVIF"),
}


def jpeg_markers(data: bytes) -> Iterator[int]:
    """Where each marker starts: a byte of ones, then neither another nor a stuffed zero."""
    yield from (i for i in range(len(data) - 1) if data[i] == 0xFF and 0 < data[i + 1] < 0xFF)


def png_chunks(data: bytes) -> Iterator[int]:
    place = 8
    while place < len(data):
        yield place
        place += 12 + int(struct.unpack_from(">I", data, place)[0])


def riff_chunks(data: bytes) -> Iterator[int]:
    yield from evenly(data)  # one chunk may be all
    place = 12
    while place < len(data):
        yield place
        place += 8 + (int(struct.unpack_from("<I", data, place + 4)[0]) + 1) // 2 * 2


def evenly(data: bytes) -> Iterator[int]:
    yield from range(0, len(data), max(1, len(data) // 24))


CUTS = {"jpeg": jpeg_markers, "png": png_chunks, "webp": riff_chunks}
PLACES = [
    (kind, cut)
    for kind, data in WHOLE.items()
    for start in CUTS.get(kind.partition(",")[0], evenly)(data)
    # Before the marker, within it, after it, and a little further on.
    for cut in sorted({start, start + 1, start + 2, start + 5, start + 13})
    if cut < len(data)
]


@pytest.mark.filterwarnings("ignore")  # Pillow warns of much that is wrong with these
@pytest.mark.parametrize("kind", WHOLE)
def test_cut_at_every_marker(kind: str) -> None:
    whole = decode(WHOLE[kind], 64, MEGA)
    cuts = [cut for name, cut in PLACES if name == kind]
    assert len(cuts) >= 8
    for cut in cuts:
        try:
            picture = decode(WHOLE[kind][:cut], 64, MEGA)
        except Unusable:
            continue
        # Some lack nothing but the marker of their end.
        assert picture.shape == whole.shape, cut
    with pytest.raises(Unusable):
        decode(WHOLE[kind][: len(WHOLE[kind]) // 3], 64, MEGA)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", WHOLE)
def test_marker_with_another_length(kind: str) -> None:
    """The two or four bytes after each marker, where lengths stand, say nothing and too much."""
    data = WHOLE[kind]
    for start in {place for name, place in PLACES if name == kind}:
        for wrong in (bytes(4), b"\xff" * 4, b"\x7f\xff\xff\xff"):
            try:
                picture = decode(data[:start] + wrong + data[start + 4 :], 64, MEGA)
            except Unusable:
                continue
            assert picture.shape == (64, 64, 3)
            assert picture.dtype == np.uint8


@pytest.mark.parametrize("kind", WHOLE)
@pytest.mark.parametrize("ending", [".jpg", ".png", ".gif"])
def test_ending_means_nothing(tmp_path: Path, kind: str, ending: str) -> None:
    path = tmp_path / f"photo{ending}"
    path.write_bytes(WHOLE[kind])
    assert (decode_file(path, 64, MEGA).picture == decode(WHOLE[kind], 64, MEGA)).all()


def test_what_is_no_file_is_refused(tmp_path: Path) -> None:
    import os

    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")  # reading it would wait for ever
    (tmp_path / "loop.jpg").symlink_to("loop.jpg")
    (tmp_path / "zero.jpg").symlink_to("/dev/zero")
    for path in sorted(tmp_path.iterdir()):
        with pytest.raises(Unusable):
            decode_file(path, 64, MEGA)


def test_huge_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.jpg"
    with path.open("wb") as file:
        file.truncate(1 << 40)  # takes no room
    with pytest.raises(Unusable, match="too large"):
        decode_file(path, 64, MEGA)
