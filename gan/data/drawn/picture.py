"""Draws one car in a small scene, four times too large, and reduces the picture.

Pictures are squashed to a square as photos are, so that a low car fills the picture too.
"""

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from gan.data.decode import NATURAL_WIDTH
from gan.data.drawn.painter import CIRCLE, Camera, Painter
from gan.data.drawn.parts import paint_car
from gan.data.drawn.scenery import Colour, blend, scenery
from gan.data.drawn.shapes import Body, body

OVER = 4  # pictures are drawn so many times larger, then averaged

PAINTS: tuple[Colour, ...] = (
    (232, 232, 228), (196, 200, 205), (128, 133, 140), (70, 74, 80), (34, 36, 42),
    (188, 30, 38), (214, 52, 40), (122, 22, 36), (28, 72, 150), (46, 110, 190), (24, 40, 84),
    (112, 168, 206), (24, 104, 76), (86, 132, 64), (240, 190, 36), (232, 116, 32),
    (38, 142, 150), (196, 176, 142), (120, 84, 58), (108, 60, 124), (222, 160, 172),
)  # fmt: skip


def picture(body_type: str, size: int, random: np.random.RandomState) -> npt.NDArray[np.uint8]:
    """One car of `body_type` in a random scene: uint8 [size, size, 3]."""
    car = body(body_type, random)
    side = size * OVER
    camera = _camera(car, side, random)
    image, light = scenery(side, camera.v0, random)
    paint = blend(PAINTS[random.randint(len(PAINTS))], _any_colour(random), 0.06)
    painter = Painter(image, camera, car, paint, light)
    _shadow(image, camera, car)
    paint_car(painter, random)
    return np.asarray(image.reduce(OVER))


def _any_colour(random: np.random.RandomState) -> Colour:
    red, green, blue = random.randint(0, 256, 3).tolist()
    return red, green, blue


def _camera(car: Body, side: int, random: np.random.RandomState) -> Camera:
    """A random camera, from the side or at an angle, for which the car nearly fills the frame."""
    view = random.randint(10)
    # `half` is the tangent of half the angle, which gives sine and cosine without trigonometry.
    if view < 4:
        half = random.randint(-60, 61) / 1000  # side: up to 7 degrees
    else:
        half = random.randint(210, 400) / 1000  # 24 to 44 degrees ...
        half *= -1 if view > 7 else 1  # ... from the front, or less often from behind
    cosine = (1 - half * half) / (1 + half * half)
    sine = 2 * half / (1 + half * half)
    camera = Camera(
        sine,
        cosine,
        car.length / 2,
        distance=random.randint(60, 100) / 10,
        height=random.randint(125, 210) / 100,
        mirror=1 if random.randint(2) else -1,
        tall=NATURAL_WIDTH,
    )
    corners = [
        camera(x, y, z)
        for x in (0.0, car.length)
        for y in (-car.half_width, car.half_width)
        for z in (0.0, car.height)
    ]
    left, right = min(u for u, _ in corners), max(u for u, _ in corners)
    top, bottom = min(v for _, v in corners), max(v for _, v in corners)
    share = random.randint(84, 98) / 100
    camera.scale = min(share * side / (right - left), 0.86 * side / (bottom - top))
    play = side * random.randint(-30, 31) / 1000
    camera.u0 = side / 2 - camera.scale * (left + right) / 2 + play
    lift = side * random.randint(10, 50) / 1000
    camera.v0 = side / 2 + lift - camera.scale * (top + bottom) / 2
    return camera


def _shadow(image: Image.Image, camera: Camera, car: Body) -> None:
    """A soft dark patch under the car."""
    w = car.half_width
    step = image.size[0] // 32
    mask = Image.new("L", (32 * 4, 32 * 4), 0)
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
        pen.polygon([(4 * u / step, 4 * v / step) for u, v in rim], fill=depth)
    soft = mask.reduce(4)
    box = soft.getbbox()
    if box is None:
        return
    left, top, right = max(0, box[0] - 1), max(0, box[1] - 1), min(32, box[2] + 1)
    bottom = min(32, box[3] + 1)
    patch = soft.crop((left, top, right, bottom)).resize(
        ((right - left) * step, (bottom - top) * step), Image.Resampling.BICUBIC
    )
    image.paste((14, 15, 20), (left * step, top * step), patch)


def _squarish(value: float) -> float:
    """Push a circle's coordinate outwards, which makes it a rounded rectangle."""
    return min(1.0, max(-1.0, 1.25 * value))
