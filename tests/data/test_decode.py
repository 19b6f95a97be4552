"""Every kind of picture becomes the right square, or is refused with a reason; never a crash."""

import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageOps

from gan.data.decode import Unusable, decode
from tests.data.made_up import encoded, noise

MEGA = 10**6


def quadrants(size: tuple[int, int] = (96, 96)) -> Image.Image:
    """Red, green / blue, white: shows every turn and every mix-up of channels."""
    corners = np.array([[[200, 30, 30], [30, 200, 30]], [[30, 30, 200], [220, 220, 220]]], np.uint8)
    return Image.fromarray(corners).resize(size, Image.Resampling.NEAREST)


def corners(picture: np.ndarray) -> np.ndarray:
    """The middles of the four quadrants, [2, 2, 3]."""
    quarter = picture.shape[0] // 4
    return picture[quarter :: 2 * quarter, quarter :: 2 * quarter].astype(int)


EXPECTED = np.asarray(quadrants((2, 2))).astype(int)


@pytest.mark.parametrize(
    ("format", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("WEBP", {"lossless": True}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("PPM", {}),
    ],
)
@pytest.mark.parametrize("size", [(96, 96), (200, 64), (64, 900), (1500, 1500)])
def test_formats_and_shapes(format: str, options: dict, size: tuple[int, int]) -> None:  # type: ignore[type-arg]
    picture = decode(encoded(quadrants(size), format, **options), 64, 10 * MEGA)
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.uint8
    np.testing.assert_allclose(corners(picture), EXPECTED, atol=8)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_sizes(size: int) -> None:
    assert decode(encoded(noise(0)), size, MEGA).shape == (size, size, 3)


def test_grey_palette_and_alpha() -> None:
    grey = decode(encoded(quadrants().convert("L")), 64, MEGA)
    assert (grey[..., 0] == grey[..., 1]).all()
    np.testing.assert_allclose(corners(grey)[..., 0], np.asarray(quadrants((2, 2)).convert("L")), 1)
    palette = quadrants().convert("P", palette=Image.Palette.ADAPTIVE)
    np.testing.assert_allclose(corners(decode(encoded(palette), 64, MEGA)), EXPECTED, atol=8)
    alpha = quadrants().convert("RGBA")
    alpha.putalpha(Image.new("L", alpha.size, 0))
    assert (decode(encoded(alpha), 64, MEGA) == 255).all()  # clear shows white, not what it hides
    keyed = Image.new("L", (40, 40), 7)
    assert (decode(encoded(keyed, transparency=7), 64, MEGA) == 255).all()
    assert (decode(encoded(Image.new("1", (40, 40), 1)), 64, MEGA) == 255).all()


def test_cmyk() -> None:
    picture = decode(encoded(quadrants().convert("CMYK"), "JPEG", quality=95), 64, MEGA)
    np.testing.assert_allclose(corners(picture), EXPECTED, atol=20)


def test_sixteen_bits_and_floats_keep_their_scale() -> None:
    ramp = np.linspace(0, 65535, 64).astype(np.uint16)[None].repeat(64, 0)
    for data in (
        encoded(Image.fromarray(ramp)),
        encoded(Image.fromarray(ramp), "TIFF"),
        encoded(Image.fromarray((ramp / 65535).astype(np.float32)), "TIFF"),
    ):
        picture = decode(data, 64, MEGA)
        np.testing.assert_allclose(picture[5, :, 0], np.linspace(0, 255, 64), atol=2)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_turned_upright(orientation: int, format: str) -> None:
    """Pillow's exif_transpose is the reference."""
    image = quadrants((120, 80))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, format, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    expected = np.asarray(upright.convert("RGB").resize((64, 64), Image.Resampling.BICUBIC))
    np.testing.assert_allclose(corners(decode(data, 64, MEGA)), corners(expected), atol=8)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_broken_exif_costs_nothing() -> None:
    data = encoded(quadrants(), "JPEG", exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff" + b"\xff" * 40)
    np.testing.assert_allclose(corners(decode(data, 64, MEGA)), EXPECTED, atol=12)


def test_first_frame_of_an_animation() -> None:
    frames = [quadrants(), Image.new("RGB", (96, 96))]
    for format in ("GIF", "WEBP", "PNG", "TIFF"):
        data = encoded(frames[0], format, save_all=True, append_images=frames[1:])
        np.testing.assert_allclose(corners(decode(data, 64, MEGA)), EXPECTED, atol=40)


def test_downscaling_does_not_alias() -> None:
    stripes = np.zeros((640, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    picture = decode(encoded(Image.fromarray(stripes)), 64, MEGA)
    assert abs(picture.astype(int) - 127).max() <= 6


@pytest.mark.parametrize(("size", "fits"), [((32, 32), True), ((31, 500), False), ((1, 1), False)])
def test_too_small(size: tuple[int, int], fits: bool) -> None:
    data = encoded(Image.new("RGB", size))
    if fits:
        decode(data, 64, MEGA)
    else:
        with pytest.raises(Unusable, match="too small"):
            decode(data, 64, MEGA)


def bomb(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds almost nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b""))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [1001, 10_000, 60_000, 2_000_000_000])
def test_giant_dimensions(side: int) -> None:
    with pytest.raises(Unusable, match="too many pixels"):
        decode(bomb(side, side), 64, MEGA)


def test_cut_jpeg_is_reported_as_such() -> None:
    data = encoded(noise(1, 96, 80), "JPEG")
    with pytest.raises(Unusable, match="truncated"):
        decode(data[: len(data) // 2], 64, MEGA)


HEIF_PLUGIN = """
from PIL import Image
def register_heif_opener():
    picture = lambda *_: Image.new("RGB", (48, 40))
    Image.register_open("HEIF", picture, lambda head: head[8:12] == b"heic")
"""


@pytest.mark.parametrize("installed", [True, False])
def test_heic_is_read_where_its_plugin_is_installed(tmp_path: Path, installed: bool) -> None:
    if installed:
        (tmp_path / "pillow_heif.py").write_text(HEIF_PLUGIN, encoding="utf-8")
    (tmp_path / "photo.jpg").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64))
    code = "from gan.data.decode import *\nfrom pathlib import Path\nimport sys\n"
    code += "try: print(decode_file(Path(sys.argv[1]), 64, 9999).picture.shape)\n"
    code += "except Unusable as why: print(why)"
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "photo.jpg"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])},
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    expected = "(64, 64, 3)" if installed else "HEIC photos need pillow-heif: pip install"
    assert done.stdout.startswith(expected)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n",  # would start an outside program
        b"GIF89a",
        b"\xff\xd8\xff\xd9",
    ],
)
def test_other_files_are_refused(data: bytes) -> None:
    with pytest.raises(Unusable, match=r"unreadable|not a picture: it is"):
        decode(data, 64, MEGA)


WHOLE = [
    encoded(noise(2), "PNG"),
    encoded(noise(2), "JPEG"),
    encoded(noise(2), "WEBP"),
    encoded(noise(2).convert("P"), "GIF"),
    encoded(noise(2), "TIFF", compression="tiff_lzw"),
    encoded(noise(2), "BMP"),
    encoded(noise(2).convert("CMYK"), "JPEG"),
]


@pytest.mark.filterwarnings("ignore")  # Pillow warns of much that is wrong with these
@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=8),
    st.floats(0.01, 1),
)
def test_damaged_bytes_never_crash(
    data: bytes, changes: list[tuple[float, int]], reach: float
) -> None:
    damaged = bytearray(data)
    for place, value in changes:
        damaged[int(len(data) * reach * place)] = value
    try:
        picture = decode(bytes(damaged), 64, MEGA)
    except Unusable:
        return
    assert picture.shape == (64, 64, 3)
    assert picture.dtype == np.uint8
