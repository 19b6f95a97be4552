"""Decodes picture files of any kind, size and colour mode to squares of uint8."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError, features

from gan.data.kinds import HEAD, describe, picture_kind

# Pillow's other parsers are for formats without photos, and are a risk with hostile files:
# PostScript, for example, is run by an external program.
FORMATS = ["JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "PPM"]
Image.init()  # without it, Image.open with a list of formats knows only the five commonest
if features.check("avif"):
    FORMATS.append("AVIF")
try:
    from pillow_heif import register_heif_opener
except ImportError:  # an optional package, for photos of iPhones
    pass
else:
    register_heif_opener()
    FORMATS.append("HEIF")
# Messages for formats that need a package which isn't installed.
MISSING = {
    kind: f"{kind} photos need {package}: pip install {package}, then run it again"
    for kind, format, package in (("HEIC", "HEIF", "pillow-heif"), ("AVIF", "AVIF", "pillow"))
    if format not in FORMATS
}
SMALLEST = 32  # pixels of the shorter side; in smaller pictures no car can be recognised
NATURAL_WIDTH = 1.8  # width over height of typical photos, before they become squares
LARGEST_FILE = 256 << 20  # bytes

_ORIENTATION = 0x0112  # EXIF tag
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Unusable(Exception):
    """A picture can't be used; the text is the reason."""


@dataclass(frozen=True)
class Decoded:
    """A decoded photo."""

    picture: npt.NDArray[np.uint8]  # [size, size, 3]
    file_hash: bytes  # SHA-256 of the file, by which the split is chosen
    picture_hash: bytes  # SHA-256 of `picture`, by which duplicates are found


def decode_file(path: Path, size: int, max_pixels: int) -> Decoded:
    """Read and decode one photo.

    Raises:
        Unusable: The file can't be read, is damaged, too small or too large.
    """
    try:
        if not path.is_file():
            raise Unusable("not a regular file")
        if path.stat().st_size > LARGEST_FILE:
            raise Unusable("the file is too large for a photo")
        data = path.read_bytes()
    except OSError as error:
        raise Unusable(f"unreadable: {error.strerror}") from None
    picture = decode(data, size, max_pixels)
    return Decoded(
        picture, hashlib.sha256(data).digest(), hashlib.sha256(picture.tobytes()).digest()
    )


def decode(data: bytes, size: int, max_pixels: int) -> npt.NDArray[np.uint8]:
    """Decode the first frame, turn it upright and resize it to a square.

    Transparent parts become white. Resizing is bicubic with antialiasing, for JPEGs after the
    decoder's own reduction to at least twice the size.

    Returns:
        uint8 [size, size, 3], RGB.

    Raises:
        Unusable: Damaged, truncated, of an unknown kind, too small or over `max_pixels`.
    """
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if min(width, height) < SMALLEST:
                raise Unusable(f"too small: {width}x{height}")
            if width * height > max_pixels:
                raise Unusable(f"too many pixels: {width}x{height}")
            image.draft(None, (2 * size, 2 * size))
            image.load()
            square = _rgb(image).resize((size, size), Image.Resampling.BICUBIC)
            turn = _TURNS.get(_orientation(image))
            if turn is not None:
                square = square.transpose(turn)
            return np.asarray(square)
    except Unusable:
        raise
    except Image.DecompressionBombError:
        raise Unusable("too many pixels") from None
    except Exception as error:  # Pillow's parsers raise nearly anything over a bad file
        raise Unusable(_cause(data, error)) from None


def _cause(data: bytes, error: Exception) -> str:
    """The reason why a file can't be decoded."""
    kind = picture_kind(data[:HEAD])
    if not kind:
        return f"not a picture: it is {describe(data[:HEAD])}"
    if kind in MISSING:
        return MISSING[kind]
    if isinstance(error, UnidentifiedImageError):  # its text would name an object in memory
        supported = {"HEIC": "HEIF"}.get(kind, kind.upper()) in FORMATS
        return "unreadable: damaged" if supported else f"{describe(data[:HEAD])}: save it as a JPEG"
    return f"unreadable: {' '.join(str(error).split())[:120]}"


def _rgb(image: Image.Image) -> Image.Image:
    """A picture of any mode as RGB: 16-bit greys are scaled, transparent parts become white."""
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image).astype(np.float64)
        peak = float(np.nanmax(values)) if values.size else 0.0
        if image.mode.startswith("I;16") or peak > 255:
            values /= 257
        elif image.mode == "F" and peak <= 1:
            values *= 255
        grey = np.nan_to_num(values).clip(0, 255).round().astype(np.uint8)
        return Image.fromarray(grey).convert("RGB")
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layer = image.convert("RGBA")
        white = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(white, layer).convert("RGB")
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a damaged EXIF block must not cost the picture
        return 1
