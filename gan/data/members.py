"""A member of an archive of any format, and errors of the libraries that read archives."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Literal

from gan.errors import UserError

CHUNK = 1 << 20
# A "link" points to a path (symbolic), a "copy" is another name of an earlier member (hard link).
Kind = Literal["file", "folder", "link", "copy", "other"]
# Errors of the disk, as opposed to errors of the archive.
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES)


@dataclass(frozen=True)
class Member:
    """One member as the archive describes it, which may be wrong or hostile."""

    name: str
    kind: Kind
    size: int  # bytes, unpacked
    open: Callable[[], BinaryIO]
    target: str = ""  # of a link or a copy
    problem: str = ""  # why it can't be read, if its header tells


@contextmanager
def reading(called: str) -> Iterator[None]:
    """Turn any exception of a library that reads an archive into a UserError.

    These parsers raise nearly every exception (struct.error, IndexError, zlib.error, RuntimeError,
    ...). Nothing is written inside, so that a full disk isn't reported as a damaged archive.

    Args:
        called: The archive's name in messages.
    """
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        if error.errno in DISK:
            raise
        raise UserError(f"{called} is damaged: {error}") from None
    except (Exception, MemoryError) as error:
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{called} is damaged: {text}") from None


def too_many(called: str, most: int) -> UserError:
    """The error for an archive with more than `most` members."""
    return UserError(f"{called} has more than {most} members: raise --max-files if you trust it")
