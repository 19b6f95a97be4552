"""A set is made anew when anything that can change it changed, and only then."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gan.cli import parse
from gan.data import decode, photos
from gan.data.photos import Request, SourceLimits, load, prepare
from gan.data.prepared import read
from gan.errors import UserError
from tests.data.made_up import encoded, noise
from tests.data.test_archive import make_zip
from tests.data.test_photos import members

Folders = Callable[..., Path]


def same_size(path: Path) -> None:
    """Another picture in as many bytes, with the old one's time."""
    times = path.stat()
    path.write_bytes(encoded(noise(777), "BMP"))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def in_place(folder: Path) -> None:
    same_size(folder / "suv" / "a.bmp")


def behind_a_link(folder: Path) -> None:
    same_size(folder.parent / "elsewhere" / "b.bmp")


def behind_a_folder_that_is_a_link(folder: Path) -> None:
    same_size(folder.parent / "pool" / "c.bmp")


def replaced(folder: Path) -> None:
    new = folder.parent / "new.bmp"
    shutil.copy2(folder / "suv" / "a.bmp", new)
    same_size(new)
    new.replace(folder / "suv" / "a.bmp")


def one_more(folder: Path) -> None:
    (folder.parent / "pool" / "d.bmp").write_bytes(encoded(noise(778), "BMP"))


@pytest.mark.parametrize(
    "change",
    [in_place, behind_a_link, behind_a_folder_that_is_a_link, replaced, one_more],
)
def test_changed_photos_are_noticed(
    class_folders: Folders, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    folder = class_folders(sedan=10, suv=10)
    for number, path in enumerate(("photos/suv/a.bmp", "elsewhere/b.bmp", "pool/c.bmp")):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(encoded(noise(500 + number), "BMP"))
    (folder / "suv" / "b.bmp").symlink_to(tmp_path / "elsewhere" / "b.bmp")
    (folder / "suv" / "more").symlink_to(tmp_path / "pool")
    first = load(str(folder), 64)
    assert len(first.labels) == 23
    assert load(str(folder), 64).folder == first.folder
    change(folder)
    second = load(str(folder), 64)
    assert second.content_hash != first.content_hash
    assert load(str(folder), 64).folder == second.folder


def flag(name: str, value: Any) -> Callable[[Request], Request]:
    def change(request: Request) -> Request:
        fields = {field: getattr(request, field) for field in request.__dataclass_fields__}
        return Request(**fields | {name: value})

    return change


FLAGS = {
    "--max-megapixels": flag("limits", SourceLimits(max_megapixels=0.001)),
    "--classes": flag("classes", "sedan,van=suv"),
    "--size": flag("size", 128),
    "--sha256": flag("sha256", "0" * 64),
    "--max-gb": flag("limits", SourceLimits(max_gb=1e-6)),
    "--max-files": flag("limits", SourceLimits(max_files=5)),
}


@pytest.mark.parametrize("name", FLAGS)
def test_flags_that_change_the_outcome_are_heeded(
    class_folders: Folders, tmp_path: Path, name: str
) -> None:
    folder = class_folders(sedan=10, suv=10)
    archive = tmp_path / "cars.zip"
    archive.write_bytes(make_zip(members(folder)))
    for source in (folder, archive):
        request = Request(data=str(source))
        first = read(prepare(request))
        if source == folder and name in ("--max-gb", "--max-files"):
            continue  # limits of archives
        if name in ("--classes", "--size"):
            assert read(prepare(FLAGS[name](request))).content_hash != first.content_hash
        else:
            with pytest.raises(UserError, match=rf"{name}|SHA-256|too many pixels"):
                prepare(FLAGS[name](request))
        assert read(prepare(request)).content_hash == first.content_hash
    right = hashlib.sha256(archive.read_bytes()).hexdigest()
    prepare(Request(data=str(archive), sha256=right.upper()))


def test_a_table_of_labels_with_its_old_time_is_noticed(
    class_folders: Folders, tmp_path: Path
) -> None:
    folder = class_folders(sedan=10, suv=10)
    table = tmp_path / "labels.csv"
    lines = [f"{name},{name.split('/')[0]}" for name, _ in members(folder)]
    table.write_text("\n".join(["file,type", *lines]), encoding="utf-8")
    first = prepare(Request(data=str(folder), labels=table))
    times = table.stat()
    table.write_text(table.read_text("utf-8").replace(",suv", ",van"), encoding="utf-8")
    os.utime(table, ns=(times.st_atime_ns, times.st_mtime_ns))
    second = prepare(Request(data=str(folder), labels=table))
    assert (read(first).classes, read(second).classes) == (("sedan", "suv"), ("sedan", "van"))
    moved = table.rename(tmp_path / "moved.csv")
    assert prepare(Request(data=str(folder), labels=moved)) == second


def test_another_decoder_makes_the_set_anew(
    class_folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when pillow-heif was installed, as the summary advises."""
    folder = class_folders(sedan=10, suv=10)
    first = prepare(Request(data=str(folder)))
    monkeypatch.setattr(photos, "FORMATS", [*decode.FORMATS, "HEIF and more"])
    assert prepare(Request(data=str(folder))) != first


def test_what_the_program_makes_inside_the_photos_folder_changes_nothing(
    class_folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = class_folders(sedan=10, suv=10)
    monkeypatch.setenv("CAR_GAN_DATA", str(folder / "cache"))
    request = Request(data=str(folder), out=folder / "sets" / "mine")
    first = read(prepare(request))
    assert len(first.labels) == 20
    monkeypatch.setattr(photos, "fill", None)
    assert prepare(request) == first.folder


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"data": "photos", "count": 500}, "--count and --seed are for drawn cars"),
        ({"data": "photos", "seed": 1}, "--count and --seed are for drawn cars"),
        ({"data": "photos", "sha256": "0" * 64}, "--sha256 is an archive's"),
        ({"sha256": "0" * 64}, "are for photos"),
        ({"labels": Path("x.csv")}, "are for photos"),
    ],
)
def test_a_flag_that_would_change_nothing_is_refused(
    class_folders: Folders, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], words: str
) -> None:
    monkeypatch.chdir(class_folders(sedan=1, suv=1).parent)
    Path("x.csv").touch()
    with pytest.raises(UserError, match=words):
        prepare(Request(**fields))


@pytest.mark.parametrize("flag", ["data", "out", "labels", "cache"])
def test_home_is_spelled_out(
    class_folders: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flag: str
) -> None:
    folder = class_folders("home/photos", sedan=10, suv=10)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    lines = [f"{name},{name.split('/')[0]}" for name, _ in members(folder)]
    (tmp_path / "home" / "l.csv").write_text("\n".join(["file,type", *lines]), encoding="utf-8")
    flags = {"data": str(folder)}
    if flag == "cache":
        monkeypatch.setenv("CAR_GAN_DATA", "~/kept")
    else:
        flags[flag] = {"data": "~/photos", "out": "~/set", "labels": "~/l.csv"}[flag]
    made = prepare(parse(Request, [f"--{name}={value}" for name, value in flags.items()]))
    assert read(made).classes == ("sedan", "suv")
    assert not (tmp_path / "~").exists()
    if flag in ("out", "cache"):
        assert made.is_relative_to(tmp_path / "home")
