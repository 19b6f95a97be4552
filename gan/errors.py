"""Mistakes that a user can mend: one clear line, exit code 2, no traceback."""

import functools
import os
import signal
import sys
from collections.abc import Callable
from typing import NoReturn


class UserError(Exception):
    """Says in one line what is wrong and what to do about it."""


def command(main: Callable[[], None]) -> Callable[[], None]:
    """Wrap a script's `main`: a UserError or a failing disk becomes one line and exit code 2.

    Ctrl-C and SIGTERM leave with 130 and 143 as shells expect; work that must be saved first
    catches the KeyboardInterrupt (SIGTERM raises one too) before it reaches this wrapper.
    """

    @functools.wraps(main)
    def run() -> None:
        received = signal.SIGINT

        def terminate(number: int, _frame: object) -> NoReturn:
            nonlocal received
            received = signal.Signals(number)
            raise KeyboardInterrupt

        signal.signal(signal.SIGTERM, terminate)
        try:
            main()
        except UserError as error:
            _fail(str(error))
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(141)
        except OSError as error:
            # A full disk, a missing permission: the system's own words name the file.
            _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            sys.exit(128 + received)

    return run


def _fail(message: str) -> NoReturn:
    print(f"error: {' '.join(message.split())}", file=sys.stderr)
    sys.exit(2)
