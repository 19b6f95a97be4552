"""What lies in a folder: pictures by content, links, and every file that is passed over."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gan.data.listing import contents, identity, walk
from gan.errors import UserError
from tests.data.made_up import encoded, noise

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(64)


def photo(path: Path, seed: int = 0, format: str = "PNG") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(encoded(noise(seed), format))
    return path


def names(folder: Path) -> list[str]:
    return [entry.name for entry in contents(folder).photos]


@pytest.mark.parametrize(
    "name", ["1", "1.jpg.1", "1.jpg_large", "1.txt", "1.csv", "1.jpg?size=2", "1.JPG!d"]
)
def test_a_picture_is_one_by_its_content(tmp_path: Path, name: str) -> None:
    photo(tmp_path / "sedan" / name, format="JPEG")
    assert names(tmp_path) == [f"sedan/{name}"]
    (tmp_path / "sedan" / "1.heic").write_bytes(HEIC)
    assert f"sedan/{name}" in names(tmp_path)
    assert "sedan/1.heic" in names(tmp_path)  # decoding says what to install


PASSED_OVER = {
    "notes.md": (b"hello", "a text"),
    "cars.pdf": (b"%PDF-1.7", "a PDF"),
    "page.html": (b"<!doctype html>", "a web page"),
    "clip.mp4": (b"\0\0\0\x18ftypisom\0\0\0\0mp41", "a video"),
    "labels.xlsx": (b"PK\x03\x04", "a spreadsheet: save it as a CSV"),
    "empty": (b"", "empty"),
    ".hidden.jpg": (b"x", "a hidden file"),
    "._1.jpg": (b"x", "macOS's own"),
    ".git/1.jpg": (b"x", "a hidden folder"),
    "__MACOSX/1.jpg": (b"x", "macOS's own"),
}


def test_whatever_is_passed_over_has_a_name_and_a_reason(tmp_path: Path) -> None:
    photo(tmp_path / "sedan" / "1.png")
    for name, (data, _) in PASSED_OVER.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "van" / "old").mkdir(parents=True)
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    reasons = dict(contents(tmp_path).passed_over)
    for name, (_, words) in PASSED_OVER.items():
        assert words in reasons.pop(name if name in reasons else name.partition("/")[0])
    assert reasons == {
        "pipe.jpg": "not a regular file",
        "gone.jpg": "a link that leads nowhere",
        "van/old": "an empty folder",
    }


class TestLinks:
    def test_a_class_folder_that_is_a_link_is_followed(self, tmp_path: Path) -> None:
        photo(tmp_path / "pool" / "a" / "1.png")
        folder = tmp_path / "photos"
        photo(folder / "suv" / "2.png")
        (folder / "sedan").symlink_to(tmp_path / "pool" / "a")
        (folder / "van").mkdir()
        (folder / "van" / "deep").symlink_to("../../pool", target_is_directory=True)
        (folder / "suv" / "3.png").symlink_to("2.png")
        # The pool's folder a is entered once: by the first link to it.
        assert names(folder) == ["sedan/1.png", "suv/2.png", "suv/3.png"]
        assert dict(contents(folder).passed_over) == {
            "van/deep/a": "a link to a folder that is here already: sedan"
        }

    @pytest.mark.parametrize("target", [".", "..", "../..", "/", "sedan"])
    def test_loops_end(self, tmp_path: Path, target: str) -> None:
        photo(tmp_path / "photos" / "sedan" / "1.png")
        (tmp_path / "photos" / "loop").symlink_to(target)
        (tmp_path / "photos" / "sedan" / "back").symlink_to("..")
        assert names(tmp_path / "photos") == ["sedan/1.png"]
        passed_over = dict(contents(tmp_path / "photos").passed_over)
        assert passed_over.keys() == {"loop", "sedan/back"}
        assert all(reason.startswith("a link to a folder") for reason in passed_over.values())

    def test_the_folders_own_name_counts_before_a_links(self, tmp_path: Path) -> None:
        photo(tmp_path / "sedan" / "1.png")
        (tmp_path / "alias").symlink_to("sedan")
        assert names(tmp_path) == ["sedan/1.png"]
        assert dict(contents(tmp_path).passed_over) == {
            "alias": "a link to a folder that is here already: sedan"
        }


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A class folder that can't be read, also by root."""
    folder = tmp_path / "photos" / "van"
    photo(folder / "1.png")
    photo(tmp_path / "photos" / "suv" / "2.png")
    folder.chmod(0)
    scandir = os.scandir

    def refuse(path: Path) -> object:
        if Path(path) == folder and folder.stat().st_mode & 0o777 == 0:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    yield folder
    folder.chmod(0o755)


def test_a_folder_that_can_not_be_read_is_named(locked: Path) -> None:
    found = contents(locked.parent)
    assert [entry.name for entry in found.photos] == ["suv/2.png"]
    assert found.passed_over == [("van", "a folder that can't be read: Permission denied")]
    before = identity(locked.parent)
    locked.chmod(0o755)
    assert identity(locked.parent) != before
    assert len(contents(locked.parent).photos) == 2
    with pytest.raises(UserError, match="can't be read"):
        list(walk(locked.parent / "none"))


@pytest.mark.parametrize(
    ("name", "text"),
    [(b"coup\xe9", "coupé"), (b"\x8dx", "\x8dx"), ("Škoda".encode(), "Škoda"), (b"a\xff", "aÿ")],
)
def test_names_that_are_no_utf8_are_readable(tmp_path: Path, name: bytes, text: str) -> None:
    try:
        photo(Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)) / "1.png")
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    (entry,) = contents(tmp_path).photos
    assert entry.name == f"{text}/1.png"
    assert entry.path.read_bytes()
    entry.name.encode()
