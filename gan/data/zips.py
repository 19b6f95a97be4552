"""Reads the members of a .zip, with compression methods that Python's zipfile lacks."""

import copy
import errno
import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, cast

import inflate64

from gan.data.members import CHUNK, Kind, Member, reading, too_many
from gan.data.names import encoding_of
from gan.data.tars import zstd
from gan.errors import UserError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

UTF8, ENCRYPTED, PATCHED = 0x800, 0x41, 0x20  # flags of a member
UNICODE_PATH = 0x7075  # an extra field: the name as UTF-8, beside one in an older encoding
# Methods that aren't supported, by their numbers (APPNOTE.TXT 4.4.5).
OTHERS = {
    1: "Shrink: unar unpacks it",
    6: "Implode: 7z x unpacks it",
    96: "a variant of JPEG: unar unpacks it",
    98: "PPMd: 7z x unpacks it",
    **dict.fromkeys((2, 3, 4, 5), "Reduce: unar unpacks it"),
}


def zip_members(file: BinaryIO, called: str, most: int) -> tuple[Iterator[Member], int]:
    """The members of a .zip, and their number.

    Raises:
        UserError: The list of members is damaged, or longer than `most`.
    """
    with reading(called):
        try:
            pack = _Zip(file, _AtMost(called, most))
        except (zipfile.BadZipFile, OSError) as error:
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            raise UserError(
                f"{called} is damaged, or one part of several: its list of members can't be found"
            ) from None
        infos = pack.infolist()
        raw = {id(info): _raw_name(info) for info in infos if not info.flag_bits & UTF8}
        encoding = encoding_of(raw.values()) or "cp437"
    return (_member(pack, info, raw.get(id(info)), encoding) for info in infos), len(infos)


def _member(
    pack: zipfile.ZipFile, info: zipfile.ZipInfo, raw: bytes | None, encoding: str
) -> Member:
    name = info.filename
    if raw is not None:
        name = _unicode_path(info, raw) or raw.decode(encoding, "replace").partition("\0")[0]
    # The high half holds Unix's file type; it is 0 if the packer doesn't set it.
    form = stat.S_IFMT(info.external_attr >> 16)
    kind: Kind = "other"
    if form == stat.S_IFLNK:
        kind = "link"
    elif form in (0, stat.S_IFREG, stat.S_IFDIR):
        kind = "folder" if name.endswith(("/", "\\")) else "file"
    problem = ""
    if info.flag_bits & ENCRYPTED:
        problem = "encrypted: unpack it yourself and give the folder"
    elif info.compress_type not in (*_OURS, *_ZIPFILES) or info.flag_bits & PATCHED:
        method = OTHERS.get(info.compress_type, f"a rare method, number {info.compress_type}")
        problem = f"compressed by {method}"
    return Member(name, kind, info.file_size, partial(_open, pack, info), "", problem)


def _raw_name(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("cp437")


def _unicode_path(info: zipfile.ZipInfo, raw: bytes) -> str:
    """The name in the member's Unicode field; "" if there is none, or it is of another name."""
    extra = info.extra
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        field, extra = extra[4 : 4 + length], extra[4 + length :]
        if kind == UNICODE_PATH and field[1:5] == zlib.crc32(raw).to_bytes(4, "little"):
            return field[5:].decode(errors="replace")
    return ""


def _open(pack: zipfile.ZipFile, info: zipfile.ZipInfo) -> BinaryIO:
    _agree(pack, info)
    if info.compress_type not in _OURS:
        return cast(BinaryIO, pack.open(info))
    # Let zipfile read the compressed bytes, as if the member were stored without a checksum.
    packed = copy.copy(info)
    packed.compress_type, packed.file_size = zipfile.ZIP_STORED, info.compress_size
    del packed.CRC
    decoded = _OURS[info.compress_type](cast(BinaryIO, pack.open(packed)))
    return cast(BinaryIO, _Checked(decoded, info.CRC))


def _agree(pack: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Make zipfile expect the name in the member's own header.

    It compares that with the name in the list of members, but packers may encode them differently.
    """
    assert pack.fp is not None
    pack.fp.seek(info.header_offset)
    header = pack.fp.read(zipfile.sizeFileHeader)  # type: ignore[attr-defined]
    if len(header) == 30:
        flags, length = struct.unpack("<6xH18xH2x", header)
        name = pack.fp.read(length)
        info.orig_filename = name.decode("utf-8" if flags & UTF8 else "cp437")


class _Inflate64(io.RawIOBase):
    """A file that is unpacked from Deflate64, which Windows uses for large files."""

    PIECE = 256  # packed bytes at a time, which may become megabytes

    def __init__(self, packed: BinaryIO) -> None:
        self._packed, self._inflater, self._ready = packed, inflate64.Inflater(), b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer)
        while not self._ready and not self._inflater.eof:
            piece = self._packed.read(self.PIECE)
            if not piece:
                break
            self._ready = self._inflater.inflate(piece)
        count = min(len(view), len(self._ready))
        view[:count], self._ready = self._ready[:count], self._ready[count:]
        return count


class _Checked(io.RawIOBase):
    """A file whose checksum is verified at its end."""

    def __init__(self, source: BinaryIO, checksum: int) -> None:
        self._source, self._expected, self._found = source, checksum, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        data = self._source.read(min(len(memoryview(buffer)), CHUNK))
        memoryview(buffer)[: len(data)] = data
        self._found = zlib.crc32(data, self._found)
        if not data and self._found != self._expected:
            raise UserError("the archive is damaged: a checksum is wrong")
        return len(data)


_ZIPFILES = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
_OURS: dict[int, Callable[[BinaryIO], BinaryIO]] = {
    9: lambda packed: cast(BinaryIO, _Inflate64(packed)),
    93: lambda packed: cast(BinaryIO, zstd.ZstdFile(packed)),
    95: lambda packed: cast(BinaryIO, lzma.LZMAFile(packed)),  # noqa: SIM115
}


class _AtMost(list[zipfile.ZipInfo]):
    """A list that refuses to grow past a number."""

    def __init__(self, called: str, most: int) -> None:
        super().__init__()
        self._called, self._most = called, most

    def append(self, info: zipfile.ZipInfo) -> None:
        if len(self) >= self._most:
            raise too_many(self._called, self._most)
        super().append(info)


class _Zip(zipfile.ZipFile):
    """Stops reading headers at a limit: a header of 46 bytes takes half a kilobyte in memory."""

    def __init__(self, file: BinaryIO, members: _AtMost) -> None:
        self._members = members
        super().__init__(file)

    # ZipFile assigns an empty list and appends headers to it; this list is kept instead.
    @property
    def filelist(self) -> list[zipfile.ZipInfo]:
        return self._members

    @filelist.setter
    def filelist(self, _: list[zipfile.ZipInfo]) -> None:
        pass
