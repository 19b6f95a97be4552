"""What a file is, by its first bytes: an ending may be wrong, missing or of another program."""

import re
from pathlib import Path

START = 512  # bytes that suffice to tell (a tar's mark stands at 257)

# Pictures by the name that Pillow gives their format.
_PICTURES = (
    (re.compile(rb"\xff\xd8\xff"), "JPEG"),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "PNG"),
    (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), "WEBP"),
    (re.compile(rb"GIF8[79]a"), "GIF"),
    (re.compile(rb"II[*+]\0|MM\0[*+]"), "TIFF"),
    (re.compile(rb"BM.{4}\0{4}", re.DOTALL), "BMP"),
    (re.compile(rb"P[1-7]\s"), "PPM"),
    (re.compile(rb".{4}ftyp(avif|avis|(mif1|msf1).{4}[^\0]*avif)", re.DOTALL), "AVIF"),
    (re.compile(rb".{4}ftyp(hei[cxmsf]|hev[cxms]|mif1|msf1)", re.DOTALL), "HEIF"),
)
PICTURES = frozenset(name for _, name in _PICTURES)
ENDINGS = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"}
    | {".pgm", ".pbm", ".pnm", ".avif", ".heic", ".heif"}
)

_OTHERS = (
    (re.compile(rb"version https://git-lfs"), "a Git LFS pointer (git lfs pull fetches the file)"),
    (re.compile(rb"\s*<(!doctype html|html)", re.IGNORECASE), "a web page"),
    (re.compile(rb"\s*(<\?xml.*)?<svg", re.DOTALL), "an SVG drawing"),
    (re.compile(rb"\s*<\?xml"), "XML"),
    (re.compile(rb"%PDF"), "a PDF"),
    (re.compile(rb"PK\x03\x04|PK\x05\x06|PK\x07\x08"), "a ZIP archive"),
    (re.compile(rb"Rar!\x1a\x07"), "a RAR archive"),
    (re.compile(rb"7z\xbc\xaf\x27\x1c"), "a 7z archive"),
    (re.compile(rb"\x1f\x8b|BZh|\xfd7zXZ\0|\x28\xb5\x2f\xfd|\x04\x22\x4d\x18"), "a packed file"),
    (re.compile(rb".{257}ustar", re.DOTALL), "a tar archive"),
    (re.compile(rb"PAR1"), "a Parquet table"),
    (re.compile(rb"MATLAB 5\.0 MAT-file"), "a MATLAB file"),
    (re.compile(rb"\x93NUMPY"), "a NumPy array"),
    (re.compile(rb"\xff\x0a|\0{3}\x0cJXL "), "JPEG XL"),
    (re.compile(rb"\0{3}\x0cjP  |\xff\x4f\xff\x51"), "JPEG 2000"),
    (re.compile(rb"8BPS"), "a Photoshop file"),
    (re.compile(rb".{4}ftyp|\x1aE\xdf\xa3|RIFF.{4}AVI ", re.DOTALL), "a video"),
)


def kind(start: bytes) -> str:
    """What a file that begins with `start` (START bytes, or the whole of a shorter one) is.

    Returns:
        One of PICTURES, or words that fit "it is ...": "empty", "text", "a web page".
    """
    if not start.strip(b"\0"):
        return "nothing but zeros" if start else "empty"
    for pattern, name in (*_PICTURES, *_OTHERS):
        if pattern.match(start):
            return name
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text"
    return "text" if not re.search(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]", start) else "of an unknown kind"


def kind_of(path: Path) -> str:
    """What the file `path` is, as `kind` says it.

    Raises:
        OSError: It can't be read.
    """
    with path.open("rb") as file:
        return kind(file.read(START))
