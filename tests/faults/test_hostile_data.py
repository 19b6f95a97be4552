"""Tables, prepared sets, addresses and servers from generators: used, or refused in one line."""

import json
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gan.data import photos as photos_module
from gan.data.download import download
from gan.data.photos import Request, prepare
from gan.data.prepared import Photos, read
from gan.errors import UserError
from gan.runs import LOSS_COLUMNS, METRIC_COLUMNS, Run
from tests.faults.odd import bounded, odd, short

cells = st.sampled_from(
    ["1", "2.5", "nan", "inf", "-", "", '"', '"a', "\0", "é", "1e400", "9" * 400, "0x1", "True"]
) | st.text(max_size=5)
rows = st.lists(st.lists(cells, max_size=12), max_size=6).map(
    lambda table: "\n".join(",".join(row) for row in table)
)


@bounded(200)
@given(st.sampled_from([LOSS_COLUMNS, METRIC_COLUMNS, ()]), rows, st.sampled_from(["\n", ""]))
def test_odd_table_is_read_or_refused(
    tmp_path_factory: Any, columns: tuple[str, ...], text: str, end: str
) -> None:
    run = Run(tmp_path_factory.getbasetemp() / "odd-table")
    run.path.mkdir(exist_ok=True)
    data = (",".join(columns) + "\n" + text + end).encode(errors="replace")
    for path, reader, expected in (
        (run.losses_path, run.read_losses, LOSS_COLUMNS),
        (run.metrics_path, run.read_metrics, METRIC_COLUMNS),
    ):
        path.write_bytes(data)
        try:
            table = reader()
        except UserError as error:
            short(error)
            continue
        assert tuple(table.columns) == expected
        assert isinstance(table.index, pd.RangeIndex)
        assert table["images_seen"].dtype.kind in "ifbuO" or table.empty


@bounded(150)
@given(st.sampled_from(["filename,body_type,split", "file;type", "a,b", ""]), rows)
def test_odd_labels_are_used_or_refused(
    tmp_path_factory: Any, cars: Path, header: str, text: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    table = folder / "odd-labels.csv"
    table.write_bytes(
        f"{header}\n{text}\n0.png,{text[:20]}\nsedan/0.png,{text[:9]}".encode(errors="replace")
    )
    try:
        prepare(Request(data=str(cars), labels=table, out=folder / "odd-labels"))
    except UserError as error:
        short(error)
    finally:
        shutil.rmtree(folder / "odd-labels", ignore_errors=True)


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Nothing is reached; what was asked for is kept."""
    asked: list[Any] = []

    def refuse(*arguments: Any, **_: Any) -> Any:
        asked.append(arguments)
        raise OSError("there is no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr("gan.data.download.time.sleep", lambda _: None)
    return asked


HOSTS = (
    [
        "",
        "[",
        "[::1",
        "[::1]",
        "a b",
        "a:99999",
        "a:b",
        "a:-1",
        "user:pw@a",
        "é.example",
        "..",
        ".",
    ],
    ["\u2100.example", "x" * 70, "a" * 300, "127.1", "0", "%", "a\nb", "a\r\nHost: b", "\\"],
)
hosts = st.sampled_from([*HOSTS[0], *HOSTS[1]])
urls = st.builds(
    "{}://{}/{}".format,
    st.sampled_from(["http", "https", "HTTP", "ftp", "file", "", "javascript", "http\0", " http"]),
    hosts | st.text(max_size=6),
    st.text(max_size=8) | st.sampled_from(["../../x.rar", "a.rar?b#c", "%00.rar", "\ud800"]),
)


@bounded(200)
@given(urls)
def test_odd_address_is_refused(no_network: list[Any], tmp_path_factory: Any, url: str) -> None:
    folder = tmp_path_factory.getbasetemp() / "odd-address"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAR_GAN_DATA", str(folder))
        with pytest.raises(UserError) as refusal:
            prepare(Request(data=url))
    short(refusal.value)
    assert not list(folder.glob("sets/*"))


@bounded(150)
@given(
    st.sampled_from(["pictures.npy", "labels.npy", "test.npy"]),
    st.integers(0, 127),
    st.binary(min_size=1, max_size=6),
)
def test_odd_array_is_refused_or_fits(
    prepared: Path, tmp_path_factory: Any, name: str, at: int, data: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "odd-array"
    if not folder.exists():
        shutil.copytree(prepared, folder)
    kept = (folder / name).read_bytes()
    (folder / name).write_bytes(kept[:at] + data + kept[at + len(data) :])
    try:
        photos = read(folder)
        assert photos.pictures.shape == (len(photos.labels), 64, 64, 3)
    except UserError as error:
        short(error)
    finally:
        (folder / name).write_bytes(kept)


@bounded(100)
@given(st.sampled_from(["name", "size", "classes", "counts", "content_hash"]), odd)
def test_odd_description_is_used_or_refused(
    prepared: Path, tmp_path_factory: Any, key: str, value: Any
) -> None:
    folder = tmp_path_factory.getbasetemp() / "odd-description"
    if not folder.exists():
        shutil.copytree(prepared, folder)
    about = json.loads((prepared / "dataset.json").read_text(encoding="utf-8"))
    (folder / "dataset.json").write_text(json.dumps(about | {key: value}), encoding="utf-8")
    try:
        photos = photos_module.load(str(folder), 64)
        assert isinstance(photos, Photos)
        assert np.isfinite(list(photos.counts("train").values())).all()
    except UserError as error:
        short(error)


class Server(threading.Thread):
    """Answers every connection with the same bytes, whatever they are."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.answer = b""

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                connection.recv(65536)
                connection.sendall(self.answer)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr("gan.data.download.time.sleep", lambda _: None)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    server.start()
    yield server
    server.socket.shutdown(socket.SHUT_RDWR)
    server.socket.close()
    server.join()


lines = st.sampled_from(
    ["HTTP/1.1 200 OK", "HTTP/1.1 206 Partial", "HTTP/1.1 302 Found", "HTTP/1.1 416 No", "HTTP/9"]
) | st.text(max_size=20)
numbers = st.sampled_from(["0", "5", "-1", "²", "1" * 5000, "5, 5", "5, 6", "0x5", "1e9", "٣", ""])
# None of them leads off this machine.
places = st.sampled_from(
    ["http://[", "/again", "file:///etc/passwd", "ftp://x/", "//", "http://:/"]
)
others = ["Transfer-Encoding: chunked", "Content-Encoding: gzip", "Content-Range: bytes 3-4/5"]
broken = ["ETag: \x00", "Last-Modified: never", "Content-Type: ;;;", "no colon", ": no name"]
headers = st.lists(
    st.builds("Content-Length: {}".format, numbers)
    | st.builds("Location: {}".format, places)
    | st.sampled_from([*others, *broken]),
    max_size=4,
)


@bounded(100)
@given(lines, headers, st.binary(max_size=30))
@example("HTTP/1.1 302 Found", ["Location: http://["], b"")
@example("HTTP/1.1 200 OK", ["Content-Length: ²"], b"12345")
def test_odd_answer_is_taken_or_refused(
    server: Server, tmp_path_factory: Any, line: str, headers: list[str], body: bytes
) -> None:
    folder = tmp_path_factory.getbasetemp() / "odd-answer"
    shutil.rmtree(folder, ignore_errors=True)
    server.answer = "\r\n".join([line, *headers, "", ""]).encode(errors="replace") + body
    url = f"http://127.0.0.1:{server.socket.getsockname()[1]}/cars.rar"
    try:
        assert download(url, folder / "cars.rar", limit=20).stat().st_size <= 20
    except UserError as error:
        short(error)
        assert not (folder / "cars.rar").exists()
