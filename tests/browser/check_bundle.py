"""Opens every page of a bundle in Chromium: `python tests/browser/check_bundle.py FOLDER PYTHON`.

PYTHON is the interpreter of an environment that holds the bundle's requirements.txt and nothing
else. Prints the time from starting the server to the first car, the time of 16 new ones, the
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

from app_server import CHROMIUM, CHROMIUM_FLAGS, serve
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


def main() -> None:
    """Serve the bundle, draw, open every page."""
    folder, python = Path(sys.argv[1]).resolve(), sys.argv[2]
    checkpoints = folder / "checkpoints"
    runs = [path.parent.name for path in sorted(checkpoints.glob("*/generator.safetensors"))]
    start = time.perf_counter()
    with (
        tempfile.TemporaryDirectory() as log,
        serve(checkpoints, Path(log) / "log", folder, python) as app,
    ):
        server = psutil.Process(app.process)

        def measure(what: str, query: str) -> None:
            spent, begun = sum(server.cpu_times()[:2]), time.perf_counter()
            asyncio.run(page(app.url, query))
            seconds, spent = time.perf_counter() - begun, sum(server.cpu_times()[:2]) - spent
            print(f"{what}: {seconds:.2f} s, {spent:.2f} s of processor time")

        print(f"the server answers after {time.perf_counter() - start:.2f} s")
        measure("first car", "count=1")
        for run in runs[:3]:
            measure(f"16 new cars of {run}", f"run={run}&count=16&seed=1000")
        memory = server.memory_info().rss / 1e6
        print(f"memory after {len(runs[:3])} checkpoints: {memory:.0f} MB")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
            visitor = Visitor(browser.new_context(), app.url)
            loaded: list[int] = []
            visitor.page.on(
                "requestfinished",
                lambda request: loaded.append(request.sizes()["responseBodySize"]),
            )
            visitor.open()
            visitor.check()
            print(f"a first visit loads {sum(loaded) / 1e6:.2f} MB")
            if sum(loaded) > LARGEST_VISIT:
                sys.exit(f"a first visit may load {LARGEST_VISIT / 1e6:.1f} MB")
            for name in PAGES:
                visitor.go(name)
                visitor.check()
            browser.close()
    print("every page opens")


if __name__ == "__main__":
    main()
