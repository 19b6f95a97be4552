"""From a source to a set, once: contents, split, duplicates, cache, and every bad source."""

import csv
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan.data import filling
from gan.data import photos as module
from gan.data.decode import decode
from gan.data.photos import Request, SourceLimits, load, prepare
from gan.data.prepared import read
from gan.errors import UserError
from tests.data.made_up import encoded, noise
from tests.data.rar_writer import Member, rar4, rar5
from tests.data.test_archive import make_tar, make_zip

Folders = Callable[..., Path]


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def members(folder: Path) -> list[tuple[str, bytes]]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(path.relative_to(folder).as_posix(), path.read_bytes()) for path in files]


def test_a_folder_becomes_a_set(class_folders: Folders, cache: Path) -> None:
    folder = class_folders(sedan=20, suv=30)
    photos = load(str(folder), 64)
    assert photos.name == "photos"
    assert photos.classes == ("sedan", "suv")
    assert photos.size == 64
    assert photos.pictures.shape == (50, 64, 64, 3)
    assert photos.pictures.dtype == np.uint8
    assert isinstance(photos.pictures, np.memmap)
    assert len(photos.indices("development")) + len(photos.indices("test")) == 50
    total = {k: v + photos.counts("test")[k] for k, v in photos.counts("development").items()}
    assert total == {"sedan": 20, "suv": 30}
    assert min(photos.counts("test").values()) >= 1
    for i, row in enumerate(table(photos.folder / "files.csv")):
        data = (folder / row["file"]).read_bytes()
        assert (photos.pictures[i] == decode(data, 64, 10**6)).all()
        assert photos.classes[photos.labels[i]] == row["body_type"] == Path(row["file"]).parts[0]
        assert row["split"] == ("test" if photos.test[i] else "train")
    assert photos.folder.is_relative_to(cache)
    assert table(photos.folder / "skipped.csv") == []
    about = json.loads((photos.folder / "dataset.json").read_text(encoding="utf-8"))
    assert about["counts"]["train"] == photos.counts("development")
    assert about["content_hash"] == photos.content_hash
    sorted_photos = Path(about["sorted"])
    assert {p.name for p in sorted_photos.iterdir()} == {"sedan", "suv"}
    assert len(list((sorted_photos / "suv").iterdir())) == 30


def test_the_second_time_nothing_is_decoded(
    class_folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = class_folders(sedan=10, suv=10)
    first = load(str(folder), 64)
    monkeypatch.setattr(module, "fill", None)
    assert load(str(folder), 64).folder == first.folder
    assert load(str(first.folder), 64).content_hash == first.content_hash


def test_a_changed_folder_is_noticed(class_folders: Folders) -> None:
    folder = class_folders(sedan=10, suv=10)
    first = load(str(folder), 64)
    (folder / "suv" / "new.png").write_bytes(encoded(noise(999)))
    second = load(str(folder), 64)
    assert len(second.labels) == 21
    assert second.content_hash != first.content_hash


def test_the_split_follows_the_content(class_folders: Folders, tmp_path: Path) -> None:
    folder = class_folders(sedan=150, suv=150)
    photos = load(str(folder), 64)
    assert 0.04 < photos.test.mean() < 0.18  # binomial, 4 deviations about a tenth
    larger = load(str(folder), 128)
    assert (larger.test == photos.test).all()
    # Other names and fewer neighbours: the same photos stay on their side.
    renamed = tmp_path / "renamed"
    side = {}
    for i, row in enumerate(table(photos.folder / "files.csv")[100:200]):
        target = renamed / row["body_type"] / f"new{i:03d}.png"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / row["file"], target)
        side[f"{row['body_type']}/{target.name}"] = row["split"]
    again = load(str(renamed), 64)
    assert {r["file"]: r["split"] for r in table(again.folder / "files.csv")} == side


def test_a_given_split_is_kept(class_folders: Folders) -> None:
    folder = class_folders(sedan=10, suv=10)
    names = [name for name, _ in members(folder)]
    held_out = names[::5]
    lines = [f"{n},{n.split('/')[0]},{'test' if n in held_out else 'train'}" for n in names]
    (folder / "labels.csv").write_text(
        "filename,body_type,split\n" + "\n".join(lines) + "\n", encoding="utf-8"
    )
    photos = load(str(folder), 64)
    rows = table(photos.folder / "files.csv")
    assert [row["file"] for row in rows if row["split"] == "test"] == held_out


def test_the_source_of_each_photo_is_kept_without_its_secrets(class_folders: Folders) -> None:
    folder = class_folders(sedan=10, suv=10)
    names = [name for name, _ in members(folder)]
    said = ["one", "https://me:secret@host/cars?token=secret", ""]
    lines = [f"{name},{name.split('/')[0]},{said[i % 3]}\n" for i, name in enumerate(names)]
    (folder / "labels.csv").write_text("filename,body_type,Source\n" + "".join(lines), "utf-8")
    photos = load(str(folder), 64)
    assert photos.sources[:3] == ("one", "https://host/cars", "")
    assert len(photos.sources) == len(photos.labels)
    assert "secret" not in (photos.folder / "files.csv").read_text(encoding="utf-8")


def test_a_set_without_sources_is_as_it_was(class_folders: Folders) -> None:
    photos = load(str(class_folders(sedan=10, suv=10)), 64)
    assert photos.sources == ()
    assert set(table(photos.folder / "files.csv")[0]) == {"file", "body_type", "split"}


@pytest.mark.parametrize("tested", [True, False])
def test_a_sources_own_validation_split_is_kept_where_it_has_a_test_split_too(
    class_folders: Folders, tested: bool
) -> None:
    folder = class_folders(sedan=20, suv=20)
    names = [name for name, _ in members(folder)]
    own = set(names[::5])
    splits = {name: "val" if name in own else "train" for name in names}
    if tested:
        splits |= dict.fromkeys(names[1::10], "test")
    lines = [f"{name},{name.split('/')[0]},{split}\n" for name, split in splits.items()]
    table_file = folder / "labels.csv"
    table_file.write_text("filename,body_type,split\n" + "".join(lines), encoding="utf-8")
    photos = load(str(folder), 64)
    rows = table(photos.folder / "files.csv")
    held = photos.validation if tested else photos.test
    assert {row["file"] for row, is_held in zip(rows, held, strict=True) if is_held} == own
    if tested:
        about = json.loads((photos.folder / "dataset.json").read_text(encoding="utf-8"))
        assert about["counts"] == {
            split: photos.counts(split)  # type: ignore[arg-type]
            for split in ("train", "validation", "test")
        }
        # Which photos are held out is part of what a set is.
        for name in names[2::10]:
            splits[name] = "val"
        lines = [f"{name},{name.split('/')[0]},{split}\n" for name, split in splits.items()]
        table_file.write_text("filename,body_type,split\n" + "".join(lines), encoding="utf-8")
        assert load(str(folder), 64).content_hash != photos.content_hash


@pytest.mark.parametrize("name", ["dataset.json", "pictures.npy", "labels.npy", "files.csv"])
def test_a_pipe_in_a_prepared_set_is_refused_at_once(class_folders: Folders, name: str) -> None:
    folder = prepare(Request(data=str(class_folders(sedan=10, suv=10))))
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(UserError, match="no plain file"):
        read(folder)


def test_a_pipe_is_neither_a_source_nor_a_table(class_folders: Folders, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="is a pipe or a device"):
        prepare(Request(data=str(tmp_path / "pipe")))
    folder = class_folders(sedan=10, suv=10)
    with pytest.raises(UserError, match="no plain file"):
        prepare(Request(data=str(folder), labels=tmp_path / "pipe"))


def test_what_is_skipped_is_reported(class_folders: Folders) -> None:
    folder = class_folders(sedan=10, suv=10)
    (folder / "suv" / "bad.jpg").write_bytes(b"no picture")
    (folder / "suv" / "cut.jpg").write_bytes(encoded(noise(1), "JPEG")[:900])
    (folder / "suv" / "small.png").write_bytes(encoded(noise(1, 20, 20)))
    (folder / "suv" / "same.bmp").write_bytes(encoded(noise(0), "BMP"))  # as sedan/000.png
    (folder / "suv" / "giant.png").write_bytes(encoded(Image.new("L", (3000, 3000))))
    (folder / "alone.png").write_bytes(encoded(noise(2000)))
    (folder / "suv" / "gone.png").symlink_to(folder / "nowhere.png")
    photos = read(prepare(Request(data=str(folder), limits=SourceLimits(max_megapixels=8))))
    reasons = {row["file"]: row["reason"] for row in table(photos.folder / "skipped.csv")}
    assert reasons["suv/bad.jpg"] == "not a picture: it is a text"
    assert "truncated" in reasons["suv/cut.jpg"]
    assert reasons["suv/small.png"] == "too small: 20x20"
    assert reasons["suv/same.bmp"] == "duplicate of sedan/000.png, which is labelled sedan"
    assert reasons["suv/giant.png"] == "too many pixels: 3000x3000"
    assert reasons["alone.png"] == "no label"
    assert reasons["suv/gone.png"] == "a link that leads nowhere"
    assert len(reasons) == 7
    assert len(photos.labels) == 20


def test_classes_pick_and_map(class_folders: Folders) -> None:
    folder = class_folders(sedan=10, jeep=10, van=10)
    photos = read(prepare(Request(data=str(folder), classes="sedan,suv=jeep")))
    assert photos.classes == ("sedan", "suv")
    assert len(photos.labels) == 20


@pytest.mark.parametrize("kind", ["zip", "tar.gz", "rar4", "rar5"])
def test_archives_give_the_same_set_as_their_folder(
    class_folders: Folders, tmp_path: Path, cache: Path, kind: str
) -> None:
    folder = class_folders(sedan=10, suv=10)
    some = members(folder)
    data = {
        "zip": lambda: make_zip(some),
        "tar.gz": lambda: make_tar(some, "w:gz"),
        "rar4": lambda: rar4([Member(*member) for member in some]),
        "rar5": lambda: rar5([Member(*member) for member in some]),
    }[kind]()
    archive = tmp_path / f"my cars.{kind[:3]}"
    archive.write_bytes(data)
    photos = load(str(archive), 64)
    assert photos.content_hash == load(str(folder), 64).content_hash
    assert photos.name == "my-cars"
    assert not list(cache.rglob("*.tmp"))


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, Path]]:
    """Python's own web server, which knows no ranges, over an empty folder."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    (tmp_path / "web").mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path / "web")))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", tmp_path / "web"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url_needs_its_server_once(
    class_folders: Folders, cache: Path, web: tuple[str, Path]
) -> None:
    folder = class_folders(sedan=10, suv=10)
    (web[1] / "cars.zip").write_bytes(make_zip(members(folder)))
    first = load(f"{web[0]}/cars.zip", 64)
    assert first.name == "cars"
    assert first.content_hash == load(str(folder), 64).content_hash
    (web[1] / "cars.zip").unlink()
    assert load(f"{web[0]}/cars.zip", 64).folder == first.folder
    assert load(f"{web[0]}/cars.zip", 128).size == 128  # from what was unpacked
    assert not list((cache / "downloads").iterdir())  # unpacked: kept once is enough


def test_a_secret_of_an_address_is_written_nowhere(
    class_folders: Folders, cache: Path, web: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither while it is prepared, nor in what stays, nor when it fails; the set stays usable."""
    (web[1] / "cars.zip").write_bytes(make_zip(members(class_folders(sedan=10, suv=10))))
    secret = web[0].replace("//", "//me:SECRET@") + "/cars.zip?token=SECRET#SECRET"
    photos = load(secret, 64)
    with pytest.raises(UserError) as refused:
        load(secret.replace("cars.zip", "none.zip"), 64)
    (web[1] / "cars.zip").write_bytes(b"PK\x03\x04 and nonsense")
    with pytest.raises(UserError) as damaged:
        load(f"{secret}2", 64)
    assert "SECRET" not in f"{refused.value}{damaged.value}{capsys.readouterr()}"
    for path in cache.rglob("*"):
        assert "SECRET" not in path.name
        assert not path.is_file() or b"SECRET" not in path.read_bytes()
    # What a run's settings hold of the address finds the set, by its content.
    assert load(f"{web[0]}/cars.zip", 64, photos.content_hash).folder == photos.folder


def test_a_bad_file_from_a_url_is_named_by_its_address_and_not_kept(
    cache: Path, web: tuple[str, Path]
) -> None:
    (web[1] / "cars.zip").write_bytes(b"PK\x03\x04 and nonsense")
    with pytest.raises(UserError, match=f"{web[0]}/cars.zip is damaged"):
        load(f"{web[0]}/cars.zip", 64)
    assert not list((cache / "downloads").iterdir())
    assert not list((cache / "unpacked").iterdir())
    with pytest.raises(UserError, match="404"):
        load(f"{web[0]}/none.zip", 64)
    (web[1] / "index.html").write_text("<html>", encoding="utf-8")
    with pytest.raises(UserError, match="web page"):
        load(f"{web[0]}/", 64)


def test_the_archives_digest_is_checked(class_folders: Folders, tmp_path: Path) -> None:
    archive = tmp_path / "cars.zip"
    archive.write_bytes(make_zip(members(class_folders(sedan=10, suv=10))))
    with pytest.raises(UserError, match="SHA-256"):
        prepare(Request(data=str(archive), sha256="0" * 64))


def test_interrupted_work_starts_over(
    class_folders: Folders, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = class_folders(sedan=10, suv=10)

    def stop(*arguments: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(filling, "_held_out", stop)
        with pytest.raises(KeyboardInterrupt):
            load(str(folder), 64)
    assert not list((cache / "sets").iterdir())
    # What a killed process leaves, which can't clean up after itself.
    first = load(str(folder), 64).folder
    shutil.rmtree(first)
    leftover = first.parent / f".{first.name}.abcd.tmp"
    leftover.mkdir()
    (leftover / "pictures.npy").write_bytes(b"half")
    load(str(folder), 64)
    assert list(first.parent.iterdir()) == [first]


def test_out_names_the_folder(class_folders: Folders, tmp_path: Path) -> None:
    folder = class_folders(sedan=10, suv=10)
    out = tmp_path / "a" / "set"
    assert prepare(Request(data=str(folder), out=out)) == out
    assert load(str(out), 64).classes == ("sedan", "suv")
    assert prepare(Request(data=str(folder), out=out)) == out
    with pytest.raises(UserError, match="a set of other photos, flags"):
        prepare(Request(data=str(folder), out=out, size=128))
    with pytest.raises(UserError, match="prepared at 64 px"):
        load(str(out), 128)
    with pytest.raises(UserError, match="prepared already"):
        prepare(Request(data=str(out)))


def test_drawn_cars_are_a_set(monkeypatch: pytest.MonkeyPatch) -> None:
    photos = read(prepare(Request(count=160)))
    assert photos.name == "drawn"
    assert set(photos.counts("development").values()) == {18}
    with pytest.raises(UserError, match="--classes"):
        prepare(Request(classes="sedan"))


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({"sedan": 30}, "one body type"),
        ({"sedan": 30, "van": 3}, "'van' has [0-3] usable training photos"),
        (
            {"sedan": 9, "suv": 9, "van": 3, "coupe": 2},
            'so it is with 1 other.*--classes "sedan,suv"',
        ),
        ({}, "no photos"),
    ],
)
def test_too_little(class_folders: Folders, tmp_path: Path, counts: dict, words: str) -> None:  # type: ignore[type-arg]
    folder = class_folders(**counts)
    folder.mkdir(exist_ok=True)
    with pytest.raises(UserError, match=words) as caught:
        load(str(folder), 64)
    assert "\n" not in str(caught.value)


def test_nothing_usable(class_folders: Folders) -> None:
    folder = class_folders(sedan=9, suv=9)
    for path in folder.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(UserError, match="no photo is usable"):
        load(str(folder), 64)


@pytest.mark.parametrize("name", ["none", "no/where.rar", "text.txt", "empty.rar", "page.zip"])
def test_bad_paths(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.txt").write_text("hello", encoding="utf-8")
    (tmp_path / "empty.rar").write_bytes(b"")
    (tmp_path / "page.zip").write_text("<html><body>Sign in</body></html>", encoding="utf-8")
    with pytest.raises(UserError) as caught:
        load(str(tmp_path / name), 64)
    assert "\n" not in str(caught.value)
    assert name in str(caught.value)


class TestDamagedSet:
    @pytest.fixture
    def folder(self, class_folders: Folders) -> Path:
        return prepare(Request(data=str(class_folders(sedan=10, suv=10))))

    @pytest.mark.parametrize("name", ["pictures.npy", "labels.npy", "test.npy", "dataset.json"])
    @pytest.mark.parametrize("harm", ["missing", "empty", "cut", "text"])
    def test_files(self, folder: Path, name: str, harm: str) -> None:
        path = folder / name
        if harm == "missing":
            path.unlink()
        else:
            data = path.read_bytes()
            path.write_bytes({"empty": b"", "cut": data[: len(data) // 2], "text": b"{}"}[harm])
        with pytest.raises(UserError) as caught:
            read(folder)
        assert "\n" not in str(caught.value)
        assert str(folder) in str(caught.value)

    def test_labels_of_another_set(self, folder: Path) -> None:
        np.save(folder / "labels.npy", np.full(20, 2))
        with pytest.raises(UserError, match="don't fit together"):
            read(folder)

    def test_pickles_are_never_opened(self, folder: Path) -> None:
        np.save(folder / "labels.npy", np.array([print], dtype=object), allow_pickle=True)
        with pytest.raises(UserError, match="damaged"):
            read(folder)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"size": 65}, "--size"),
        ({"seed": -1}, "--seed"),
        ({"seed": 2**31}, "--seed"),
    ],
)
def test_bad_requests(fields: dict, words: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(UserError, match=words):
        Request(**fields)


@pytest.mark.parametrize("value", [0, -1, float("nan"), float("inf")])
def test_bad_limits(value: float) -> None:
    with pytest.raises(UserError, match="--max-gb"):
        SourceLimits(max_gb=value)
