"""What goes round the pages: compressed scripts, a picture for shared links, a warm start."""

import asyncio
import functools
import gc
import gzip
import html
import mimetypes
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.datastructures import URL, Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gan.demo import catalogue, memory

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SCRIPTS = Path(st.__file__).parent / "static"  # what a browser loads of Streamlit
TITLE = "Car GAN"
SENTENCE = "A neural network that draws cars of the body type you choose, and how good it is."
# The smallest first; each script is packed once, so it may take its time.
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstd.compress(body, 17),
    "gzip": lambda body: gzip.compress(body, 9, mtime=0),
}


class Compressed:
    """Sends Streamlit's scripts and styles compressed; each is compressed once and kept.

    A first visit loads a third of the bytes. Streamlit leaves this to a proxy.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if (
            scope["type"] == "http"
            and scope["method"] == "GET"
            and "/static/" in path
            and path.endswith((".js", ".css"))
        ):
            accepted = Headers(scope=scope).get("accept-encoding", "")
            packer = next((name for name in PACKERS if name in accepted), "")
            name = path[path.index("/static/") + 1 :]
            body = await asyncio.to_thread(_compressed, name, packer) if packer else None
            if body is not None:
                response = Response(body, media_type=mimetypes.guess_type(path)[0])
                response.headers["content-encoding"] = packer
                response.headers["vary"] = "accept-encoding"
                # Their names hold a hash of what is in them.
                response.headers["cache-control"] = "public, max-age=31536000, immutable"
                return await response(scope, receive, send)
        return await self.app(scope, receive, send)


class Introduced:
    """Gives the page's HTML a title, a sentence and a picture for those who are sent a link."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            return await self.app(scope, receive, send)
        start: Message | None = None
        body = b""

        async def watch(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                kind = Headers(raw=message["headers"]).get("content-type", "")
                if message["status"] == 200 and kind.startswith("text/html"):
                    start = message  # its length is known once the page is
                else:
                    await send(message)
            elif start is None or message["type"] != "http.response.body":
                await send(message)
            else:
                body += message.get("body", b"")
                if not message.get("more_body"):
                    page = body.replace(b"<title>Streamlit</title>", _tags(scope), 1)
                    MutableHeaders(raw=start["headers"])["content-length"] = str(len(page))
                    await send(start)
                    await send({"type": "http.response.body", "body": page})

        return await self.app(scope, receive, watch)


def picture(request: Request) -> Response:
    """The newest grid of the run that the front page shows; 404 where there is none."""
    from gan.demo import store

    shown = catalogue.headline(store.entries())
    samples = shown.run.samples() if shown else []
    # Programs that show links read JPEG, not always AVIF.
    jpeg = store.grid_jpeg(samples[-1][1], 1, natural=False) if samples else None
    return Response(jpeg, media_type="image/jpeg") if jpeg else Response(status_code=404)


@asynccontextmanager
async def warm(app: Any) -> AsyncIterator[None]:
    """Load what the first visitor would wait for, while the server already answers."""
    memory.few_heaps()
    task = asyncio.create_task(asyncio.to_thread(_load))
    yield
    await task


def _load() -> None:
    from gan.demo import drawing, parts, run_charts, store  # noqa: F401

    drawing.draw_first(store.entries())
    # Streamlit walks every object after each run of a page; those of libraries never go.
    gc.collect()
    gc.freeze()
    memory.give_back()


@functools.lru_cache(maxsize=512)
def _compressed(name: str, packer: str) -> bytes | None:
    path = (SCRIPTS / name).resolve()
    if not path.is_relative_to(SCRIPTS) or not path.is_file():
        return None
    return PACKERS[packer](path.read_bytes())


def _tags(scope: Scope) -> bytes:
    headers = Headers(scope=scope)
    address = URL(scope=scope).replace(path="/preview.jpg", query="")
    if forwarded := headers.get("x-forwarded-proto"):
        address = address.replace(scheme=forwarded.partition(",")[0].strip())
    values = {"title": TITLE, "description": SENTENCE, "image": str(address), "type": "website"}
    tags = "".join(
        f'<meta property="og:{name}" content="{html.escape(value)}" />'
        for name, value in values.items()
    )
    tags += '<meta name="twitter:card" content="summary_large_image" />'
    tags += f'<meta name="description" content="{html.escape(SENTENCE)}" />'
    return f"<title>{TITLE}</title>{tags}".encode()
