"""The parts of a drawn car, painted from its far side to its near one."""

from itertools import pairwise

import numpy as np

from gan.data.drawn.painter import CIRCLE, Painter
from gan.data.drawn.scenery import Colour, blend
from gan.data.drawn.shapes import Body, Point, Point3

RIMS: tuple[Colour, ...] = ((206, 208, 212), (160, 164, 170), (84, 88, 94), (226, 222, 208))
LEATHER: tuple[Colour, ...] = ((100, 62, 42), (36, 36, 42), (142, 126, 106), (94, 26, 30))
TYRE: Colour = (30, 31, 34)
DARK: Colour = (22, 23, 27)


def paint_car(p: Painter, random: np.random.RandomState) -> None:
    """The whole car, from its far side to its near one."""
    car, front = p.car, p.camera.sine > 0
    leather = LEATHER[random.randint(len(LEATHER))]
    rim = RIMS[random.randint(len(RIMS))]
    spokes = (5, 6, 8, 12)[random.randint(4)]
    glass = blend((34, 44, 58), (126, 156, 182), random.randint(0, 60) / 100)
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
    taper = 1 - min(1.0, max(0.0, ends))
    return car.half_width * (1 - 0.13 * taper * taper)


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
            p.fill(near + far[::-1], blend(glass, (206, 226, 240), 0.22))
            sheen = [_between(near[-1], far[-1], 0.3), _between(near[0], far[0], 0.12)]
            p.fill([near[0], near[-1], *sheen], blend(glass, (236, 244, 250), 0.4))
    side = [(x, -_cabin_width(car, x, z), z) for x, z in outline]
    p.fill(side, p.shade(roof, 1.02 + 0.1 * p.light[2]))
    for window in car.windows:
        pane3 = [(x, -_cabin_width(car, x, z), z) for x, z in window]
        p.fill(pane3, glass)
        low, up, up2, low2 = pane3
        p.fill(
            [_between(low, low2, 0.55), _between(up, up2, 0.7), up2, low2],
            blend(glass, (200, 220, 236), 0.16),
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
    p.fill(frame, blend(glass, (214, 230, 240), 0.45))
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
