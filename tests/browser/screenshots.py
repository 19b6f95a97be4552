"""Takes the README's screenshots: `python tests/browser/screenshots.py`; they land in .readme/."""

import argparse
import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app_server import CHROMIUM, CHROMIUM_FLAGS, REPOSITORY, serve
from visitor import Visitor

from gan.runs import runs_root

# Name of the file, address, theme, height of the picture.
SHOTS = (
    ("overview", "", "light", 1250),
    ("generate", "generate", "dark", 1250),
    ("kernel-size", "kernel_size", "light", 1250),
)
WIDTH = 1280


def main() -> None:
    """Serve the shipped runs and photograph three pages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoints", type=Path, default=runs_root(), help="folder of runs")
    parser.add_argument("--out", type=Path, default=REPOSITORY / ".readme")
    options = parser.parse_args()
    options.out.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(options.checkpoints.absolute(), Path(folder) / "log") as app,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        for name, path, theme, height in SHOTS:
            context = browser.new_context(
                viewport={"width": WIDTH, "height": height},
                color_scheme=theme,  # type: ignore[arg-type]
            )
            visitor = Visitor(context, app.url)
            page = visitor.open(path)
            page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth)")
            visitor.check()
            target = options.out / f"{name}.webp"
            Image.open(io.BytesIO(page.screenshot())).save(target, quality=85, method=6)
            print(f"wrote {target}")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
