"""One request to a server: follows redirects, sorts errors, and ends a connection that stalls."""

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
STALL = 60.0  # seconds for the headers, and then for each PIECE
PIECE = 1 << 17  # bytes; so the slowest accepted speed is two kilobytes a second
REDIRECTS = 10
BUSY = (408, 429, 502, 503, 504)  # status codes after which a later try may succeed


class Broken(Exception):
    """The answer wasn't the file, or not all of it; trying again may help."""


class Wait(Exception):
    """The server asks to try again after `seconds`."""

    def __init__(self, text: str, seconds: float) -> None:
        super().__init__(text)
        self.seconds = seconds


def is_web(url: str) -> bool:
    """Whether `url` is an http or https address with a host."""
    try:
        parts = urlsplit(url)
        return bool(parts.scheme in ("http", "https") and parts.hostname and parts.port != 0)
    except ValueError:
        return False


def answer(session: requests.Session, url: str, headers: dict[str, str]) -> requests.Response:
    """The answer to a request, after redirects.

    Raises:
        UserError: It redirects too often, or to what is no web address.
        requests.RequestException: The server can't be reached, or doesn't answer in time.
    """
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
    """Check that an answer contains a file, or a part of one.

    Raises:
        Wait: The server asks to try again later.
        Broken: A later try may succeed.
        UserError: It contains no file.
    """
    status = response.status_code
    answers = f"answers {status} {printable(response.reason or '')[:80]}".strip()
    if status in BUSY:
        seconds = _seconds(response.headers.get("Retry-After", ""))
        if seconds is not None:
            raise Wait(answers, seconds)
        raise Broken(f"it {answers}")
    if status in (401, 403, 404):
        secret = "give the address with its token or password, if it has one"
        raise UserError(f"{public(url)} {answers}: look whether it is right, and {secret}")
    if status not in (200, 203, 206):
        raise UserError(f"{public(url)} {answers}: that is no file")


def _seconds(text: str) -> float | None:
    """The seconds of a Retry-After header, at least one; None without a valid one."""
    text = text.strip()
    if text.isdecimal() and len(text) < 10:
        return max(1.0, float(text))
    try:
        return max(1.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


class Watch:
    """Ends a connection that is too slow.

    A socket's own timeout starts again at each byte, so a server could hold it open for ever.
    """

    def __init__(self) -> None:
        self.ended = False
        self._socket: socket.socket | None = None
        self._received = 0
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
        """Watch this connection from now on."""
        self._socket = connection

    def feed(self, count: int) -> None:
        """Note that `count` bytes arrived."""
        self._received += count
        if self._received >= PIECE:
            self._received, self._deadline = 0, time.monotonic() + STALL

    def _run(self) -> None:
        while not self._done.wait(max(0.0, self._deadline - time.monotonic())):
            if time.monotonic() >= self._deadline and self._socket is not None:
                self.ended = True
                with suppress(OSError):
                    # The plain socket's shutdown: that of TLS would wait for the server.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
                return
            self._done.wait(0.05)


class Adapter(requests.adapters.HTTPAdapter):
    """An adapter of requests that hands each connection to a watch."""

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
