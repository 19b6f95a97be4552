"""The cache of downloads and prepared data sets: its folders, their names and locks."""

import hashlib
import json
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from filelock import FileLock, Timeout

from gan.address import is_address
from gan.errors import UserError

VERSION = 2  # of the preparation; when it rises, old sets are prepared again


def cache_root() -> Path:
    """The folder of the cache: $CAR_GAN_DATA, the checkout's .data, or ~/.cache/car-gan."""
    named = os.environ.get("CAR_GAN_DATA")
    if named:
        return expanded(named)
    repository = Path(__file__).resolve().parents[2]
    if (repository / "pyproject.toml").is_file():
        return repository / ".data"
    return Path.home() / ".cache" / "car-gan"


def expanded(path: str | Path) -> Path:
    """A path with "~" expanded, which shells don't do in --data=~/photos."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no user has this name
        return Path(path)


def set_name(source: str) -> str:
    """A readable name for the set of a source: cars8 for .../cars8.rar."""
    path = unquote(urlsplit(source).path) if is_address(source) else str(Path(source).absolute())
    name = unicodedata.normalize("NFC", PurePosixPath(path).name)
    for ending in (".gz", ".bz2", ".xz", ".tar", ".tgz", ".tbz2", ".txz", ".rar", ".zip"):
        name = name.removesuffix(ending)
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[:60].strip("-") or "photos"


def key_of(values: dict[str, Any]) -> str:
    """Eight hexadecimal digits of the SHA-256 of values and VERSION."""
    text = json.dumps(values | {"version": VERSION}, sort_keys=True)
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:8]


def file_identity(path: Path) -> dict[str, Any]:
    """Path, size and times of a file, by which a change is noticed without reading it.

    Raises:
        UserError: It is no file.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file")
    status = path.stat()
    # A changed file may keep its mtime, but not its ctime.
    times = [status.st_mtime_ns, status.st_ctime_ns]
    return {"file": str(path.resolve()), "bytes": status.st_size, "changed": times}


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Lock a folder for one process; the system frees the lock however the process ends."""
    locks = cache_root() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / key_of({"folder": str(folder.absolute())}))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"waiting for another process that makes {folder}", flush=True)
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
