"""The photos that a run is judged with: those that it was trained on, and a split held out."""

import functools
import sys

from gan.config import from_json
from gan.data.photos import load
from gan.data.prepared import Photos, Split
from gan.errors import UserError
from gan.runs import Run


def photos_of(run: Run, source: str = "") -> Photos:
    """The photos that a run was trained on, from `source` or else from where the run found them.

    Raises:
        UserError: They can't be had, or are others than those of the run.
    """
    values = run.read_config()
    data = from_json(values["settings"]).data
    content_hash = "" if source else str(values["dataset"].get("content_hash", ""))
    photos = load(source or data.data, data.size, content_hash)
    check_source(run, photos)
    return photos


def check_source(run: Run, photos: Photos) -> None:
    """Refuse photos that the run wasn't trained on.

    The same photos decoded by another version of Pillow pass, with a note: their pixels differ by
    rounding, and so does the hash of their content.

    Raises:
        UserError: Another data set, or another version or size of it.
    """
    trained_on = run.read_config()["dataset"]
    if trained_on.get("content_hash") == photos.content_hash:
        return
    counts = trained_on.get("counts", {})
    ours = photos if "validation" in counts else photos.without_validation()
    if (
        (trained_on.get("name"), trained_on.get("size")) == (photos.name, photos.size)
        and trained_on.get("classes") in ([], list(photos.classes))  # none: it takes no class
        and counts
        and all(ours.counts(split) == counts[split] for split in counts)
        and photos.name != "drawn"  # no file is decoded for those
    ):
        _note_rounding(run.name)
        return
    raise UserError(
        f"{run.name} was trained on other photos ({trained_on.get('name')}, "
        f"{str(trained_on.get('content_hash'))[:8]}) than these ({photos.name}, "
        f"{photos.content_hash[:8]}): name its own with --data"
    )


@functools.cache  # once a run
def _note_rounding(name: str) -> None:
    print(
        f"{name} was trained on photos of the same name and counts whose pixels differ: other"
        " versions of Pillow round otherwise",
        file=sys.stderr,
    )


def held_out_split(run: Run, test: bool) -> Split | None:
    """The split of photos that the run wasn't trained on: the test split, or else validation.

    None where the run was trained on the validation photos too, as older runs were, and the test
    split may not be used.
    """
    if test:
        return "test"
    return "validation" if run.kept_validation() else None
