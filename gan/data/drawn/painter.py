"""The camera and the brush of the drawn cars: points in space to filled polygons.

Only +, -, *, / and sqrt on Python floats, and Pillow's integer fills: the same bytes everywhere.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt  # correctly rounded everywhere, unlike powers and sines

from PIL import Image, ImageDraw

from gan.data.drawn.scenery import Colour, blend
from gan.data.drawn.shapes import Body, Point, Point3


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
    tall: float = 1.0  # how many times too tall everything is shown
    scale: float = 1.0
    u0: float = 0.0
    v0: float = 0.0  # of the horizon

    def __call__(self, x: float, y: float, z: float) -> Point:
        x -= self.middle
        depth = self.distance + x * self.sine + y * self.cosine
        across = self.mirror * (x * self.cosine - y * self.sine)
        return (
            self.u0 + self.scale * across / depth,
            self.v0 - self.tall * self.scale * (z - self.height) / depth,
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
        """The paint at a brightness: darker below 1, towards white above 1."""
        if brightness <= 1:
            return blend((8, 9, 16), colour, brightness)
        return blend(colour, (255, 254, 248), min(brightness - 1, 0.85))

    def strip_brightness(self, a: Point, b: Point) -> float:
        """The brightness of a strip across the car whose outline runs from a to b."""
        dx, dz = b[0] - a[0], b[1] - a[1]
        norm = max(sqrt(dx * dx + dz * dz), 1e-9)
        nx, nz = -dz / norm, dx / norm  # outward: up where the outline runs to the rear
        return 0.62 + 0.5 * max(0.0, nx * self.light[0] + nz * self.light[2])
