"""How a training holds its memory on a CPU."""

import ctypes
import platform

# Numbers of mallopt(3)'s parameters in glibc's malloc.h.
M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4


def keep_memory() -> None:
    """Let the allocator keep freed memory for the next step; does nothing but on glibc.

    Else glibc maps every block above 32 MiB anew, and the kernel clears the same tens of
    thousands of pages in every step: a tenth of the time.
    """
    if platform.libc_ver()[0] == "glibc":
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_MAX, 0)  # no block gets a mapping of its own
        mallopt(M_TRIM_THRESHOLD, -1)  # the heap's top is never given back
