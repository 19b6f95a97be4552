"""What a .rar, .zip or .tar says that it holds, one member after another, and its bytes."""

import bz2
import errno
import gzip
import itertools
import lzma
import stat
import tarfile
import zipfile
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO, Literal, cast

import rarfile

from gan.errors import UserError

CHUNK = 1 << 20
Kind = Literal["file", "folder", "other"]


class _Tool(rarfile.ToolSetup):
    """rarfile 4.5 writes `bsdtar -f -- ARCHIVE`, which looks for an archive named "--"."""

    def open_cmdline(self, pwd: str | None, rarfn: str, filefn: str | None = None) -> list[str]:
        if self.setup is not rarfile.BSDTAR_CONFIG:
            return cast(list[str], super().open_cmdline(pwd, rarfn, filefn))
        command = self.get_cmdline("open_cmd", pwd, nodash=True)
        # The dashes still stand before the member: its name must not be taken for an option.
        return [*command, rarfn, "--", *([filefn] if filefn else [])]


rarfile.ToolSetup = _Tool


@dataclass(frozen=True)
class Member:
    """One entry of an archive, in its own words: nothing of it is to be trusted."""

    name: str
    kind: Kind
    size: int  # bytes, unpacked
    encrypted: bool
    open: Callable[[], BinaryIO]


@contextmanager
def reading(archive: Path) -> Iterator[None]:
    """Turn whatever a library raises over a bad archive into one line.

    These parsers let nearly every exception out (struct.error, IndexError, zlib.error,
    RuntimeError, ...), so nothing narrower than Exception covers them. Writing never happens
    inside, so a full disk isn't taken for a bad archive.
    """
    try:
        yield
    except (UserError, OSError) as error:
        if isinstance(error, UserError) or error.errno in (errno.ENOSPC, errno.EIO, errno.EACCES):
            raise
        raise UserError(f"{archive} is damaged: {error}") from None
    except (rarfile.RarCannotExec, rarfile.NoCrypto):
        raise UserError(
            f"{archive} has compressed members, and no program here can read them: "
            "install one of unrar, unar, 7z, bsdtar (apt install unar), or unpack it yourself"
        ) from None
    except (rarfile.PasswordRequired, rarfile.RarWrongPassword):
        raise encrypted(archive) from None
    except rarfile.NeedFirstVolume:
        raise UserError(f"{archive} is one part of several: give the first one") from None
    except (Exception, MemoryError) as error:
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{archive} is damaged or of an unknown kind: {text}") from None


def encrypted(archive: Path) -> UserError:
    """The refusal of an archive with a password."""
    return UserError(f"{archive} is encrypted: unpack it yourself and give the folder")


def too_many(archive: Path, most: int) -> UserError:
    """The refusal of an archive of more than `most` members."""
    return UserError(f"{archive} has more than {most} members: refused")


@contextmanager
def open_members(archive: Path, most: int) -> Iterator[tuple[Iterator[Member], int | None]]:
    """The members in archive order, and their number where it is known at once.

    Raises:
        UserError: The file is no archive, damaged, encrypted, or (where all headers are read at
            once) has more than `most` members.
    """
    with archive.open("rb") as file:
        start = file.read(512)
        if start.startswith(b"Rar!\x1a\x07"):
            with reading(archive):
                rar = _open_rar(archive, start[6] == 1, most)
            with rar:
                if rar.needs_password() and not rar.infolist():
                    raise encrypted(archive)
                yield map(_rar_member(rar), rar.infolist()), len(rar.infolist())
        elif start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            with reading(archive):
                pack = _Zip(file, _AtMost(archive, most))
            with pack:
                yield map(_zip_member(pack), pack.infolist()), len(pack.infolist())
        elif (plain := _plain_tar(file, start)) is not None:
            with reading(archive):
                yield _tar_members(_Bounded(plain)), None
        else:
            page = start.lstrip().lower().startswith((b"<!doctype html", b"<html"))
            part = start.startswith(b"PK\x07\x08")  # a .zip that was split
            kinds = {"a web page": page, "one part of several": part, "empty": not start}
            what = next((kind for kind, true in kinds.items() if true), "of an unknown kind")
            raise UserError(f"{archive} is {what}: a whole .rar, .zip or .tar archive is needed")


def _open_rar(archive: Path, newer: bool, most: int) -> rarfile.RarFile:
    """Read all headers. rarfile takes a cut or damaged one for the end of the archive."""
    last: deque[rarfile.RarInfo] = deque(maxlen=1)
    files = itertools.count(1)

    def note(block: rarfile.RarInfo) -> None:
        last.append(block)
        # Headers of thirty bytes take a kilobyte each in memory: stop before all are read.
        if block.type == rarfile.RAR_BLOCK_FILE and next(files) > most:
            raise too_many(archive, most)

    rar = rarfile.RarFile(str(archive), errors="strict", info_callback=note)
    if not rar.needs_password() and len(rar.volumelist()) == 1:
        # Before RAR 3 there was no closing block: then the last one must reach the file's end.
        ended = bool(last) and (
            last[0].type == rarfile.RAR_BLOCK_ENDARC
            or (not newer and last[0].data_offset + last[0].add_size >= archive.stat().st_size)
        )
        if not ended:
            raise UserError(f"{archive} is damaged: it ends too early")
    return rar


def _rar_member(rar: rarfile.RarFile) -> Callable[[rarfile.RarInfo], Member]:
    def member(info: rarfile.RarInfo) -> Member:
        kind: Kind = "other"
        if info.file_redir is None and not info.is_symlink():
            kind = "folder" if info.is_dir() else "file"
        size = 0 if kind == "folder" else info.file_size
        return Member(info.filename, kind, size, info.needs_password(), lambda: rar.open(info))

    return member


class _AtMost(list[zipfile.ZipInfo]):
    """A list that refuses to grow past a number."""

    def __init__(self, archive: Path, most: int) -> None:
        super().__init__()
        self._archive, self._most = archive, most

    def append(self, info: zipfile.ZipInfo) -> None:
        if len(self) >= self._most:
            raise too_many(self._archive, self._most)
        super().append(info)


class _Zip(zipfile.ZipFile):
    """Stops among the headers: 46 bytes of one take half a kilobyte in memory."""

    def __init__(self, file: BinaryIO, members: _AtMost) -> None:
        self._members = members
        super().__init__(file)

    # ZipFile begins with an empty list of its own, and appends a header at a time.
    @property
    def filelist(self) -> list[zipfile.ZipInfo]:
        return self._members

    @filelist.setter
    def filelist(self, _: list[zipfile.ZipInfo]) -> None:
        pass


def _zip_member(pack: zipfile.ZipFile) -> Callable[[zipfile.ZipInfo], Member]:
    def member(info: zipfile.ZipInfo) -> Member:
        # Unix keeps the kind of file in the high half; 0 is a packer that says nothing of it.
        form = stat.S_IFMT(info.external_attr >> 16)
        kind: Kind = "other"
        if form in (0, stat.S_IFREG, stat.S_IFDIR):
            kind = "folder" if info.is_dir() else "file"
        return Member(
            info.filename,
            kind,
            info.file_size,
            bool(info.flag_bits & 1),
            lambda: cast(BinaryIO, pack.open(info)),
        )

    return member


def _tar_members(file: "_Bounded") -> Iterator[Member]:
    tar = tarfile.TarFile(fileobj=cast(BinaryIO, file), mode="r")
    for info in tar:
        kind: Kind = "other"
        if info.isdir():
            kind = "folder"
        elif info.isreg() and not info.issparse():  # a sparse file is any size at no cost
            kind = "file"
        tar.members.clear()  # type: ignore[attr-defined]  # it would grow without bound
        opener = partial(tar.extractfile, info)
        yield Member(info.name, kind, info.size, False, cast(Callable[[], BinaryIO], opener))
    # tarfile takes a damaged header for the end of the archive, which is a block of zeros.
    if file.last != bytes(tarfile.BLOCKSIZE):
        raise UserError("the archive is damaged: it ends too early")
    # A compressed stream's checksum comes last; padding after the end is short.
    for _ in range(64):
        if not file.read(CHUNK):
            return
    raise UserError("the archive is damaged: data follows its end")


def _plain_tar(file: BinaryIO, start: bytes) -> BinaryIO | None:
    """The tar's plain bytes, whichever way they are compressed; None: not a tar."""
    file.seek(0)
    if start.startswith(b"\x1f\x8b"):
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    if start.startswith(b"BZh"):
        return cast(BinaryIO, bz2.BZ2File(file))
    if start.startswith(b"\xfd7zXZ\x00"):
        return cast(BinaryIO, lzma.LZMAFile(file))
    return file if start[257:262] == b"ustar" else None


class _Bounded:
    """A file that refuses huge reads.

    tarfile reads long-name and pax headers in one go, as many bytes as the header claims: a few
    kilobytes of .tar.gz could fill the memory.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.last = b""  # what the latest read gave
        self.seek = file.seek
        self.tell = file.tell

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= 2 * CHUNK:
            raise UserError("the archive is damaged: a header claims an absurd length")
        self.last = self._file.read(size)
        return self.last
