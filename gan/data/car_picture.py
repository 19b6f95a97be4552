"""Draw one car as a picture: a small scene of flat polygons, four times too large, then reduced.

Only +, -, *, / on Python floats and Pillow's integer fills: the same bytes on every machine.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from gan.data.car_scenery import Colour, mix, scenery
from gan.data.car_shapes import Body, Point, body

OVER = 4  # drawn so many times larger, then averaged

Point3 = tuple[float, float, float]

PAINTS: tuple[Colour, ...] = (
    (232, 232, 228), (196, 200, 205), (128, 133, 140), (70, 74, 80), (34, 36, 42),
    (188, 30, 38), (214, 52, 40), (122, 22, 36), (28, 72, 150), (46, 110, 190), (24, 40, 84),
    (112, 168, 206), (24, 104, 76), (86, 132, 64), (240, 190, 36), (232, 116, 32),
    (38, 142, 150), (196, 176, 142), (120, 84, 58), (108, 60, 124), (222, 160, 172),
)  # fmt: skip
RIMS: tuple[Colour, ...] = ((206, 208, 212), (160, 164, 170), (84, 88, 94), (226, 222, 208))
LEATHER: tuple[Colour, ...] = ((100, 62, 42), (36, 36, 42), (142, 126, 106), (94, 26, 30))
TYRE: Colour = (30, 31, 34)
DARK: Colour = (22, 23, 27)


def _circle() -> list[Point]:
    """24 points of the unit circle, by turning one 15 degrees at a time."""
    x, z = 1.0, 0.0
    points = []
    for _ in range(24):
        points.append((x, z))
        x, z = (
            x * 0.9659258262890683 - z * 0.25881904510252074,
            (x * 0.25881904510252074 + z * 0.9659258262890683),
        )
    return points


CIRCLE = _circle()


@dataclass
class Camera:
    """A pinhole at some height that looks along the horizon; u to the right, v down."""

    sine: float  # of the car's turn; above 0 its front is nearer
    cosine: float
    middle: float  # x of the car's centre
    distance: float
    height: float
    mirror: int  # 1 or -1
    scale: float = 1.0
    u0: float = 0.0
    v0: float = 0.0  # of the horizon

    def __call__(self, x: float, y: float, z: float) -> Point:
        x -= self.middle
        depth = self.distance + x * self.sine + y * self.cosine
        across = self.mirror * (x * self.cosine - y * self.sine)
        return (
            self.u0 + self.scale * across / depth,
            self.v0 - self.scale * (z - self.height) / depth,
        )


class Painter:
    """Fills polygons in space, with the light and the paint of one picture."""

    def __init__(
        self, image: Image.Image, camera: Camera, car: Body, paint: Colour, light: Point3
    ) -> None:
        self.draw = ImageDraw.Draw(image)
        self.camera = camera
        self.car = car
        self.paint = paint
        self.light = light

    def fill(self, points: Sequence[Point3], colour: Colour) -> None:
        self.draw.polygon([self.camera(*point) for point in points], fill=colour)

    def line(self, points: Sequence[Point3], colour: Colour, width: int) -> None:
        self.draw.line([self.camera(*point) for point in points], fill=colour, width=width)

    def faces_us(self, points: Sequence[Point3]) -> bool:
        """Whether the polygon shows its front (anticlockwise as drawn, mirrored or not)."""
        flat = [self.camera(*point) for point in points]
        area = sum(
            a[0] * b[1] - b[0] * a[1] for a, b in zip(flat, flat[1:] + flat[:1], strict=True)
        )
        return area * self.camera.mirror > 0

    def shade(self, colour: Colour, brightness: float) -> Colour:
        """Darker below 1, towards the light's white above."""
        if brightness <= 1:
            return mix((8, 9, 16), colour, brightness)
        return mix(colour, (255, 254, 248), min(brightness - 1, 0.85))

    def strip_brightness(self, a: Point, b: Point) -> float:
        """Of a strip across the car whose outline runs from a to b."""
        dx, dz = b[0] - a[0], b[1] - a[1]
        norm = max((dx * dx + dz * dz) ** 0.5, 1e-9)
        nx, nz = -dz / norm, dx / norm  # outward: up where the outline runs to the rear
        return 0.62 + 0.5 * max(0.0, nx * self.light[0] + nz * self.light[2])


def picture(body_type: str, size: int, random: np.random.RandomState) -> npt.NDArray[np.uint8]:
    """One car of `body_type` in a random scene: uint8 [size, size, 3]."""
    car = body(body_type, random)
    side = size * OVER
    camera = _camera(car, side, random)
    image, light = scenery(side, camera.v0, random)
    paint = mix(PAINTS[random.randint(len(PAINTS))], _any_colour(random), 0.06)
    painter = Painter(image, camera, car, paint, light)
    _shadow(image, camera, car)
    _car(painter, random)
    small = image.reduce(OVER)
    return np.asarray(small)


def _any_colour(random: np.random.RandomState) -> Colour:
    red, green, blue = random.randint(0, 256, 3).tolist()
    return red, green, blue


def _camera(car: Body, side: int, random: np.random.RandomState) -> Camera:
    """Side view or three quarters, so that the car fills the picture with some play."""
    view = random.randint(10)
    # Half the angle's tangent gives sine and cosine without trigonometry.
    if view < 4:
        half = random.randint(-60, 61) / 1000  # side: up to 7 degrees
    else:
        half = random.randint(170, 330) / 1000  # 19 to 36 degrees ...
        half *= -1 if view > 7 else 1  # ... from the front, or less often from behind
    cosine = (1 - half * half) / (1 + half * half)
    sine = 2 * half / (1 + half * half)
    camera = Camera(
        sine,
        cosine,
        car.length / 2,
        distance=random.randint(70, 110) / 10,
        height=random.randint(125, 210) / 100,
        mirror=1 if random.randint(2) else -1,
    )
    corners = [
        camera(x, y, z)
        for x in (0.0, car.length)
        for y in (-car.half_width, car.half_width)
        for z in (0.0, car.height)
    ]
    left, right = min(u for u, _ in corners), max(u for u, _ in corners)
    top, bottom = min(v for _, v in corners), max(v for _, v in corners)
    share = random.randint(80, 96) / 100
    camera.scale = min(share * side / (right - left), 0.86 * side / (bottom - top))
    play = side * random.randint(-30, 31) / 1000
    camera.u0 = side / 2 - camera.scale * (left + right) / 2 + play
    lift = side * random.randint(20, 90) / 1000
    camera.v0 = side / 2 + lift - camera.scale * (top + bottom) / 2
    return camera


def _shadow(image: Image.Image, camera: Camera, car: Body) -> None:
    """A soft dark patch under the car."""
    w = car.half_width
    mask = Image.new("L", image.size, 0)
    pen = ImageDraw.Draw(mask)
    for grow, depth in ((0.22, 60), (0.12, 110), (0.03, 165)):
        rim = [
            camera(
                car.length / 2 + (car.length / 2 + grow) * _squarish(x),
                (w + grow) * _squarish(y),
                0.0,
            )
            for x, y in CIRCLE
        ]
        pen.polygon(rim, fill=depth)
    step = image.size[0] // 32
    soft = mask.reduce(step).resize(image.size, Image.Resampling.BICUBIC)
    image.paste((14, 15, 20), (0, 0), soft)


def _squarish(value: float) -> float:
    """Push a circle's coordinate outwards: a rounded rectangle."""
    return min(1.0, max(-1.0, 1.25 * value))


def _car(p: Painter, random: np.random.RandomState) -> None:
    """The whole car, from its far side to its near one."""
    car, front = p.car, p.camera.sine > 0
    leather = LEATHER[random.randint(len(LEATHER))]
    rim = RIMS[random.randint(len(RIMS))]
    spokes = (5, 6, 8, 12)[random.randint(4)]
    glass = mix((34, 44, 58), (126, 156, 182), random.randint(0, 60) / 100)
    two_tone = car.body_type in ("hatchback", "suv", "van") and random.randint(4) == 0
    roof = (236, 236, 232) if two_tone else p.paint
    w = car.half_width
    for x in car.axles:
        _disc(p, x, 0.9 * w, car.wheel, TYRE)
    _slab(p, 0.06, car.length - 0.06, w * 0.94, car.bottom, DARK)
    _lower_strips(p, front)
    if car.bed:
        _bed(p)
    if front:
        _front(p, random)
    else:
        _rear(p, random)
    if car.seats:
        _cockpit(p, leather, glass, front)
    _near_side(p)
    if car.cabin:
        _cabin(p, glass, roof)
    _side_details(p, random)
    for x in car.axles:
        _wheel(p, x, rim, spokes)


def _width_at(car: Body, x: float) -> float:
    """Half the body's width: it narrows towards both ends."""
    ends = min(x, car.length - x) / (0.16 * car.length)
    return car.half_width * (1 - 0.13 * (1 - min(1.0, max(0.0, ends))) ** 2)


def _cabin_width(car: Body, x: float, z: float) -> float:
    """Half the cabin's width: the windows lean inwards."""
    up = max(0.0, (z - car.belt) / max(car.height - car.belt, 0.1))
    lean = 0.07 if car.body_type == "van" else 0.17
    return _width_at(car, x) * (0.98 - lean * up)


def _strip(a: Point, b: Point, wa: float, wb: float) -> list[Point3]:
    return [(a[0], -wa, a[1]), (a[0], wa, a[1]), (b[0], wb, b[1]), (b[0], -wb, b[1])]


def _slab(p: Painter, x0: float, x1: float, w: float, z: float, colour: Colour) -> None:
    p.fill(_strip((x0, z), (x1, z), w, w), colour)


def _disc(
    p: Painter, x: float, y: float, radius: float, colour: Colour, above: float = -9.0
) -> None:
    z0 = p.car.wheel
    p.fill([(x + radius * a, y, max(above, z0 + radius * b)) for a, b in CIRCLE], colour)


def _lower_strips(p: Painter, front: bool) -> None:
    outline = p.car.lower
    pairs = list(pairwise(outline))
    for a, b in pairs[::-1] if front else pairs:
        strip = _strip(a, b, _width_at(p.car, a[0]), _width_at(p.car, b[0]))
        if p.faces_us(strip):
            plastic = p.car.cladding and 0.5 * (a[1] + b[1]) < p.car.bottom + 0.2
            colour = (52, 54, 58) if plastic else p.paint
            p.fill(strip, p.shade(colour, p.strip_brightness(a, b)))


def _outline_z(car: Body, x: float) -> float:
    """Height of the lower body's upper edge at x."""
    for (x0, z0), (x1, z1) in zip(car.lower[:-1], car.lower[1:], strict=True):
        if x0 <= x <= x1 and x1 > x0:
            return z0 + (z1 - z0) * (x - x0) / (x1 - x0)
    return car.belt


def _bed(p: Painter) -> None:
    car = p.car
    assert car.bed
    x0, x1 = car.bed
    z0, z1 = _outline_z(car, x0), _outline_z(car, x1)
    w = car.half_width * 0.85
    p.fill(_strip((x0, z0), (x1, z1), w, w), p.shade(p.paint, 0.3))
    low = 0.35  # the floor, seen through the opening
    p.fill([(x0, w, z0), (x1, w, z1), (x1, w, z1 - low), (x0, w, z0 - low)], p.shade(p.paint, 0.5))


def _front_point(car: Body, share: float) -> Point:
    """On the car's nose, `share` of the way from its bottom to the bonnet's edge."""
    top = car.lower[4][1] if len(car.lower) > 4 else car.belt
    z = car.bottom + share * (top - car.bottom)
    for (x0, z0), (x1, z1) in zip(car.lower[:-1], car.lower[1:], strict=True):
        if z0 <= z <= z1 and z1 > z0:
            return (x0 + (x1 - x0) * (z - z0) / (z1 - z0) - 0.01, z)
    return (0.0, z)


def _rear_point(car: Body, share: float) -> Point:
    top = car.belt if car.cabin else car.lower[-5][1]
    z = car.bottom + share * (top - car.bottom)
    for (x0, z0), (x1, z1) in zip(car.lower[:-1][::-1], car.lower[1:][::-1], strict=True):
        if z1 <= z <= z0 and z0 > z1:
            return (x1 + (x0 - x1) * (z - z1) / (z0 - z1) + 0.01, z)
    return (car.length, z)


def _plate(p: Painter, low: Point, high: Point, y0: float, y1: float, colour: Colour) -> None:
    """A panel on the nose or the tail, between two heights and two shares of the width."""
    w0, w1 = _width_at(p.car, low[0]), _width_at(p.car, high[0])
    p.fill(
        [(low[0], y0 * w0, low[1]), (high[0], y0 * w1, high[1]),
         (high[0], y1 * w1, high[1]), (low[0], y1 * w0, low[1])],
        colour,
    )  # fmt: skip


def _front(p: Painter, random: np.random.RandomState) -> None:
    car = p.car
    at = [_front_point(car, share / 10) for share in range(11)]
    grille = (38, 40, 44) if random.randint(3) else (150, 152, 156)
    wide = random.randint(34, 62) / 100
    _plate(p, at[4], at[8], -wide, wide, grille)
    _plate(p, at[1], at[3], -0.75, 0.75, (40, 42, 46))
    _plate(p, at[2], at[3], -0.22, 0.22, (226, 226, 216))
    lamp = (250, 246, 222)
    for sign in (-1, 1):
        _plate(p, at[6], at[9], sign * 0.66, sign * 0.99, (190, 198, 206))
        _plate(p, at[7], at[9], sign * 0.7, sign * 0.94, lamp)


def _rear(p: Painter, random: np.random.RandomState) -> None:
    car = p.car
    at = [_rear_point(car, share / 10) for share in range(11)]
    lamp = ((196, 24, 28), (220, 44, 36), (160, 16, 30))[random.randint(3)]
    _plate(p, at[1], at[3], -0.8, 0.8, (44, 46, 50))
    _plate(p, at[4], at[6], -0.25, 0.25, (226, 226, 216))
    tall = car.body_type in ("suv", "van", "wagon", "pickup")
    for sign in (-1, 1):
        if tall:
            _plate(p, at[5], at[10], sign * 0.8, sign * 0.99, lamp)
        else:
            _plate(p, at[6], at[9], sign * 0.5, sign * 0.99, lamp)


def _near_side(p: Painter) -> None:
    """The flank: lighter towards its shoulder, dark at the sill, with a crease."""
    car = p.car
    outline = [*car.lower]
    shoulder = car.belt
    for share, brightness in ((9.0, 1.1), (0.9, 0.97), (0.62, 0.88), (0.35, 0.76), (0.16, 0.58)):
        level = car.bottom + share * (shoulder - car.bottom)
        below = _below(outline, level)
        plastic = car.cladding and share < 0.3
        colour = (58, 60, 64) if plastic else p.paint
        p.fill(
            [(x, -_width_at(car, x), z) for x, z in below],
            p.shade(colour, brightness + 0.12 * p.light[2] - 0.06),
        )


def _below(polygon: list[Point], level: float) -> list[Point]:
    """The part of a polygon under a height (Sutherland-Hodgman)."""
    result = []
    for (x0, z0), (x1, z1) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if z0 <= level:
            result.append((x0, z0))
        if (z0 <= level) != (z1 <= level):
            result.append((x0 + (x1 - x0) * (level - z0) / (z1 - z0), level))
    return result


def _cabin(p: Painter, glass: Colour, roof: Colour) -> None:
    car = p.car
    outline = car.cabin
    widths = [_cabin_width(car, x, z) for x, z in outline]
    for i in range(len(outline) - 1):
        strip = _strip(outline[i], outline[i + 1], widths[i], widths[i + 1])
        if p.faces_us(strip):
            p.fill(strip, p.shade(roof, p.strip_brightness(outline[i], outline[i + 1])))
    head, tail = car.glass
    for part in (range(head + 1), range(tail - 1, len(outline))):
        pane = [outline[i] for i in part if 0 <= i < len(outline)]
        if car.body_type == "pickup" and part.start > 0:
            pane = [(x, z) for x, z in pane if z > car.belt + 0.05]
        if car.body_type in ("wagon", "suv", "van", "hatchback") and part.start > 0:
            pane = [(x, z) for x, z in pane if z > car.belt - 0.05]
        if len(pane) < 2:
            continue
        inset = 0.88
        near = [(x, -inset * _cabin_width(car, x, z), z) for x, z in pane]
        far = [(x, inset * _cabin_width(car, x, z), z) for x, z in pane]
        strip = _strip(pane[0], pane[-1], 1, 1)
        if p.faces_us(strip):
            p.fill(near + far[::-1], mix(glass, (206, 226, 240), 0.22))
            sheen = [_between(near[-1], far[-1], 0.3), _between(near[0], far[0], 0.12)]
            p.fill([near[0], near[-1], *sheen], mix(glass, (236, 244, 250), 0.4))
    side = [(x, -_cabin_width(car, x, z), z) for x, z in outline]
    p.fill(side, p.shade(roof, 1.02 + 0.1 * p.light[2]))
    for window in car.windows:
        pane3 = [(x, -_cabin_width(car, x, z), z) for x, z in window]
        p.fill(pane3, glass)
        low, up, up2, low2 = pane3
        p.fill(
            [_between(low, low2, 0.55), _between(up, up2, 0.7), up2, low2],
            mix(glass, (200, 220, 236), 0.16),
        )
    if car.rails:
        top = [(x, z) for x, z in outline if z > car.height - 0.1]
        if len(top) > 2:
            rail = [(x, -0.9 * _cabin_width(car, x, z), z + 0.07) for x, z in top[1:-1]]
            p.line(rail, (60, 62, 66), max(2, int(p.camera.scale / 230)))


def _between(a: Point3, b: Point3, share: float) -> Point3:
    return (
        a[0] + (b[0] - a[0]) * share,
        a[1] + (b[1] - a[1]) * share,
        a[2] + (b[2] - a[2]) * share,
    )


def _cockpit(p: Painter, leather: Colour, glass: Colour, front: bool) -> None:
    """An open car's dark opening, seats and windscreen."""
    car = p.car
    x0, x1 = car.doors[0] - 0.02 * car.length, 0.74 * car.length
    w = car.half_width * 0.8
    p.fill(_strip((x0, _outline_z(car, x0)), (x1, _outline_z(car, x1)), w, w), DARK)
    if not front:
        _windscreen(p, glass)
    seats = car.seats[::-1] if front else car.seats
    for x in seats:
        for y in (0.42, -0.42):
            _seat(p, x, y * car.half_width, leather, front)
    if front:
        _windscreen(p, glass)


def _seat(p: Painter, x: float, y: float, colour: Colour, front: bool) -> None:
    car = p.car
    z = car.belt
    for half, low, high in ((0.24, -0.3, 0.16), (0.13, 0.16, 0.32)):
        y0, y1 = y - half, y + half
        lean = 0.3 * (high + low) * 0.2
        face = x + lean if front else x + lean + 0.12
        p.fill(
            [(x + lean, y0, z + low), (x + lean, y0, z + high),
             (x + lean + 0.12, y0, z + high), (x + lean + 0.12, y0, z + low)],
            p.shade(colour, 0.8),
        )  # fmt: skip
        p.fill(
            [(face, y0, z + low), (face, y0, z + high), (face, y1, z + high), (face, y1, z + low)],
            p.shade(colour, 1.1),
        )


def _windscreen(p: Painter, glass: Colour) -> None:
    car = p.car
    foot = (car.doors[0] - 0.09 * car.length, 0.0)
    foot = (foot[0], _outline_z(car, foot[0]))
    head = (car.doors[0] + 0.05 * car.length, foot[1] + 0.4)
    w0, w1 = 0.86 * car.half_width, 0.74 * car.half_width
    frame = _strip(foot, head, w0, w1)
    p.fill(frame, mix(glass, (214, 230, 240), 0.45))
    p.line([*frame, frame[0]], p.shade(p.paint, 0.7), max(3, int(p.camera.scale / 170)))


def _side_details(p: Painter, random: np.random.RandomState) -> None:
    car = p.car
    thin = max(1, int(p.camera.scale / 420))
    gap = p.shade(p.paint, 0.55)
    for x in car.doors:
        w = _width_at(car, x)
        p.line([(x, -w, car.belt + 0.02), (x, -w, car.bottom + 0.12)], gap, thin)
    for x in car.doors[1:]:
        w = _width_at(car, x)
        z = car.belt - 0.13
        p.line([(x - 0.24, -w, z), (x - 0.08, -w, z)], p.shade(p.paint, 1.5), thin + 1)
    # Lamps wrap around the corners.
    a, b = _front_point(car, 0.7), _front_point(car, 0.9)
    w = car.half_width
    p.fill(
        [(a[0], -_width_at(car, a[0]), a[1]), (b[0], -_width_at(car, b[0]), b[1]),
         (b[0] + 0.2, -_width_at(car, b[0] + 0.2), b[1]),
         (a[0] + 0.08, -_width_at(car, a[0] + 0.08), a[1])],
        (244, 240, 216),
    )  # fmt: skip
    a, b = _rear_point(car, 0.68), _rear_point(car, 0.92)
    p.fill(
        [(a[0], -_width_at(car, a[0]), a[1]), (b[0], -_width_at(car, b[0]), b[1]),
         (b[0] - 0.16, -_width_at(car, b[0] - 0.16), b[1]),
         (a[0] - 0.06, -_width_at(car, a[0] - 0.06), a[1])],
        (190, 26, 30),
    )  # fmt: skip
    x = car.doors[0] + 0.02
    z = car.belt + 0.05
    p.fill(
        [(x, -w - 0.12, z), (x, -w - 0.12, z + 0.15), (x + 0.16, -w - 0.08, z + 0.15),
         (x + 0.16, -w - 0.08, z)],
        p.shade(p.paint, 0.75),
    )  # fmt: skip


def _wheel(p: Painter, x: float, rim: Colour, spokes: int) -> None:
    """Arch, tyre with its thickness, rim with spokes."""
    car, r = p.car, p.car.wheel
    w = _width_at(car, x)
    arch = (46, 48, 52) if car.cladding else (20, 21, 24)
    _disc(p, x, -w, 1.2 * r if car.cladding else 1.12 * r, arch, above=car.bottom)
    for y in (0.74 * w, 0.87 * w):
        _disc(p, x, -y, r, TYRE)
    _disc(p, x, -w, r, (38, 39, 43))
    _disc(p, x, -w - 0.01, 0.68 * r, p.shade(rim, 0.35))
    for i in range(spokes):
        a, b = CIRCLE[(i * 24 // spokes + 2) % 24]
        u, v = -b, a  # across the spoke
        thick = 0.055 if spokes > 6 else 0.095
        z = r
        p.fill(
            [(x + r * (0.1 * a + thick * u), -w - 0.01, z + r * (0.1 * b + thick * v)),
             (x + r * (0.66 * a + thick * u), -w - 0.01, z + r * (0.66 * b + thick * v)),
             (x + r * (0.66 * a - thick * u), -w - 0.01, z + r * (0.66 * b - thick * v)),
             (x + r * (0.1 * a - thick * u), -w - 0.01, z + r * (0.1 * b - thick * v))],
            rim,
        )  # fmt: skip
    _disc(p, x, -w - 0.01, 0.2 * r, rim)
