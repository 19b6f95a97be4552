"""Progress bars: a bar on a terminal, one line a minute in a log file."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

SECONDS = 60.0  # between two lines of a log


def bar(items: Iterable[Any] | None = None, **options: Any) -> "tqdm[Any]":
    """tqdm's bar; where stderr is no terminal, work of less than a minute prints nothing."""
    if sys.stderr.isatty():
        return tqdm(items, **options)
    return _Lines(items, mininterval=SECONDS, maxinterval=SECONDS, delay=SECONDS, **options)


class _Lines(tqdm):
    """tqdm that prints lines in place of a bar that is redrawn."""

    @staticmethod
    def status_printer(file: Any) -> Any:
        def write(text: str) -> None:
            if text:  # tqdm writes an empty text to remove its bar
                file.write(f"{text}\n")
                file.flush()

        return write

    def close(self) -> None:
        self.leave = False  # don't print the last line again
        super().close()
