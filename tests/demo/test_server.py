"""What goes round the pages: scripts are packed as the browser can read them."""

import asyncio
import gzip
import io
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gan.demo import server
from gan.runs import Run

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SCRIPT = next(server.SCRIPTS.glob("static/js/index.*.js"))


async def beyond(scope: Scope, receive: Receive, send: Send) -> None:
    """The app that is reached where nothing is packed."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"the app"})


PACKED = server.Compressed(beyond)


async def page(scope: Scope, receive: Receive, send: Send) -> None:
    """HTML in two parts, with the title that is to be replaced across them."""
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"24")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"<title>Stre", "more_body": True})
    await send({"type": "http.response.body", "body": b"amlit</title>"})


def fetch(app: ASGIApp, path: str, **headers: str) -> tuple[Headers, bytes]:
    """What a browser is sent."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    asked = [(key.replace("_", "-").encode(), value.encode()) for key, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": path, "headers": asked}
    answer = app(scope, receive, send)
    # On a thread of its own: the browser's tests leave a loop running on this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, answer).result()
    return Headers(raw=sent[0]["headers"]), sent[1]["body"]


@pytest.mark.parametrize(
    ("accepted", "encoding", "unpack"),
    [("gzip, deflate, br, zstd", "zstd", zstd.decompress), ("gzip", "gzip", gzip.decompress)],
)
def test_scripts_are_packed_as_the_browser_can_read_them(
    accepted: str, encoding: str, unpack: Callable[[bytes], bytes]
) -> None:
    headers, body = fetch(PACKED, f"/below/static/js/{SCRIPT.name}", accept_encoding=accepted)
    assert headers["content-encoding"] == encoding
    assert headers["vary"] == "accept-encoding"
    assert unpack(body) == SCRIPT.read_bytes()
    assert len(body) < SCRIPT.stat().st_size / 3


def test_a_shared_link_names_the_picture_at_the_address_that_was_asked_for() -> None:
    headers, body = fetch(
        server.Introduced(page), "/", host="cars.example", x_forwarded_proto="https"
    )
    assert b'content="https://cars.example/preview.jpg"' in body
    assert body.startswith(b"<title>Car GAN</title>")
    assert headers["content-length"] == str(len(body))


def test_a_shared_link_shows_the_newest_grid_as_a_jpeg(full: Path) -> None:
    request = Request({"type": "http"})
    answer = server.picture(request)
    with Image.open(io.BytesIO(bytes(answer.body))) as shown:
        assert shown.format == "JPEG"
        with Image.open(Run(full / "cgan").samples()[-1][1]) as grid:
            assert shown.size == grid.size
    shutil.rmtree(full / "cgan" / "samples")
    assert server.picture(request).status_code == 404


@pytest.mark.parametrize(
    ("path", "accepted"),
    [
        (f"/static/js/{SCRIPT.name}", "br"),
        ("/static/js/none.js", "gzip"),
        ("/static/../../__init__.js", "gzip"),
        ("/media/a.jpg", "gzip"),
    ],
)
def test_all_else_is_left_to_the_app(path: str, accepted: str) -> None:
    headers, body = fetch(PACKED, path, accept_encoding=accepted)
    assert "content-encoding" not in headers
    assert body == b"the app"
