"""Reads and writes the generated parts of Markdown documents, so that no figure is typed by hand.

A part NAME stands between the lines `<!-- NAME: begin -->` and `<!-- NAME: end -->`.
"""

from pathlib import Path

from gan import atomic
from gan.errors import UserError


def read_part(document: Path, name: str) -> str:
    """The text of a part, without the line breaks around it.

    Raises:
        UserError: The document is missing or lacks the marks.
    """
    return _split(document, name)[1].strip("\n")


def write_part(document: Path, name: str, text: str) -> None:
    """Replace a part by `text`; the rest of the document stays as it is.

    Raises:
        UserError: The document is missing or lacks the marks.
    """
    before, _, after = _split(document, name)
    atomic.write_text(document, before + "\n" + text.strip("\n") + "\n" + after)


def _split(document: Path, name: str) -> tuple[str, str, str]:
    """The document in three: up to the first mark, the part, and from the second mark on."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    try:
        text = document.read_text(encoding="utf-8")
    except OSError as error:
        raise UserError(f"{document} can't be read: {error.strerror}") from None
    before, opening, rest = text.partition(begin)
    part, closing, after = rest.partition(end)
    if not opening or not closing:
        raise UserError(f"{document} has no lines {begin} and {end} to write between: add them")
    return before + begin, part, end + after
