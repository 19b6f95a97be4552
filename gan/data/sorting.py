"""Sorts photos into one folder a body type, as links, for people to look at."""

import errno
import hashlib
import os
from pathlib import Path, PurePosixPath

from gan.data.cache import cache_root, lock
from gan.data.listing import Photo
from gan.data.prepared import appearing


def sort(photos: list[Photo], name: str, key: str) -> Path | None:
    """Make a folder of links to the photos; None where the disk allows none.

    Photos that this program unpacked get hard links. A user's own photos get symbolic links: a
    hard link would change their ctime, by which a later call recognises them. Photos with a problem
    are left out.

    Args:
        photos: The photos, each of a known body type.
        name: Name of the data set.
        key: Tells data sets of one name apart.

    Raises:
        OSError: The disk is full.
    """
    folder = cache_root() / "sorted" / f"{name}-{key}"
    own = cache_root().resolve() / "unpacked"
    with lock(folder):
        if folder.is_dir():
            return folder
        try:
            with appearing(folder) as temporary:
                for photo in photos:
                    if photo.problem:
                        continue
                    # Separators in the name are escaped, or it would be a path.
                    target = temporary / _flat(photo.body_type) / _flat(photo.name)
                    target.parent.mkdir(exist_ok=True)
                    while target.is_symlink() or target.exists():
                        target = target.with_name(f"+{target.name}")
                    _link(target, photo.path, own)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise
            print(f"without photos sorted into folders: {error}")
            return None
    return folder


def _link(target: Path, photo: Path, own: Path) -> None:
    path = photo.resolve()
    if own in path.parents:
        try:
            target.hardlink_to(path)
        except OSError:  # another disk, or one that knows no hard links
            pass
        else:
            return
    target.symlink_to(path)


def _flat(name: str) -> str:
    flat = name.replace("%", "%25").replace("/", "%2F")
    if len(os.fsencode(flat)) > 200:
        digest = hashlib.sha256(os.fsencode(flat)).hexdigest()[:16]
        flat = digest + PurePosixPath(name).suffix[:8]
    return f"%{flat}" if flat.startswith(".") else flat
