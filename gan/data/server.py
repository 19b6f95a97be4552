"""One answer of a server: redirections followed, refusals told apart, too slow a line ended."""

import email.utils
import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import requests.adapters

from gan.address import public
from gan.errors import UserError, printable

TIMEOUT = (15, 60)  # seconds to connect, and between two pieces of data
STALL = 60.0  # seconds for the headers, and then for each piece of the next size
PIECE = 1 << 17  # bytes; slower than two kilobytes a second is no download
REDIRECTS = 10
BUSY = (408, 429, 502, 503, 504)  # answers that may be others a moment later


class Broken(Exception):
    """An answer came, but not the file, or not all of it; trying again may help."""


class Wait(Exception):
    """The server asks to come back later."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


def is_web(url: str) -> bool:
    """Whether `url` may be the address of a file: http or https."""
    try:
        parts = urlsplit(url)
        return bool(parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:
        return False


def answer(session: requests.Session, url: str, headers: dict[str, str]) -> requests.Response:
    """The answer to a request, at the end of its redirections."""
    address = url
    for _ in range(REDIRECTS):
        response = session.get(
            address, headers=headers, stream=True, timeout=TIMEOUT, allow_redirects=False
        )
        further = session.get_redirect_target(response)
        if further is None:
            return response
        response.close()
        address = urljoin(address, further)
        if not is_web(address):
            raise UserError(
                f"{public(url)} redirects to {printable(public(address))[:200]}, "
                "which is not an http or https address"
            )
    raise UserError(f"{public(url)} redirects more than {REDIRECTS} times: it leads in a circle")


def check_answer(response: requests.Response, url: str) -> None:
    """See that an answer brings a file, or a part of one.

    Raises:
        Wait: The server asks to come back later.
        Broken: The answer may be another one the next time.
        UserError: It brings no file.
    """
    status = response.status_code
    said = f"answers {status} {printable(response.reason or '')[:80]}".strip()
    if status in BUSY:
        seconds = _seconds(response.headers.get("Retry-After", ""))
        if seconds is not None:
            raise Wait(said, seconds)
        raise Broken(f"it {said}")
    if status in (401, 403, 404):
        secret = "give the address with its token or password, if it has one"
        raise UserError(f"{public(url)} {said}: look whether it is right, and {secret}")
    if status not in (200, 203, 206):
        raise UserError(f"{public(url)} {said}: that is no file")


def _seconds(text: str) -> float | None:
    """How long Retry-After asks to wait, at least a second; None where it says nothing."""
    text = text.strip()
    if text.isdecimal() and len(text) < 10:
        return max(1.0, float(text))
    try:
        return max(1.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


class Watch:
    """Ends a connection that brings too little.

    A socket's own time limit starts anew at each byte, so a server could hold it for ever.
    """

    def __init__(self) -> None:
        self.ended = False
        self._socket: socket.socket | None = None
        self._fed = 0
        self._deadline = time.monotonic() + STALL
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def over(self, connection: socket.socket) -> None:
        """Watch this one from now on."""
        self._socket = connection

    def feed(self, count: int) -> None:
        """Bytes came."""
        self._fed += count
        if self._fed >= PIECE:
            self._fed, self._deadline = 0, time.monotonic() + STALL

    def _run(self) -> None:
        while not self._done.wait(max(0.0, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline and self._socket is not None:
                self.ended = True
                with suppress(OSError):
                    # The plain socket's: TLS would wait for a farewell.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                return
            self._done.wait(0.05)


class Adapter(requests.adapters.HTTPAdapter):
    """Shows each connection to a watch."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        super().__init__()

    def get_connection_with_tls_context(self, *given: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*given, **options)
        watch, plain = self._watch, pool.ConnectionCls
        if not hasattr(plain, "watched"):

            class Watched(plain):  # type: ignore[misc, valid-type]
                watched = True

                def connect(self) -> None:
                    super().connect()
                    watch.over(self.sock)

            pool.ConnectionCls = Watched
        return pool
