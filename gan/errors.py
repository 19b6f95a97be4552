"""Errors that a user can mend: one clear line and exit code 2 in place of a traceback."""

import errno
import functools
import io
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from gan.address import scrubbed

# What to do about an OSError; it is printed after the system's own words and the file name.
ADVICE = {
    errno.ENOSPC: "make room, then run it again",
    errno.EDQUOT: "make room, then run it again",
    errno.EFBIG: "allow larger files (ulimit -f), then run it again",
    errno.EROFS: "name a folder that can be written",
    errno.EACCES: "see who may read and write it, or name another folder",
    errno.EPERM: "see who may read and write it, or name another folder",
}


class UserError(Exception):
    """Says in one line what is wrong and what to do about it."""


def printable(text: str) -> str:
    """`text` as one line without control characters: it may hold file names of strangers.

    Letters of every language stay; control characters and undecodable bytes are escaped.
    """
    line = " ".join(text.split())
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode("ascii")
        for c in line
    )


def command(main: Callable[[], None]) -> Callable[[], None]:
    """Wrap a script's `main`: a UserError or a failing disk becomes one line and exit code 2.

    Ctrl-C, SIGTERM and SIGHUP end with the codes 130, 143 and 129, as shells expect. Each raises
    a KeyboardInterrupt, which code that must save its work can catch.
    """

    @functools.wraps(main)
    def run() -> None:
        signal.signal(signal.SIGTERM, _interrupt)
        if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            signal.signal(signal.SIGHUP, _interrupt)
        for stream in (sys.stdout, sys.stderr):
            # A letter that the terminal's encoding lacks must not end the program.
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            main()
        except UserError as error:
            _fail(str(error))
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        except OSError as error:
            _fail(_describe(error))
        except KeyboardInterrupt as interruption:
            print("interrupted", file=sys.stderr)
            sys.exit(128 + (interruption.args or (signal.SIGINT,))[0])

    return run


def _interrupt(number: int, _frame: object) -> NoReturn:
    raise KeyboardInterrupt(number)


def _describe(error: OSError) -> str:
    parts = (error.strerror or str(error), error.filename, ADVICE.get(error.errno or 0))
    return ": ".join(str(part) for part in parts if part)


def _fail(message: str) -> NoReturn:
    print(f"error: {printable(scrubbed(message))}", file=sys.stderr)
    sys.exit(2)
