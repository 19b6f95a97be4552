"""Makes the README's pictures: `python tests/browser/screenshots.py`; they land in .readme/."""

import argparse
import io
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from app_server import CHROMIUM, CHROMIUM_FLAGS, REPOSITORY, serve
from visitor import Visitor

from gan.checkpoint import load_generator
from gan.pictures import grid
from gan.runs import Run, runs_root
from gan.sampling import generate

# Name of the file, address, theme, height of the picture.
SHOTS = (
    ("overview", "", "light", 1250),
    ("generate", "generate", "dark", 1250),
    ("kernel-size", "kernel_size", "light", 1250),
)
WIDTH = 1280
SEEDS = range(6)  # columns of the picture of all types
SHAPE = (171, 128)  # of one car there: photos are about 4 to 3, the network draws squares


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
    target = options.out / "types.webp"
    all_types(Run(options.checkpoints / "cgan")).save(target, quality=85, method=6)
    print(f"wrote {target}")


def all_types(run: Run) -> Image.Image:
    """A row for each type, a column for each of SEEDS, as they come."""
    generator = load_generator(run)
    kinds = [kind for kind in range(len(generator.classes)) for _ in SEEDS]
    drawn = generate(generator, [*SEEDS] * len(generator.classes), kinds)
    cars = [Image.fromarray(car).resize(SHAPE, Image.Resampling.LANCZOS) for car in drawn]
    return Image.fromarray(grid(np.stack([np.asarray(car) for car in cars]), len(SEEDS)))


if __name__ == "__main__":
    main()
