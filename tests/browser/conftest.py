"""One server and one browser a session; a fresh visitor a test."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.app_server import CHROMIUM, CHROMIUM_FLAGS, Served, serve
from tests.browser.visitor import Visitor
from tests.demo.fake_runs import make_root


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The app over a folder full of tiny runs."""
    folder = tmp_path_factory.mktemp("served")
    root = make_root(folder / "checkpoints")
    with serve(root, folder / "server.log") as app:
        yield app


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visitor(browser: Browser, served: Served) -> Iterator[Visitor]:
    context = browser.new_context(
        viewport={"width": 1280, "height": 900},
        permissions=["clipboard-read", "clipboard-write"],
        accept_downloads=True,
    )
    yield Visitor(context, served.url)
    context.close()
