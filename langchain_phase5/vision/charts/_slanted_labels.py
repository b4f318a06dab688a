"""Reads labels that are turned by less than a right angle, as long names below an axis are."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from langchain_phase5.vision.charts._canvas import Box, Canvas, make_canvas
from langchain_phase5.vision.charts._glyphs import find_glyphs
from langchain_phase5.vision.charts._phrase import Phrase, Word, around, middle
from langchain_phase5.vision.charts._reading import read_phrases
from langchain_phase5.vision.charts._words import find_phrases

FLATTEST, STEEPEST = 20, 70
"""Degrees: flatter lines are read as level, steeper ones as upright."""
FEWEST_GLYPHS = 8
MARGIN = 8
"""Paper around the labels, in pixels."""
UNEVEN = 4.0
"""Largest distance of a label from an even row of labels, in pixels."""


def with_slanted(canvas: Canvas, phrases: list[Phrase]) -> list[Phrase]:
    """The phrases, those in a slanted row below the plot replaced by what it says.

    A label of that row is read from a copy of the picture turned back, and put where it would stand
    if it were level and centered below its tick.
    """
    glyphs = _slanted_glyphs(canvas)
    if len(glyphs) < FEWEST_GLYPHS:
        return phrases
    area = around(glyphs)
    rest = [p for p in phrases if not _holds(area, p.center)]
    picture, corner = _only(canvas, glyphs)
    angle = _angle(np.asarray(picture.convert("L"), dtype=float))
    turned = picture.rotate(
        -angle, Image.Resampling.BICUBIC, expand=True, fillcolor=picture.getpixel((0, 0))
    )
    level = make_canvas(turned)
    labels = [phrase for phrase in find_phrases(level) if phrase.upright]
    read_phrases(level, labels)
    boxes = [_turned_back(p.box, angle, turned.size, picture.size) for p in labels]
    row = _row(labels, [(left + corner[0], right + corner[0]) for left, right in boxes], area)
    return [*rest, *row] if row else phrases


def _holds(box: Box, point: tuple[float, float]) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]


def _slanted_glyphs(canvas: Canvas) -> list[Box]:
    """Glyphs in the lower half whose nearest neighbor is up and to the right, or down and left."""
    glyphs = [
        glyph
        for panel in canvas.panels
        for glyph in find_glyphs(canvas, panel)
        if glyph[1] > 0.5 * canvas.height
    ]
    sizes = [max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in glyphs]
    line = np.median([size for size in sizes if size >= 5] or [0])
    glyphs = [g for g, size in zip(glyphs, sizes, strict=True) if size > 0.4 * line]  # no points
    if len(glyphs) < FEWEST_GLYPHS:
        return []
    centers = np.array([middle(glyph) for glyph in glyphs])
    apart = np.hypot(*(centers[:, None] - centers).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    across, up = (centers[apart.argmin(axis=1)] - centers).T
    angles = np.degrees(np.arctan2(-up, across)) % 180
    slanted = (angles >= FLATTEST) & (angles <= STEEPEST)
    found = _largest_band([glyph for glyph, one in zip(glyphs, slanted, strict=True) if one])
    if not found:
        return []
    left, top, right, bottom = around(found)
    band = [g for g in glyphs if top <= g[1] and g[3] <= bottom and left <= g[0] and g[2] <= right]
    return band if len(found) > 0.6 * len(band) else []


def _largest_band(glyphs: list[Box]) -> list[Box]:
    """The most glyphs that no level strip of the picture parts."""
    bands: list[list[Box]] = []
    floor = -1
    for glyph in sorted(glyphs, key=lambda box: box[1]):
        if glyph[1] > floor:
            bands.append([])
        bands[-1].append(glyph)
        floor = max(floor, glyph[3])
    return max(bands, key=len, default=[])


def _only(canvas: Canvas, glyphs: list[Box]) -> tuple[Image.Image, tuple[int, int]]:
    """The part of the picture with these glyphs on plain paper, and its left and top."""
    alone = np.empty_like(canvas.pixels)
    alone[:] = canvas.palette[canvas.paper]
    for x0, y0, x1, y1 in glyphs:
        spot = slice(max(0, y0 - 1), y1 + 1), slice(max(0, x0 - 1), x1 + 1)
        alone[spot] = canvas.pixels[spot]
    left, top, right, bottom = around(glyphs)
    left, top = max(0, left - MARGIN), max(0, top - MARGIN)
    part = alone[top : bottom + MARGIN, left : right + MARGIN]
    return Image.fromarray(part.astype(np.uint8)), (left, top)


def _angle(grey: NDArray[np.float64]) -> int:
    """The degrees by which lines of text rise: along them, the ink is on the fewest rows."""
    y, x = np.nonzero(np.abs(grey - grey[0, 0]) > np.ptp(grey) / 3)

    def crowding(degrees: int) -> float:
        turn = math.radians(degrees)
        rows = np.rint(x * math.sin(turn) + y * math.cos(turn)).astype(int)
        return float((np.bincount(rows).astype(float) ** 2).sum())

    return max(range(FLATTEST, STEEPEST + 1), key=crowding)


def _turned_back(
    box: Box, angle: int, turned: tuple[int, int], size: tuple[int, int]
) -> tuple[float, float]:
    """Left and right of a box of the turned picture on the picture before."""
    turn = math.radians(angle)
    x = [
        (u - turned[0] / 2) * math.cos(turn) + (v - turned[1] / 2) * math.sin(turn) + size[0] / 2
        for u, v in itertools.product(box[0::2], box[1::2])
    ]
    return min(x), max(x)


def _row(labels: list[Phrase], sides: list[tuple[float, float]], area: Box) -> list[Phrase]:
    """The labels side by side where they are even: at their middles or at their right ends."""
    if len(labels) < 2:
        return []
    order = np.argsort([right for _, right in sides])
    ends = np.array(sides)[order]
    places = min((ends.mean(axis=1), ends[:, 1]), key=_unevenness)
    if _unevenness(places) > UNEVEN:
        return []
    top, size = area[1], max(8, round(float(np.median([label.size for label in labels]))))
    row = []
    for number, place in zip(order, places.tolist(), strict=True):
        box = (round(place) - size, top, round(place) + size + 1, top + size)
        label = labels[int(number)]
        row.append(Phrase([Word([box], box, label.text, label.confidence)], slanted=True))
    return row


def _unevenness(places: NDArray[np.float64]) -> float:
    """The largest distance from evenly spaced places, in pixels."""
    steps = np.arange(len(places))
    slope, first = np.polyfit(steps, places, 1)
    return float(np.abs(places - first - slope * steps).max())
