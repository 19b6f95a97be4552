"""The app in Chromium: pages, links, downloads, history, charts."""

import csv
import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, Page

from gan.data.decode import NATURAL_WIDTH
from tests.browser.app_server import Served
from tests.browser.visitor import Visitor
from tests.demo.fake_runs import TYPES

pytestmark = pytest.mark.browser
PAGES = ("Car GAN", "Generate", "Morph", "Guess", "Kernel size", "Training", "Results")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_page_opens_clean(browser: Browser, served: Served, width: int, theme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=theme,  # type: ignore[arg-type]
    )
    visitor = Visitor(context, served.url)
    visitor.open()
    for name in PAGES:
        if name != "Car GAN":
            visitor.go(name)
        heading = visitor.page.get_by_role("heading", name=name, level=1)
        assert heading.is_visible()
        visitor.check()
        visitor.check_access()
        unnamed = "[...document.querySelectorAll('[data-testid=stImage] img')].filter(i => !i.alt)"
        assert visitor.page.evaluate(f"{unnamed}.length") == 0
    context.close()


def test_the_front_page_shows_four_cars_of_each_type_and_one_of_the_reports(
    visitor: Visitor,
) -> None:
    page = visitor.open()
    page.wait_for_function("[...document.images].every(i => i.complete && i.naturalWidth)")
    for maker, cars in (("our network", 4), ("the report's network", 1)):
        shown = page.get_by_alt_text(f", drawn by {maker}")
        for image in shown.all():
            shape = image.evaluate("i => i.naturalWidth / i.naturalHeight")
            assert shape == pytest.approx(cars * NATURAL_WIDTH, rel=0.02)
        types = [alt.split(",")[0] for alt in map(alt_text, shown.all())]
        assert sorted(types) == sorted(TYPES)


def alt_text(image: Locator) -> str:
    return image.get_attribute("alt") or ""


def pixels(page: Page) -> list[np.ndarray]:
    """The pictures on the page as their files hold them."""
    pictures = "[...document.querySelectorAll('.st-key-pictures img')]"
    page.wait_for_function(f"{pictures}.every(i => i.complete && i.naturalWidth)")
    files = [page.request.get(url).body() for url in page.evaluate(f"{pictures}.map(i => i.src)")]
    return [np.asarray(Image.open(io.BytesIO(file)).convert("RGB")) for file in files]


def test_a_copied_link_shows_the_same_picture_to_someone_else(
    visitor: Visitor, browser: Browser, served: Served
) -> None:
    page = visitor.open("generate?count=2&seed=11")
    page.get_by_test_id("stButtonGroup").get_by_text("Van").click()
    page.get_by_text("2 pictures drawn").wait_for()
    visitor.settle()
    mine = pixels(page)
    assert len(mine) == 2
    page.get_by_role("button", name="Copy link").click()
    page.get_by_test_id("stCode").hover()
    page.get_by_role("button", name="Copy to clipboard").click()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(served.url)
    for part in ("type=Van", "seed=11", "count=2", "truncation=1.0", "checkpoint=", "run=cgan"):
        assert part in link

    context = browser.new_context()
    other = Visitor(context, served.url)
    theirs = pixels(other.open(link))
    assert all((one == two).all() for one, two in zip(mine, theirs, strict=True))
    different = pixels(other.open(link.replace("type=Van", "type=SUV")))
    assert any((one != two).any() for one, two in zip(mine, different, strict=True))
    other.check()
    context.close()
    visitor.check()


def test_the_zip_and_the_png_hold_what_they_say(visitor: Visitor) -> None:
    page = visitor.open("generate?type=SUV&count=3&seed=5&truncation=0.7")
    with page.expect_download() as waiting:
        page.get_by_role("button", name="ZIP").click()
    with zipfile.ZipFile(Path(waiting.value.path())) as file:
        assert file.namelist() == ["00.png", "01.png", "02.png", "manifest.csv", "provenance.json"]
        rows = list(csv.DictReader(io.StringIO(file.read("manifest.csv").decode())))
        about = json.loads(file.read("provenance.json"))
        image = Image.open(io.BytesIO(file.read("01.png")))
        assert image.size == (64, 64)
    assert [(row["body_type"], row["seed"]) for row in rows] == [("SUV", str(s)) for s in (5, 6, 7)]
    assert all(row["classifier_says"] in TYPES for row in rows)
    assert (about["run"], about["truncation"]) == ("cgan", 0.7)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="PNG", exact=True).click()
    sheet = Image.open(Path(waiting.value.path()))
    assert sheet.text["seeds"] == "5, 6, 7"  # type: ignore[attr-defined]
    assert sheet.text["checkpoint"] == about["checkpoint"]  # type: ignore[attr-defined]
    visitor.check()


def test_back_and_forward_restore_the_page_and_its_values(visitor: Visitor) -> None:
    page = visitor.open("generate?type=Van&count=1")
    visitor.go("Results")
    page.get_by_text("Rare types", exact=True).click()
    page.get_by_role("heading", name="Rare types", exact=True).wait_for()
    page.go_back()
    page.get_by_role("heading", name="Generate", level=1).wait_for()
    visitor.settle()
    page.go_back()  # leaving a page clears its values from the address: one more entry
    page.wait_for_url("**type=Van**")
    page.get_by_text("1 picture drawn").wait_for()
    visitor.settle()
    page.go_forward()
    page.get_by_text("6 pictures drawn").wait_for()
    visitor.settle()
    page.go_forward()
    page.get_by_role("heading", name="Rare types", exact=True).wait_for()
    visitor.settle()
    visitor.check()


def test_the_legend_fades_a_line_and_the_wheel_zooms(visitor: Visitor) -> None:
    page = visitor.open("kernel_size")
    chart = page.locator(".st-key-losses svg.marks")
    chart.scroll_into_view_if_needed()
    thick = "[...document.querySelectorAll('.st-key-losses .mark-line path')]"
    thick += ".filter(p => p.getAttribute('stroke-width') === '2.5')"
    opacities = f"{thick}.map(p => +(p.getAttribute('opacity') ?? 1))"
    page.wait_for_function(f"{opacities}.join() === '1,1,1,1,1,1'")
    chart.locator(".role-legend-label text", has_text="Kernel 4").click()
    page.wait_for_function(f"Math.min(...{opacities}) < 0.2")
    # Two networks of each of the two other kernels.
    assert sorted(page.evaluate(opacities)) == [0.08] * 4 + [1] * 2

    ticks = "[...document.querySelectorAll('.st-key-losses .role-axis-label text')]"
    written = f"{ticks}.map(t => t.textContent).sort().join()"
    before = page.evaluate(written)
    box = chart.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -400)
    page.wait_for_function(f"{written} !== '{before}'")
    page.mouse.dblclick(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.wait_for_function(f"{written} === '{before}'")
    visitor.check()


def test_the_keyboard_reaches_and_changes_a_control(visitor: Visitor) -> None:
    page = visitor.open("training")
    slider = page.get_by_role("slider", name="Photos seen")
    slider.focus()
    assert slider.get_attribute("aria-valuetext") == "51,200"
    slider.press("ArrowLeft")
    # The browser writes it before the page follows.
    page.wait_for_url(re.compile(r"photos=38(%2C|,)400"))
    page.get_by_text("38,400 photos seen").first.wait_for()
    visitor.settle()
    visitor.check()
