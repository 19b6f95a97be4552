"""Hostile archives: volumes, claims, links of every kind, and members for outside programs."""

import contextlib
import io
import itertools
import os
import shutil
import stat
import struct
import tarfile
import tracemalloc
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
import rarfile

from gan.data.archive import Limits, Unpacked
from gan.errors import UserError
from tests.data.rar_writer import Member, pack4, pack5, rar4, rar5
from tests.data.test_archive import MAKERS, every_kind, make_tar, make_zip, refusal, run

PHOTO = bytes(range(256)) * 9 + b"end"
RARS = {"rar4": (rar4, pack4), "rar5": (rar5, pack5)}


def packed(kind: str, **claims: Any) -> bytes:
    """An archive with PHOTO compressed; `claims` are what its header says of it."""
    make, pack = RARS[kind]
    claims = {"packed": pack(PHOTO)} | claims
    return make([Member("a.jpg", PHOTO, method=0x33, **claims)])


class TestCompressedRar:
    """Members that need an outside program."""

    @pytest.fixture(autouse=True)
    def forget_tool(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rarfile, "CURRENT_SETUP", None)

    @pytest.fixture(params=["unrar", "unar", "7z", "bsdtar"])
    def program(
        self, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> str:
        """One program alone, as if no other were installed."""
        found = shutil.which(request.param)
        if found is None:
            pytest.skip(f"{request.param} is not installed")
        (tmp_path / "tools").mkdir()
        (tmp_path / "tools" / request.param).symlink_to(found)
        monkeypatch.setenv("PATH", str(tmp_path / "tools"))
        return str(request.param)

    @pytest.mark.parametrize("kind", RARS)
    def test_each_installed_program_reads_them(
        self, tmp_path: Path, program: str, kind: str
    ) -> None:
        assert run(tmp_path, packed(kind)) == {"a.jpg": PHOTO}

    @pytest.mark.parametrize("kind", RARS)
    def test_each_installed_program_finds_damage(
        self, tmp_path: Path, program: str, kind: str
    ) -> None:
        for number in range(4):
            data = bytearray(packed(kind))
            data[len(data) - 60 - 500 * number] ^= 1 << number
            refusal(tmp_path / str(number), bytes(data))
        refusal(tmp_path / "checksum", packed(kind, crc=7))
        refusal(tmp_path / "short", packed(kind, packed=RARS[kind][1](PHOTO)[:200]))

    @pytest.mark.parametrize("kind", RARS)
    def test_bomb_gives_no_more_than_it_claims(
        self, tmp_path: Path, program: str, kind: str
    ) -> None:
        data = packed(kind, size=10, crc=zlib.crc32(PHOTO[:10]))
        with contextlib.suppress(UserError):
            assert run(tmp_path, data) == {"a.jpg": PHOTO[:10]}

    @pytest.mark.parametrize("name", ["--to-stdout.jpg", "--use-compress-program=touch x.jpg"])
    def test_name_is_never_taken_for_an_option(
        self, tmp_path: Path, program: str, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A solid archive is given whole to the program, with the member's name."""
        monkeypatch.chdir(tmp_path)
        member = Member(name, PHOTO, packed=pack4(PHOTO), method=0x33)
        with contextlib.suppress(UserError):
            assert run(tmp_path, rar4([member], main_flags=8)) == {name: PHOTO}
        assert {path.name for path in tmp_path.iterdir()} == {"base", "tools"}

    def test_without_a_program_it_names_some(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        message = refusal(tmp_path, packed("rar4"))
        assert "unar" in message
        assert "install" in message

    def test_no_program_is_needed_for_stored_members(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", os.devnull)
        assert run(tmp_path, rar5([Member("a.jpg", b"x")])) == {"a.jpg": b"x"}


VOLUMES = {
    "rar4, a later one": rar4([Member("a.jpg", b"abc", flags=1)], main_flags=0x01),
    "rar4, the first alone": rar4([Member("a.jpg", b"abc", flags=2)], main_flags=0x101),
    "rar5, a later one": rar5([Member("a.jpg", b"abc", split=8)], main_flags=3),
    "rar5, the first alone": rar5([Member("a.jpg", b"abc", split=16)], main_flags=1),
    "zip, the first of several": b"PK\x07\x08" + make_zip([("a.jpg", b"abc")]),
}


@pytest.mark.parametrize("case", VOLUMES)
def test_volumes_are_refused(tmp_path: Path, case: str) -> None:
    message = refusal(tmp_path, VOLUMES[case])
    assert "alone" in case or "one part of several" in message


def test_encrypted_rar5_says_so(tmp_path: Path) -> None:
    # A record of encryption: its number, version, flags, rounds, salt and start value.
    record = bytes((1, 0, 0, 15)) + bytes(16) + bytes(16)
    member = rar5([Member("a.jpg", b"abc" * 11, extra=record)])
    assert "encrypted" in refusal(tmp_path / "member", member)
    headers = rar5([Member("a.jpg", b"abc")], before=bytes((4, 0, 0, 0, 15)) + bytes(16))
    assert "encrypted" in refusal(tmp_path / "headers", headers)


TARGETS = ["/etc/passwd", "../../outside", "a.jpg", ".", "", "\\\\server\\share", "C:\\x"]


@pytest.mark.parametrize("target", TARGETS)
def test_no_link_is_made_whatever_its_target(tmp_path: Path, target: str) -> None:
    mode = stat.S_IFLNK | 0o777
    links = [rar4([Member("b.jpg", target.encode(), mode=mode)])]
    links.append(make_zip([("b.jpg", target.encode())], mode=mode))
    # Symbolic links of Unix and Windows, a junction, a hard link, a copy.
    for kind in range(1, 6):
        links.append(rar5([Member("a.jpg", b"x"), Member("b.jpg", link=(kind, target))]))
    for tar_kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        info = tarfile.TarInfo("b.jpg")
        info.type, info.linkname = tar_kind, target
        links.append(info.tobuf() + bytes(1024))
    for number, data in enumerate(links):
        found = run(tmp_path / str(number), data)
        # A second name of a member is a file of its own.
        assert not found.keys() - {"a.jpg", *(["b.jpg"] if target == "a.jpg" else [])}


def test_every_type_of_tar_member_is_a_file_or_refused(tmp_path: Path) -> None:
    whole = make_tar([("a.jpg", b"abc")])
    for kind in range(256):
        header = bytearray(whole[:512])
        header[156] = kind
        header[148:156] = b" " * 8
        header[148:156] = b"%06o\0 " % sum(header)
        try:
            found = run(tmp_path / str(kind), bytes(header) + whole[512:])
        except UserError:
            continue
        # A sparse file whose map is empty is empty.
        assert found in ({"a.jpg": b"abc"}, {"a.jpg": b""}, {}), kind


def zip_claim(size: int) -> bytes:
    """Three bytes that claim to be `size` ones, in the fields of ZIP64."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as pack:
        info = zipfile.ZipInfo("a.jpg")
        info.extra = struct.pack("<HHQQ", 1, 16, size, 3)
        pack.writestr(info, b"abc")
    data = bytearray(file.getvalue())
    struct.pack_into("<II", data, data.index(b"PK\x01\x02") + 20, 0xFFFFFFFF, 0xFFFFFFFF)
    return bytes(data)


def tar_claim(size: int) -> bytes:
    info = tarfile.TarInfo("a.jpg")
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT) + b"abc" + bytes(509 + 1024)


@pytest.mark.parametrize("limits", [None, Limits(total=1 << 64, member=1 << 64)])
@pytest.mark.parametrize("claim", [2**32 - 2, 2**32, 2**40, 2**62, 2**63 - 1])
def test_huge_claims_cost_nothing(tmp_path: Path, claim: int, limits: Limits | None) -> None:
    archives = [zip_claim(claim), tar_claim(claim), rar5([Member("a.jpg", b"abc", size=claim)])]
    archives.append(rar4([Member("a.jpg", b"abc", size=min(claim, 2**32 - 1))]))
    tracemalloc.start()
    try:
        for number, data in enumerate(archives):
            refusal(tmp_path / str(number), data, limits)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


def test_negative_size_is_damage(tmp_path: Path) -> None:
    refusal(tmp_path, tar_claim(-5))


def test_overlapping_members_count_each_time(tmp_path: Path) -> None:
    """One megabyte, listed three thousand times (Fifield 2019)."""
    data = make_zip([("zeros.bin", bytes(1 << 20))])
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entry, tail = data[start:end], bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 3000, 3000, 3000 * len(entry))
    assert "GiB" in refusal(tmp_path, data[:start] + 3000 * entry + tail, Limits(total=1 << 30))


@every_kind
def test_bomb_of_members_needs_little_memory(tmp_path: Path, kind: str) -> None:
    data = MAKERS[kind]([(f"{number}.txt", b"") for number in range(5000)])
    tracemalloc.start()
    try:
        assert "members" in refusal(tmp_path, data, Limits(members=100))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20  # 8 of them are what xz looks back at


def test_list_of_zip_members_is_not_read_to_its_end(tmp_path: Path) -> None:
    data = make_zip([("photo.jpg", b"")])
    start, end = data.index(b"PK\x01\x02"), data.index(b"PK\x05\x06")
    entries, tail = 20_000 * data[start:end], bytearray(data[end:])
    struct.pack_into("<HHI", tail, 8, 20_000, 20_000, len(entries))
    tracemalloc.start()
    try:
        assert "members" in refusal(tmp_path, data[:start] + entries + tail, Limits(members=100))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5 * len(entries)  # as bytes; the headers as objects take ten times that


@every_kind
def test_archive_of_nothing_gives_nothing(tmp_path: Path, kind: str) -> None:
    if kind == "tar":  # zeros alone: nothing tells what they are
        assert "zeros" in refusal(tmp_path, MAKERS[kind]([]))
    else:
        assert run(tmp_path, MAKERS[kind]([])) == {}


@every_kind
def test_archives_inside_stay_packed(tmp_path: Path, kind: str) -> None:
    inner = [(f"inner.{name}", make([("b.bmp", bytes(1000))])) for name, make in MAKERS.items()]
    assert run(tmp_path, MAKERS[kind]([*inner, ("a.jpg", b"x")])) == {"a.jpg": b"x"}


@every_kind
def test_names_that_differ_by_case_collide_only_where_case_means_nothing(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def caseless(self: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        return real(self.with_name(self.name.lower()), mode, *arguments, **options)

    data = MAKERS[kind]([("a.jpg", b"1"), ("A.JPG", b"2")])
    assert run(tmp_path / "apart", data) == {"a.jpg": b"1", "A.JPG": b"2"}
    monkeypatch.setattr(Path, "open", caseless)
    report = Unpacked()
    assert run(tmp_path, data, report=report) == {"a.jpg": b"1"}
    assert report.passed_over == [("A.JPG", "in the way of another member's name")]


def test_signatures_with_next_to_nothing_behind_them(tmp_path: Path) -> None:
    starts = [make([("a.jpg", b"x")])[:40] for make in MAKERS.values()]
    for number, (start, length) in enumerate(itertools.product(starts, range(0, 40, 3))):
        refusal(tmp_path / str(number), start[:length])
