"""Progress bars: drawn on a terminal; in a log, a line now and then."""

import sys
from collections.abc import Iterable
from typing import Any

from tqdm import tqdm

SECONDS = 60.0  # between two lines of a log


def bar(items: Iterable[Any] | None = None, **options: Any) -> "tqdm[Any]":
    """A bar as tqdm's; where nobody looks on, work of less than a minute says nothing at all."""
    if sys.stderr.isatty():
        return tqdm(items, **options)
    return _Lines(items, mininterval=SECONDS, maxinterval=SECONDS, delay=SECONDS, **options)


class _Lines(tqdm):
    """Lines in place of a bar that is drawn over and over."""

    @staticmethod
    def status_printer(file: Any) -> Any:
        def write(text: str) -> None:
            if text:  # an empty one wipes a bar
                file.write(f"{text}\n")
                file.flush()

        return write

    def close(self) -> None:
        self.leave = False  # the last line stands as it is
        super().close()
