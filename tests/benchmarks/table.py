"""The speed table of this folder's README, written from results.csv so that no figure is typed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import tyro
from measure import read

from gan.document import write_part

DCGAN = "rate, 64 px, width 64, batch 128"
SHARE = "data, share of a {} step"
FIRST = "first batch, second run"
DECODE = "archive to array"
WITHOUT_CUDA = "memory without CUDA's libraries"
# What `app_goals.py` measures, in words, and what it should be.
GOALS = {
    "page": ("30 visitors for 60 s: median time of a page that draws four cars", "below 1.5 s"),
    "processor time": ("the same: processor time a page", "0.06 s"),
    "first car": ("first car of a cold server", "below 1.5 s"),
    "16 new cars": ("16 new cars, of the slowest of three runs", "0.3 s"),
    "memory": ("memory after three runs have drawn", "below 350 MB"),
    "first visit": ("bytes of a first visit, compressed", "below 1.5 MB"),
    "install": ("its environment on disk", "below 700 MB"),
    "bundle": ("the bundle", "below 45 MB"),
}


def main(write: bool = False) -> None:
    """Print the table, or write it.

    Args:
        write: Put it into README.md beside this file, between its marks.
    """
    if write:
        write_part(Path(__file__).with_name("README.md"), "speed", markdown())
    else:
        print(markdown())


def markdown() -> str:
    """A short table of what was measured, and three sentences that say how."""
    rows = {(row["benchmark"], row["what"], row["against"]): row for row in read()}
    lines = ["| what | ours | beside it | ratio |", "|---|---|---|---|"]
    for line in LINES:
        try:
            lines.append(f"| {' | '.join(line(rows))} |")
        except (KeyError, ValueError):
            continue  # not measured
    return "\n".join([*lines, *_goals(rows), *_growth(rows), "", *_sentences(list(rows.values()))])


Rows = dict[tuple[str, str, str], dict[str, Any]]


def _value(row: dict[str, Any], digits: int = 3) -> str:
    """A median with its range where there is one, to so many significant digits."""
    numbers = [_number(float(row[name]), digits) for name in ("value", "low", "high")]
    middle, low, high = numbers
    return middle if row["n"] == "1" or low == high else f"{middle} ({low} to {high})"


def _number(value: float, digits: int) -> str:
    if value and abs(value) < 1e-3:
        return f"{value:.1e}"
    places = max(0, digits - len(f"{abs(value):.0f}".lstrip("0")) if abs(value) >= 1 else digits)
    return f"{value:,.{places}f}"


def _beside(
    benchmark: str, title: str, what: str, theirs: str, speed_up: str = ""
) -> Callable[[Rows], list[str]]:
    """A line that sets our figure beside another's."""

    def line(rows: Rows) -> list[str]:
        ours, other = rows[benchmark, what, "ours"], rows[benchmark, what, theirs]
        unit = ours["unit"]
        ratio = _value(rows[benchmark, speed_up, theirs]) if speed_up else ""
        return [title, f"{_value(ours)} {unit}", f"{theirs}: {_value(other)} {unit}", ratio]

    return line


def _bound(rows: Rows) -> list[str]:
    share = rows["dcgan_step", "share of the bound", "matrix product"]
    rate = rows["dcgan_step", "matrix product", "torch"]
    work = rows["dcgan_step", "multiply-adds", "ours"]
    title = f"the same, of what {_value(work)} G multiply-adds a picture allow"
    return [title, "", f"matrix product: {_value(rate)} GFLOP/s", _value(share)]


def _difference(rows: Rows) -> list[str]:
    apart = rows["evaluation", "relative difference", "pytorch-fid"]
    return ["the same figure, relative difference", "", "", _value(apart)]


def _processes(network: str, title: str) -> Callable[[Rows], list[str]]:
    """A line on a network's step in two processes: its time, and how far the losses part."""

    def line(rows: Rows) -> list[str]:
        step, apart = f"{network}, step", f"{network}, losses apart in 20 steps"
        both, alone = (
            rows["two_processes", step, name] for name in ("two processes", "one process")
        )
        by = [
            float(rows["two_processes", apart, name]["value"])
            for name in ("two processes", "other threads")
        ]
        words = f"losses apart after 20 steps {by[0]:.2g}; with other threads {by[1]:.2g}"
        times = float(alone["value"]) / float(both["value"])
        name = f"two processes, {title}: {words}"
        return [name, f"{_value(both)} s", f"one process: {_value(alone)} s", f"{times:.2f}"]

    return line


def _judging(turn: str, theirs: str = "pytorch-fid") -> Callable[[Rows], list[str]]:
    def line(rows: Rows) -> list[str]:
        count = float(rows["evaluation", "pictures", "generated"]["value"])
        ours = _value(rows["evaluation", "judging", f"ours, {turn} run"])
        others = _value(rows["evaluation", "judging", theirs])
        times = _value(rows["evaluation", f"speed-up, {turn} run", theirs])
        title = f"judging {count:,.0f} pictures, {turn} run"
        return [title, f"{ours} s", f"{theirs}: {others} s", times]

    return line


def _half_the_ceiling(rows: Rows) -> list[str]:
    ours, late = (
        rows["half_ceiling", "half the ceiling, time", name]
        for name in ("ours", "heads after 20,000")
    )
    times = float(late["value"]) / float(ours["value"])
    title = "training to half of what the same classifier reaches on photos"
    return [title, f"{_value(ours)} s", f"{late['against']}: {_value(late)} s", f"{times:.2f}"]


def _plain(what: str) -> tuple[str, str, str]:
    return what, "plain script", f"{what}, speed-up"


def _goals(rows: Rows) -> list[str]:
    """The app as a host runs it beside its goals, as a table of its own."""
    lines = ["", "| the app, by `python tests/benchmarks/app_goals.py` | figure | goal |"]
    lines.append("|---|---|---|")
    for what, (title, goal) in GOALS.items():
        if row := rows.get(("app_goals", what, "ours")):
            lines.append(f"| {title} | {_value(row, 4)} {row['unit']} | {goal} |")
    return lines if len(lines) > 3 else []


def _growth(rows: Rows) -> list[str]:
    """How time and memory grow along each axis, as a table of its own."""
    lines = ["", "| grows with | time | memory |", "|---|---|---|"]
    fitted = [key[1].partition(":")[0] for key in rows if key[0] == "growth" and key[2] == "fit"]
    for name in dict.fromkeys(fitted):
        cells = []
        for kind in ("seconds", "memory"):
            what = f"{name}: exponent of {kind}"
            steps = [
                f"{key[2]}: {float(row['value']):.2f}"
                for key, row in rows.items()
                if key[:2] == ("growth", what) and key[2] != "fit"
            ]
            fit = float(rows["growth", what, "fit"]["value"])
            cells.append(f"{fit:.2f} ({'; '.join(steps)})")
        title = name.replace("cgan step", "step of our recipe")
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return lines if len(lines) > 3 else []


LINES = [
    _beside(
        "dcgan_step",
        "DCGAN step (64 px, 64 channels, batch 128)",
        DCGAN,
        "pytorch/examples",
        "speed-up",
    ),
    _beside("dcgan_step", "the same", DCGAN, "PyTorch-GAN", "speed-up"),
    _bound,
    _beside("dcgan_step", "the same, peak memory", "peak memory", "pytorch/examples"),
    _beside("dcgan_step", "the same, peak memory", "peak memory", "PyTorch-GAN"),
    _beside("cgan_step", "step of our recipe", "rate", "PyTorch-GAN", "speed-up"),
    _beside("cgan_step", "the same", "rate", "the report's pair in our loop", "speed-up"),
    _half_the_ceiling,
    _beside("data_handling", "data, of a DCGAN step", SHARE.format("DCGAN"), "ImageFolder"),
    _beside("data_handling", "data, of a step of our recipe", SHARE.format("cgan"), "ImageFolder"),
    _beside("data_handling", "second run: first batch", FIRST, "ImageFolder", f"{FIRST}, speed-up"),
    _beside("decoding", "10,730 photos, archive to array", DECODE, "ImageFolder", "speed-up"),
    _beside("decoding", "the same, peak memory", "peak memory", "ImageFolder"),
    _beside("decoding", "the same, cores used", "cores used", "ImageFolder"),
    _judging("first"),
    _judging("second"),
    _judging("second", "pytorch-fid --save-stats"),
    _difference,
    _beside("app", "app: start to 16 pictures", *_plain("cold start")),
    _beside("app", "app: 16 new pictures", *_plain("16 pictures")),
    _beside("app", "app: 16 pictures seen before", *_plain("the same 16")),
    _beside("app", "app: memory after three checkpoints", "memory", "plain script"),
    _beside("app", "the same without CUDA's libraries", WITHOUT_CUDA, "plain script"),
    _processes("DCGAN", "DCGAN step"),
    _processes("report-cgan", "the report's conditional step"),
    _processes("cgan", "step of our recipe"),
]


def _sentences(rows: list[dict[str, Any]]) -> list[str]:
    """How it was measured, from the rows themselves."""
    if not rows:
        return []
    machines: dict[str, set[str]] = {}
    for row in rows:
        what = "the app" if row["benchmark"].startswith("app") else "all else"
        machines.setdefault(row["hardware"], set()).add(what)
    hardware = [f"{' and '.join(sorted(what))}: {name}" for name, what in sorted(machines.items())]
    threads = sorted({int(row["threads"]) for row in rows})
    clocks = {row["clock"] for row in rows}
    idle = {
        frozenset({"wall"}): "nothing else ran",
        frozenset({"cpu"}): "other work ran too, so processor time was counted",
    }.get(frozenset(clocks), "other work ran during some rows, see the column clock")
    return [
        f"Machines: {'; '.join(hardware)}; {' or '.join(map(str, threads))} threads; {idle}. "
        "A figure is the median with its range, or one measurement where no range stands; counts, "
        "and where our step's time goes, are in `tests/benchmarks/results.csv`. Where a ratio is "
        "above 1, ours is faster. Peers run their own loops over the same networks, step "
        "by step in turn with ours, their batches waiting in memory. An exponent "
        "of 1 is linear, of 2 along a picture's side. Everything again: "
        "`python tests/benchmarks/run_all.py --help`."
    ]


if __name__ == "__main__":
    tyro.cli(main)
