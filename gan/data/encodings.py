"""Undoes the compression of a download by a server that was asked not to compress."""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gan import atomic
from gan.errors import UserError

CHUNK = 1 << 20
RAISE = "raise --max-gb"  # what to do about a file over the limit


def decompress(part: Path, encoding: str, called: str, limit: int) -> None:
    """Decompress `part`, in place, by a Content-Encoding.

    Args:
        part: The file as it was received.
        encoding: The value of the header, in lower case: "gzip", "x-gzip" or "deflate".
        called: What messages call the download.
        limit: The largest size of the decompressed file, in bytes.

    Raises:
        UserError: The encoding is unknown, the data are damaged, or they exceed `limit` bytes.
    """
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise UserError(f"{called} is sent compressed by {encoding[:20]!r}, which can't be undone")
    with part.open("rb") as file:
        zipped = file.read(2) == b"\x1f\x8b"
    if encoding != "deflate" and not zipped:
        return  # it isn't compressed, whatever the server says
    plain = part.with_name(part.name + ".plain")
    written = 0
    try:
        with atomic.naming(part), part.open("rb") as source, plain.open("wb") as file:
            for piece in _gunzipped(source) if zipped else _inflated(source):
                written += len(piece)
                if written > limit:
                    raise UserError(f"{called} is over the limit of {limit} bytes: {RAISE}")
                file.write(piece)
        plain.replace(part)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(f"{called} is damaged: {error}") from None
    finally:
        plain.unlink(missing_ok=True)


def _gunzipped(source: Any) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=source) as file:
        while piece := file.read(CHUNK):
            yield piece


def _inflated(source: Any) -> Iterator[bytes]:
    """Undo "deflate", which servers send with or without zlib's header."""
    first = source.read(CHUNK)
    try:
        zlib.decompressobj().decompress(first, 1)
        unpacker = zlib.decompressobj()
    except zlib.error:
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
    packed = first
    while packed and not unpacker.eof:
        yield unpacker.decompress(packed, CHUNK)
        packed = unpacker.unconsumed_tail or source.read(CHUNK)
    # zlib may have read all input and still hold a last match that did not fit into CHUNK.
    yield unpacker.flush()
    if not unpacker.eof:
        raise EOFError("it ends too early")
