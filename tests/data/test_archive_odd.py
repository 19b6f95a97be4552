"""Odd archives of honest people: what can be had arrives, the rest is listed with its reason."""

import bz2
import io
import lzma
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import pytest
import rarfile

from gan.data import rars
from gan.data.archive import Limits, Unpacked
from gan.data.names import encoding_of
from gan.data.tars import zstd
from tests.data.rar_writer import Member, pack4, pack5, rar4, rar5
from tests.data.test_archive import MAKERS, every_kind, make_tar, make_zip, refusal, run

GOOD = ("good.jpg", b"good")


def report(tmp_path: Path, data: bytes) -> tuple[dict[str, bytes], dict[str, str]]:
    """What arrives, and what is passed over with its reason."""
    found = Unpacked()
    return run(tmp_path, data, report=found), dict(found.passed_over)


@every_kind
@pytest.mark.parametrize(
    "name", ["x:1.jpg", "C:x.jpg", "aux.jpg", "con/x.jpg", "nul", "a b/ü.jpg", "x" * 200 + ".jpg"]
)
def test_names_that_trouble_other_systems_are_names_here(
    tmp_path: Path, kind: str, name: str
) -> None:
    arrived, passed = report(tmp_path, MAKERS[kind]([GOOD, (name, b"\xff\xd8\xff")]))
    assert arrived == {"good.jpg": b"good", name: b"\xff\xd8\xff"}
    assert passed == {}


@every_kind
@pytest.mark.parametrize(
    ("name", "kept"),
    [("Icon\r", ""), ("line\nbreak.jpg", "line%0Abreak.jpg"), ("\x1b[2J.jpg", "%1B[2J.jpg")],
)
def test_control_characters_are_escaped(tmp_path: Path, kind: str, name: str, kept: str) -> None:
    arrived, passed = report(tmp_path, MAKERS[kind]([GOOD, (name, b"")]))
    assert arrived == {"good.jpg": b"good"} | ({kept: b""} if kept else {})
    assert passed == ({} if kept else {"Icon%0D": "not a picture: it is empty"})


@every_kind
def test_a_name_that_the_disk_cannot_hold_costs_one_photo(tmp_path: Path, kind: str) -> None:
    name = "x" * 300 + ".jpg"
    arrived, passed = report(tmp_path, MAKERS[kind]([(name, b"x"), GOOD]))
    assert arrived == {"good.jpg": b"good"}
    assert "disk can't hold" in passed[name[:300]]


@every_kind
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_a_repeated_name_the_later_counts(tmp_path: Path, kind: str) -> None:
    arrived, passed = report(tmp_path, MAKERS[kind]([("a/b.jpg", b"1"), ("a/b.jpg", b"22")]))
    assert arrived == {"a/b.jpg": b"22"}
    assert "later one" in passed["a/b.jpg"]
    arrived, passed = report(
        tmp_path / "in", MAKERS[kind]([("a.jpg", b"1"), ("a.jpg/b.jpg", b"2")])
    )
    assert arrived == {"a.jpg": b"1"}
    assert "in the way" in passed["a.jpg/b.jpg"]


def tar_of(*infos: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        for info in infos:
            tar.addfile(info, io.BytesIO(bytes(info.size)))
        good = tarfile.TarInfo(GOOD[0])
        good.size = len(GOOD[1])
        tar.addfile(good, io.BytesIO(GOOD[1]))
    return file.getvalue()


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"A", b"V"])
def test_tar_members_that_are_no_files(tmp_path: Path, kind: bytes) -> None:
    """Devices, pipes, the lists of rights of Solaris, a volume's label."""
    info = tarfile.TarInfo("odd.jpg")
    info.type, info.size = kind, 700 if kind == b"A" else 0
    arrived, passed = report(tmp_path, tar_of(info))
    assert arrived == dict([GOOD])
    assert passed == {"odd.jpg": "no file (a device or the like)"}


def test_links_are_listed_with_where_they_lead(tmp_path: Path) -> None:
    soft, hard = tarfile.TarInfo("soft.jpg"), tarfile.TarInfo("hard.jpg")
    soft.type, soft.linkname = tarfile.SYMTYPE, "/home/me/1.jpg"
    hard.type, hard.linkname = tarfile.LNKTYPE, GOOD[0]
    file = stat.S_IFLNK | 0o777
    for number, (data, names) in enumerate(
        (
            (tar_of(soft, hard), {"soft.jpg": "/home/me/1.jpg", "hard.jpg": GOOD[0]}),
            (rar5([Member("early.jpg", link=(5, GOOD[0])), Member(*GOOD)]), {"early.jpg": GOOD[0]}),
            (rar4([Member("soft.jpg", b"1.jpg", mode=file), Member(*GOOD)]), {"soft.jpg": ""}),
        )
    ):
        arrived, passed = report(tmp_path / str(number), data)
        assert arrived == dict([GOOD])
        assert passed.keys() == names.keys()
        assert all(passed[name].startswith("a link") for name in names)
        assert all(target in passed[name] for name, target in names.items())


def test_a_second_name_of_a_photo_is_a_photo(tmp_path: Path) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, target in ((GOOD[0], ""), ("suv/1.jpg", f"./{GOOD[0]}"), ("out.jpg", "../x")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (tarfile.LNKTYPE, target) if target else (b"0", "")
            info.size = 0 if target else len(GOOD[1])
            tar.addfile(info, io.BytesIO(GOOD[1]))
    links = [Member("suv/1.jpg", link=(5, GOOD[0])), Member("out.jpg", link=(4, "../x"))]
    for number, data in enumerate((file.getvalue(), rar5([Member(*GOOD), *links]))):
        arrived, passed = report(tmp_path / str(number), data)
        assert arrived == {GOOD[0]: GOOD[1], "suv/1.jpg": GOOD[1]}
        assert passed == {"out.jpg": "a link to ../x"}
        assert "GiB" in refusal(tmp_path / f"{number} small", data, Limits(total=6))


def test_odd_time_stamps_cost_nothing(tmp_path: Path) -> None:
    header = bytearray(make_tar([GOOD]))
    header[136:148] = b"garbage time"
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header[:512])
    dated = bytearray(make_zip([GOOD]))
    for signature, place in ((b"PK\x03\x04", 10), (b"PK\x01\x02", 12)):
        struct.pack_into("<HH", dated, dated.index(signature) + place, 0xFFFF, 0xFFFF)
    # A record of times: of the file's change, as Windows counts, far beyond year 9999.
    record = bytes((3, 2)) + b"\xff" * 8
    archives = [bytes(header), bytes(dated), rar5([Member(*GOOD, extra=record)])]
    pax = io.BytesIO()
    with tarfile.open(fileobj=pax, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo(GOOD[0])
        info.size, info.pax_headers = len(GOOD[1]), {"mtime": "nan", "atime": "1e400"}
        tar.addfile(info, io.BytesIO(GOOD[1]))
    for number, data in enumerate([*archives, pax.getvalue()]):
        assert run(tmp_path / str(number), data) == dict([GOOD])


def test_a_sparse_member_is_read(tmp_path: Path) -> None:
    info = tarfile.TarInfo("sparse.jpg")
    info.type, info.size = tarfile.GNUTYPE_SPARSE, 4
    block = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"%011o\0%011o\0" % (1000, 4)  # four bytes, a thousand zeros before them
    block[483:495] = b"%011o\0" % 1004
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    data = bytes(block) + b"data" + bytes(508) + bytes(1024)
    assert run(tmp_path, data) == {"sparse.jpg": bytes(1000) + b"data"}


def v7(name: bytes, data: bytes, signed: bool = False) -> bytes:
    """A tar as of 1979: nothing behind the link's name."""
    block = bytearray(512)
    block[: len(name)] = name
    block[100:136] = b"%07o\0" % 0o644 + b"%07o\0" % 0 * 2 + b"%011o " % len(data)
    block[136:148] = b"%011o " % 0
    total = sum(block) + 8 * 32
    if signed:
        total -= 256 * sum(byte > 127 for byte in block)
    block[148:156] = b"%06o\0 " % total
    return bytes(block) + data + bytes(-len(data) % 512 + 1024)


@pytest.mark.parametrize("signed", [False, True])
def test_tars_from_before_the_standard(tmp_path: Path, signed: bool) -> None:
    name = "ü.jpg".encode()
    assert run(tmp_path, v7(name, b"abc", signed)) == {"ü.jpg": b"abc"}


PACKERS = {
    "gz": lambda data: zlib.compress(data, wbits=31),
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda data: lzma.compress(data, lzma.FORMAT_ALONE),
    "zst": zstd.compress,
    "zst, a frame to skip first": lambda data: (
        b"\x50\x2a\x4d\x18\x04\0\0\0skip" + zstd.compress(data)
    ),
    "zst, two frames": lambda data: zstd.compress(data[:700]) + zstd.compress(data[700:]),
}


@pytest.mark.parametrize("packer", PACKERS)
def test_tars_however_they_are_compressed(tmp_path: Path, packer: str) -> None:
    pack = PACKERS[packer]
    assert run(tmp_path / "ustar", pack(make_tar([GOOD]))) == dict([GOOD])
    assert run(tmp_path / "v7", pack(v7(b"a.jpg", b"abc"))) == {"a.jpg": b"abc"}
    assert "damaged" in refusal(tmp_path / "cut", pack(make_tar([GOOD]))[:-9])


def zip_by(method: int, data: bytes, packed: bytes, crc: int | None = None) -> bytes:
    """A zip with one member packed by a method that zipfile may lack, and a stored one."""
    pack = bytearray(make_zip([("a.jpg", packed)], zipfile.ZIP_STORED))
    checksum = zlib.crc32(data) if crc is None else crc
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        start = pack.index(signature) + place
        struct.pack_into("<H", pack, start, method)
        struct.pack_into("<III", pack, start + 6, checksum, len(packed), len(data))
    return bytes(pack)


# Deflate64 by hand: a last block of fixed codes; its last byte is a match of length 3 and more.
DATA = bytes(range(32, 120)) * 30


def deflate64(data: bytes) -> bytes:
    """Stored blocks are the same in Deflate and Deflate64."""
    return b"\x01" + struct.pack("<HH", len(data), len(data) ^ 0xFFFF) + data


METHODS = {9: deflate64, 93: zstd.compress, 95: lzma.compress}


@pytest.mark.parametrize("method", METHODS)
def test_zips_by_newer_methods(tmp_path: Path, method: int) -> None:
    packed = METHODS[method](DATA)
    assert run(tmp_path / "good", zip_by(method, DATA, packed)) == {"a.jpg": DATA}
    assert "checksum" in refusal(tmp_path / "crc", zip_by(method, DATA, packed, crc=7))
    assert "damaged" in refusal(tmp_path / "cut", zip_by(method, DATA, packed[:-5]))


@pytest.mark.parametrize(("method", "words"), [(98, "PPMd: 7z x"), (1, "Shrink"), (77, "77")])
def test_a_method_that_nothing_here_knows_is_named(tmp_path: Path, method: int, words: str) -> None:
    assert words in refusal(tmp_path / "alone", zip_by(method, DATA, b"packed"))
    mixed = bytearray(make_zip([GOOD, ("odd.jpg", b"x")], zipfile.ZIP_STORED))
    for signature, place in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        struct.pack_into("<H", mixed, mixed.rindex(signature) + place, method)
    arrived, passed = report(tmp_path, bytes(mixed))
    assert arrived == dict([GOOD])
    assert words in passed["odd.jpg"]


def test_one_encrypted_member_costs_itself(tmp_path: Path) -> None:
    pack = bytearray(make_zip([GOOD, ("odd.jpg", b"x")]))
    for signature, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        pack[pack.rindex(signature) + place] |= 1
    secret = rar4([Member(*GOOD), Member("odd.jpg", b"x", flags=4)])
    for number, data in enumerate((bytes(pack), secret)):
        arrived, passed = report(tmp_path / str(number), data)
        assert arrived == dict([GOOD])
        assert passed["odd.jpg"].startswith("encrypted")


@pytest.mark.parametrize("before", [b"MZ" + bytes(5000), b"From: me\n\n", b"\n"])
def test_bytes_before_an_archive(tmp_path: Path, before: bytes) -> None:
    for number, data in enumerate((make_zip([GOOD]), rar4([Member(*GOOD)]), rar5([Member(*GOOD)]))):
        assert run(tmp_path / str(number), before + data) == dict([GOOD])


def test_headers_of_one_member_in_two_encodings(tmp_path: Path) -> None:
    data = bytearray(make_zip([("a\u0101.jpg", b"x")]))
    start = data.index(b"PK\x03\x04")
    data[start + 7] &= ~8  # the member's own header lacks the flag of Unicode
    assert run(tmp_path, bytes(data)) == {"a\u0101.jpg": b"x"}


NAMES = {
    "cp932": ["セダン/ソ表能.jpg", "ワゴン/1.jpg"],  # three letters end in a backslash's byte
    "gbk": ["轿车/1.jpg", "越野车/2.jpg"],
    "utf-8": ["Coupé/1.jpg", "轎車/2.jpg"],
    "big5": ["轎車/1.jpg", "休旅車/功.jpg"],
    "euc_kr": ["세단/1.jpg", "왜건/2.jpg"],
    "cp437": ["Coupé/1.jpg", "Käfer/Größe.jpg"],
    "cp866": ["седан/1.jpg", "Внедорожник/2.jpg"],
    "cp852": ["łódź/1.jpg", "źrebię/2.jpg"],
}


@pytest.mark.parametrize("encoding", NAMES)
def test_names_without_an_encoding_keep_their_letters(tmp_path: Path, encoding: str) -> None:
    names = NAMES[encoding]
    assert encoding_of(name.encode(encoding) for name in names) == encoding
    raw = [name.encode(encoding) for name in names]
    pack = make_zip([(f"{i:{len(name)}}", b"x") for i, name in enumerate(raw)])
    tar = make_tar([(f"{i:0{len(name)}}", b"x") for i, name in enumerate(raw)])
    for i, name in enumerate(raw):
        pack = pack.replace(f"{i:{len(name)}}".encode(), name)
    blocks = [bytearray(tar[place : place + 512]) for place in range(0, len(tar), 512)]
    for i, name in enumerate(raw):
        block = next(b for b in blocks if b.startswith(f"{i:0{len(name)}}".encode() + b"\0"))
        block[: len(name)] = name
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    wanted = dict.fromkeys(names, b"x")
    assert run(tmp_path / "zip", pack) == wanted
    assert run(tmp_path / "tar", b"".join(blocks)) == wanted
    if encoding != "utf-8":
        old = rar4([Member(name, b"x") for name in names], encoding=encoding)
        assert run(tmp_path / "rar", old) == wanted


def test_the_unicode_field_of_a_zip_wins(tmp_path: Path) -> None:
    raw, name = b"garbled.jpg", "Škoda.jpg"
    field = b"\x01" + zlib.crc32(raw).to_bytes(4, "little") + name.encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as pack:
        info = zipfile.ZipInfo("garbled.jpg")
        info.extra = struct.pack("<HH", 0x7075, len(field)) + field
        pack.writestr(info, b"x")
    assert run(tmp_path, file.getvalue()) == {name: b"x"}


PHOTO = bytes(range(256)) * 9 + b"end"
BAD_PROGRAMS = {
    "fails": "exit 2",
    "says nothing": "exit 0",
    "writes something else": "echo other bytes; exit 0",
    "stops halfway": "head -c 20 /dev/zero; exit 1",
}


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as the only place of programs, and one for temporary files."""
    (tmp_path / "tools").mkdir()
    (tmp_path / "temporary").mkdir()
    for name in ("sh", "head", "echo"):
        (tmp_path / "tools" / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(tmp_path / "tools"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return tmp_path / "tools"


def program(tools: Path, name: str, does: str) -> None:
    path = tools / name
    path.write_text(f"#!{tools}/sh\n{does}\n", encoding="utf-8")
    path.chmod(0o755)


def compressed() -> list[bytes]:
    return [
        rar4([Member("a.jpg", PHOTO, method=0x33, packed=pack4(PHOTO))]),
        rar5([Member("a.jpg", PHOTO, method=0x33, packed=pack5(PHOTO))]),
    ]


@pytest.mark.parametrize("does", BAD_PROGRAMS)
def test_where_a_program_fails_the_next_tries(tmp_path: Path, tools: Path, does: str) -> None:
    program(tools, "unrar", BAD_PROGRAMS[does])
    (tmp_path / "photo").write_bytes(PHOTO)
    program(tools, "bsdtar", f"head -c 99999 {tmp_path / 'photo'}")
    for number, data in enumerate(compressed()):
        assert run(tmp_path / str(number), data) == {"a.jpg": PHOTO}
        assert not any((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("does", BAD_PROGRAMS)
def test_where_all_fail_each_is_named(tmp_path: Path, tools: Path, does: str) -> None:
    program(tools, "unar", BAD_PROGRAMS[does])
    program(tools, "7zz", BAD_PROGRAMS[does])
    for number, data in enumerate(compressed()):
        message = refusal(tmp_path / str(number), data)
        for words in ("'a.jpg'", "unar: it", "7zz: it", "unrar reads every one", "install"):
            assert words in message
        assert "damaged, or packed in a way" in message
        assert not any((tmp_path / "temporary").iterdir())


def test_without_a_program_nothing_is_left_behind(tmp_path: Path, tools: Path) -> None:
    for number, data in enumerate(compressed()):
        assert "install" in refusal(tmp_path / str(number), data)
        assert not any((tmp_path / "temporary").iterdir())
    assert rars.PROGRAMS.keys() >= {"unrar", "unar", "7zz", "bsdtar"}
    assert rarfile.HACK_TMP_DIR is None
