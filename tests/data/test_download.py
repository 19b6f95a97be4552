"""Downloads from servers of every temper on this machine."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gan.data import download as module
from gan.data.download import download
from gan.errors import UserError

BODY = bytes(range(256)) * 3000
DIGEST = hashlib.sha256(BODY).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves `body` with the manners that a test sets."""

    body = BODY
    etag = '"one"'
    ranges = True
    cuts: list[int]  # how many bytes each next answer sends before the line drops
    status = 200
    seen: list[dict[str, str]]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        server = self.server
        server.seen.append(dict(self.headers))
        start = 0
        asked = self.headers.get("Range")
        if server.status != 200:
            self.send_response(server.status)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if server.ranges and asked and self.headers.get("If-Range") == server.etag:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(server.body):
                self.send_response(416)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            last = len(server.body) - 1
            self.send_header("Content-Range", f"bytes {start}-{last}/{len(server.body)}")
        else:
            self.send_response(200)
        rest = server.body[start:]
        self.send_header("ETag", server.etag)
        self.send_header("Content-Length", str(len(rest)))
        self.end_headers()
        self.wfile.write(rest[: server.cuts.pop(0)] if server.cuts else rest)

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(module.time, "sleep", lambda seconds: None)
    # A proxy in the environment would stand between the test and this machine.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server(("127.0.0.1", 0), Handler)
    server.cuts, server.seen = [], []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def url(server: Server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/cars.rar"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_whole_file(tmp_path: Path, url: str) -> None:
    assert download(url, tmp_path / "f", DIGEST.upper()).read_bytes() == BODY
    assert names(tmp_path) == ["f"]


def test_resumes_where_the_line_dropped(tmp_path: Path, server: Server, url: str) -> None:
    server.cuts = [100_000, 200_000]
    assert download(url, tmp_path / "f", DIGEST).read_bytes() == BODY
    assert [seen.get("Range") for seen in server.seen] == [None, "bytes=100000-", "bytes=300000-"]
    assert names(tmp_path) == ["f"]


def test_starts_over_where_the_server_knows_no_ranges(
    tmp_path: Path, server: Server, url: str
) -> None:
    server.cuts, server.ranges = [100_000], False
    assert download(url, tmp_path / "f", DIGEST).read_bytes() == BODY


def test_a_later_call_resumes(tmp_path: Path, server: Server, url: str) -> None:
    server.cuts = [100_000] + [0] * 20
    with pytest.raises(UserError, match="run again to continue"):
        download(url, tmp_path / "f")
    assert names(tmp_path) == ["f.part", "f.part.json"]
    server.cuts.clear()
    server.seen.clear()
    assert download(url, tmp_path / "f").read_bytes() == BODY
    assert [seen.get("Range") for seen in server.seen] == ["bytes=100000-"]


def test_starts_over_where_the_file_changed(tmp_path: Path, server: Server, url: str) -> None:
    server.cuts = [100_000] + [0] * 20
    with pytest.raises(UserError):
        download(url, tmp_path / "f")
    server.cuts.clear()
    server.body, server.etag = BODY[::-1], '"two"'
    assert download(url, tmp_path / "f").read_bytes() == BODY[::-1]


def test_starts_over_where_the_part_is_too_long(tmp_path: Path, server: Server, url: str) -> None:
    (tmp_path / "f.part").write_bytes(BODY + b"more")
    (tmp_path / "f.part.json").write_text(
        f'{{"url": "{url}", "validator": "\\"one\\""}}', encoding="utf-8"
    )
    assert download(url, tmp_path / "f").read_bytes() == BODY


@pytest.mark.parametrize("note", ["", "{", "[]", '{"url": 1}', '{"url": "x", "validator": "y"}'])
def test_a_damaged_note_only_costs_the_part(tmp_path: Path, url: str, note: str) -> None:
    (tmp_path / "f.part").write_bytes(b"junk")
    (tmp_path / "f.part.json").write_text(note, encoding="utf-8")
    assert download(url, tmp_path / "f").read_bytes() == BODY


def test_wrong_digest_leaves_nothing(tmp_path: Path, url: str) -> None:
    with pytest.raises(UserError, match=DIGEST):
        download(url, tmp_path / "f", "0" * 64)
    assert names(tmp_path) == []


@pytest.mark.parametrize("status", [404, 403, 500])
def test_error_answers(tmp_path: Path, server: Server, url: str, status: int) -> None:
    server.status = status
    with pytest.raises(UserError, match=str(status)):
        download(url, tmp_path / "f")


def test_unreachable_and_unsuitable_addresses(tmp_path: Path, server: Server) -> None:
    port = server.server_address[1]
    server.shutdown()
    server.server_close()
    for address, words in (
        (f"http://127.0.0.1:{port}/x", "can't be reached"),
        ("ftp://127.0.0.1/x", "not an http"),
        ("http://", "not an http"),
        ("file:///etc/passwd", "not an http"),
    ):
        with pytest.raises(UserError, match=words) as caught:
            download(address, tmp_path / "f")
        assert "\n" not in str(caught.value)
