"""The app beside a plain Streamlit script that loads its model at every run."""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import tyro
import websockets
from measure import ROOT, Figure, clock_name, ratios, save, use_threads

sys.path.insert(0, str(ROOT / "tests" / "browser"))
from visitors import ask

from gan.runs import runs_root

PLAIN = """
import streamlit as st
from gan.checkpoint import load_generator
from gan.runs import Run
from gan.sampling import generate

seed = int(st.query_params.get("seed", 0))
generator = load_generator(Run(PATH))
for picture in generate(generator, range(seed, seed + 16), [0] * 16):
    st.image(picture)
"""


WITHOUT_CUDA = "memory without CUDA's libraries"


def main(
    run: str = "cgan-64",
    others: tuple[str, ...] = ("report-cgan", "report-dcgan-k4"),
    rounds: int = 5,
    threads: int = 0,
) -> None:
    """Time from starting the server to 16 pictures, then from page to page; memory after.

    Our page also lets the classifier judge the pictures. PyTorch's CPU build, which small hosts
    use, has none of the libraries that the last row leaves out.

    Args:
        run: A conditional run under checkpoints/.
        others: Runs that draw once before memory is read (the plain script has one run only).
        rounds: Pages that count, and starts of each server.
        threads: Cores; 0 takes every one.
    """
    use_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.py"
        path = (runs_root() / run).absolute()
        plain.write_text(
            "from pathlib import Path\n" + PLAIN.replace("PATH", f"Path({str(path)!r})"),
            encoding="utf-8",
        )
        scripts = {"ours": ROOT / "streamlit_app.py", "plain script": plain}
        found: dict[str, dict[str, list[float]]] = {
            name: {
                "cold start": [],
                "16 pictures": [],
                "the same 16": [],
                "memory": [],
                WITHOUT_CUDA: [],
            }
            for name in scripts
        }
        for turn in range(2):
            for name, script in scripts.items():
                for what, values in visit(script, run, others, rounds, 1000 * turn).items():
                    found[name][what] += values
    figures = [
        Figure(what, name, values, "MB" if "memory" in what else "s")
        for name, all_of_it in found.items()
        for what, values in all_of_it.items()
    ]
    for what in ("cold start", "16 pictures", "the same 16"):
        faster = ratios(found["plain script"][what], found["ours"][what])
        figures.append(Figure(f"{what}, speed-up", "plain script", faster, "times"))
    save("app", figures)


def visit(
    script: Path, run: str, others: tuple[str, ...], rounds: int, seed: int
) -> dict[str, list[float]]:
    """Start a server, open pages, look at its memory."""
    found: dict[str, list[float]] = {"16 pictures": [], "the same 16": []}
    start = time.perf_counter()
    with served(script) as (url, server):

        def seconds(seed: int) -> float:
            before = spent(server)
            asyncio.run(page(url, run, seed))
            return spent(server) - before

        asyncio.run(page(url, run, seed))
        begun = start if clock_name() != "cpu" else 0.0
        found["cold start"] = [spent(server) - begun]
        for i in range(rounds):
            found["16 pictures"].append(seconds(seed + 100 * (i + 1)))
            found["the same 16"].append(seconds(seed))
        for other in others:
            asyncio.run(page(url, other, seed))
        found["memory"] = [server.memory_info().rss / 1e6]
        found[WITHOUT_CUDA] = [found["memory"][0] - cuda_libraries(server)]
    return found


def spent(server: psutil.Process) -> float:
    """Wall time on a quiet machine; else the server's processor time."""
    if clock_name() != "cpu":
        return time.perf_counter()
    times = server.cpu_times()
    return float(times.user + times.system)


def cuda_libraries(server: psutil.Process) -> float:
    """Resident megabytes of mapped files that come with PyTorch's CUDA build."""
    files = server.memory_maps()
    return sum(one.rss for one in files if "/nvidia/" in one.path or "cuda" in one.path) / 1e6


async def page(url: str, run: str, seed: int) -> None:
    """A new visitor's page of 16 pictures, to its end.

    Raises:
        RuntimeError: It holds an exception.
    """
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    origin = websockets.Origin(url)
    async with websockets.connect(address, max_size=None, origin=origin) as connection:
        shown = await ask(connection, f"run={run}&type=Van&count=16&seed={seed}")
    if any("exception" in part for part in shown):
        raise RuntimeError(f"{url} shows an exception")


@contextmanager
def served(script: Path) -> Iterator[tuple[str, psutil.Process]]:
    """`streamlit run` on a free port: its address and process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--server.headless=true", f"--server.port={port}", "--server.address=127.0.0.1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), *options],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        while process.poll() is None:
            try:
                urllib.request.urlopen(f"{url}/_stcore/health", timeout=60).close()
                break
            except OSError:
                time.sleep(0.02)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    tyro.cli(main)
