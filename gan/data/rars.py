"""Reads the members of a .rar: stored ones by rarfile, compressed ones by external programs.

No free library unpacks RAR. Several programs do, each of them some archives: they are tried one
after another, and a result counts only if its checksum is right.
"""

import datetime
import itertools
import shutil
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

import rarfile

from gan.data.members import CHUNK, DISK, Kind, Member, reading, too_many
from gan.data.names import encoding_of
from gan.errors import UserError

SIGNATURE = b"Rar!\x1a\x07"
# The programs that read most archives come first.
PROGRAMS = {
    "unrar": rarfile.UNRAR_CONFIG,
    "unar": rarfile.UNAR_CONFIG,
    "7z": rarfile.SEVENZIP_CONFIG,
    "7zz": rarfile.SEVENZIP2_CONFIG,
    "bsdtar": rarfile.BSDTAR_CONFIG,
}
ADVICE = (
    "unrar reads every one, unar nearly so: install one (apt install unar), or unpack it yourself"
)


class _Tool(rarfile.ToolSetup):
    """rarfile 4.5 writes `bsdtar -f -- ARCHIVE`, which looks for an archive named "--"."""

    def open_cmdline(self, pwd: str | None, rarfn: str, filefn: str | None = None) -> list[str]:
        if self.setup is not rarfile.BSDTAR_CONFIG:
            return cast(list[str], super().open_cmdline(pwd, rarfn, filefn))
        command = self.get_cmdline("open_cmd", pwd, nodash=True)
        # "--" before the member, so that its name isn't taken for an option.
        return [*command, rarfn, "--", *([filefn] if filefn else [])]


# Time stamps aren't used, and rarfile fails on odd ones.
rarfile.to_nsdatetime = lambda moment, _: moment
rarfile.load_windowstime = lambda data, place: (
    datetime.datetime.fromtimestamp(0, datetime.UTC),
    rarfile.load_bytes(data, 8, place)[1],
)


@contextmanager
def rar_members(archive: Path, called: str, most: int) -> Iterator[tuple[Iterator[Member], int]]:
    """The members of a .rar, and their number.

    Raises:
        UserError: The archive is damaged, encrypted, one part of several, or has more than `most`
            members.
    """
    # rarfile writes each compressed member to a small archive of its own for the program.
    with tempfile.TemporaryDirectory(prefix="car-gan-") as folder:
        before, rarfile.HACK_TMP_DIR = rarfile.HACK_TMP_DIR, folder
        try:
            with _reading(called):
                rar = _open_rar(archive, called, most)
            infos = rar.infolist()
            if rar.needs_password() and not infos:
                raise UserError(f"{called} is encrypted: unpack it yourself and give the folder")
            old = [info.orig_filename for info in infos if _has_no_encoding(info)]
            encoding = encoding_of(old)
            programs = [name for name in PROGRAMS if shutil.which(name)]
            yield (_member(rar, info, called, programs, encoding) for info in infos), len(infos)
        finally:
            rarfile.HACK_TMP_DIR = before


def _has_no_encoding(info: rarfile.RarInfo) -> bool:
    """Whether a member has a name of RAR 4 without the Unicode flag."""
    return (
        isinstance(info, rarfile.Rar3Info)
        and not info.flags & rarfile.RAR_FILE_UNICODE
        and not info.orig_filename.isascii()
    )


def _open_rar(archive: Path, called: str, most: int) -> rarfile.RarFile:
    """Read all headers, and check the end: rarfile takes a damaged header for the end."""
    last: deque[rarfile.RarInfo] = deque(maxlen=1)
    files = itertools.count(1)

    def note(block: rarfile.RarInfo) -> None:
        last.append(block)
        # A header of thirty bytes takes a kilobyte in memory: stop before all are read.
        if block.type == rarfile.RAR_BLOCK_FILE and next(files) > most:
            raise too_many(called, most)

    rar = rarfile.RarFile(str(archive), errors="strict", info_callback=note)
    if not rar.needs_password() and len(rar.volumelist()) == 1:
        newer = bool(last) and not isinstance(last[0], rarfile.Rar3Info)
        # Archives before RAR 3 have no end block: there the last member must reach the end.
        ended = bool(last) and (
            last[0].type == rarfile.RAR_BLOCK_ENDARC
            or (not newer and last[0].data_offset + last[0].add_size >= archive.stat().st_size)
        )
        if not ended:
            raise UserError(f"{called} is damaged: it ends too early")
    return rar


def _member(
    rar: rarfile.RarFile, info: rarfile.RarInfo, called: str, programs: list[str], encoding: str
) -> Member:
    name = info.filename
    if encoding and _has_no_encoding(info):
        name = info.orig_filename.decode(encoding, "replace")
    kind: Kind = "file"
    target = ""
    if info.file_redir is not None:
        kind, target = "link", info.file_redir[2]
        if info.file_redir[0] in (rarfile.RAR5_XREDIR_HARD_LINK, rarfile.RAR5_XREDIR_FILE_COPY):
            kind = "copy"
    elif info.is_symlink():
        kind = "link"
    elif info.is_dir():
        kind = "folder"
    size = 0 if kind == "folder" else info.file_size
    secret = info.needs_password()
    problem = "encrypted: unpack it yourself and give the folder" if secret else ""
    return Member(name, kind, size, partial(_read, rar, info, called, programs), target, problem)


def _read(
    rar: rarfile.RarFile, info: rarfile.RarInfo, called: str, programs: list[str]
) -> BinaryIO:
    """The content of a member; a compressed one by the first program that unpacks it.

    That program is moved to the front of `programs`, for the next member.
    """
    if info.compress_type == rarfile.RAR_M0:
        with _reading(called):
            return _opened(rar, info)
    if not programs:
        raise UserError(f"{called} is a RAR archive with compressed members. {_advice([])}")
    failures = []
    for program in tuple(programs):
        content = cast(BinaryIO, tempfile.SpooledTemporaryFile(CHUNK))  # noqa: SIM115
        try:
            _take(rar, info, PROGRAMS[program], content)
        except OSError as error:
            if error.errno in DISK:
                raise
            failures.append(f"{program}: {error.strerror or error}")
        except Exception as error:  # rarfile raises nearly everything
            failures.append(f"{program}: {_describe(error)}")
        else:
            programs.remove(program)
            programs.insert(0, program)
            content.seek(0)
            return content
        content.close()
    raise UserError(
        f"{called}: {info.filename!r} is damaged, or packed in a way that no program here reads "
        f"({'; '.join(failures)}). {_advice(programs)}"
    )


def _take(
    rar: rarfile.RarFile, info: rarfile.RarInfo, setup: dict[str, object], content: BinaryIO
) -> None:
    rarfile.CURRENT_SETUP = _Tool(setup)
    try:
        with _opened(rar, info) as source:
            while piece := source.read(CHUNK):
                content.write(piece)
    finally:
        rarfile.CURRENT_SETUP = None


def _opened(rar: rarfile.RarFile, info: rarfile.RarInfo) -> BinaryIO:
    """Open a member. rarfile's public `open` takes a name, which two members may share."""
    return cast(BinaryIO, rar._file_parser.open(info, None))


def _describe(error: Exception) -> str:
    """How a program failed, in a few words; rarfile mixes the program's output into its errors."""
    text = " ".join(str(error).split())
    if "CRC" in text:
        return "its output has a wrong checksum"
    if "read enough" in text:
        return "it stopped before the end"
    if isinstance(error, TypeError):  # rarfile's, over an exit code of 7z that it doesn't know
        return "it failed"
    return text[:80] or type(error).__name__


def _advice(programs: list[str]) -> str:
    if "unrar" in programs:
        return "Get it again, or unpack it yourself and give the folder"
    return f"Of the programs for it {ADVICE}"


@contextmanager
def _reading(called: str) -> Iterator[None]:
    with reading(called):
        try:
            yield
        except (rarfile.PasswordRequired, rarfile.RarWrongPassword, rarfile.NoCrypto):
            raise UserError(
                f"{called} is encrypted: unpack it yourself and give the folder"
            ) from None
        except rarfile.NeedFirstVolume:
            raise UserError(f"{called} is one part of several: give the first one") from None
