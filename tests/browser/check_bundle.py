"""Opens every page of a bundle in Chromium: `python tests/browser/check_bundle.py FOLDER PYTHON`.

PYTHON is the interpreter of an environment that holds the bundle's requirements.txt and nothing
else. Prints the time from the server's first answer to the first car, the time of 16 new ones, the
server's memory after three checkpoints, and the bytes that a first visit loads; ends with 1 where
a page shows an error or a first visit is larger than LARGEST_VISIT.
"""

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import psutil
import websockets
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app_server import CHROMIUM, CHROMIUM_FLAGS, Served, serve
from visitor import Visitor
from visitors import ask

LARGEST_VISIT = 1_500_000  # bytes, compressed as they come
PAGES = ("Generate", "Morph", "Guess", "Kernel size", "Training", "Results")


async def page(url: str, query: str) -> None:
    """A new visitor's page of cars, to its end.

    Raises:
        RuntimeError: It shows an exception or an error.
    """
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with websockets.connect(address, max_size=None, origin=websockets.Origin(url)) as socket:
        shown = await ask(socket, query)
    if any("exception" in part or "can't draw" in part for part in shown):
        raise RuntimeError(f"{query} shows an error")


def drawing(app: Served, checkpoints: Path) -> dict[str, float]:
    """Seconds to the first car and of 16 new ones of the slowest run; MB after three runs."""
    server = psutil.Process(app.process)
    runs = [path.parent.name for path in sorted(checkpoints.glob("*/generator.safetensors"))][:3]

    def seconds(query: str) -> float:
        begun = time.perf_counter()
        asyncio.run(page(app.url, query))
        return time.perf_counter() - begun

    first = seconds("count=1")
    many = [seconds(f"run={run}&count=16&seed=1000") for run in runs]
    print(f"16 cars of {', '.join(runs)} at first: {', '.join(f'{one:.2f} s' for one in many)}")
    memory = server.memory_info().rss / 1e6
    again = [seconds(f"run={run}&count=16&seed=2000") for run in runs]
    return {"first car": first, "16 new cars": max(again), "memory": memory}


def first_visit(visitor: Visitor) -> int:
    """Bytes of the front page and all that it loads, as they come."""
    loaded: list[int] = []
    visitor.page.on(
        "requestfinished", lambda request: loaded.append(request.sizes()["responseBodySize"])
    )
    visitor.open()
    visitor.check()
    return sum(loaded)


def main() -> None:
    """Serve the bundle, draw, open every page."""
    if len(sys.argv) != 3:
        sys.exit("usage: python tests/browser/check_bundle.py FOLDER PYTHON")
    folder, python = Path(sys.argv[1]).resolve(), sys.argv[2]
    checkpoints = folder / "checkpoints"
    with (
        tempfile.TemporaryDirectory() as log,
        serve(checkpoints, Path(log) / "log", folder, python) as app,
    ):
        for what, value in drawing(app, checkpoints).items():
            print(f"{what}: {value:.2f} {'MB' if what == 'memory' else 's'}")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            visitor = Visitor(browser.new_context(), app.url)
            loaded = first_visit(visitor)
            print(f"a first visit loads {loaded / 1e6:.2f} MB")
            if loaded > LARGEST_VISIT:
                sys.exit(f"a first visit may load {LARGEST_VISIT / 1e6:.1f} MB")
            for name in PAGES:
                visitor.go(name)
                visitor.check()
            browser.close()
    print("every page opens")


if __name__ == "__main__":
    main()
