"""What a file is, whatever its name says."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from gan.data.kinds import PICTURES, kind, kind_of
from tests.data.made_up import encoded, noise

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)
AVIF_BY_BRAND = b"\0\0\0\x1cftypmif1\0\0\0\0avifmif1miaf" + bytes(40)


@pytest.mark.parametrize("format", sorted(PICTURES - {"HEIF"}))
def test_a_picture_is_known_by_its_content(tmp_path: Path, format: str) -> None:
    path = tmp_path / "photo.txt"
    path.write_bytes(encoded(noise(0), format))
    assert kind_of(path) == format


def archive(make: type[zipfile.ZipFile] | type[tarfile.TarFile]) -> bytes:
    file = io.BytesIO()
    if make is zipfile.ZipFile:
        with zipfile.ZipFile(file, "w") as pack:
            pack.writestr("a", "b")
    else:
        with tarfile.open(fileobj=file, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("a"))
    return file.getvalue()


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (HEIC, "HEIF"),
        (AVIF_BY_BRAND, "AVIF"),
        (b"", "empty"),
        (bytes(100), "nothing but zeros"),
        (b"\n <!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a Git LFS pointer"),
        (b"BMW,sedan\n", "text"),
        (b"P1-photo,van\n", "text"),
        ("Škoda;coupé\n".encode("cp1250"), "text"),
        ("file,type\n".encode("utf-16"), "text"),
        (b"%PDF-1.4", "a PDF"),
        (archive(zipfile.ZipFile), "a ZIP archive"),
        (archive(tarfile.TarFile), "a tar archive"),
        (b"\x7fELF\x02\x01\x01\0\0", "of an unknown kind"),
    ],
)
def test_other_kinds(start: bytes, expected: str) -> None:
    assert kind(start).startswith(expected)
