"""Car GAN: generate cars of a chosen body type, and measure how well."""

import os
import sys
from types import TracebackType

__version__ = "1.0.0"

# OpenMP's threads spin while they wait for each other. On a busy machine, spinning threads take
# the processor from the thread that they wait for; on an idle one, threads that sleep at once wake
# too late (two threads: 169 pictures/s, not 257). So they spin a tenth as long as by default. The
# library reads this variable when torch is loaded, so it is set here, before any of our modules
# can load torch. A user's own setting is left alone.
if not os.environ.keys() & {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"}:
    os.environ["GOMP_SPINCOUNT"] = "30000"


def _end_quietly(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Print one word in place of a traceback on Ctrl-C, even while modules are being loaded."""
    if issubclass(kind, KeyboardInterrupt):
        print("interrupted", file=sys.stderr)
    else:
        _before(kind, error, trace)


_before, sys.excepthook = sys.excepthook, _end_quietly
