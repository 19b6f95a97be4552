"""Recognises kinds of files by their first bytes, since names and declared types can be wrong."""

import re

HEAD = 512  # first bytes of a file, which suffice
IMAGE_HEAD = 0x8008  # first bytes that suffice for a disk image, which begins with zeros

# Place of a signature, the signature, and the kind of file.
_PICTURES = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (8, b"WEBP", "WebP"),
    (8, b"CR\x02\x00", "camera raw"),  # before TIFF, which it is a kind of
    (0, b"FUJIFILMCCD-RAW", "camera raw"),
    (4, b"ftypcrx ", "camera raw"),
    (0, b"II*\x00", "TIFF"),
    (0, b"MM\x00*", "TIFF"),
    (0, b"II+\x00", "TIFF"),
    (0, b"MM\x00+", "TIFF"),
    (0, b"8BPS", "Photoshop"),
    (0, b"\xff\x0a", "JPEG XL"),
    (4, b"JXL \r\n\x87\n", "JPEG XL"),
    (4, b"jP  \r\n\x87\n", "JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "JPEG 2000"),
)
_OTHERS = (
    (0, b"version https://git-lfs.github.com/", "a Git LFS pointer: git lfs pull fetches the file"),
    (0, b"version https://hawser.github.com/", "a Git LFS pointer: git lfs pull fetches the file"),
    (0, b"%PDF-", "a PDF"),
    (0, b"PK\x07\x08", "one part of several of a zip archive"),
    (0, b"PK", "a zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (0, b"RE~^", "a RAR archive from before 1994: unrar x unpacks it"),
    (257, b"ustar", "a tar archive"),
    (0x8001, b"CD001", "a disk image: 7z x unpacks it"),
    (0, b"7z\xbc\xaf'\x1c", "a 7z archive: 7z x unpacks it"),
    (0, b"\x1f\x8b", "compressed by gzip"),
    (0, b"BZh", "compressed by bzip2"),
    (0, b"\xfd7zXZ\x00", "compressed by xz"),
    (0, b"\x28\xb5\x2f\xfd", "compressed by zstd"),
    (0, b"\x04\x22\x4d\x18", "compressed by LZ4: lz4 -d unpacks it"),
    (0, b"\x02\x21\x4c\x18", "compressed by LZ4: lz4 -d unpacks it"),
    (0, b"LZIP", "compressed by lzip: lzip -d unpacks it"),
    (0, b"\x89LZO\x00", "compressed by lzop: lzop -d unpacks it"),
    (0, b"\x1f\x9d", "compressed by compress: gzip -d unpacks it"),
    (0, b"\x1f\xa0", "compressed by compress: gzip -d unpacks it"),
    (0, b"070701", "a cpio archive: bsdtar -xf unpacks it"),
    (0, b"070702", "a cpio archive: bsdtar -xf unpacks it"),
    (0, b"070707", "a cpio archive: bsdtar -xf unpacks it"),
    (0, b"\xc7\x71", "a cpio archive: bsdtar -xf unpacks it"),
    (0, b"!<arch>\n", "an ar archive: ar x unpacks it"),
    (0, b"xar!", "a xar archive: bsdtar -xf unpacks it"),
    (0, b"MSCF", "a cabinet file: cabextract unpacks it"),
    (2, b"-lh", "an LHA archive: unar unpacks it"),
    (0, b"\x60\xea", "an ARJ archive: unar unpacks it"),
    (0, b"SIT!", "a StuffIt archive: unar unpacks it"),
    (0, b"StuffIt ", "a StuffIt archive: unar unpacks it"),
    (0, b"hsqs", "a SquashFS image: unsquashfs unpacks it"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (0, b"\x93NUMPY", "a NumPy array"),
    (0, b"PAR1", "a Parquet table"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"bplist", "a property list of macOS"),
    (0, b"\x7fELF", "a program"),
    (0, b"MZ", "a Windows program"),
    (8, b"AVI ", "a video"),
    (0, b"\x1aE\xdf\xa3", "a video"),
    (4, b"ftyp", "a video"),  # after the pictures of the same family
    (0, b"ID3", "a sound"),
    (8, b"WAVE", "a sound"),
)
# With possessive quantifiers: they don't backtrack, so hostile text can't make them slow.
_BEFORE = rb"\s*+(?:(?:<!--(?:(?!-->).)*+-->|<\?xml[^>]*+>)\s*+)*+"
_PAGE = re.compile(_BEFORE + rb"<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_SVG = re.compile(_BEFORE + rb"(<!doctype svg[^>]*+>\s*+)?+<svg\b", re.I | re.S)
_PNM = re.compile(rb"P[1-6]\s++(?:#.*+\n\s*+)*+\d")
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}


def picture_kind(head: bytes) -> str:
    """The kind of the picture that begins with `head`, such as "JPEG" or "HEIC"; "" for none."""
    if head[4:8] == b"ftyp":
        # The major brand and, from byte 16 on, the compatible brands.
        end = min(int.from_bytes(head[:4], "big"), len(head))
        brands = {head[8:12], *(head[i : i + 4] for i in range(16, end - 3, 4))}
        if brands & {b"avif", b"avis"}:
            return "AVIF"
        if brands & _HEIF:
            return "HEIC"
    if head[:2] == b"BM" and head[6:10] == bytes(4):
        return "BMP"
    if _PNM.match(head):
        return "PPM"
    if _SVG.match(_text(head)):
        return "SVG"
    for place, signature, kind in _PICTURES:
        if head[place:].startswith(signature):
            return kind
    return ""


def describe(head: bytes) -> str:
    """The kind of the file that begins with `head`, in words: "a web page", "empty", ..."""
    if not head:
        return "empty"
    if not head.strip(b"\0"):
        return "nothing but zeros, as a broken download leaves"
    if kind := picture_kind(head):
        return f"{'an' if kind in ('AVIF', 'SVG') else 'a'} {kind} picture"
    if is_page(head):
        return "a web page"
    for place, signature, words in _OTHERS:
        if head[place:].startswith(signature):
            return words
    try:
        text = _text(head).decode(errors="strict" if len(head) < HEAD else "ignore")
    except ValueError:
        return "of an unknown kind"
    readable = all(character.isprintable() or character.isspace() for character in text)
    return "a text" if readable else "of an unknown kind"


def is_page(head: bytes) -> bool:
    """Whether `head` begins a web page."""
    return _PAGE.match(_text(head)) is not None


def _text(head: bytes) -> bytes:
    """Text with a byte order mark as UTF-8; other bytes as they are."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if head.startswith(mark):
            return head[len(mark) :].decode(encoding, "ignore").encode(errors="ignore")
    return head
