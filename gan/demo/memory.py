"""Gives back memory that the C library would keep: a host may have little."""

import contextlib
import ctypes

ARENA_MAX = -8  # the number of a heap's setting in glibc's malloc.h


def few_heaps() -> None:
    """Keep two heaps, not eight a core: each thread of a visitor would leave its gaps in one."""
    with contextlib.suppress(OSError, AttributeError):  # other systems' libraries have no such name
        ctypes.CDLL("libc.so.6").mallopt(ARENA_MAX, 2)


def give_back() -> None:
    """Return freed pages to the system: loading and drawing need much for a moment."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)
