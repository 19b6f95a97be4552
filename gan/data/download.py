"""Downloads that resume, check what arrives, and never leave a half file under the final name."""

import hashlib
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3
from tqdm import tqdm

from gan import atomic
from gan.address import kept
from gan.errors import UserError

CHUNK = 1 << 20
TIMEOUT = (15, 60)  # seconds to connect, and between two pieces of data
ATTEMPTS = 5  # connections in a row that bring nothing before we give up


def check_address(url: str) -> None:
    """See that `url` may be one of a file.

    Raises:
        UserError: It is no http or https address.
    """
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise UserError(f"{kept(url)} is not an http or https address")


def download(url: str, target: Path, sha256: str = "", limit: int = 1 << 40) -> Path:
    """Fetch `url` into the file `target`; what an earlier try left is continued.

    A half download lies in `target` + ".part". It is continued only where the server confirms
    (If-Range) that the file behind the URL is still the same one.

    Args:
        url: http or https.
        target: Final name; the file appears there whole or not at all.
        sha256: Hexadecimal digest that the file must have; empty: not checked.
        limit: Most bytes to accept.

    Raises:
        UserError: The address can't be reached, answers with an error or a web page, breaks off
            for good, or brings a file of the wrong size or digest.
    """
    check_address(url)
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + ".part")
    note = target.with_name(target.name + ".part.json")
    fruitless = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            with atomic.naming(target):
                _fetch(url, part, note, limit)
            break
        except (*_NETWORK, ValueError) as error:
            after = part.stat().st_size if part.exists() else 0
            if isinstance(error, _FINAL) or after == before == 0:
                raise UserError(f"{url} can't be reached: {_cause(error)}") from None
            fruitless = 0 if after > before else fruitless + 1
            if fruitless >= ATTEMPTS:
                raise UserError(
                    f"the download of {url} broke off after {after} bytes: run again to continue it"
                ) from None
            time.sleep(min(2**fruitless - 1, 10))
    try:
        check_digest(part, sha256, url)
    except UserError:
        part.unlink()
        note.unlink(missing_ok=True)
        raise
    part.replace(target)
    note.unlink(missing_ok=True)
    return target


_NETWORK = (requests.exceptions.RequestException, urllib3.exceptions.HTTPError)
_FINAL = (
    ValueError,  # requests' own for a bad address, and what a bad redirection raises
    requests.exceptions.TooManyRedirects,
    requests.exceptions.SSLError,
)


def _fetch(url: str, part: Path, note: Path, limit: int) -> None:
    """One connection: append to `part` where the server agrees to, else start over."""
    have = part.stat().st_size if part.exists() else 0
    validator = _validator(note, url)
    # Identity: a server that compresses on the fly would make sizes and ranges meaningless.
    headers = {"Accept-Encoding": "identity"}
    if have and validator:
        headers |= {"Range": f"bytes={have}-", "If-Range": validator}
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:  # the part is longer than the file: not the same file
            part.unlink(missing_ok=True)
            note.unlink(missing_ok=True)
            raise requests.exceptions.ConnectionError("the file behind the address changed")
        if response.status_code >= 400:
            raise UserError(f"{url} answers {response.status_code} {response.reason}")
        kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if kind in ("text/html", "application/xhtml+xml"):
            raise UserError(f"{url} is a web page, not an archive: give the file's own address")
        resumed = response.status_code == 206 and response.headers.get(
            "Content-Range", ""
        ).startswith(f"bytes {have}-")
        start = have if resumed else 0
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdecimal() and len(length) < 20 else None
        if (total or 0) > limit:
            raise UserError(f"{url} has {total} bytes, over the limit of {limit}: raise --max-gb")
        if not resumed:
            new = response.headers.get("ETag", "")
            if not new or new.startswith("W/"):  # a weak tag can't vouch for single bytes
                new = response.headers.get("Last-Modified", "")
            note.write_text(json.dumps({"url": url, "validator": new}), encoding="utf-8")
        with (
            part.open("ab" if resumed else "wb") as file,
            tqdm(
                desc="download",
                total=total,
                initial=start,
                unit="B",
                unit_scale=True,
                unit_divisor=1024,
                disable=None,
            ) as bar,
        ):
            written = start
            # Not iter_content: where the line drops it loses the piece that was under way.
            while piece := response.raw.read1(CHUNK):
                written += len(piece)
                if written > limit:
                    raise UserError(f"{url} is over the limit of {limit} bytes: raise --max-gb")
                file.write(piece)
                bar.update(len(piece))
        if total is not None and written != total:
            raise requests.exceptions.ConnectionError(f"{written} of {total} bytes came")


def _validator(note: Path, url: str) -> str:
    """What identifies the version of the file that `part` is the beginning of."""
    try:
        values = json.loads(note.read_text(encoding="utf-8"))
        return str(values["validator"]) if values["url"] == url else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def check_digest(path: Path, sha256: str, source: str) -> None:
    """Compare a file with the digest that `source` should have; an empty one fits every file.

    Raises:
        UserError: They differ.
    """
    if not sha256:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256.lower():
        raise UserError(f"{source} has SHA-256 {found}, not {sha256.lower()}: it is another file")


def _cause(error: BaseException) -> str:
    """The innermost reason in a chain of requests, urllib3 and socket errors."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return str(error) or type(error).__name__
