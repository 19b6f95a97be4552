"""Unpack pictures and CSVs from a .rar, .zip or .tar, trusting nothing that the archive says."""

import bz2
import errno
import gzip
import lzma
import re
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
from tqdm import tqdm

from gan.errors import UserError

PICTURES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"}
    | {".avif"}
)
CHUNK = 1 << 20
# Names that Windows takes for a device, with any ending.
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to."""

    total: int = 20 << 30  # bytes over all members
    members: int = 1_000_000
    member: int = 256 << 20  # bytes of one picture or CSV


@dataclass(frozen=True)
class _Member:
    name: str
    kind: Literal["file", "folder", "other"]
    size: int
    encrypted: bool
    open: Callable[[], BinaryIO]


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> int:
    """Write the pictures and CSVs of `archive` under `folder`, which must exist and be empty.

    Other files (read-me's, archives within archives) are passed over. An archive with a member
    that would leave the folder (absolute, "..", link, device, drive letter) is refused as a
    whole. The caller throws `folder` away on an error.

    Returns:
        The number of files written.

    Raises:
        UserError: Not an archive, encrypted, damaged, over a limit, unsafe, or compressed in a
            way that needs a program that isn't installed.
        OSError: The folder can't be written, or the disk is full.
    """
    limits = limits or Limits()
    total = count = written = 0
    with (
        _open(archive) as (members, expected),
        tqdm(desc="unpack", total=expected, unit="file", disable=None) as bar,
    ):
        while True:
            with _reading(archive):
                member = next(members, None)
            if member is None:
                return written
            bar.update()
            count += 1
            if count > limits.members:
                raise UserError(f"{archive} has more than {limits.members} members: refused")
            parts = _safe_parts(member, archive)
            # Members that are passed over count too: skipping them in a tar costs their length.
            total += member.size
            if total > limits.total:
                raise UserError(
                    f"{archive} unpacks to more than {limits.total / 2**30:.3g} GiB: "
                    "raise --max-gb if you trust it"
                )
            if member.kind == "folder" or not _wanted(parts):
                continue
            if member.encrypted:
                raise UserError(f"{archive} is encrypted: unpack it yourself and give the folder")
            if member.size > limits.member:
                raise UserError(
                    f"{archive}: {member.name!r} has {member.size} bytes, too many for a picture"
                )
            _write(archive, member, folder.joinpath(*parts))
            written += 1


def _safe_parts(member: _Member, archive: Path) -> list[str]:
    """The member's path below the target folder, part by part."""
    name = member.name.replace("\\", "/")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    unsafe = (
        member.kind == "other"
        or name.startswith("/")
        or ".." in parts
        or any(ord(character) < 32 or character == "\x7f" for character in name)
        or any(":" in part or DEVICES.fullmatch(part.rstrip(" .")) for part in parts)
    )
    if unsafe:
        what = "is a link or a device" if member.kind == "other" else "is an unsafe path"
        raise UserError(f"{archive} is refused: its member {member.name[:200]!r} {what}")
    return parts


def _wanted(parts: list[str]) -> bool:
    """Whether a member is a picture or a CSV; hidden files and macOS's shadows are not."""
    if not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return False
    return Path(parts[-1]).suffix.lower() in PICTURES | {".csv"}


def _write(archive: Path, member: _Member, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("xb")
    except (FileExistsError, NotADirectoryError):
        raise UserError(
            f"{archive} is refused: {member.name!r} collides with another member's name"
        ) from None
    except (ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NAME_ERRNOS:
            raise
        raise UserError(f"{archive}: can't make a file named {member.name[:200]!r}") from None
    with file:
        with _reading(archive):
            source = member.open()
        with source:
            left = member.size
            while True:
                with _reading(archive):
                    piece = source.read(min(CHUNK, left + 1))
                if not piece:
                    break
                left -= len(piece)
                if left < 0:
                    raise UserError(f"{archive} is damaged: {member.name!r} is longer than it says")
                file.write(piece)
        if left:
            raise UserError(f"{archive} is damaged: {member.name!r} is shorter than it says")


_NAME_ERRNOS = (errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ)


@contextmanager
def _reading(archive: Path) -> Iterator[None]:
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
        raise UserError(f"{archive} is encrypted: unpack it yourself and give the folder") from None
    except rarfile.NeedFirstVolume:
        raise UserError(f"{archive} is one part of several: give the first one") from None
    except (Exception, MemoryError) as error:
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{archive} is damaged or of an unknown kind: {text}") from None


@contextmanager
def _open(archive: Path) -> Iterator[tuple[Iterator[_Member], int | None]]:
    """The members in archive order, and their number where it is known at once."""
    with archive.open("rb") as file:
        start = file.read(512)
        if start.startswith(b"Rar!\x1a\x07"):
            with _reading(archive):
                rar = _open_rar(archive, newer=start[6] == 1)
            with rar:
                if rar.needs_password() and not rar.infolist():
                    raise UserError(
                        f"{archive} is encrypted: unpack it yourself and give the folder"
                    )
                yield map(_rar_member(rar), rar.infolist()), len(rar.infolist())
        elif start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            with _reading(archive):
                pack = zipfile.ZipFile(file)
            with pack:
                yield map(_zip_member(pack), pack.infolist()), len(pack.infolist())
        elif (plain := _plain_tar(file, start)) is not None:
            with _reading(archive):
                yield _tar_members(_Bounded(plain)), None
        else:
            page = start.lstrip().lower().startswith((b"<!doctype html", b"<html"))
            what = "a web page" if page else "empty" if not start else "of an unknown kind"
            raise UserError(f"{archive} is {what}: a .rar, .zip or .tar archive is needed")


def _open_rar(archive: Path, newer: bool) -> rarfile.RarFile:
    """Read all headers. rarfile takes a cut or damaged one for the end of the archive."""
    last: deque[rarfile.RarInfo] = deque(maxlen=1)
    rar = rarfile.RarFile(str(archive), errors="strict", info_callback=last.append)
    if not rar.needs_password() and len(rar.volumelist()) == 1:
        # Before RAR 3 there was no closing block: then the last one must reach the file's end.
        ended = bool(last) and (
            last[0].type == rarfile.RAR_BLOCK_ENDARC
            or (not newer and last[0].data_offset + last[0].add_size >= archive.stat().st_size)
        )
        if not ended:
            raise UserError(f"{archive} is damaged: it ends too early")
    return rar


def _rar_member(rar: rarfile.RarFile) -> Callable[[rarfile.RarInfo], _Member]:
    def member(info: rarfile.RarInfo) -> _Member:
        kind: Literal["file", "folder", "other"] = "other"
        if info.file_redir is None and not info.is_symlink():
            kind = "folder" if info.is_dir() else "file"
        size = 0 if kind == "folder" else info.file_size
        return _Member(info.filename, kind, size, info.needs_password(), lambda: rar.open(info))

    return member


def _zip_member(pack: zipfile.ZipFile) -> Callable[[zipfile.ZipInfo], _Member]:
    def member(info: zipfile.ZipInfo) -> _Member:
        # Unix keeps the kind of file in the high half; 0 is a packer that says nothing of it.
        form = stat.S_IFMT(info.external_attr >> 16)
        kind: Literal["file", "folder", "other"] = "other"
        if form in (0, stat.S_IFREG, stat.S_IFDIR):
            kind = "folder" if info.is_dir() else "file"
        return _Member(
            info.filename,
            kind,
            info.file_size,
            bool(info.flag_bits & 1),
            lambda: cast(BinaryIO, pack.open(info)),
        )

    return member


def _tar_members(file: "_Bounded") -> Iterator[_Member]:
    tar = tarfile.TarFile(fileobj=cast(BinaryIO, file), mode="r")
    for info in tar:
        kind: Literal["file", "folder", "other"] = "other"
        if info.isdir():
            kind = "folder"
        elif info.isreg() and not info.issparse():  # a sparse file is any size at no cost
            kind = "file"
        tar.members.clear()  # type: ignore[attr-defined]  # it would grow without bound
        opener = partial(tar.extractfile, info)
        yield _Member(info.name, kind, info.size, False, cast(Callable[[], BinaryIO], opener))
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
