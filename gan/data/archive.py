"""Unpack pictures and label tables from a .rar, .zip or .tar; nothing it says is trusted."""

import errno
import re
from dataclasses import dataclass, field
from pathlib import Path

from tqdm import tqdm

from gan.data.kinds import HEAD, describe, picture_kind
from gan.data.members import CHUNK, Member, encrypted, open_members, reading, too_many
from gan.errors import UserError

PICTURES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"}
    | {".avif"}
)
# What may hold labels; attributes.txt and the lists of photos beside it are CompCars'.
TABLES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".mat", ".txt"})
# Names that Windows takes for a device, with any ending.
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to."""

    total: int = 20 << 30  # bytes over all members
    members: int = 1_000_000
    member: int = 256 << 20  # bytes of one picture or CSV


@dataclass
class Unpacked:
    """What an archive held."""

    written: int = 0  # files
    members: int = 0
    total: int = 0  # bytes over all members
    passed_over: list[tuple[str, str]] = field(default_factory=list)  # member, reason


def unpack(archive: Path, folder: Path, limits: Limits | None = None) -> Unpacked:
    """Write the pictures and tables of `archive` under `folder`, which must exist and be empty.

    A picture is one by its ending or its content. Other files (read-me's, archives within
    archives) are passed over, each with its reason. An archive with a member
    that would leave the folder (absolute, "..", link, device, drive letter) is refused as a
    whole. The caller throws `folder` away on an error.

    Raises:
        UserError: Not an archive, encrypted, damaged, over a limit, unsafe, or compressed in a
            way that needs a program that isn't installed.
        OSError: The folder can't be written, or the disk is full.
    """
    limits = limits or Limits()
    found = Unpacked()
    with (
        open_members(archive, limits.members) as (members, expected),
        tqdm(desc="unpack", total=expected, unit="file", disable=None) as bar,
    ):
        while True:
            with reading(archive):
                member = next(members, None)
            if member is None:
                return found
            bar.update()
            found.members += 1
            if found.members > limits.members:
                raise too_many(archive, limits.members)
            parts = _safe_parts(member, archive)
            # Members that are passed over count too: skipping them in a tar costs their length.
            found.total += member.size
            if found.total > limits.total:
                raise UserError(
                    f"{archive} unpacks to more than {limits.total / 2**30:.3g} GiB: "
                    "raise --max-gb if you trust it"
                )
            if member.kind == "folder" or not parts:
                continue
            problem = hidden(parts)
            ending = Path(parts[-1]).suffix.lower()
            if not problem and ending not in PICTURES | TABLES:
                problem = _no_picture(archive, member)
            if problem:
                found.passed_over.append((member.name, problem))
                continue
            if member.encrypted:
                raise encrypted(archive)
            if member.size > limits.member:
                raise UserError(
                    f"{archive}: {member.name!r} has {member.size} bytes, too many for a picture"
                )
            _write(archive, member, folder.joinpath(*parts))
            found.written += 1


def hidden(parts: list[str]) -> str:
    """Why a path is none of the user's photos; "" for any other."""
    if any(part == "__MACOSX" or part.startswith("._") for part in parts):
        return "macOS's own, no photo"
    return "a hidden file" if any(part.startswith(".") for part in parts) else ""


def _no_picture(archive: Path, member: Member) -> str:
    """Why a member whose name says nothing is no picture; "" where it is one by its content."""
    if member.encrypted:
        return "encrypted, and no picture by its name"
    try:
        with reading(archive), member.open() as source:
            head = source.read(HEAD)
    except UserError:  # what is no picture by its name need not be whole
        return "not a picture by its name, and can't be read"
    return "" if picture_kind(head) else f"not a picture: it is {describe(head)}"


def _safe_parts(member: Member, archive: Path) -> list[str]:
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


def _write(archive: Path, member: Member, path: Path) -> None:
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
        with reading(archive):
            source = member.open()
        with source:
            left = member.size
            while True:
                with reading(archive):
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
