"""Reads the members of a .tar of any compression and any version of the format."""

import bz2
import gzip
import lzma
import sys
import tarfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import BinaryIO, cast

from gan.data.kinds import HEAD, describe
from gan.data.members import CHUNK, Kind, Member
from gan.data.names import encoding_of
from gan.errors import UserError

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

FOLDER_LIST = b"D"  # of an incremental backup
HEADERS = 1 << 17  # members by whose names the encoding is guessed


class _Header(tarfile.TarInfo):
    """A header of which only name, kind, size and link are read.

    Owners, rights and time stamps are blanked, so that odd ones don't make tarfile fail.
    """

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> "_Header":
        if len(buf) == tarfile.BLOCKSIZE and _is_header(bytes(buf)):
            block = bytearray(buf)
            for start, end in ((100, 124), (136, 148), (265, 345)):
                block[start:end] = bytes(end - start)
            if block[257:262] != b"ustar":  # the header of the format before 1988 ends here
                block[257:] = bytes(512 - 257)
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
            buf = bytes(block)
        return super().frombuf(buf, encoding, errors)


def _is_header(block: bytes) -> bool:
    """Whether 512 bytes are a header, by its checksum."""
    digits = block[148:156].strip(b" \0")
    if len(block) != tarfile.BLOCKSIZE or not digits or digits.strip(b"01234567"):
        return False
    others = block[:148] + b" " * 8 + block[156:]
    signed = sum(byte - 256 * (byte > 127) for byte in others)
    return int(digits, 8) in (sum(others), signed)


def plain_tar(file: BinaryIO, called: str) -> BinaryIO | None:
    """The uncompressed bytes of a tar; None if `file` is neither a tar nor compressed.

    Raises:
        UserError: The compressed file isn't a tar.
        Exception: The compressed data are damaged.
    """
    file.seek(0)
    start = file.read(HEAD)
    file.seek(0)
    plain: BinaryIO = file
    if start.startswith(b"\x1f\x8b"):
        plain = cast(BinaryIO, gzip.GzipFile(fileobj=file))
    elif start.startswith(b"BZh"):
        plain = cast(BinaryIO, bz2.BZ2File(file))
    elif start.startswith(b"\xfd7zXZ\x00") or _is_lzma(start):
        plain = cast(BinaryIO, lzma.LZMAFile(file))  # noqa: SIM115
    elif start[1:4] == b"\xb5\x2f\xfd" or start[1:4] == b"\x2a\x4d\x18":
        plain = cast(BinaryIO, zstd.ZstdFile(file))
    first = plain.read(tarfile.BLOCKSIZE)
    plain.seek(0)
    if _is_header(first):
        return plain
    if plain is file:
        return None
    if first and not first.strip(b"\0"):  # a tar of nothing
        return plain
    raise UserError(f"{called} is compressed, but what it holds is {describe(first)}, not a tar")


def _is_lzma(start: bytes) -> bool:
    """Whether this may be LZMA, the format before xz, which has no signature."""
    window = int.from_bytes(start[1:5], "little")
    return start[:1] == b"\x5d" and window >= 1 << 12 and window & (window - 1) == 0


def tar_members(plain: BinaryIO, called: str) -> Iterator[Member]:
    """The members of a tar, in its order."""
    encoding: str | None = None
    file = _Bounded(plain)
    tar = _open(file)
    for info in tar:
        tar.members.clear()  # type: ignore[attr-defined]  # it would grow without bound
        name = info.name
        if any("\udc80" <= character <= "\udcff" for character in name):
            if encoding is None:
                encoding = _encoding(plain)  # tarfile then seeks back by itself
            if encoding:
                name = name.encode(errors="surrogateescape").decode(encoding, "replace")
        kind: Kind = "other"
        if info.isdir() or info.type == FOLDER_LIST:
            kind = "folder"
        elif info.isreg():
            kind = "file"
        elif info.islnk() or info.issym():
            kind = "copy" if info.islnk() else "link"
        opener = cast(Callable[[], BinaryIO], partial(tar.extractfile, info))
        yield Member(name, kind, info.size, opener, info.linkname)
    # A tar ends with blocks of zeros; tarfile takes a damaged header for the end too.
    if file.last != bytes(tarfile.BLOCKSIZE):
        raise UserError(f"{called} is damaged: it ends too early")
    # Read on, since the checksum of a compressed stream comes last. Padding after a tar is short.
    for _ in range(64):
        if not file.read(CHUNK):
            return
    raise UserError(f"{called} is damaged: data follows its end")


def _open(file: "_Bounded") -> tarfile.TarFile:
    return tarfile.TarFile(
        fileobj=cast(BinaryIO, file),
        mode="r",
        tarinfo=_Header,
        encoding="utf-8",
        errors="surrogateescape",
    )


def _encoding(plain: BinaryIO) -> str:
    """The encoding of the names that aren't UTF-8, guessed from all of them."""
    plain.seek(0)
    names = []
    tar = _open(_Bounded(plain))
    for _, info in zip(range(HEADERS), tar, strict=False):
        tar.members.clear()  # type: ignore[attr-defined]
        name = info.name.encode(errors="surrogateescape")
        if not _is_utf8(name):
            names.append(name)
    return encoding_of(names)


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except ValueError:
        return False
    return True


class _Bounded:
    """A file that refuses huge reads.

    tarfile reads long-name and pax headers at once, with the size that the header claims, so a few
    kilobytes of .tar.gz could fill the memory.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.last = b""  # the result of the last read
        self.seek = file.seek
        self.tell = file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= 2 * CHUNK:
            raise UserError("the archive is damaged: a header claims an absurd length")
        self.last = self._file.read(size)
        return self.last
