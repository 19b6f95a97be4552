"""From any source (drawn, folder, archive, URL) to a prepared set, once; then load it."""

import hashlib
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from tqdm import tqdm

from gan.address import is_address, kept
from gan.config import SIZES
from gan.data import archive, drawn, labels
from gan.data.cache import (
    cache_root,
    file_identity,
    folder_identity,
    key_of,
    lock,
    set_name,
)
from gan.data.decode import Decoded, Unusable, decode_file
from gan.data.download import check_address, check_digest, download
from gan.data.prepared import Origin, Photos, Writer, appearing, read, read_description
from gan.errors import UserError

__all__ = ["Photos", "Request", "SourceLimits", "cache_root", "load", "prepare"]

BATCH = 256  # photos under way at once


@dataclass(frozen=True)
class SourceLimits:
    """What a source may cost."""

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
        if not 0 <= self.seed < 2**31:
            raise UserError(f"--seed must be from 0 to {2**31 - 1}, not {self.seed}")


def load(source: str, size: int) -> Photos:
    """Photos of `size` pixels a side, preparing them first where that hasn't been done.

    Args:
        source: "drawn", a prepared folder, a folder of photos, an archive, or its URL.
        size: 64, 128 or 256.

    Raises:
        UserError: The source can't be had or used, in one line.
    """
    if source != "drawn" and (Path(source) / "dataset.json").is_file():
        photos = read(Path(source))
        if photos.size != size:
            raise UserError(
                f"{source} is prepared at {photos.size} px, not {size}: "
                f"choose --size {photos.size}, or prepare the photos again"
            )
        return photos
    return read(prepare(Request(data=source, size=size)))


def prepare(request: Request) -> Path:
    """Make the set that `request` describes, unless it is there; returns its folder.

    A URL that was prepared before needs no network.

    Raises:
        UserError: The source can't be had or used, in one line.
        OSError: The cache can't be written, or the disk is full.
    """
    identity = _identity(request)
    choices: dict[str, Any] = {"classes": request.classes}
    if request.labels is not None:
        choices["labels"] = file_identity(request.labels)
    if request.data == "drawn" and (request.classes or request.labels):
        raise UserError("--classes and --labels are for photos; the drawn cars have their types")
    key = key_of(identity | choices | {"size": request.size})
    folder = request.out or cache_root() / "sets" / f"{set_name(request.data)}-{request.size}-{key}"
    if _is_ready(folder, key):
        return folder
    if request.out and request.out.exists() and (request.out.is_file() or any(folder.iterdir())):
        raise UserError(f"{request.out} holds something else: name another --out")
    with lock(folder):
        if _is_ready(folder, key):  # another process made it while we waited
            return folder
        name = set_name(request.data)
        # The key says which address it was; what may be secret of it is not written down.
        source = {part: kept(value) for part, value in identity.items() if part == "url"}
        facts: dict[str, Any] = {"name": name, "source": identity | source, "key": key}
        if request.data == "drawn":
            with appearing(folder) as temporary:
                _draw(temporary, request, facts)
        else:
            root = _photo_folder(request, identity)
            photos = labels.choose(labels.label(root, request.labels), request.classes)
            with appearing(folder) as temporary:
                facts["sorted"] = str(_sort(photos, name, key_of(identity | choices)))
                _decode(temporary, photos, request, facts)
    return folder


def _is_ready(folder: Path, key: str) -> bool:
    return (folder / "dataset.json").is_file() and read_description(folder).get("key") == key


def _identity(request: Request) -> dict[str, Any]:
    """What tells this source from another, found without reading it."""
    source = request.data
    if source == "drawn":
        return {"drawn": drawn.VERSION, "count": request.count, "seed": request.seed}
    if is_address(source):
        check_address(source)
        return {"url": source, "sha256": request.sha256.lower()}
    path = Path(source)
    if not path.exists():
        raise UserError(f"{source} doesn't exist: give a folder, an archive, a URL, or drawn")
    if path.is_file():
        return file_identity(path)
    if (path / "dataset.json").is_file():
        raise UserError(f"{source} is prepared already: train with --data {source}")
    return folder_identity(path)


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


def _photo_folder(request: Request, identity: dict[str, Any]) -> Path:
    """The folder of photos: the source itself, or what its archive unpacks to."""
    if "folder" in identity:
        return Path(request.data)
    total = int(request.limits.max_gb * 2**30)
    limits = archive.Limits(total=total, members=request.limits.max_files)
    unpacked = cache_root() / "unpacked" / f"{set_name(request.data)}-{key_of(identity)}"
    with lock(unpacked):
        if unpacked.is_dir():
            return unpacked
        file, fetched = Path(request.data), None
        if "url" in identity:
            fetched = cache_root() / "downloads" / f"{key_of(identity)}-{set_name(request.data)}"
            file = fetched
            if not fetched.is_file():
                download(request.data, fetched, request.sha256, total)
        else:
            check_digest(file, request.sha256, request.data)
        try:
            with appearing(unpacked) as temporary:
                found = archive.unpack(file, temporary, limits)
                if not found.written:
                    raise UserError(f"{request.data} holds no photos")
        except UserError as error:
            if fetched is None:
                raise
            # A bad file would be found again at every try; and the user knows it by its address.
            fetched.unlink(missing_ok=True)
            raise UserError(str(error).replace(str(fetched), request.data)) from None
        if fetched is not None:
            fetched.unlink(missing_ok=True)
    return unpacked


def _sort(photos: list[labels.Photo], name: str, key: str) -> Path:
    """One folder a body type, of hard links (symbolic ones across disks): costs no room."""
    folder = cache_root() / "sorted" / f"{name}-{key}"
    with lock(folder):
        if folder.is_dir():
            return folder
        with appearing(folder) as temporary:
            for photo in photos:
                if photo.problem:
                    continue
                # Folders and separators in the name would collide or nest.
                target = temporary / _flat(photo.body_type) / _flat(photo.name)
                target.parent.mkdir(exist_ok=True)
                try:
                    target.hardlink_to(photo.path)
                except OSError:
                    target.symlink_to(photo.path.resolve())
    return folder


def _flat(name: str) -> str:
    flat = name.replace("%", "%25").replace("/", "%2F")
    if len(os.fsencode(flat)) > 200:
        digest = hashlib.sha256(os.fsencode(flat)).hexdigest()[:16]
        flat = digest + PurePosixPath(name).suffix[:8]
    return f"%{flat}" if flat.startswith(".") else flat


def _decode(
    folder: Path, photos: list[labels.Photo], request: Request, facts: dict[str, Any]
) -> None:
    """Decode with every core into one file; memory holds a few hundred small pictures."""
    usable = [photo for photo in photos if not photo.problem]
    skipped = [(photo.name, photo.problem) for photo in photos if photo.problem]
    if usable and len({photo.body_type for photo in usable}) == 1:
        raise UserError(
            f"all photos are of one body type ({usable[0].body_type}): at least two are needed"
        )
    max_pixels = int(request.limits.max_megapixels * 1e6)

    def work(photo: labels.Photo) -> Decoded | str:
        try:
            return decode_file(photo.path, request.size, max_pixels)
        except Unusable as problem:
            return str(problem)

    writer = Writer(folder, request.size)
    rows: list[Origin] = []
    hashes: list[bytes] = []
    seen: dict[bytes, str] = {}
    given: list[bool] = []
    try:
        with (
            warnings.catch_warnings(),
            # Threads: Pillow lets go of Python's lock while it decodes and resizes.
            ThreadPoolExecutor(os.cpu_count()) as pool,
            tqdm(desc="decode", total=len(usable), unit="photo", disable=None) as bar,
        ):
            # Pillow warns of much in odd files; what matters goes into the report.
            warnings.simplefilter("ignore")
            for start in range(0, len(usable), BATCH):
                some = usable[start : start + BATCH]
                for photo, result in zip(some, pool.map(work, some), strict=True):
                    bar.update()
                    if isinstance(result, str):
                        skipped.append((photo.name, result))
                    elif first := seen.get(result.picture_hash):
                        skipped.append((photo.name, f"duplicate of {first}"))
                    else:
                        seen[result.picture_hash] = photo.name
                        writer.add(result.picture)
                        test = photo.split == "test" if photo.split else _held_out(result.file_hash)
                        rows.append(Origin(photo.name, photo.body_type, test))
                        hashes.append(result.file_hash)
                        given.append(bool(photo.split))
        rows = _with_test(rows, hashes, given)
        writer.finish(rows, sorted(skipped), facts)
    finally:
        writer.close()


def _held_out(file_hash: bytes) -> bool:
    """One photo in ten, by its content: the same photo is on the same side in every set."""
    return int.from_bytes(file_hash[:8], "big") % 10 == 0


def _with_test(rows: list[Origin], hashes: list[bytes], given: list[bool]) -> list[Origin]:
    """Chance can leave a small class without a test photo: then its smallest hash becomes one."""
    rows = list(rows)
    for name in {row.body_type for row in rows}:
        mine = [i for i, row in enumerate(rows) if row.body_type == name]
        if not any(rows[i].test or given[i] for i in mine):
            chosen = min(mine, key=lambda i: hashes[i])
            rows[chosen] = Origin(rows[chosen].file, name, True)
    return rows
