"""Files that appear whole or not at all."""

import errno
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gan.errors import UserError


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Make every OSError inside name `path`, for the message that the user sees.

    The system names no file when a write fails, and only the temporary file when it can't be made.
    """
    try:
        yield
    except OSError as error:
        if error.filename is None or str(error.filename).endswith(".tmp"):
            error.filename = str(path)
        raise


def check_place(path: Path, remedy: str) -> None:
    """Check that `path` can be made or written, before long work whose result goes there.

    Args:
        path: A folder, which need not exist.
        remedy: How the user names another place, such as "--out".

    Raises:
        UserError: It can't be written; the message says why, and `remedy`.
    """
    nearest = path.absolute()
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    code = 0
    if not nearest.is_dir():
        code = errno.ENOTDIR
    elif not os.access(nearest, os.W_OK | os.X_OK):
        read_only = os.statvfs(nearest).f_flag & os.ST_RDONLY
        code = errno.EROFS if read_only else errno.EACCES
    if code:
        raise UserError(
            f"{os.strerror(code)}: {path}: name a folder that can be written ({remedy})"
        )


@contextmanager
def optional(what: str, remedy: str) -> Iterator[None]:
    """Go on with a warning where a file that is nice to have can't be written.

    Args:
        what: What is written inside, for the warning.
        remedy: How the user names another place, such as "$CAR_GAN_DATA".
    """
    try:
        yield
    except OSError as error:
        why = ": ".join(str(part) for part in (error.strerror, error.filename) if part)
        print(f"going on without {what}: {why} ({remedy} names another place)", file=sys.stderr)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` to write to; on a clean exit it is renamed to `path`.

    The data reaches the disk before the rename (fsync), so that after a power cut `path` is the
    old file or the new one. On an error the temporary file is removed and `path` is unchanged.

    Raises:
        OSError: The folder can't be written, or the disk is full; its file name is `path`.
    """
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            # mkstemp makes files that only their owner can read: give them the usual permissions.
            mask = os.umask(0)
            os.umask(mask)
            temporary.chmod(0o666 & ~mask)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as UTF-8, atomically."""
    write_bytes(path, text.encode())
