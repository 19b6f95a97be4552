"""A person at a browser, for tests and screenshots."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

PATIENCE = 60_000  # milliseconds: a busy machine may take its time


class Visitor:
    """A person at a browser: opens pages, waits until they stand still, notes every error."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.context = context
        self.url = url
        self.errors: list[str] = []
        context.set_default_timeout(PATIENCE)
        self.page: Page = context.new_page()
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, path: str = "") -> Page:
        """Open an address of the app and wait for it."""
        self.page.goto(path if path.startswith("http") else f"{self.url}/{path}")
        return self.settle()

    def settle(self) -> Page:
        """Wait until the script has run, nothing is being drawn and every picture has come."""
        self.page.wait_for_selector(
            "[data-testid='stApp'][data-test-connection-state='CONNECTED']"
            "[data-test-script-state='notRunning']"
        )
        self.page.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")
        self.page.wait_for_function("!document.querySelector('[data-stale=true]')")
        self.page.wait_for_function("[...document.images].every(i => i.complete)")
        return self.page

    def go(self, name: str) -> Page:
        """Follow a link of the navigation."""
        if self.page.viewport_size and self.page.viewport_size["width"] < 768:
            # On a phone the navigation hides in a menu, which closes once a page was chosen.
            expand = self.page.get_by_test_id("stExpandSidebarButton")
            expand.click()
            self.page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
            expand.wait_for()
        else:
            self.page.get_by_test_id("stTopNavLink").filter(has_text=name).click()
        self.page.get_by_role("heading", name=name, level=1).wait_for()
        return self.settle()

    def check(self) -> None:
        """No exception, no broken picture, no console error, nothing wider than the screen."""
        assert self.page.get_by_test_id("stException").count() == 0
        broken = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
        assert not (found := self.page.evaluate(broken)), found
        # This file's assertions are not rewritten by pytest: name what was found.
        assert not self.errors, self.errors
        wider = (
            "(e => e.scrollWidth - e.clientWidth)(document.querySelector('[data-testid=stMain]'))"
        )
        assert self.page.evaluate(wider) <= 0

    def check_access(self) -> None:
        """Nothing on the page keeps people out who see, hear or move differently (axe-core)."""
        found = Axe().run(self.page)
        assert not found.response["violations"], found.generate_report()

    def _note(self, message: ConsoleMessage) -> None:
        # On an address below the root Streamlit first asks there for its own service points.
        place = message.location["url"]
        probing = "/_stcore/" in place and "404" in message.text
        # The server forgets a picture as soon as the page no longer shows it, so one that was
        # still on its way is refused: nobody sees that. A picture that is shown and broken is
        # found by `check`.
        forgotten = ("/media/" in place and "404" in message.text) or message.text.startswith(
            f"Client Error: Image source error - {self.url}/media/"
        )
        if message.type == "error" and not probing and not forgotten:
            self.errors.append(f"{message.text} ({place})")
