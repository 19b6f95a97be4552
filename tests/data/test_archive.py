"""Unpacking: what belongs arrives, what is hostile is refused in one line, nothing leaves."""

import contextlib
import gzip
import io
import lzma
import struct
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gan.data.archive import Limits, Unpacked, unpack
from gan.errors import UserError
from tests.data.made_up import encoded, noise
from tests.data.rar_writer import Member, rar4, rar5

Maker = Callable[[list[tuple[str, bytes]]], bytes]


def make_zip(
    members: list[tuple[str, bytes]], compression: int = zipfile.ZIP_DEFLATED, mode: int = 0
) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as pack:
        for name, data in members:
            info = zipfile.ZipInfo("x", (2020, 1, 1, 0, 0, 0))
            info.filename = name  # past the constructor, which tidies names
            info.external_attr = mode << 16
            info.compress_type = compression
            pack.writestr(info, data)
    return file.getvalue()


def make_tar(members: list[tuple[str, bytes]], mode: str = "w") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode) as tar:  # type: ignore[call-overload]
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return file.getvalue()


def make_rar4(members: list[tuple[str, bytes]]) -> bytes:
    return rar4([Member(name, data) for name, data in members])


def make_rar5(members: list[tuple[str, bytes]]) -> bytes:
    return rar5([Member(name, data) for name, data in members])


MAKERS: dict[str, Maker] = {
    "zip": make_zip,
    "tar": make_tar,
    "tar.gz": lambda members: make_tar(members, "w:gz"),
    "tar.bz2": lambda members: make_tar(members, "w:bz2"),
    "tar.xz": lambda members: make_tar(members, "w:xz"),
    "rar4": make_rar4,
    "rar5": make_rar5,
}
every_kind = pytest.mark.parametrize("kind", MAKERS)


def run(
    tmp_path: Path, data: bytes, limits: Limits | None = None, report: Unpacked | None = None
) -> dict[str, bytes]:
    """Unpack `data`; checks that nothing appears anywhere but in the target folder.

    `report` takes what was passed over.
    """
    base = tmp_path / "base"
    target = base / "outer" / "target"
    target.mkdir(parents=True)
    (base / "archive").write_bytes(data)
    try:
        found = unpack(base / "archive", target, limits)
        if report is not None:
            report.passed_over = found.passed_over
    finally:
        everything = {p for p in base.rglob("*") if target not in p.parents}
        assert everything == {base / "archive", base / "outer", target}
        assert not any(p.is_symlink() for p in target.rglob("*"))
    return {
        p.relative_to(target).as_posix(): p.read_bytes() for p in target.rglob("*") if p.is_file()
    }


def refusal(tmp_path: Path, data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(UserError) as caught:
        run(tmp_path, data, limits)
    message = str(caught.value)
    assert message.splitlines() == [message]
    return message


@every_kind
def test_pictures_and_tables_arrive_and_nothing_else(tmp_path: Path, kind: str) -> None:
    wanted = {"a/1.jpg": b"one", "a/b/2.PNG": b"", "labels.csv": b"filename,type\n"}
    wanted |= {"photo": encoded(noise(0)), "3.jpg.1": encoded(noise(1), "JPEG")}
    passed_over = {
        "README.md": b"text",
        "inner.zip": b"PK\x03\x04",
        "__MACOSX/a/1.jpg": b"x",
        "a/._1.jpg": b"x",
        ".git/2.png": b"x",
    }
    found = run(tmp_path, MAKERS[kind](list((passed_over | wanted).items())))
    assert found == wanted
    (tmp_path / "archive").write_bytes(MAKERS[kind](list((passed_over | wanted).items())))
    (tmp_path / "again").mkdir()
    report = unpack(tmp_path / "archive", tmp_path / "again")
    assert dict(report.passed_over).keys() == passed_over.keys()
    assert dict(report.passed_over)["inner.zip"] == "not a picture: it is a zip archive"
    assert (report.written, report.members) == (len(wanted), len(wanted | passed_over))


UNSAFE = [
    "../x.jpg",
    "a/../../x.jpg",
    "a/../x.jpg",
    "/x.jpg",
    "//server/share/x.jpg",
    "..\\x.jpg",
    "a\\..\\..\\x.jpg",
    "\\x.jpg",
    "C:\\x.jpg",
    "../notes.txt",  # would be passed over, but shows what the archive is
]


@every_kind
@pytest.mark.parametrize("name", UNSAFE)
def test_unsafe_names_are_refused(tmp_path: Path, kind: str, name: str) -> None:
    message = refusal(tmp_path, MAKERS[kind]([("good.jpg", b"x"), (name, b"x")]))
    assert "unsafe path" in message


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_a_member_behind_a_link_is_an_attack(tmp_path: Path, kind: bytes) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        info = tarfile.TarInfo("inside")
        info.type = kind
        info.linkname = "/etc"
        tar.addfile(info)
        through = tarfile.TarInfo("inside/x.jpg")
        through.size = 1
        tar.addfile(through, io.BytesIO(b"x"))
    assert "through a link" in refusal(tmp_path, file.getvalue())


@every_kind
def test_limits_hold(tmp_path: Path, kind: str) -> None:
    data = MAKERS[kind]([(f"{i}.bmp", bytes(1 << 18)) for i in range(8)])
    assert "GiB" in refusal(tmp_path / "bytes", data, Limits(total=1 << 20))
    assert "members" in refusal(tmp_path / "count", data, Limits(members=7))
    assert "too many" in refusal(tmp_path / "one", data, Limits(member=1 << 17))


def test_members_that_are_passed_over_count_too(tmp_path: Path) -> None:
    data = make_tar([("zeros.bin", bytes(1 << 21)), ("a.jpg", b"x")], "w:gz")
    assert "GiB" in refusal(tmp_path, data, Limits(total=1 << 20))


def test_ratio_bomb_needs_little_memory(tmp_path: Path) -> None:
    data = make_zip([("bomb.bmp", bytes(64 << 20))])
    assert len(data) < 100_000
    tracemalloc.start()
    try:
        refusal(tmp_path, data, Limits(member=32 << 20))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


@pytest.mark.parametrize("kind", [b"x", b"g", b"L", b"K"])
def test_tar_header_that_claims_gigabytes_needs_little_memory(tmp_path: Path, kind: bytes) -> None:
    """tarfile would read such a header whole, from a few kilobytes of gzip."""
    info = tarfile.TarInfo("header")
    info.type = kind
    info.size = 1 << 33
    data = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + bytes(40 << 20))
    tracemalloc.start()
    try:
        message = refusal(tmp_path, data)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "damaged" in message
    assert peak < 16 << 20


@pytest.mark.parametrize("claim", [5, (1 << 32) - 2])
def test_false_sizes_are_found(tmp_path: Path, claim: int) -> None:
    big = Limits(total=1 << 40, member=1 << 40)
    pack = bytearray(make_zip([("a.jpg", b"abc")], zipfile.ZIP_STORED))
    for signature, offset in ((b"PK\x03\x04", 18), (b"PK\x01\x02", 20)):
        struct.pack_into("<II", pack, pack.index(signature) + offset, claim, claim)
    refusal(tmp_path / "zip", bytes(pack), big)
    refusal(tmp_path / "rar4", rar4([Member("a.jpg", b"abc", size=claim)]), big)
    refusal(tmp_path / "rar5", rar5([Member("a.jpg", b"abc", size=claim)]), big)
    info = tarfile.TarInfo("a.jpg")
    info.size = claim + 2048
    refusal(tmp_path / "tar", info.tobuf() + b"abc" + bytes(1021), big)


def test_wrong_checksums_are_found(tmp_path: Path) -> None:
    pack = make_zip([("a.jpg", b"needle")], zipfile.ZIP_STORED).replace(b"needle", b"noodle")
    assert "damaged" in refusal(tmp_path / "zip", pack)
    for name, make in (("rar4", rar4), ("rar5", rar5)):
        data = make([Member("a.jpg", b"needle", crc=12345)])
        assert "damaged" in refusal(tmp_path / name, data)
    squeezed = bytearray(make_tar([("a.jpg", bytes(range(256)) * 8)], "w:gz"))
    squeezed[-6] ^= 1  # in gzip's own checksum, which is read at the very end
    refusal(tmp_path / "gz", bytes(squeezed))


def test_encrypted_archives_say_so(tmp_path: Path) -> None:
    pack = bytearray(make_zip([("a.jpg", b"abc")]))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        pack[pack.index(signature) + offset] |= 1
    assert "encrypted" in refusal(tmp_path / "zip", bytes(pack))
    assert "encrypted" in refusal(tmp_path / "rar", rar4([Member("a.jpg", b"abc", flags=4)]))
    headers = rar4([Member("a.jpg", b"abc")], main_flags=0x80)
    assert "encrypted" in refusal(tmp_path / "headers", headers)


@every_kind
def test_truncated_at_any_point_is_one_line_or_whole(tmp_path: Path, kind: str) -> None:
    # Sizes such that no cut falls right between two blocks of a RAR 4, which once were a legal end.
    members = [("a.jpg", bytes(range(256)) * 3), ("b.jpg", b"xyz" * 98)]
    data = MAKERS[kind](members)
    for number in range(24):
        cut = data[: len(data) * number // 24]
        with contextlib.suppress(UserError):
            assert run(tmp_path / str(number), cut) == dict(members)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"\n <html>", "web page"),
        (b"\x89PNG\r\n\x1a\n", "a PNG picture"),
        (b"hello", "a text"),
        (bytes(range(128, 256)), "unknown kind"),
        (b"7z\xbc\xaf\x27\x1c\x00\x04", "7z x unpacks it"),
        (b"\x04\x22\x4d\x18\x64\x40", "lz4 -d unpacks it"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (gzip.compress(b"no tar inside"), "a text, not a tar"),
        (lzma.compress(b""), "empty, not a tar"),
    ],
)
def test_other_files_are_told_apart(tmp_path: Path, data: bytes, word: str) -> None:
    assert word in refusal(tmp_path, data)


@every_kind
def test_archive_without_pictures_gives_none(tmp_path: Path, kind: str) -> None:
    assert run(tmp_path, MAKERS[kind]([("README", b"x")])) == {}
