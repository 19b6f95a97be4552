"""Unpacks photos and tables from a .rar, .zip or .tar that may be damaged or hostile."""

import errno
import re
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import rarfile

from gan.data.kinds import HEAD, IMAGE_HEAD, describe, picture_kind
from gan.data.members import CHUNK, Member, reading, too_many
from gan.data.rars import SIGNATURE as RAR
from gan.data.rars import rar_members
from gan.data.tars import plain_tar, tar_members
from gan.data.zips import zip_members
from gan.errors import UserError, printable
from gan.progress import bar

PICTURES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"}
    | {".avif"}
)
# Endings of files that may hold labels; CompCars' are in .txt files.
TABLES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".mat", ".txt"})


@dataclass(frozen=True)
class Limits:
    """The most that an archive may unpack to."""

    total: int = 20 << 30  # bytes over all members
    members: int = 1_000_000
    member: int = 256 << 20  # bytes of one picture or table


@dataclass
class Unpacked:
    """What an archive held."""

    written: int = 0  # files
    members: int = 0
    total: int = 0  # bytes over all members
    passed_over: list[tuple[str, str]] = field(default_factory=list)  # member, reason


def unpack(archive: Path, folder: Path, limits: Limits | None = None, called: str = "") -> Unpacked:
    """Write the photos and tables of `archive` under `folder`, which must exist and be empty.

    Other members (a read-me, an archive within the archive, a link, a device) are skipped, and so
    are photos that can't be unpacked (encrypted, an unknown method, a name that the disk can't
    hold). An archive that tries to write elsewhere is refused as a whole: a path that is absolute
    or contains "..", or a member behind a link. On an error the caller removes `folder`.

    Args:
        archive: The file.
        folder: Where to write.
        limits: Default: those of Limits.
        called: The archive's name in messages; default: its path.

    Raises:
        UserError: The file is no archive, damaged, over a limit or an attack, or no photo in it
            can be read.
        OSError: The folder can't be written, or the disk is full.
    """
    limits = limits or Limits()
    called = called or str(archive)
    result = Unpacked()
    links: set[str] = set()
    lost: list[str] = []  # photos that can't be unpacked, with the reason
    with (
        _open_members(archive, called, limits.members) as (members, expected),
        bar(desc="unpack", total=expected, unit="file") as progress,
    ):
        while True:
            with reading(called):
                member = next(members, None)
            if member is None:
                break
            progress.update()
            result.members += 1
            if result.members > limits.members:
                raise too_many(called, limits.members)
            parts = _safe_parts(member, called, links)
            # Skipped members count too: in a compressed tar they are unpacked all the same.
            result.total += member.size
            _check_total(result, limits, called)
            if member.kind == "folder" or not parts:
                continue
            suffix = Path(parts[-1]).suffix.lower()
            reason = _passed_over(member, parts, limits)
            if not reason:
                try:
                    if member.kind == "copy":
                        reason = _repeat(member, folder, parts, result)
                        _check_total(result, limits, called)
                    else:
                        reason = _write(member, folder, parts, suffix, called, result)
                except _Unwritable as problem:
                    reason = str(problem)
            if reason:
                result.passed_over.append(("/".join(parts)[:300], reason))
                if suffix in PICTURES and member.kind == "file" and not hidden(parts):
                    lost.append(f"{'/'.join(parts)[:100]!r} is {reason}")
            else:
                result.written += 1
    if lost and not result.written:
        raise UserError(f"{called} holds no photo that can be read: {lost[0]}")
    return result


@contextmanager
def _open_members(
    archive: Path, called: str, most: int
) -> Iterator[tuple[Iterator[Member], int | None]]:
    """The members in archive order, and their number if the archive has a list of them.

    Raises:
        UserError: The file is no archive, damaged, or its list has more than `most` members.
    """
    with archive.open("rb") as file:
        start = file.read(HEAD)
        if start.startswith(RAR):
            with rar_members(archive, called, most) as members:
                yield members
            return
        if start.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            yield zip_members(file, called, most)
            return
        with reading(called):
            plain = plain_tar(file, called)
        if plain is not None:
            yield tar_members(plain, called), None
            return
        # A self-extracting program, for example: the archive begins further on in the file.
        with reading(called):
            zipped = zipfile.is_zipfile(file) and not start.startswith(b"PK\x07\x08")
            packed = not zipped and rarfile.is_rarfile_sfx(str(archive))
        if zipped:
            yield zip_members(file, called, most)
        elif packed:
            with rar_members(archive, called, most) as members:
                yield members
        else:
            file.seek(0)
            raise UserError(f"{called} is {describe(file.read(IMAGE_HEAD))}; {_NEEDED}")


_NEEDED = "what is needed is a folder, or a whole .rar, .zip or .tar archive"
_DRIVE = re.compile(r"[A-Za-z]:/")


def _safe_parts(member: Member, called: str, links: set[str]) -> list[str]:
    """The member's path below the target folder, part by part."""
    attack = "" if _is_inside(member.name) else "is an unsafe path"
    parts = _split(member.name)
    if any("/".join(parts[:depth]) in links for depth in range(1, len(parts))):
        attack = "is an unsafe path: it leads through a link"
    if attack:
        name = printable(member.name[:200])
        raise UserError(f"{called} is refused as an attack: its member {name!r} {attack}")
    if member.kind in ("link", "copy"):
        links.add("/".join(parts))
    return parts


def _is_inside(name: str) -> bool:
    """Whether a path stays below the folder that it starts from."""
    name = name.replace("\\", "/")
    return not (name.startswith("/") or _DRIVE.match(name) or ".." in name.split("/"))


def _split(name: str) -> list[str]:
    """The parts of a path, with control characters escaped."""
    parts = name.replace("\\", "/").split("/")
    return [re.sub(r"[\x00-\x1f\x7f-\x9f]", _escaped, p) for p in parts if p not in ("", ".")]


def _escaped(character: re.Match[str]) -> str:
    return f"%{ord(character[0]):02X}"


def hidden(parts: list[str]) -> str:
    """The reason to skip a hidden file or one that macOS added; "" for any other path."""
    if any(part == "__MACOSX" or part.startswith("._") for part in parts):
        return "macOS's own, no photo"
    return "a hidden file" if any(part.startswith(".") for part in parts) else ""


def _passed_over(member: Member, parts: list[str], limits: Limits) -> str:
    """The reason to skip a member without opening it; "" for none."""
    if reason := hidden(parts):
        return reason
    if member.kind == "link":
        return f"a link to {member.target[:200]}" if member.target else "a link"
    if member.kind == "other":
        return "no file (a device or the like)"
    if member.problem:
        return member.problem
    if member.size > limits.member:
        return f"too large: {member.size} bytes are too many for a photo"
    return ""


class _Unwritable(Exception):
    """The disk can't hold a member; the text is the reason."""


def _write(
    member: Member, folder: Path, parts: list[str], suffix: str, called: str, found: Unpacked
) -> str:
    """Write a member if it is a photo or a table; otherwise return the reason to skip it."""
    wanted = suffix in PICTURES | TABLES
    try:
        with reading(called):
            source = member.open()
            start = source.read(HEAD)
    except UserError:
        if wanted:
            raise
        return "not a picture by its name, and can't be read"
    with source:
        if not wanted and not picture_kind(start):
            return f"not a picture: it is {describe(start)}"
        with _create(folder, parts, found) as file:
            _copy(start, source, file, member, called)
    return ""


def _repeat(member: Member, folder: Path, parts: list[str], found: Unpacked) -> str:
    """Write a copy of an earlier member, or return the reason to skip it."""
    source = folder.joinpath(*_split(member.target)) if _is_inside(member.target) else None
    if source is None or not source.is_file():
        return f"a link to {member.target[:200]}"
    if source == folder.joinpath(*parts):
        return "a link to itself"
    size = source.stat().st_size
    found.total += size
    with source.open("rb") as original, _create(folder, parts, found) as file:
        shutil.copyfileobj(original, file, CHUNK)
    return ""


def _check_total(found: Unpacked, limits: Limits, called: str) -> None:
    if found.total > limits.total:
        raise UserError(
            f"{called} unpacks to more than {limits.total / 2**30:.3g} GiB: "
            "raise --max-gb if you trust it"
        )


def _copy(start: bytes, source: BinaryIO, file: BinaryIO, member: Member, called: str) -> None:
    left, piece = member.size, start
    while piece:
        left -= len(piece)
        if left < 0:
            raise UserError(f"{called} is damaged: {member.name!r} is longer than it says")
        file.write(piece)
        with reading(called):
            piece = source.read(min(CHUNK, left + 1))
    if left:
        raise UserError(f"{called} is damaged: {member.name!r} is shorter than it says")


def _create(folder: Path, parts: list[str], found: Unpacked) -> BinaryIO:
    """Create a member's file. Of two members of one name the later one counts, as tar does it."""
    path = folder.joinpath(*parts)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("xb")
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        # Not for names that differ only by case, on a disk that ignores case.
        if path.is_file() and any(path.name == other.name for other in path.parent.iterdir()):
            found.written -= 1
            found.passed_over.append(
                ("/".join(parts)[:300], "replaced by a later one of this name")
            )
            return path.open("wb")
        raise _Unwritable("in the way of another member's name") from None
    except (ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno not in _NAME_ERRNOS:
            raise
        raise _Unwritable("a name that this disk can't hold") from None


_NAME_ERRNOS = (errno.EINVAL, errno.ENAMETOOLONG, errno.EILSEQ)
