"""What stands behind the drawn cars: sky, hills, houses, trees, a wall or a studio."""

import numpy as np
from PIL import Image, ImageDraw

from gan.data.drawn.shapes import Point3

Colour = tuple[int, int, int]

ROWS = 4  # pixel rows of one colour in a gradient: they become one row of the finished picture

# Sky at the top and at the horizon.
SKIES: tuple[tuple[Colour, Colour], ...] = (
    ((86, 144, 214), (206, 226, 240)),  # clear
    ((120, 170, 224), (232, 238, 240)),  # hazy
    ((150, 160, 174), (214, 218, 222)),  # overcast
    ((72, 84, 140), (250, 190, 140)),  # sunset
    ((40, 52, 92), (196, 138, 140)),  # dusk
    ((126, 196, 214), (250, 240, 214)),  # morning
)
ROADS: tuple[Colour, ...] = ((96, 98, 102), (122, 122, 124), (150, 146, 140), (78, 80, 86))
FIELDS: tuple[Colour, ...] = (
    (108, 144, 72),
    (136, 152, 84),
    (190, 176, 122),
    (84, 122, 78),
    (206, 196, 168),
)
HOUSES: tuple[Colour, ...] = (
    (176, 120, 96),
    (198, 186, 166),
    (140, 150, 164),
    (110, 116, 128),
    (212, 198, 150),
    (156, 104, 88),
)
STUDIOS: tuple[Colour, ...] = (
    (226, 226, 228),
    (182, 190, 200),
    (84, 90, 102),
    (206, 196, 186),
    (150, 168, 172),
)


def blend(a: Colour, b: Colour, share: float) -> Colour:
    """A mixture of two colours; with `share` 0 it is a, with 1 it is b."""
    part = min(256, max(0, int(share * 256)))
    return (
        a[0] + (b[0] - a[0]) * part // 256,
        a[1] + (b[1] - a[1]) * part // 256,
        a[2] + (b[2] - a[2]) * part // 256,
    )


def scenery(side: int, horizon: float, random: np.random.RandomState) -> tuple[Image.Image, Point3]:
    """A background of `side` pixels a side, and the direction to its light in the car's axes."""
    horizon = min(0.9 * side, max(0.1 * side, horizon))
    kind = random.randint(10)
    draws = random.randint(0, 1000, 60).tolist()
    light = ((draws[0] - 500) / 900, -0.5, 0.62 + draws[1] / 4000)
    if kind < 2:
        wall = STUDIOS[draws[2] % len(STUDIOS)]
        image = _gradient(
            side,
            [(0, blend(wall, (20, 22, 30), 0.35)),
             (horizon, blend(wall, (255, 255, 255), 0.25)),
             (horizon + 0.06 * side, blend(wall, (0, 0, 0), 0.06)),
             (side, blend(wall, (10, 10, 16), 0.3))],
        )  # fmt: skip
        return image, light
    sky = SKIES[draws[2] % len(SKIES)]
    # Dim light dims the ground too.
    gloom = 1 - sum(sky[1]) / 765
    road = blend(ROADS[draws[3] % len(ROADS)], (20, 20, 40), 0.6 * gloom)
    field = blend(FIELDS[draws[4] % len(FIELDS)], (30, 26, 50), 0.8 * gloom)
    haze = blend(sky[1], (20, 22, 44), 0.35 * gloom)  # far things take the air's colour
    kerb = horizon + side * (0.04 + draws[5] / 25000)
    image = _gradient(
        side,
        [(0, sky[0]), (horizon, sky[1]), (horizon, blend(field, sky[1], 0.3)), (kerb, field),
         (kerb, blend(road, (230, 230, 235), 0.12)), (side, blend(road, (0, 0, 0), 0.22))],
    )  # fmt: skip
    pen = ImageDraw.Draw(image)
    if kind < 4:
        _hills(pen, side, horizon, blend(field, sky[1], 0.45), draws)
    elif kind < 6:
        _houses(pen, side, kerb, haze, draws)
    elif kind < 8:
        leaves = blend(blend(field, (16, 44, 30), 0.5), haze, 0.2)
        _trees(pen, side, horizon + 0.02 * side, leaves, draws)
    elif kind == 8:
        _wall(pen, side, kerb, blend(HOUSES[draws[6] % len(HOUSES)], haze, 0.4))
    return image, light


def _gradient(side: int, stops: list[tuple[float, Colour]]) -> Image.Image:
    """Colours by height, linear between the stops (which rise); two at one height make an edge."""
    column = []
    for row in range(side // ROWS):
        v = row * ROWS
        before = max((i for i, stop in enumerate(stops) if stop[0] <= v), default=0)
        after = min(before + 1, len(stops) - 1)
        low, high = stops[before][0], stops[after][0]
        share = (v - low) / (high - low) if high > low else 0.0
        column.append(blend(stops[before][1], stops[after][1], share))
    return Image.frombytes(
        "RGB", (1, side // ROWS), bytes(c for colour in column for c in colour)
    ).resize((side, side), Image.Resampling.NEAREST)


def _hills(
    pen: ImageDraw.ImageDraw, side: int, horizon: float, colour: Colour, draws: list[int]
) -> None:
    for layer in range(2):
        at = 10 + 6 * layer
        heights = [side * (0.03 + draws[at + i] / (9000 if layer else 5000)) for i in range(6)]
        outline: list[tuple[float, float]] = [(0, horizon)]
        outline += [(side * i / 5, horizon - height) for i, height in enumerate(heights)]
        outline += [(side, horizon)]
        pen.polygon(outline, fill=blend(colour, (255, 255, 255), 0.0 if layer else 0.18))


def _houses(
    pen: ImageDraw.ImageDraw, side: int, base: float, haze: Colour, draws: list[int]
) -> None:
    left, i = -0.05 * side, 10
    while left < side and i < 50:
        width = side * (0.14 + draws[i] / 6000)
        top = base - side * (0.2 + draws[i + 1] / 2600)
        colour = blend(HOUSES[draws[i + 2] % len(HOUSES)], haze, 0.4 + draws[i + 3] / 4000)
        pen.rectangle((left, top, left + width, base), fill=colour)
        lit = draws[i + 3] % 3 == 0
        pane = blend(colour, (255, 226, 150), 0.6) if lit else blend(colour, (40, 56, 80), 0.35)
        step = side * 0.055
        v = top + step
        while v < base - step:
            u = left + 0.6 * step
            while u < left + width - step:
                pen.rectangle((u, v, u + 0.5 * step, v + 0.55 * step), fill=pane)
                u += step
            v += 1.15 * step
        left += width
        i += 4


def _trees(
    pen: ImageDraw.ImageDraw, side: int, base: float, colour: Colour, draws: list[int]
) -> None:
    for i in range(14):
        u = side * (draws[10 + i] / 1000)
        r = side * (0.05 + draws[24 + i] / 14000)
        v = base - r * (0.6 + draws[38 + i] / 1200)
        leaf = blend(colour, (230, 240, 180), draws[40 + i] / 6000)
        pen.rectangle((u - 0.1 * r, v, u + 0.1 * r, base), fill=blend(colour, (50, 36, 28), 0.7))
        pen.ellipse((u - r, v - r, u + r, v + r), fill=leaf)


def _wall(pen: ImageDraw.ImageDraw, side: int, base: float, colour: Colour) -> None:
    pen.rectangle((0, 0, side, base), fill=colour)
    step = side * 0.07
    joint = blend(colour, (0, 0, 0), 0.14)
    width = max(1, side // 128)
    v, row = base - step, 0
    while v > -step:
        pen.line((0, v, side, v), fill=joint, width=width)
        u = -(row % 2) * step
        while u < side:
            pen.line((u, v, u, v + step), fill=joint, width=width)
            u += 2 * step
        v -= step
        row += 1
