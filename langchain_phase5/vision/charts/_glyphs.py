"""Finds what may be the letters of a chart, by shape: small dark patches that are no lines."""

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import COLORFUL, Box, Canvas, components
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

INK = 45
"""How far a pixel is from its background (0-255) before it is ink."""
VIVID = 0.4
"""The same as a share of the distance from the background."""
THICKEST_TICK, LONGEST_TICK = 5, 14
"""A tick mark across and along, in pixels."""
THINNEST_WORD = 5
"""Across, in pixels: what is tall and thinner is the side of a frame, no turned word."""
SOLID = 0.9
"""Share of the length of a stroke in which its middle is ink."""
MOST_GLYPHS = 1500
LONGEST_DASH = 25
"""Most pixels between the dashes of one line, also where it crosses another dashed line."""
SHORTEST_ROW = 40
"""Fewest pixels in which there are several dashes in a row."""
DASHED = 0.15
"""Least share of a dashed line that is dashes; decimal points below each other are fewer."""
LONG_STROKE = 45
"""Pixels."""


def find_glyphs(canvas: Canvas, panel: int) -> list[Box]:
    """Boxes of ink that is small enough for a character and stands on that background.

    Raises:
        UnreadableChartError: There are so many that the picture shows something else.
    """
    far = canvas.distance(panel) > INK
    strokes = _strokes(far)
    _, boxes = components(far & ~strokes)
    tallest = max(34.0, 0.055 * max(canvas.height, canvas.width))
    near = canvas.mask(panel)
    found = [
        (left, top, right, bottom)
        for left, top, right, bottom in boxes
        if max(bottom - top, right - left) <= 6 * tallest
        and min(bottom - top, right - left) <= tallest
        and (bottom - top <= tallest or right - left >= THINNEST_WORD)
        and _stands_on(near, (left, top, right, bottom))
        and not _is_colorful(canvas, (left, top, right, bottom), panel)
        and not _hangs_on(strokes, far, (left, top, right, bottom))
    ]
    letters = [box for box in found if max(box[2] - box[0], box[3] - box[1]) >= 5]
    if len(letters) > MOST_GLYPHS:
        msg = f"there are {len(letters)} small dark patches, more than a chart has letters"
        raise UnreadableChartError(msg)
    return _without_ticks(found[:MOST_GLYPHS])


def _strokes(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Straight lines longer than any letter is wide or high: axes, grids, frames, bars."""
    from scipy import ndimage

    across = ndimage.binary_opening(ink, np.ones((1, LONG_STROKE)))
    down = ndimage.binary_opening(ink, np.ones((LONG_STROKE, 1)))
    return np.asarray(across | down | _dashed(ink) | _dashed(ink.T).T)


def _dashed(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Dashed lines that run level, also the stretches of them between bars."""
    from scipy import ndimage

    pieces, boxes = components(ink)
    flat = [number for number, box in enumerate(boxes, start=1) if box[3] - box[1] <= 3]
    dashes = np.isin(pieces, flat)  # and no part of a letter or a marker
    bridged = ndimage.binary_closing(dashes, np.ones((1, LONGEST_DASH)))
    long = ndimage.binary_opening(bridged, np.ones((1, SHORTEST_ROW)))
    lines, found = components(long)
    row = [
        number
        for number, (left, top, right, bottom) in enumerate(found, start=1)
        if len(np.unique(pieces[top:bottom, left:right] * dashes[top:bottom, left:right])) > 5
        and dashes[top:bottom, left:right].any(axis=0).mean() >= DASHED
    ]
    line = _whole_rows(np.isin(lines, row), dashes)
    crossings = [n for n, b in enumerate(boxes, start=1) if max(b[2] - b[0], b[3] - b[1]) <= 6]
    crossed = np.intersect1d(np.unique(pieces[line]), crossings)
    return np.asarray(line & dashes | np.isin(pieces, crossed))


def _whole_rows(line: NDArray[np.bool_], dashes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Dashed lines with the short stretches between bars that cover the rest of them.

    What is beside the plot stays: the minus of a label is on the row of its grid line.
    """
    rows, columns = np.flatnonzero(line.any(axis=1)), np.flatnonzero(line.any(axis=0))
    whole = line.copy()
    if len(rows):
        inside = slice(columns[0], columns[-1] + 1)
        whole[rows, inside] |= dashes[rows, inside]
    return whole


def _stands_on(near: NDArray[np.bool_], box: Box) -> bool:
    left, top, right, bottom = box
    height, width = near.shape
    rows = near[max(0, top - 3) : bottom + 3, max(0, left - 3) : right + 3]
    if left < 1 or top < 1 or right >= width or bottom >= height:
        return False
    return bool(rows.mean() > 0.15)


def _is_colorful(canvas: Canvas, box: Box, panel: int) -> bool:
    """Text is printed in greys; what is colorful or a block is a marker or a swatch.

    The soft edges of a thin ring are pale, so color counts in relation to the contrast.
    """
    left, top, right, bottom = box
    inside = canvas.pixels[top:bottom, left:right]
    contrast = np.abs(inside - canvas.palette[panel]).max(axis=2)
    dark = contrast > INK
    if min(dark.shape) >= 6 and dark.mean() > 0.95:
        return True  # a full rectangle, as no letter is
    spread = inside.max(axis=2) - inside.min(axis=2)
    if _has_core(dark & (spread > COLORFUL)):
        return True  # a marker with a dark edge
    spread = spread[dark]
    return bool(np.median(spread) > COLORFUL or np.median(spread / contrast[dark]) > VIVID)


def _has_core(mask: NDArray[np.bool_]) -> bool:
    """Whether there is a full square of three pixels a side, as colored fringes of print lack."""
    from scipy import ndimage

    return bool(ndimage.binary_erosion(mask, np.ones((3, 3))).any())


def _hangs_on(strokes: NDArray[np.bool_], ink: NDArray[np.bool_], box: Box) -> bool:
    """Whether a short solid stroke ends at a long line: a tick mark at its axis, not a letter."""
    left, top, right, bottom = box
    width, height = right - left, bottom - top
    if min(width, height) > THICKEST_TICK or max(width, height) > LONGEST_TICK:
        return False
    along = ink[top:bottom, left:right].mean(axis=1 if height < width else 0)
    if along.max() < SOLID:
        return False
    ends = (
        [strokes[max(0, top - 1) : top, left:right], strokes[bottom : bottom + 1, left:right]]
        if height > width
        else [strokes[top:bottom, max(0, left - 1) : left], strokes[top:bottom, right : right + 1]]
    )
    return any(end.any() for end in ends)


def _without_ticks(glyphs: list[Box]) -> list[Box]:
    """Drops tick marks: short strokes in line with equal ones.

    A minus has a digit to its right, and letters such as r and l have another letter close by.
    """
    if not glyphs:
        return []
    array = np.array(glyphs, dtype=float)
    left, top, right, bottom = array.T
    width, height = right - left, bottom - top
    line = float(np.median(height[height >= 5])) if (height >= 5).any() else 0.0
    upright = (width <= 3) & (height >= 3) & (height < 0.75 * line) & (height > 1.5 * width)
    flat = (height <= 3) & (width >= 3) & (width < 1.2 * line) & (width > 1.5 * height)
    row = (np.abs(top[:, None] - top) <= 1) & (np.abs(height[:, None] - height) <= 1)
    column = (np.abs(left[:, None] - left) <= 1) & (np.abs(width[:, None] - width) <= 1)
    level = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    after = (left[None] >= right[:, None] - 1) & (left[None] - right[:, None] <= 0.7 * line)
    np.fill_diagonal(after, val=False)
    minus = (after & (level > 0)).any(axis=1)  # or a comma
    solid = np.minimum(width, height) > 3
    beside = _near(left, right, line) & (level > 0) & solid
    wide = np.minimum(right[:, None], right) - np.maximum(left[:, None], left)
    below = _near(top, bottom, line) & (wide > 0) & solid
    upright, flat = upright & ~beside.any(axis=1), flat & ~below.any(axis=1)
    tick = upright & ~minus & ((row & upright).sum(axis=1) >= 2)
    tick |= flat & ~minus & ((column & flat).sum(axis=1) >= 2)
    return [glyph for glyph, drop in zip(glyphs, tick, strict=True) if not drop]


def _near(start: NDArray[np.float64], end: NDArray[np.float64], line: float) -> NDArray[np.bool_]:
    """Which boxes follow each other as the letters of a word do."""
    gap = np.maximum(start[None] - end[:, None], start[:, None] - end[None])
    return np.asarray((gap >= 0) & (gap <= 0.25 * line))
