"""Downloads a file: resumes, checks what arrives, and never leaves a half file under its name.

A server may be slow, wrong or hostile, so waiting, retrying and the whole download are bounded.
"""

import hashlib
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import requests
import urllib3

from gan import atomic
from gan.address import public, scrubbed
from gan.data.encodings import RAISE, decompress
from gan.data.kinds import HEAD, describe, is_page
from gan.data.server import Adapter, Broken, Wait, Watch, answer, check_answer, is_web
from gan.errors import UserError, printable
from gan.progress import bar

CHUNK = 1 << 20
ATTEMPTS = 5  # connections in a row without progress after which the download fails
PROGRESS = 1 << 16  # new bytes in one connection that count as progress
LONGEST = 24 * 3600.0  # seconds of the whole download
WAITS, WAIT = 10, 600.0  # how often a server may ask to wait, and for how many seconds in all


def check_address(url: str) -> None:
    """Check that `url` is an http or https address.

    Raises:
        UserError: It is something else.
    """
    if not is_web(url):
        raise UserError(f"{public(url)} is not an http or https address")


def download(url: str, target: Path, sha256: str = "", limit: int = 1 << 40) -> Path:
    """Download `url` to the file `target`, going on from what an earlier try left.

    A partial download lies in `target` + ".part". It is continued only if the server confirms
    (If-Range) that the file behind the URL is still the same.

    Args:
        url: http or https.
        target: Final name; the file appears there whole or not at all.
        sha256: Hexadecimal digest that the file must have; "" for no check.
        limit: The largest size to accept, bytes.

    Raises:
        UserError: The address can't be reached, answers with an error or a web page, breaks off
            for good, or brings a file of the wrong size or digest.
    """
    check_address(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    half = _Half(target, url)
    until = time.monotonic() + LONGEST
    reached, fruitless, waits, waited = half.size(), 0, 0, 0.0
    while True:
        before = half.size()
        try:
            with atomic.naming(target):
                if _fetch(url, half, limit, until):
                    break
            cause = "the server sends a part at a time"
        except Wait as asked:
            waits, waited = waits + 1, waited + asked.seconds
            if waits > WAITS or waited > WAIT:
                raise UserError(
                    f"{public(url)} {asked}, and to wait {asked.seconds:.0f} s: run again then"
                ) from None
            print(f"{public(url)} {asked}: waiting {asked.seconds:.0f} s", file=sys.stderr)
            time.sleep(asked.seconds)
            continue
        except Broken as error:
            cause = str(error)
        except (*_NETWORK, ValueError) as error:
            cause = _cause(error)
            if isinstance(error, _FINAL) or half.size() == before == 0:
                raise UserError(f"{public(url)} can't be reached: {cause}") from None
        enough = min(PROGRESS, max(1, half.total // 100)) if half.total else PROGRESS
        if half.size() >= reached + enough:
            reached, fruitless = half.size(), 0
        else:
            fruitless += 1
        if fruitless >= ATTEMPTS or time.monotonic() > until:
            raise UserError(
                f"the download of {public(url)} broke off after {half.size()} bytes ({cause}): "
                "run again to continue it"
            )
        time.sleep(min(2**fruitless - 1, 10))
    half.finish(sha256, limit)
    return target


@dataclass
class _Note:
    """Facts about a partial download, stored beside it as JSON."""

    url: str = ""
    validator: str = ""  # ETag or date of the file's version; "" if it doesn't allow to resume
    encoding: str = ""  # Content-Encoding, by which the server compressed the file


class _Half:
    """A partial download: its bytes in `part`, and the note beside them."""

    def __init__(self, target: Path, url: str) -> None:
        self.target, self.url = target, url
        self.part = target.with_name(target.name + ".part")
        self._note = target.with_name(target.name + ".part.json")
        self.total = 0  # bytes of the whole file; 0 if the server doesn't say

    def size(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def note(self) -> _Note:
        try:
            values = json.loads(self._note.read_text(encoding="utf-8"))
            note = _Note(*(str(values.get(name, "")) for name in asdict(_Note())))
            return note if note.url == public(self.url) else _Note()
        except (OSError, ValueError, AttributeError, RecursionError):
            return _Note()

    def begin(self, validator: str, encoding: str) -> None:
        """Write the note of a new download."""
        note = _Note(public(self.url), validator, encoding)
        self._note.write_text(json.dumps(asdict(note)), encoding="utf-8")

    def drop(self) -> None:
        """Delete the partial download."""
        self.part.unlink(missing_ok=True)
        self._note.unlink(missing_ok=True)

    def finish(self, sha256: str, limit: int) -> None:
        """Check the whole file and give it its name.

        Raises:
            UserError: It isn't the expected file, or can't be decompressed.
        """
        encoding = self.note().encoding
        try:
            # The digest may be that of the file as it was sent, such as a .tar.gz.
            if encoding and not (sha256 and _digest(self.part) == sha256.lower()):
                decompress(self.part, encoding, public(self.url), limit)
            check_digest(self.part, sha256, self.url)
            with self.part.open("rb") as file:
                _refuse_page(file.read(HEAD), "", self.url)
        except UserError:
            self.drop()
            raise
        self.part.replace(self.target)
        self.drop()


_NETWORK = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError)
_FINAL = (
    ValueError,  # requests' own for a bad address
    requests.exceptions.SSLError,
)


def _fetch(url: str, half: _Half, limit: int, until: float) -> bool:
    """One connection: continue the partial download if the server agrees, else start again.

    Returns:
        Whether the whole file has arrived.
    """
    have, note = half.size(), half.note()
    # Identity: with compression on the fly, sizes and ranges would mean nothing.
    headers = {"Accept-Encoding": "identity"}
    if have and note.validator:
        headers |= {"Range": f"bytes={have}-", "If-Range": note.validator}
    with Watch() as watch, requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, Adapter(watch))
        try:
            with answer(session, url, headers) as response:
                if response.status_code == 416:
                    return _is_whole(response, half, have)
                check_answer(response, url)
                return _body(
                    response, url, half, have if "Range" in headers else 0, limit, until, watch
                )
        except _NETWORK:
            if watch.ended:
                raise Broken("the server is too slow") from None
            raise


def _is_whole(response: requests.Response, half: _Half, have: int) -> bool:
    """Whether the server has no more bytes because the part is the whole file, else drop it."""
    if have and response.headers.get("Content-Range", "").strip() == f"bytes */{have}":
        return True
    half.drop()
    raise Broken("the file behind the address changed")


def _range(response: requests.Response) -> tuple[int, int, int] | None:
    """First byte, number of bytes and the whole file's size (0: unknown) of a partial answer."""
    text = response.headers.get("Content-Range", "")
    match = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)", text.strip())
    if match is None or int(match[2]) < int(match[1]):
        return None
    return (
        int(match[1]),
        int(match[2]) - int(match[1]) + 1,
        0 if match[3] == "*" else int(match[3]),
    )


def _body(
    response: requests.Response,
    url: str,
    half: _Half,
    asked: int,
    limit: int,
    until: float,
    watch: Watch,
) -> bool:
    """Write the body of an answer; `asked` is the first byte that was asked for."""
    length = response.headers.get("Content-Length", "")
    expected = int(length) if length.isdecimal() and len(length) < 20 else None
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    encoding = "" if encoding == "identity" else encoding
    start, total = 0, expected or 0
    if response.status_code == 206:
        part = _range(response)
        if not asked or part is None or part[0] > asked or encoding != half.note().encoding:
            half.begin("", "")  # ask for the whole file the next time
            raise Broken("the server sent another part than it was asked for")
        start, expected, total = part
    half.total = total
    if max(total, start + (expected or 0)) > limit:
        half.drop()
        raise UserError(f"{public(url)} has {total} bytes, over the limit of {limit}: {RAISE}")
    if response.status_code != 206:
        validator = response.headers.get("ETag", "")
        if not validator or validator.startswith("W/"):  # a weak one: bytes may differ
            validator = response.headers.get("Last-Modified", "")
        half.begin(validator, encoding)
    written, head = start, b""
    html = "" if encoding else response.headers.get("Content-Type", "")
    with (
        half.part.open("r+b" if start else "wb") as file,
        bar(
            desc="download",
            total=total or None,
            initial=start,
            unit="B",
            unit_scale=True,
            unit_divisor=1024,
        ) as progress,
    ):
        file.truncate(start)
        file.seek(start)
        for piece in _pieces(response, watch, until):
            written += len(piece)
            if written > limit:
                half.drop()
                raise UserError(f"{public(url)} is over the limit of {limit} bytes: {RAISE}")
            if start == 0 and len(head) < HEAD:
                head += piece[: HEAD - len(head)]
                if len(head) == HEAD and not encoding:
                    _dropping_page(half, head, html)
            file.write(piece)
            progress.update(len(piece))
    if start == 0 and written == 0:
        half.drop()
        if expected == 0:
            raise UserError(f"{public(url)} is an empty file")
        raise Broken("the answer broke off before the file began")
    if start == 0 and not encoding:
        _dropping_page(half, head, html)
    if expected is not None and written != start + expected:
        raise Broken(f"{written} of {start + expected} bytes came")
    return response.status_code != 206 or written == total


def _pieces(response: requests.Response, watch: Watch, until: float) -> Iterator[bytes]:
    """The body piece by piece, as it arrives."""
    # Not iter_content, which loses the last piece when the connection breaks.
    while piece := response.raw.read1(CHUNK):
        watch.feed(len(piece))
        yield piece
        if time.monotonic() > until:
            raise Broken(f"it took more than {LONGEST / 3600:.0f} hours")
    if watch.ended:  # the watch closed the connection, which looks like the end of the file
        raise Broken("the server is too slow")


def _dropping_page(half: _Half, head: bytes, declared: str) -> None:
    try:
        _refuse_page(head, declared, half.url)
    except UserError:
        half.drop()
        raise


def _refuse_page(head: bytes, declared: str, url: str) -> None:
    """Refuse a web page; the declared type counts only if the content doesn't tell."""
    html = declared.partition(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")
    if is_page(head) or (html and describe(head) in ("a text", "of an unknown kind")):
        raise UserError(f"{public(url)} is a web page, not an archive: give the file's own address")


def check_digest(path: Path, sha256: str, source: str) -> None:
    """Check that a file has the digest that `source` should have; "" for no check.

    Raises:
        UserError: They differ.
    """
    if not sha256:
        return
    actual = _digest(path)
    if actual != sha256.lower():
        raise UserError(
            f"{public(source)} has SHA-256 {actual}, not {sha256.lower()}: it is another file"
        )


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _cause(error: BaseException) -> str:
    """The innermost message that means something, of nested errors of requests and urllib3."""
    words = type(error).__name__
    link: BaseException | None = error
    while link is not None:
        text = str(link)
        # "with url:" is followed by an address without scheme, whose secrets can't be removed.
        if text and "[Errno None]" not in text and "with url:" not in text:
            words = text
        link = link.__cause__ or link.__context__
    return printable(scrubbed(words))[:200]
