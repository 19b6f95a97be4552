"""What a file is by its first bytes, whatever it is called."""

import pytest
from PIL import Image

from gan.data.kinds import HEAD, describe, picture_kind
from tests.data.made_up import encoded, noise

BOX = b"\x00\x00\x00\x18ftyp"


@pytest.mark.parametrize(
    ("format", "kind"),
    [
        ("JPEG", "JPEG"),
        ("PNG", "PNG"),
        ("GIF", "GIF"),
        ("BMP", "BMP"),
        ("TIFF", "TIFF"),
        ("WEBP", "WebP"),
        ("PPM", "PPM"),
        ("AVIF", "AVIF"),
    ],
)
def test_what_pillow_writes_is_told_by_content(format: str, kind: str) -> None:
    Image.init()
    if format not in Image.SAVE:
        pytest.skip(f"this Pillow writes no {format}")
    assert picture_kind(encoded(noise(0), format)[:HEAD]) == kind


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (BOX + b"heic\0\0\0\0mif1heic", "HEIC"),
        (BOX + b"mif1\0\0\0\0mif1heic", "HEIC"),
        (BOX + b"mif1\0\0\0\0mif1avif", "AVIF"),
        (BOX + b"isom\0\0\0\0mp41avc1", ""),
        (b"BMW and other cars", ""),
        (b"P4 is no picture", ""),
        (b"", ""),
    ],
)
def test_neighbours_are_told_apart(head: bytes, kind: str) -> None:
    assert picture_kind(head) == kind


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "empty"),
        (bytes(512), "nothing but zeros"),
        (b"\n <!DOCTYPE html><title>Sign in</title>", "a web page"),
        ("\ufeff<html>".encode("utf-16-le"), "a web page"),
        (b'<?xml version="1.0"?>\n<html xmlns="x">', "a web page"),
        (b"<!-- saved --><HTML>", "a web page"),
        (b"<!-- a --> <!-- b --><?xml version='1.0'?><!-- c --><html>", "a web page"),
        (b"<!---->" * 70, "a text"),  # in one pass: no way of taking comments apart is tried
        (b"<!-- a" * 80, "a text"),
        (b"P6 " + b"#\n" * 200, "a text"),
        (bytes(0x8001) + b"CD001\1\0", "7z x"),
        (b"<svg xmlns='x'>", "an SVG picture"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1", "a Git LFS pointer"),
        (b"7z\xbc\xaf'\x1c\0\4", "7z x"),
        (b"\x04\x22\x4d\x18\x64", "lz4 -d"),
        (BOX + b"isom\0\0\0\0mp41avc1", "a video"),
        (BOX + b"heic\0\0\0\0mif1heic", "a HEIC picture"),
        ("größe,typ\n".encode(), "a text"),
        (b"\x00\x01\x02", "of an unknown kind"),
    ],
)
def test_words_for_a_file(head: bytes, words: str) -> None:
    assert words in describe(head)
