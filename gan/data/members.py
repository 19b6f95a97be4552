"""One entry of an archive, whatever its kind, and what its readers' errors become."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, Literal

from gan.errors import UserError

CHUNK = 1 << 20
# A link leads to a name, wherever that is; a copy is one more name of an earlier member.
Kind = Literal["file", "folder", "link", "copy", "other"]
# What a disk says that can't take any more; a bad archive is never the cause.
DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.EACCES)


@dataclass(frozen=True)
class Member:
    """One entry of an archive, in its own words: nothing of it is to be trusted."""

    name: str
    kind: Kind
    size: int  # bytes, unpacked
    open: Callable[[], BinaryIO]
    target: str = ""  # of a link or a copy
    problem: str = ""  # why it can't be read, where its header tells


@contextmanager
def reading(called: str) -> Iterator[None]:
    """Turn whatever a library raises over a bad archive into one line.

    These parsers let nearly every exception out (struct.error, IndexError, zlib.error,
    RuntimeError, ...), so nothing narrower than Exception covers them. Writing never happens
    inside, so a full disk isn't taken for a bad archive.

    Args:
        called: The archive, as the user knows it.
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
    """The refusal of an archive of more than `most` members."""
    return UserError(f"{called} has more than {most} members: raise --max-files if you trust it")
