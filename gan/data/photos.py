"""Prepares a data set from any source (drawn, folder, archive, URL) once, and loads it."""

import hashlib
import json
import re
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from gan import atomic
from gan.address import is_address, public
from gan.config import SIZES
from gan.data import archive, drawn, labels, listing, summary
from gan.data.cache import (
    cache_root,
    expanded,
    file_identity,
    key_of,
    lock,
    set_name,
)
from gan.data.decode import FORMATS
from gan.data.download import check_address, check_digest, download
from gan.data.filling import fill
from gan.data.prepared import (
    Origin,
    Photos,
    Writer,
    appearing,
    read,
    read_description,
)
from gan.data.sorting import sort
from gan.errors import UserError
from gan.reading import check_plain

__all__ = ["Photos", "Request", "SourceLimits", "cache_root", "load", "prepare"]


@dataclass(frozen=True)
class SourceLimits:
    """The largest sources to accept."""

    max_gb: float = 20  # GiB of a download, and of what an archive unpacks to
    max_files: int = 1_000_000  # members of an archive
    max_megapixels: float = 64  # of one picture

    def __post_init__(self) -> None:
        for name in ("max_gb", "max_files", "max_megapixels"):
            if not 0 < getattr(self, name) < 1e9:
                raise UserError(f"--{name.replace('_', '-')} must be above 0")


@dataclass(frozen=True)
class Request:
    """A data set to prepare."""

    data: str = "drawn"  # "drawn" (embedded), a folder of photos, a .rar/.zip/.tar or its URL
    size: int = 64  # pixels a side: 64, 128 or 256
    classes: str = ""  # "sedan,suv" picks body types; "sedan=saloon,suv=jeep" maps them
    labels: Path | None = None  # CSV with filename, body_type and, if you like, split
    sha256: str = ""  # digest that the archive must have
    out: Path | None = None  # where to put the set; default: in the cache
    count: int = 8000  # how many cars to draw (drawn only)
    seed: int = 0  # of the drawn cars (drawn only)
    limits: SourceLimits = field(default_factory=SourceLimits)

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise UserError(f"--size must be one of {', '.join(map(str, SIZES))}, not {self.size}")
        if self.sha256 and not re.fullmatch("[0-9A-Fa-f]{64}", self.sha256):
            raise UserError("--sha256 must be 64 hexadecimal digits")
        if not 0 <= self.seed < 2**31:
            raise UserError(f"--seed must be from 0 to {2**31 - 1}, not {self.seed}")


def load(source: str, size: int, content_hash: str = "") -> Photos:
    """The photos of a source at `size` pixels a side, prepared if they aren't yet.

    Args:
        source: "drawn", a prepared folder, a folder of photos, an archive, or its URL.
        size: 64, 128 or 256.
        content_hash: Hash of the wanted set, if known: it is then found in the cache even if
            `source` no longer exists.

    Raises:
        UserError: The source can't be had or used.
    """
    folder = expanded(source)
    if is_address(source) and (kept_set := _prepared_before(content_hash, size)):
        return read(kept_set)  # the address that a run stores lacks its password or token
    if source == "drawn" or is_address(source):
        return read(prepare(Request(data=source, size=size)))
    if not folder.exists() and (kept_set := _prepared_before(content_hash, size)):
        print(f"{source} is gone: the set that was prepared from it serves, {kept_set}")
        return read(kept_set)
    if not (folder / "dataset.json").is_file():
        return read(prepare(Request(data=source, size=size)))
    photos = read(folder)
    if photos.size != size:
        raise UserError(
            f"{source} is prepared at {photos.size} px, not {size}: "
            f"choose --size {photos.size}, or prepare the photos again"
        )
    return photos


def prepare(request: Request) -> Path:
    """Prepare the set that `request` describes, unless that was done before; return its folder.

    The source of the labels and warnings are printed before the slow part. A URL that was prepared
    before is not downloaded again.

    Raises:
        UserError: The source can't be had or used.
        OSError: The cache can't be written, or the disk is full.
    """
    identity = _identity(request)
    choices: dict[str, Any] = {"classes": request.classes}
    if request.labels is not None:
        choices["labels"] = _digest(request.labels)
    decoding: dict[str, Any] = {"size": request.size}
    if request.data != "drawn":
        decoding |= {"limits": asdict(request.limits), "formats": FORMATS, "splits": 2}
    key = key_of(identity | choices | decoding)
    folder = request.out or cache_root() / "sets" / f"{set_name(request.data)}-{request.size}-{key}"
    if _is_ready(folder, key):
        return folder
    if request.out and request.out.exists() and (request.out.is_file() or any(folder.iterdir())):
        what = "something else"
        if (folder / "dataset.json").is_file():
            what = "a set of other photos, flags or an earlier version"
        raise UserError(f"{request.out} holds {what}: remove it, or name another --out")
    atomic.check_place(folder, "--out" if request.out else "$CAR_GAN_DATA")
    with lock(folder):
        if _is_ready(folder, key):  # another process made it while we waited
            return folder
        name = set_name(request.data)
        # The key depends on the whole address, but only its public part is stored.
        source = {part: public(value) for part, value in identity.items() if part == "url"}
        facts: dict[str, Any] = {"name": name, "source": identity | source, "key": key}
        if request.data == "drawn":
            with appearing(folder) as temporary:
                _draw(temporary, request, facts)
            return folder
        root, passed_over = _photo_folder(request, identity)
        labelled = labels.label(root, request.labels, passed_over)
        labelled = labels.choose(labelled, request.classes)
        print(summary.before(labelled, public(request.data)), flush=True)
        with appearing(folder) as temporary:
            facts["sorted"] = str(sort(labelled.photos, name, key_of(identity | choices)) or "")
            fill(temporary, labelled, request.size, int(request.limits.max_megapixels * 1e6), facts)
    return folder


def _is_ready(folder: Path, key: str) -> bool:
    return (folder / "dataset.json").is_file() and read_description(folder).get("key") == key


def _prepared_before(content_hash: str, size: int) -> Path | None:
    """The set with this content in the cache, or None."""
    for path in sorted(cache_root().glob(f"sets/*-{size}-*/dataset.json")) if content_hash else ():
        try:
            if read_description(path.parent)["content_hash"] == content_hash:
                return path.parent
        except UserError:
            continue
    return None


def _digest(table: Path) -> str:
    """SHA-256 of a table of labels; its time alone might not show a change.

    Raises:
        UserError: It can't be read.
    """
    try:
        check_plain(table)
        return hashlib.sha256(table.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{table} can't be read as a table: {error.strerror}") from None


def _identity(request: Request) -> dict[str, Any]:
    """Values that identify a source and its version, without reading its photos.

    Raises:
        UserError: There is no such source, or a flag doesn't apply to it.
    """
    source = request.data
    if not source:
        raise UserError("--data is empty: name a folder, an archive, a URL, or drawn")
    if source == "drawn":
        if request.classes or request.labels or request.sha256:
            raise UserError(
                "--classes, --labels and --sha256 are for photos; drawn cars have their types"
            )
        return {"drawn": drawn.VERSION, "count": request.count, "seed": request.seed}
    if (request.count, request.seed) != (Request.count, Request.seed):
        raise UserError("--count and --seed are for drawn cars (--data drawn)")
    if is_address(source):
        check_address(source)
        return {"url": source, "sha256": request.sha256.lower()}
    path = expanded(source)
    if not path.exists():
        raise UserError(
            f"{source} doesn't exist: name with --data a folder, an archive, a URL, or drawn"
        )
    if not (path.is_file() or path.is_dir()):
        raise UserError(f"{source} is a pipe or a device: name a folder or an archive with --data")
    if path.is_file():
        check_digest(path, request.sha256, source)
        return file_identity(path)
    if request.sha256:
        raise UserError(f"--sha256 is an archive's, and {source} is a folder")
    if (path / "dataset.json").is_file():
        raise UserError(f"{source} is prepared already: train with --data {source}")
    return listing.identity(path)


def _draw(folder: Path, request: Request, facts: dict[str, Any]) -> None:
    writer = Writer(folder, request.size)
    try:
        rows = []
        for car in drawn.draw(request.count, request.size, request.seed):
            writer.add(car.picture)
            rows.append(Origin(car.name, car.body_type, car.test))
        writer.finish(rows, [], facts)
    finally:
        writer.close()


def _photo_folder(request: Request, identity: dict[str, Any]) -> tuple[Path, list[tuple[str, str]]]:
    """The folder of photos: the source itself, or the folder to which its archive is unpacked.

    Returns:
        The folder, and (member, reason) of members that weren't unpacked.
    """
    if "folder" in identity:
        return expanded(request.data), []
    limits = archive.Limits(
        total=int(request.limits.max_gb * 2**30), members=request.limits.max_files
    )
    unpacked = cache_root() / "unpacked" / f"{set_name(request.data)}-{key_of(identity)}"
    record = unpacked.with_name(f"{unpacked.name}.json")  # of what the archive held
    with lock(unpacked):
        if unpacked.is_dir() and record.is_file():
            held = archive.Unpacked(**json.loads(record.read_text(encoding="utf-8")))
            for flag, value, most in (
                ("--max-gb", held.total, limits.total),
                ("--max-files", held.members, limits.members),
            ):
                if value > most:
                    raise UserError(f"{public(request.data)} is over the limit of {flag}: raise it")
            return unpacked, [(name, reason) for name, reason in held.passed_over]
        shutil.rmtree(unpacked, ignore_errors=True)
        file, fetched = expanded(request.data), None
        if "url" in identity:
            fetched = cache_root() / "downloads" / f"{key_of(identity)}-{set_name(request.data)}"
            file = fetched
            if not fetched.is_file():
                download(request.data, fetched, request.sha256, limits.total)
        try:
            with appearing(unpacked) as temporary:
                held = archive.unpack(file, temporary, limits, public(request.data))
                if not held.written:
                    raise UserError(
                        f"{public(request.data)} holds no photos{summary.why(held.passed_over)}"
                    )
                atomic.write_text(record, json.dumps(asdict(held)))
        except UserError:
            if fetched is not None:  # a bad download must not be used again
                fetched.unlink(missing_ok=True)
            raise
        if fetched is not None:
            fetched.unlink(missing_ok=True)
    return unpacked, held.passed_over
