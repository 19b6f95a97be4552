"""The app as a host runs it, beside its goals: its bundle in an environment of its own."""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import tyro
from measure import ROOT, Figure, save, use_threads
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(ROOT / "tests" / "browser"))
from app_server import CHROMIUM, CHROMIUM_FLAGS, serve
from check_bundle import drawing, first_visit
from visitor import Visitor
from visitors import crowd

from gan.demo import bundle


def main(visitors: int = 30, seconds: float = 60, threads: int = 0) -> None:
    """Write the bundle, install it, draw, open the front page, let visitors loose.

    Args:
        visitors: At once.
        seconds: For how long they come.
        threads: Cores; 0 takes every one.
    """
    use_threads(threads)
    with tempfile.TemporaryDirectory() as name:
        app_folder, environment = Path(name) / "app", Path(name) / "venv"
        bundle.write(app_folder)
        venv.create(environment, with_pip=True)
        python = str(environment / "bin" / "python")
        needs = app_folder / "requirements.txt"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", needs], check=True)
        found = {"bundle": size(app_folder), "install": size(environment)}
        served = (app_folder / "checkpoints", Path(name) / "log", app_folder, python)
        with serve(*served) as app:
            found |= drawing(app, app_folder / "checkpoints")
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
                found["first visit"] = first_visit(Visitor(browser.new_context(), app.url)) / 1e6
                browser.close()
        with serve(*served) as app:
            asyncio.run(crowd(app, 1, 0.1))  # loading is no page's work
            record, _ = asyncio.run(crowd(app, visitors, seconds))
    if record.errors:
        raise RuntimeError(f"{len(record.errors)} errors: {record.errors[0]}")
    found["page"] = statistics.median(record.seconds)
    found["processor time"] = record.processor / len(record.seconds)
    in_seconds = ("first car", "16 new cars", "page", "processor time")
    save(
        "app_goals",
        [
            Figure(what, "ours", [value], "s" if what in in_seconds else "MB")
            for what, value in found.items()
        ],
    )


def size(folder: Path) -> float:
    """Megabytes of a folder's files."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


if __name__ == "__main__":
    tyro.cli(main)
