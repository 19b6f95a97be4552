"""Unpack pictures and CSVs from a .rar, .zip or .tar, trusting nothing that the archive says."""

import errno
import re
from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from gan.data.members import CHUNK, Member, encrypted, open_members, reading, too_many
from gan.errors import UserError

PICTURES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm"}
    | {".avif"}
)
# Names that Windows takes for a device, with any ending.
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """What an archive may unpack to."""

    total: int = 20 << 30  # bytes over all members
    members: int = 1_000_000
    member: int = 256 << 20  # bytes of one picture or CSV


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
        open_members(archive, limits.members) as (members, expected),
        tqdm(desc="unpack", total=expected, unit="file", disable=None) as bar,
    ):
        while True:
            with reading(archive):
                member = next(members, None)
            if member is None:
                return written
            bar.update()
            count += 1
            if count > limits.members:
                raise too_many(archive, limits.members)
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
                raise encrypted(archive)
            if member.size > limits.member:
                raise UserError(
                    f"{archive}: {member.name!r} has {member.size} bytes, too many for a picture"
                )
            _write(archive, member, folder.joinpath(*parts))
            written += 1


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


def _wanted(parts: list[str]) -> bool:
    """Whether a member is a picture or a CSV; hidden files and macOS's shadows are not."""
    if not parts or any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return False
    return Path(parts[-1]).suffix.lower() in PICTURES | {".csv"}


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
