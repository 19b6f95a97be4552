"""Car GAN: generate cars of a chosen body type, and measure how well."""

import os
import sys
from types import TracebackType

__version__ = "1.0.0"

# OpenMP's threads spin while they wait for each other. Where other programs want the processor
# too, they take it from the thread that is waited for; where nothing else runs, threads that sleep
# at once wake too late (two threads: 169 pictures/s, not 257). So they spin a tenth as long as by
# default. The library reads this when torch is loaded, so it is set here, before any of our
# modules can load it; whoever set one of these decides for themselves.
if not os.environ.keys() & {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}:
    os.environ["GOMP_SPINCOUNT"] = "30000"


def _end_quietly(kind: type[BaseException], error: BaseException, at: TracebackType | None) -> None:
    """Say one word of a Ctrl-C in the seconds in which modules are loaded."""
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
    else:
        _before(kind, error, at)


_before, sys.excepthook = sys.excepthook, _end_quietly
