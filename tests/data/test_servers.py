"""Slow, wrong and hostile servers on this machine: the file arrives, or one line says why not."""

import contextlib
import email.utils
import gzip
import socketserver
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gan.data import download as module
from gan.data import server as answers
from gan.data.download import download
from gan.data.encodings import CHUNK, decompress
from gan.errors import UserError
from tests.data.test_archive import make_zip

BODY = make_zip([("a.jpg", bytes(range(256)) * 40)], 0)
Answer = Callable[[str, Any], None]


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    script: list[Answer]  # one a request; the last again and again
    seen: list[str]  # requests
    over: threading.Event


class Handler(socketserver.StreamRequestHandler):
    server: Server

    def handle(self) -> None:
        request = b""
        while not request.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return
            request += line
        server = self.server
        server.seen.append(request.decode())
        script = server.script
        answer = script.pop(0) if len(script) > 1 else script[0]
        with contextlib.suppress(OSError):  # the other side had enough
            answer(request.decode(), self)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that were asked for; none is made."""
    found: list[float] = []
    monkeypatch.setattr(module.time, "sleep", found.append)
    return found


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, slept: list[float]) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server(("127.0.0.1", 0), Handler)
    server.script, server.seen, server.over = [], [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def url(server: Server, path: str = "cars.zip") -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/{path}"


def says(text: str, body: bytes = b"", **headers: object) -> Answer:
    lines = [f"HTTP/1.1 {text}", *(f"{k.replace('_', '-')}: {v}" for k, v in headers.items())]
    data = "\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body
    return lambda request, handler: handler.wfile.write(data)


def whole(body: bytes = BODY, **headers: object) -> Answer:
    return says("200 OK", body, **({"Content_Length": len(body), "ETag": '"1"'} | headers))


def first(request: str) -> int:
    """The first byte that a request asks for."""
    lines = [line for line in request.splitlines() if line.lower().startswith("range:")]
    return int(lines[0].partition("bytes=")[2].rstrip("-")) if lines else 0


def piece(size: int, total: int | str = len(BODY)) -> Answer:
    """A legal part that is shorter than what was asked for."""

    def answer(request: str, handler: Any) -> None:
        start = first(request)
        some = BODY[start : start + size]
        asked = f"bytes {start}-{start + len(some) - 1}/{total}"
        says("206 Partial", some, Content_Range=asked, ETag='"1"', Content_Length=len(some))(
            request, handler
        )

    return answer


def cut(size: int, **headers: object) -> Answer:
    return says("200 OK", BODY[:size], Content_Length=len(BODY), ETag='"1"', **headers)


def refusal(server: Server, tmp_path: Path, **options: Any) -> str:
    with pytest.raises(UserError) as caught:
        download(url(server), tmp_path / "f", **options)
    message = str(caught.value)
    assert message.splitlines() == [message]
    assert message.isprintable()
    assert "None" not in message
    assert not (tmp_path / "f").exists()
    return message


def test_a_shorter_part_is_not_the_end(server: Server, tmp_path: Path) -> None:
    server.script = [cut(1000), piece(3000), piece(4000), piece(9999)]
    assert download(url(server), tmp_path / "f").read_bytes() == BODY
    assert [first(request) for request in server.seen] == [0, 1000, 4000, 8000]


def test_parts_of_a_file_whose_size_is_not_told(server: Server, tmp_path: Path) -> None:
    end = says("416 No", Content_Range=f"bytes */{len(BODY)}", Content_Length=0)
    server.script = [cut(1000), piece(20_000, "*"), end]
    assert download(url(server), tmp_path / "f").read_bytes() == BODY


@pytest.mark.parametrize("content_range", ["bytes 5000-5999/20000", "bytes 9-5/99", "x", ""])
def test_another_part_than_asked_for_is_not_taken(
    server: Server, tmp_path: Path, content_range: str
) -> None:
    wrong = says("206 Partial", b"y" * 1000, Content_Range=content_range, Content_Length=1000)
    server.script = [cut(1000), wrong, whole()]
    assert download(url(server), tmp_path / "f").read_bytes() == BODY
    assert "Range" not in server.seen[2]


def test_a_part_that_begins_before_is_laid_over(server: Server, tmp_path: Path) -> None:
    def earlier(request: str, handler: Any) -> None:
        asked = f"bytes 400-{len(BODY) - 1}/{len(BODY)}"
        says("206 Partial", BODY[400:], Content_Range=asked, ETag='"1"')(request, handler)

    server.script = [cut(1000), earlier]
    assert download(url(server), tmp_path / "f").read_bytes() == BODY


def one_more(request: str, handler: Any) -> None:
    """A connection that breaks after one byte."""
    start = first(request)
    asked = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
    says(
        "206 Partial", BODY[start : start + 1],
        Content_Range=asked, ETag='"1"', Content_Length=len(BODY) - start,
    )(request, handler)  # fmt: skip


ENDLESS: dict[str, list[Answer]] = {
    "no range is ever right": [cut(1000), says("416 No", Content_Length=0)] * 200,
    "one byte more each time": [cut(1000), one_more],
    "starts over each time": [cut(1000, Last_Modified="x")],
    "nothing more": [cut(1000), cut(1000)],
    "always busy": [says("503 Busy", Content_Length=0)],
    "always busy in a second": [says("503 Busy", Content_Length=0, Retry_After=1)],
    "headers that break off": [says("200 OK\r\nContent-Len")],
    "no status": [says("nonsense")],
    "closed at once": [lambda request, handler: None],
}


@pytest.mark.parametrize("case", ENDLESS)
def test_retries_have_an_end(server: Server, tmp_path: Path, case: str, slept: list[float]) -> None:
    server.script = list(ENDLESS[case])
    message = refusal(server, tmp_path)
    assert any(words in message for words in ("run again", "can't be reached")), message
    assert len(server.seen) <= 20
    assert sum(slept) < 120


def drip(data: bytes) -> Answer:
    """Sends a little for ever."""

    def answer(request: str, handler: Any) -> None:
        while not handler.server.over.wait(0.02):
            handler.wfile.write(data)

    return answer


def after(head: str, data: bytes) -> Answer:
    def answer(request: str, handler: Any) -> None:
        handler.wfile.write(head.encode())
        drip(data)(request, handler)

    return answer


SLOW = {
    "headers": after("HTTP/1.1 200 OK\r\n", b"X-A: 1\r\n"),
    "one header": after("HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "continue": drip(b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": after("HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"b"),
    "body without a length": after("HTTP/1.1 200 OK\r\n\r\n", b"b"),
    "length of a chunk": after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"0"),
    "trailers": after("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"X: 1\r\n"),
    "silence": lambda request, handler: handler.server.over.wait(30),
}


@pytest.mark.parametrize("case", SLOW)
def test_a_server_that_never_ends_is_ended(
    server: Server, tmp_path: Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "STALL", 0.15)
    monkeypatch.setattr(module, "ATTEMPTS", 1)
    server.script = [SLOW[case]]
    assert "too slow" in refusal(server, tmp_path)


def test_the_whole_has_a_bound(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LONGEST", -1.0)
    server.script = [whole()]
    assert "hours" in refusal(server, tmp_path)


ELSEWHERE = {
    "a file": ("file:///etc/passwd", "file:///etc/passwd"),
    "another scheme": ("ftp://example.org/x", "ftp://example.org/x"),
    "no host": ("http://", "circle"),  # that is the same address
    "a bad port": ("http://example.org:99999999/x", "ort"),
    "itself": ("/cars.zip", "circle"),
}


@pytest.mark.parametrize("case", ELSEWHERE)
def test_redirections_stay_on_the_web_and_end(server: Server, tmp_path: Path, case: str) -> None:
    location, words = ELSEWHERE[case]
    server.script = [says("302 Found", Location=location, Content_Length=0)]
    assert words in refusal(server, tmp_path)


def test_a_redirection_is_followed_without_the_secret_in_words(
    server: Server, tmp_path: Path
) -> None:
    moved = says("302 Found", Location="/other?token=SECRET", Content_Length=0)
    server.script = [moved, whole()]
    assert download(url(server), tmp_path / "f").read_bytes() == BODY
    assert "/other?token=SECRET" in server.seen[1]
    server.script = [moved, says("404 Gone \x1b[2J", Content_Length=0)]
    address = url(server, "cars.zip?key=SECRET").replace("//", "//me:SECRET@")
    with pytest.raises(UserError) as caught:
        download(address, tmp_path / "g")
    assert "SECRET" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert "token" in str(caught.value)
    server.script = [cut(1000), says("404 Gone", Content_Length=0)]
    with pytest.raises(UserError):
        download(address, tmp_path / "h")
    assert not any("SECRET" in p.read_text("latin-1") for p in tmp_path.iterdir())


@pytest.mark.parametrize("status", ["204 No Content", "205 Reset", "304 Not Modified", "300 Many"])
def test_answers_without_a_file_are_named(server: Server, tmp_path: Path, status: str) -> None:
    server.script = [says(status)]
    assert status.partition(" ")[0] in refusal(server, tmp_path)


def test_an_empty_file_is_called_empty(server: Server, tmp_path: Path) -> None:
    server.script = [whole(b"")]
    assert "is an empty file" in refusal(server, tmp_path)


@pytest.mark.parametrize("status", ["503 Busy", "429 Too many"])
@pytest.mark.parametrize("when", ["7", "date"])
def test_a_busy_server_is_waited_for(
    server: Server,
    tmp_path: Path,
    status: str,
    when: str,
    slept: list[float],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(answers.time, "time", lambda: 2e9)
    at = email.utils.formatdate(2e9 + 8, usegmt=True) if when == "date" else when
    server.script = [says(status, Content_Length=0, Retry_After=at), whole()]
    assert download(url(server), tmp_path / "f").read_bytes() == BODY
    assert slept == [8.0 if when == "date" else 7.0]
    server.script = [says(status, Content_Length=0, Retry_After=86400)]
    assert "86400 s" in refusal(server, tmp_path / "long")
    assert len(slept) == 1


@pytest.mark.parametrize("sent", ["gzip", "x-gzip", "deflate", "raw deflate"])
def test_compression_for_the_way_is_undone(server: Server, tmp_path: Path, sent: str) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {
        "deflate": zlib.compress,
        "raw deflate": lambda data: zlib.compress(data, wbits=-15),
    }
    packed = packers.get(sent, gzip.compress)(BODY)
    name = sent.removeprefix("raw ")
    server.script = [whole(packed, Content_Encoding=name)]
    digest = module.hashlib.sha256(BODY).hexdigest()
    assert download(url(server), tmp_path / "f", digest).read_bytes() == BODY
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
    server.script = [whole(packed, Content_Encoding=name)]
    assert "limit" in refusal(server, tmp_path / "big", limit=len(packed))
    server.script = [whole(packed[:-9], Content_Encoding=name)]
    assert "damaged" in refusal(server, tmp_path / "cut")


def test_a_last_repetition_that_outgrows_a_piece_is_not_lost(tmp_path: Path) -> None:
    """zlib has read the whole input by then, and returns the rest only when asked."""
    data, part = bytes(CHUNK + 100), tmp_path / "part"
    part.write_bytes(zlib.compress(data, wbits=-15))
    decompress(part, "deflate", "it", 2 * CHUNK)
    assert part.read_bytes() == data


def test_an_encoding_that_is_none_or_unknown(server: Server, tmp_path: Path) -> None:
    server.script = [whole(Content_Encoding="gzip")]  # it only says so
    assert download(url(server), tmp_path / "f").read_bytes() == BODY
    archive = gzip.compress(BODY)  # the digest is that of the file as it lies on the server
    server.script = [whole(archive, Content_Encoding="x-gzip")]
    digest = module.hashlib.sha256(archive).hexdigest()
    assert download(url(server), tmp_path / "g", digest).read_bytes() == archive
    server.script = [whole(Content_Encoding="br")]
    assert "'br'" in refusal(server, tmp_path / "br")


def test_content_says_whether_it_is_a_page(server: Server, tmp_path: Path) -> None:
    server.script = [whole(Content_Type="text/html; charset=utf-8")]
    assert download(url(server), tmp_path / "f").read_bytes() == BODY
    page = b"<!DOCTYPE html><title>Sign in</title>"
    for headers in ({"Content_Type": "application/zip"}, {"Content_Type": "text/html"}):
        server.script = [whole(page, **headers)]
        assert "web page" in refusal(server, tmp_path / "page")
    server.script = [whole(gzip.compress(page), Content_Encoding="gzip")]
    assert "web page" in refusal(server, tmp_path / "page")
    for body in (b"please sign in", bytes(range(256))):  # neither tells what it is
        server.script = [whole(body, Content_Type="text/html")]
        assert "web page" in refusal(server, tmp_path / "page")
    assert not any((tmp_path / "page").iterdir())


def test_what_is_over_the_limit_leaves_nothing(server: Server, tmp_path: Path) -> None:
    chunked = b"1000\r\n" + BODY[:4096] + b"\r\n0\r\n\r\n"
    long = says("200 OK", BODY)
    for answer in (whole(), long, says("200 OK", chunked, Transfer_Encoding="chunked")):
        server.script = [answer]
        assert "--max-gb" in refusal(server, tmp_path, limit=1000)
        assert not any(tmp_path.iterdir())
    server.script = [cut(900), piece(500)]
    assert "--max-gb" in refusal(server, tmp_path, limit=1000)
    assert not any(tmp_path.iterdir())
