"""Many visitors at once, over real websockets: `python tests/browser/visitors.py --help`.

Each visit is a session of its own, draws with its own seed, and checks that the page that comes
back is its own. Prints answer times and the server's memory; ends with 1 on any error.
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app_server import Served, serve

from gan.runs import runs_root

FINISHED = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


@dataclass
class Record:
    """What all visitors saw together."""

    seconds: list[float] = field(default_factory=list)  # from asking to the finished page
    errors: list[str] = field(default_factory=list)
    processor: float = 0.0  # seconds of the server's processor time
    busy: int = 0  # pages that asked to try again


async def visit(url: str, number: int, deadline: float, record: Record) -> None:
    """Draw again and again until the deadline, with pauses as a person makes them."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    turn = 0
    while time.monotonic() < deadline:
        # A third of the visits repeat what others draw, as a shared link does.
        seed = 7 if turn % 3 == 2 else 1000 * (number + 1) + turn
        start = time.monotonic()
        # A session of its own each time, as a reload makes it.
        async with websockets.connect(address, max_size=None, origin=url) as socket:
            page = await ask(socket, f"type=Van&count=4&seed={seed}")
        record.seconds.append(time.monotonic() - start)
        if any("exception" in part for part in page):
            record.errors.append(f"visitor {number}: an exception on the page")
        elif any("Many visitors draw" in part for part in page):
            record.busy += 1
        elif not any(f"seed={seed}&" in part for part in page):
            record.errors.append(f"visitor {number}: the page is not that of seed {seed}")
        turn += 1
        await asyncio.sleep(1)


async def ask(socket: websockets.ClientConnection, query: str) -> list[str]:
    """Run the page for a query; all elements of the page as text, until the script has ended."""
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.page_name = "generate"
    await socket.send(message.SerializeToString())
    page: list[str] = []
    started = False
    while True:
        data = await asyncio.wait_for(socket.recv(), 120)
        answer = ForwardMsg.FromString(data if isinstance(data, bytes) else data.encode())
        kind = answer.WhichOneof("type")
        started = started or kind == "new_session"
        if kind == "delta":
            page.append(str(answer.delta))
        elif kind == "script_finished" and started and answer.script_finished in FINISHED:
            return page


async def crowd(app: Served, visitors: int, seconds: float) -> tuple[Record, list[float]]:
    """Let visitors loose; the record and the server's memory in MB, once a second."""
    record = Record()
    server = psutil.Process(app.process)
    record.processor = -sum(server.cpu_times()[:2])
    memory: list[float] = []
    deadline = time.monotonic() + seconds
    visits = [
        asyncio.create_task(visit(app.url, number, deadline, record)) for number in range(visitors)
    ]
    while not all(one.done() for one in visits):
        memory.append(server.memory_info().rss / 1e6)
        await asyncio.sleep(1)
    record.processor += sum(server.cpu_times()[:2])
    for one in visits:
        if error := one.exception():
            record.errors.append(repr(error))
    return record, memory


def main() -> None:
    """Serve, visit, report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", type=Path, default=runs_root(), help="folder of runs")
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(options.checkpoints.absolute(), Path(folder) / "log") as app,
    ):
        asyncio.run(crowd(app, 1, 0.1))  # loading is no page's work
        record, memory = asyncio.run(crowd(app, options.visitors, options.seconds))
    times = sorted(record.seconds)
    half = len(memory) // 2
    print(f"{options.visitors} visitors, {len(times)} pages, {record.busy} asked to try again")
    if times:
        print(
            f"seconds a page: median {statistics.median(times):.2f}, "
            f"95 % below {times[int(0.95 * (len(times) - 1))]:.2f}, slowest {times[-1]:.2f}"
        )
        print(
            f"{len(times) / options.seconds:.1f} pages/s, "
            f"{record.processor / len(times):.3f} s of processor time a page"
        )
    print(f"memory: {memory[half]:.0f} MB half-way, {memory[-1]:.0f} MB at the end")
    for error in record.errors[:10]:
        print(f"error: {error}")
    sys.exit(1 if record.errors or not times else 0)


if __name__ == "__main__":
    main()
