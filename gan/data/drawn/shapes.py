"""The drawn cars' bodies: side outlines of the eight types, in metres, each a little different.

x runs from the front bumper to the rear one, z up from the road. Lengths are those of a toy car,
about four fifths of a real one's, so that a car fills the picture better.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

Point = tuple[float, float]
Point3 = tuple[float, float, float]


@dataclass(frozen=True)
class Body:
    """One car; outlines run from front to rear."""

    body_type: str
    length: float
    height: float
    half_width: float
    bottom: float  # ground clearance
    wheel: float  # radius
    axles: tuple[float, float]  # x of the front and the rear one
    lower: list[Point]  # upper outline of the body below the windows, from bottom to bottom
    cabin: list[Point]  # outline of what stands on it; empty for an open car
    glass: tuple[int, int]  # cabin[:first] is windscreen, cabin[last:] rear window
    windows: list[list[Point]]  # side windows
    doors: list[float]  # x of the door gaps
    belt: float  # z of the windows' lower edge
    bed: tuple[float, float] | None = None  # x of a pickup's loading bed
    seats: tuple[float, ...] = ()  # x of an open car's seats
    rails: bool = False  # on the roof
    cladding: bool = False  # dark plastic around the bottom


# For each type: metres, then fractions of the length. Ranges are drawn from evenly.
#   length, height, clearance, wheel radius, half width
#   nose: z of the bonnet's edge; cowl: foot of the windscreen (x, z); top: its head (x);
#   back: rear end of the roof (x, z below the height); foot: of the rear window (x, z)
#   deck: z of the rear edge; axles
SHAPES: dict[str, dict[str, tuple[float, float]]] = {
    "sedan": {
        "length": (3.75, 4.0), "height": (1.36, 1.46), "clearance": (0.19, 0.23),
        "wheel": (0.31, 0.34), "half_width": (0.84, 0.9), "nose": (0.66, 0.74),
        "cowl_x": (0.28, 0.31), "cowl_z": (0.88, 0.94), "top_x": (0.41, 0.44),
        "back_x": (0.6, 0.63), "back_dz": (0.02, 0.05), "foot_x": (0.75, 0.78),
        "foot_z": (0.92, 0.98), "deck": (0.88, 0.94), "front_axle": (0.17, 0.19),
        "rear_axle": (0.79, 0.81),
    },
    "coupe": {
        "length": (3.6, 3.85), "height": (1.14, 1.22), "clearance": (0.15, 0.18),
        "wheel": (0.34, 0.37), "half_width": (0.86, 0.92), "nose": (0.54, 0.6),
        "cowl_x": (0.35, 0.39), "cowl_z": (0.78, 0.83), "top_x": (0.49, 0.53),
        "back_x": (0.62, 0.66), "back_dz": (0.02, 0.05), "foot_x": (0.93, 0.96),
        "foot_z": (0.8, 0.86), "deck": (0.78, 0.84), "front_axle": (0.18, 0.2),
        "rear_axle": (0.8, 0.82),
    },
    "convertible": {
        "length": (3.5, 3.75), "height": (1.16, 1.24), "clearance": (0.16, 0.2),
        "wheel": (0.32, 0.35), "half_width": (0.84, 0.9), "nose": (0.58, 0.65),
        "cowl_x": (0.34, 0.38), "cowl_z": (0.8, 0.85), "top_x": (0.44, 0.47),
        "back_x": (0.44, 0.47), "back_dz": (0.0, 0.01), "foot_x": (0.7, 0.74),
        "foot_z": (0.84, 0.88), "deck": (0.76, 0.82), "front_axle": (0.18, 0.2),
        "rear_axle": (0.79, 0.81),
    },
    "hatchback": {
        "length": (2.9, 3.15), "height": (1.4, 1.5), "clearance": (0.18, 0.22),
        "wheel": (0.29, 0.32), "half_width": (0.8, 0.85), "nose": (0.7, 0.78),
        "cowl_x": (0.22, 0.26), "cowl_z": (0.93, 0.98), "top_x": (0.39, 0.43),
        "back_x": (0.82, 0.87), "back_dz": (0.05, 0.1), "foot_x": (0.96, 0.98),
        "foot_z": (0.92, 0.98), "deck": (0.84, 0.9), "front_axle": (0.19, 0.21),
        "rear_axle": (0.82, 0.84),
    },
    "wagon": {
        "length": (4.05, 4.3), "height": (1.34, 1.42), "clearance": (0.18, 0.22),
        "wheel": (0.3, 0.33), "half_width": (0.84, 0.9), "nose": (0.66, 0.73),
        "cowl_x": (0.27, 0.29), "cowl_z": (0.88, 0.93), "top_x": (0.38, 0.41),
        "back_x": (0.88, 0.91), "back_dz": (0.04, 0.08), "foot_x": (0.97, 0.985),
        "foot_z": (0.92, 0.97), "deck": (0.86, 0.9), "front_axle": (0.16, 0.18),
        "rear_axle": (0.78, 0.8),
    },
    "suv": {
        "length": (3.55, 3.85), "height": (1.72, 1.85), "clearance": (0.32, 0.38),
        "wheel": (0.39, 0.43), "half_width": (0.9, 0.96), "nose": (1.0, 1.08),
        "cowl_x": (0.25, 0.28), "cowl_z": (1.17, 1.24), "top_x": (0.34, 0.38),
        "back_x": (0.9, 0.94), "back_dz": (0.0, 0.04), "foot_x": (0.98, 0.99),
        "foot_z": (1.16, 1.22), "deck": (1.08, 1.14), "front_axle": (0.18, 0.2),
        "rear_axle": (0.8, 0.82),
    },
    "pickup": {
        "length": (4.2, 4.5), "height": (1.64, 1.76), "clearance": (0.32, 0.38),
        "wheel": (0.38, 0.42), "half_width": (0.9, 0.96), "nose": (0.98, 1.06),
        "cowl_x": (0.24, 0.27), "cowl_z": (1.12, 1.18), "top_x": (0.33, 0.36),
        "back_x": (0.5, 0.55), "back_dz": (0.0, 0.03), "foot_x": (0.54, 0.58),
        "foot_z": (1.12, 1.18), "deck": (1.04, 1.12), "front_axle": (0.16, 0.18),
        "rear_axle": (0.78, 0.8),
    },
    "van": {
        "length": (3.8, 4.2), "height": (2.0, 2.25), "clearance": (0.22, 0.27),
        "wheel": (0.32, 0.35), "half_width": (0.9, 0.96), "nose": (0.86, 0.96),
        "cowl_x": (0.11, 0.14), "cowl_z": (1.12, 1.2), "top_x": (0.25, 0.29),
        "back_x": (0.965, 0.98), "back_dz": (0.0, 0.02), "foot_x": (0.985, 0.995),
        "foot_z": (1.12, 1.2), "deck": (1.05, 1.12), "front_axle": (0.17, 0.19),
        "rear_axle": (0.79, 0.81),
    },
}  # fmt: skip


def body(body_type: str, random: np.random.RandomState) -> Body:
    """A car of `body_type`; every measure is drawn within the type's range."""
    draws = random.randint(0, 1001, len(SHAPES["sedan"])).tolist()
    m = {
        name: low + (high - low) * draw / 1000
        for (name, (low, high)), draw in zip(SHAPES[body_type].items(), draws, strict=True)
    }
    length, height = m["length"], m["height"]
    cowl = (m["cowl_x"] * length, m["cowl_z"])
    foot = (m["foot_x"] * length, m["foot_z"])
    top = (m["top_x"] * length, height)
    back = (m["back_x"] * length, height - m["back_dz"])
    bottom, nose, deck = m["clearance"], m["nose"], m["deck"]
    lower = [
        (0.04, bottom),
        (0.0, bottom + 0.08),
        (0.0, 0.5 * (bottom + nose)),
        (0.03 * length, nose),
        (0.5 * cowl[0], 0.45 * nose + 0.55 * cowl[1]),
        cowl,
        (0.5 * (cowl[0] + foot[0]), 0.5 * (cowl[1] + foot[1])),
        foot,
        (0.985 * length, deck),
        (length, 0.6 * deck + 0.4 * bottom),
        (length, bottom + 0.1),
        (length - 0.05, bottom),
    ]
    if body_type == "pickup":
        lower[8:9] = [(0.97 * length, deck), (length, deck)]
    lower = [lower[0], *_rounded(lower[1:-1], 1), lower[-1]]
    cabin: list[Point] = []
    glass = (0, 0)
    if body_type != "convertible":
        middle = (0.5 * (top[0] + back[0]), height + 0.02)
        corners = [cowl, top, middle, back, foot]
        if body_type in ("wagon", "suv", "van"):  # an upright tail
            corners[-1:] = [(0.4 * back[0] + 0.6 * foot[0], 0.7 * back[1] + 0.3 * foot[1]), foot]
        cabin = _rounded(_tightened(corners), 2)
        head = sum(x <= top[0] - 0.02 * length for x, _ in cabin)
        tail = sum(x <= back[0] + 0.01 * length for x, _ in cabin)
        glass = (head, tail)
    windows, doors = _windows(body_type, cowl, top, back, foot, length, random)
    return Body(
        body_type,
        length,
        height,
        m["half_width"],
        bottom,
        m["wheel"],
        (m["front_axle"] * length, m["rear_axle"] * length),
        lower,
        cabin,
        glass,
        windows,
        doors,
        belt=0.5 * (cowl[1] + foot[1]),
        bed=(foot[0] + 0.03, 0.965 * length) if body_type == "pickup" else None,
        seats=(0.52 * length, 0.64 * length) if body_type == "convertible" else (),
        rails=body_type == "wagon" or (body_type == "suv" and random.randint(2) == 1),
        cladding=body_type in ("suv", "pickup") and random.randint(4) > 0,
    )


def _windows(
    body_type: str,
    cowl: Point,
    top: Point,
    back: Point,
    foot: Point,
    length: float,
    random: np.random.RandomState,
) -> tuple[list[list[Point]], list[float]]:
    """Side windows cut out of the cabin's side by pillars, and the door gaps."""
    if body_type == "convertible":
        return [], [cowl[0] + 0.1 * length, 0.66 * length]
    pillars = {
        "sedan": (0.5,),
        "coupe": (0.6,),
        "hatchback": (0.52,) if random.randint(2) else (0.6,),
        "wagon": (0.37, 0.7),
        "suv": (0.38, 0.72),
        "pickup": (0.52,),
        "van": (0.25, 0.6),
    }[body_type]
    frame = 0.07
    low = max(cowl[1], foot[1]) + 0.03
    high = min(top[1], back[1]) - 0.09
    # Where the glass begins and ends, at its lower and its upper edge.
    lean = (high - cowl[1]) / (top[1] - cowl[1])
    front = (cowl[0] + 0.16, cowl[0] + (top[0] - cowl[0]) * lean + frame + 0.04)
    fall = max(0.0, (high - foot[1]) / max(back[1] - foot[1], 0.05))
    inset = {"sedan": 0.2, "coupe": 0.75, "hatchback": 0.34, "pickup": 0.08}.get(body_type, 0.12)
    rear = (foot[0] - inset, foot[0] + (back[0] - foot[0]) * min(fall, 1.0) - frame - 0.06)
    cuts = [0.0, *pillars, 1.0]
    windows = []
    solid = body_type == "van" and random.randint(2) == 1  # a panel van
    for i in range(len(cuts) - 1):
        left = 0.0 if i == 0 else 0.03
        right = 0.0 if i == len(cuts) - 2 else 0.03

        def at(edge: int, share: float, shift: float) -> float:
            return front[edge] + (rear[edge] - front[edge]) * share + shift

        # Pillars stand upright: both ends of one share the x of its middle.
        x0 = 0.5 * (at(0, cuts[i], 0) + at(1, cuts[i], 0)) + left
        x1 = 0.5 * (at(0, cuts[i + 1], 0) + at(1, cuts[i + 1], 0)) - right
        lower = (front[0] if i == 0 else x0, rear[0] if i == len(cuts) - 2 else x1)
        upper = (front[1] if i == 0 else x0, rear[1] if i == len(cuts) - 2 else x1)
        if not (solid and i > 0):
            windows.append([(lower[0], low), (upper[0], high), (upper[1], high), (lower[1], low)])
    mean = 0.5 * (front[0] + front[1]), 0.5 * (rear[0] + rear[1])
    doors = [front[0] - 0.02, *(mean[0] + (mean[1] - mean[0]) * p for p in pillars)]
    return windows, doors


def _tightened(points: list[Point]) -> list[Point]:
    """Points beside every corner, so that cutting corners leaves the straights straight."""
    result = [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        for other, share in ((before, 0.35), (corner, 0.0), (after, 0.35)):
            result.append(
                (
                    corner[0] + (other[0] - corner[0]) * share,
                    corner[1] + (other[1] - corner[1]) * share,
                )
            )
    return [*result, points[-1]]


def _rounded(points: list[Point], times: int) -> list[Point]:
    """Chaikin's corner cutting with both ends kept; only + and *, so equal on every machine."""
    for _ in range(times):
        cut = [points[0]]
        for (x0, z0), (x1, z1) in pairwise(points):
            cut.append((0.75 * x0 + 0.25 * x1, 0.75 * z0 + 0.25 * z1))
            cut.append((0.25 * x0 + 0.75 * x1, 0.25 * z0 + 0.75 * z1))
        points = [*cut, points[-1]]
    return points
