"""Where prepared data lies, what it is called, and who may write it."""

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

VERSION = 2  # of how sets are made; a new one makes old sets be prepared again


def cache_root() -> Path:
    """Where downloads and prepared sets lie: $CAR_GAN_DATA, the checkout's .data, or ~/.cache."""
    named = os.environ.get("CAR_GAN_DATA")
    if named:
        return home(named)
    repository = Path(__file__).resolve().parents[2]
    if (repository / "pyproject.toml").is_file():
        return repository / ".data"
    return Path.home() / ".cache" / "car-gan"


def home(path: str | Path) -> Path:
    """A path with "~" spelled out; shells leave it alone in --data=~/photos."""
    try:
        return Path(path).expanduser()
    except RuntimeError:  # nobody is called so: it is a name like any other
        return Path(path)


def set_name(source: str) -> str:
    """What people call the set: cars8 for .../cars8.rar."""
    path = unquote(urlsplit(source).path) if is_address(source) else str(Path(source).absolute())
    name = unicodedata.normalize("NFC", PurePosixPath(path).name)
    for ending in (".gz", ".bz2", ".xz", ".tar", ".tgz", ".tbz2", ".txz", ".rar", ".zip"):
        name = name.removesuffix(ending)
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in name)[:60].strip("-") or "photos"


def key_of(values: dict[str, Any]) -> str:
    """Eight hexadecimal digits that change when any of the values does."""
    text = json.dumps(values | {"version": VERSION}, sort_keys=True)
    return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:8]


def file_identity(path: Path) -> dict[str, Any]:
    """Path, size and times of a file: enough to notice a change without reading it.

    Raises:
        UserError: It is no file.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file")
    status = path.stat()
    # A copy can keep the time of writing (mtime), but not that of the change on disk (ctime).
    times = [status.st_mtime_ns, status.st_ctime_ns]
    return {"file": str(path.resolve()), "bytes": status.st_size, "changed": times}


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """One process at a time makes a folder; the system lets go of it however that one ends."""
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
