"""Draw a meaning: the same one comes out different every time."""

import math
import random

from PIL import Image, ImageDraw

from langchain_phase5.demo.tiny_drawings.drawing import Drawing

Box = tuple[float, float, float, float]

_RGB = {
    "red": (215, 30, 35),
    "orange": (250, 135, 20),
    "yellow": (245, 220, 40),
    "green": (40, 150, 60),
    "blue": (35, 80, 200),
    "purple": (125, 45, 155),
    "pink": (250, 140, 185),
    "black": (25, 25, 25),
}
_NUMBERS = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_CENTERS = {
    "left": (0.24, 0.5),
    "right": (0.76, 0.5),
    "top": (0.5, 0.24),
    "bottom": (0.5, 0.76),
    "middle": (0.5, 0.5),
}
_RADII = {"small": (0.075, 0.095), "large": (0.155, 0.185)}
_INK = (90, 90, 95)
_PALE = (190, 190, 195)


def render(drawing: Drawing, rng: random.Random, *, size: int = 128) -> Image.Image:
    """Draw `drawing` as a square RGB image of `size` pixels.

    Args:
        drawing: What to show.
        rng: Chooses everything the meaning leaves open: exact place, hue, background, values.
        size: Width and height in pixels.
    """
    background = tuple(rng.randint(238, 255) for _ in range(3))
    image = Image.new("RGB", (size, size), background)
    pen = _Pen(ImageDraw.Draw(image), size, _hue(drawing["color"], rng), rng)
    {"shape": _draw_shapes, "chart": _draw_chart, "document": _draw_document}[drawing.family](
        pen, drawing
    )
    return image


class _Pen:
    """An `ImageDraw` in coordinates from 0 to 1, with the drawing's own color."""

    def __init__(
        self, draw: ImageDraw.ImageDraw, size: int, color: tuple[int, ...], rng: random.Random
    ) -> None:
        self.draw, self.size, self.color, self.rng = draw, size, color, rng

    def width(self, share: float) -> int:
        return max(1, round(share * self.size))

    def points(self, *points: tuple[float, float]) -> list[tuple[float, float]]:
        return [(x * self.size, y * self.size) for x, y in points]

    def line(self, *points: tuple[float, float], fill: tuple[int, ...], width: float) -> None:
        self.draw.line(self.points(*points), fill=fill, width=self.width(width))

    def polygon(self, *points: tuple[float, float]) -> None:
        self.draw.polygon(self.points(*points), fill=self.color)

    def box(self, x0: float, y0: float, x1: float, y1: float) -> Box:
        return (x0 * self.size, y0 * self.size, x1 * self.size, y1 * self.size)

    def jitter(self, value: float, by: float) -> float:
        return value + self.rng.uniform(-by, by)


def _hue(color: str, rng: random.Random) -> tuple[int, ...]:
    return tuple(max(0, min(255, channel + rng.randint(-12, 12))) for channel in _RGB[color])


def _draw_shapes(pen: _Pen, drawing: Drawing) -> None:
    low, high = _RADII[drawing["size"]]
    number = _NUMBERS[drawing["count"]]
    if number == 1:
        x, y = _CENTERS[drawing["place"]]
        centers = [(pen.jitter(x, 0.04), pen.jitter(y, 0.04))]
    else:
        centers = _spread(number, high, pen.rng)
    for center in centers:
        _draw_shape(pen, drawing["subject"], center, pen.rng.uniform(low, high))


def _spread(number: int, radius: float, rng: random.Random) -> list[tuple[float, float]]:
    """Return `number` centers whose shapes neither touch nor leave the picture."""
    margin, apart = radius + 0.02, 2 * radius + 0.04
    while True:
        centers: list[tuple[float, float]] = []
        for _ in range(60):
            point = (rng.uniform(margin, 1 - margin), rng.uniform(margin, 1 - margin))
            if all(math.dist(point, other) >= apart for other in centers):
                centers.append(point)
            if len(centers) == number:
                return centers


def _draw_shape(pen: _Pen, shape: str, center: tuple[float, float], radius: float) -> None:
    x, y = center
    box = pen.box(x - radius, y - radius, x + radius, y + radius)
    tilt = math.radians(pen.rng.uniform(-10, 10))
    if shape == "circle":
        pen.draw.ellipse(box, fill=pen.color)
    elif shape == "ring":
        pen.draw.ellipse(box, outline=pen.color, width=pen.width(radius * 0.4))
    elif shape == "cross":
        for start in (0.0, math.pi / 2):
            dx, dy = radius * math.cos(start + tilt), radius * math.sin(start + tilt)
            pen.line((x - dx, y - dy), (x + dx, y + dy), fill=pen.color, width=radius * 0.6)
    else:
        pen.polygon(*_corners(shape, center, radius, tilt))


def _corners(
    shape: str, center: tuple[float, float], radius: float, tilt: float
) -> list[tuple[float, float]]:
    number, start = {
        "triangle": (3, -90),
        "square": (4, 45),
        "diamond": (4, -90),
        "star": (10, -90),
    }[shape]
    corners = []
    for i in range(number):
        reach = radius * (0.42 if shape == "star" and i % 2 else 1.0)
        across = 0.62 if shape == "diamond" else 1.0
        angle = math.radians(start) + tilt + 2 * math.pi * i / number
        corners.append(
            (center[0] + across * reach * math.cos(angle), center[1] + reach * math.sin(angle))
        )
    return corners


def _draw_chart(pen: _Pen, drawing: Drawing) -> None:
    if "slices" in dict(drawing.details):
        _draw_slices(pen, drawing)
        return
    left, top = pen.jitter(0.13, 0.03), pen.jitter(0.13, 0.03)
    right, bottom = pen.jitter(0.92, 0.03), pen.jitter(0.86, 0.03)
    if drawing["grid"] == "yes":
        for i in range(5):
            y = top + (bottom - top) * i / 5
            pen.line((left, y), (right, y), fill=_PALE, width=0.016)
    pen.line((left, top), (left, bottom), (right, bottom), fill=_INK, width=0.016)
    heights = _heights(pen.rng, rising=drawing["trend"] == "rising")
    step = (right - left) / len(heights)
    tops = [
        (left + step * (i + 0.5), bottom - (bottom - top) * height)
        for i, height in enumerate(heights)
    ]
    _draw_values(pen, drawing["subject"], tops, step=step, bottom=bottom)


def _heights(rng: random.Random, *, rising: bool) -> list[float]:
    number = rng.randint(4, 7)
    low, high = rng.uniform(0.1, 0.25), rng.uniform(0.75, 0.95)
    heights = [
        low + (high - low) * i / (number - 1) + rng.uniform(-0.06, 0.06) for i in range(number)
    ]
    return heights if rising else heights[::-1]


def _draw_values(
    pen: _Pen, subject: str, tops: list[tuple[float, float]], *, step: float, bottom: float
) -> None:
    if subject == "bar chart":
        for x, y in tops:
            box = pen.box(x - 0.36 * step, y, x + 0.36 * step, bottom - 0.01)
            pen.draw.rectangle(box, fill=pen.color)
    elif subject == "line chart":
        pen.line(*tops, fill=pen.color, width=0.034)
    else:
        for _ in range(3):
            for x, y in tops:
                x0, y0 = pen.jitter(x, 0.4 * step), pen.jitter(y, 0.05)
                box = pen.box(x0 - 0.022, y0 - 0.022, x0 + 0.022, y0 + 0.022)
                pen.draw.ellipse(box, fill=pen.color)


def _draw_slices(pen: _Pen, drawing: Drawing) -> None:
    x, y = pen.jitter(0.5, 0.05), pen.jitter(0.5, 0.05)
    radius = pen.rng.uniform(0.34, 0.42)
    box = pen.box(x - radius, y - radius, x + radius, y + radius)
    pen.draw.ellipse(box, fill=pen.color)
    number = _NUMBERS[drawing["slices"]]
    shares = [pen.rng.uniform(0.7, 1.3) for _ in range(number)]
    angle = pen.rng.uniform(0, 2 * math.pi)
    for share in shares:
        edge = (x + radius * math.cos(angle), y + radius * math.sin(angle))
        pen.line((x, y), edge, fill=(255, 255, 255), width=0.03)
        angle += 2 * math.pi * share / sum(shares)
    if drawing["subject"] == "donut chart":
        hole = radius * 0.5
        pen.draw.ellipse(pen.box(x - hole, y - hole, x + hole, y + hole), fill=(255, 255, 255))


def _draw_document(pen: _Pen, drawing: Drawing) -> None:
    left, right = pen.jitter(0.14, 0.03), pen.jitter(0.86, 0.03)
    pen.draw.rectangle(
        pen.box(left - 0.06, 0.03, right + 0.06, 0.97), fill=(255, 255, 255), outline=_PALE
    )
    if drawing["mark"] == "header":
        pen.draw.rectangle(pen.box(left - 0.06, 0.03, right + 0.06, 0.16), fill=pen.color)
    top = 0.24
    if drawing["photo"] == "yes":
        _draw_photo(pen, pen.box(left, top - 0.04, left + 0.3, top + 0.17))
        top = 0.46
    _BODIES[drawing["subject"]](pen, (left, top, right, 0.92))
    if drawing["mark"] == "stamp":
        x, y = pen.jitter(right - 0.13, 0.02), pen.jitter(0.81, 0.02)
        box = pen.box(x - 0.11, y - 0.11, x + 0.11, y + 0.11)
        pen.draw.ellipse(box, fill=pen.color)


def _draw_photo(pen: _Pen, box: Box) -> None:
    x0, y0, x1, y1 = box
    pen.draw.rectangle(box, fill=(150, 195, 225))
    hill = [(x0, y1), (x0 + 0.4 * (x1 - x0), y0 + 0.35 * (y1 - y0)), (x1, y1)]
    pen.draw.polygon(hill, fill=(95, 130, 90))


def _write(pen: _Pen, x0: float, x1: float, y: float) -> None:
    pen.line((x0, y), (x0 + (x1 - x0) * pen.rng.uniform(0.75, 1.0), y), fill=_INK, width=0.018)


def _letter(pen: _Pen, body: Box) -> None:
    left, top, right, bottom = body
    _write(pen, left, left + 0.25, top)
    y = top + 0.11
    while y < bottom - 0.12:
        _write(pen, left, right, y)
        y += 0.055
    _write(pen, left, left + 0.2, bottom - 0.03)


def _invoice(pen: _Pen, body: Box) -> None:
    left, top, right, bottom = body
    _write(pen, left, left + 0.3, top)
    rows = pen.rng.randint(4, 6)
    table_top, table_bottom = top + 0.08, bottom - 0.1
    for i in range(rows + 1):
        y = table_top + (table_bottom - table_top) * i / rows
        pen.line((left, y), (right, y), fill=_INK, width=0.014)
    for share in (0, 0.55, 0.78, 1):
        x = left + (right - left) * share
        pen.line((x, table_top), (x, table_bottom), fill=_INK, width=0.014)
    _write(pen, right - 0.25, right, bottom - 0.03)


def _form(pen: _Pen, body: Box) -> None:
    left, top, right, bottom = body
    rows = pen.rng.randint(3, 4)
    for i in range(rows):
        y = top + (bottom - top) * i / rows
        _write(pen, left, left + 0.22, y + 0.05)
        pen.draw.rectangle(
            pen.box(left + 0.3, y, right, y + 0.1), outline=_INK, width=pen.width(0.014)
        )


def _article(pen: _Pen, body: Box) -> None:
    left, top, right, bottom = body
    middle = (left + right) / 2
    pen.line((left, top), (left + 0.5, top), fill=_INK, width=0.04)
    y = top + 0.09
    while y < bottom:
        _write(pen, left, middle - 0.04, y)
        _write(pen, middle + 0.04, right, y)
        y += 0.05


_BODIES = {"letter": _letter, "invoice": _invoice, "form": _form, "article": _article}
