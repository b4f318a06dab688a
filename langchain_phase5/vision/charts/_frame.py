"""Where the marks of a chart with two axes can be, without frame, grid and tick marks."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Box, Canvas, components
from langchain_phase5.vision.charts._layout import Layout
from langchain_phase5.vision.charts._phrase import around

FAR = 36
"""Distance from the ground (maximum over channels, 0-255) from which on a pixel is ink."""
PALE = 75
"""Grid lines are no further than this from the ground, or lie at a tick."""
GREY = 36
"""Difference between the strongest and the weakest channel (0-255) of what is a grey."""
LONG = 0.3
"""Share of the width or height that a line of the frame or the grid covers."""
THICK = 8
"""Most pixels across a line; JPEG files blur them."""
CORNER = 3
"""Pixels between the end of a line and the line that it meets."""
TICK = 14
"""Longest tick mark, in pixels."""


@dataclass(frozen=True)
class Frame:
    """The rectangle between the axes and what is drawn in it."""

    left: int
    top: int
    pixels: NDArray[np.float64]
    """Height x width x 3 of the rectangle."""
    ground: NDArray[np.float64]
    """The color behind the marks, 3 channels, 0-255."""
    ink: NDArray[np.bool_]
    """What is neither ground nor frame, grid, tick mark or legend."""
    covered: NDArray[np.bool_]
    """Under the legend or a line of the frame or grid, where marks cannot be seen."""
    outside: NDArray[np.bool_]
    """In the margin around the axes, where marks may be cut off."""

    def without_margin(self) -> "Frame":
        """The rectangle between the axes alone."""
        rows, columns = (np.flatnonzero(~self.outside.all(axis=axis)) for axis in (1, 0))
        part = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        masks = self.ink[part], self.covered[part], self.outside[part]
        left, top = self.left + int(columns[0]), self.top + int(rows[0])
        return Frame(left, top, self.pixels[part], self.ground, *masks)


def find_frame(canvas: Canvas, layout: Layout, *, margin: int = 0) -> Frame:
    """The rectangle of the marks: inside the axes where there are lines, else up to the labels.

    Args:
        canvas: The chart.
        layout: What is around the marks.
        margin: Pixels around the rectangle into which marks may reach; of what is there, only what
            has a color is taken for ink.
    """
    x0, y0, x1, y1 = layout.plot
    pixels = canvas.pixels[y0:y1, x0:x1].astype(float)
    ground = _ground(canvas, layout.plot)
    across = _long_lines(pixels, ground)
    down = _long_lines(pixels.transpose(1, 0, 2), ground)
    sheet = _sheet(canvas, layout.plot)
    ticks_x = [p - x0 for p in layout.x.positions] or [0.0]
    ticks_y = [p - y0 for p in layout.y.positions] or [0.0]
    left, right = _ends(down, across, sheet[0], (min(ticks_x), max(ticks_x)), x1 - x0)
    top, bottom = _ends(across, down, sheet[1], (min(ticks_y), max(ticks_y)), y1 - y0)
    between = slice(top, bottom), slice(left, right)
    inner = np.zeros(pixels.shape[:2], dtype=bool)
    inner[between] = True
    left, top = max(0, left - margin), max(0, top - margin)
    part = slice(top, bottom + margin), slice(left, right + margin)
    covered = np.zeros(pixels.shape[:2], dtype=bool)
    if layout.legend:
        a, b, c, d = legend_area(canvas, layout)
        covered[max(0, b - y0) : max(0, d - y0), max(0, a - x0) : max(0, c - x0)] = True
    lines = _drawn(across, pixels.shape[:2]) | _drawn(down, pixels.shape[1::-1]).T
    far = np.abs(pixels - ground).max(axis=2) > FAR
    lines &= _is_dull(pixels, ground)
    covered |= far & ~inner & (np.ptp(pixels, axis=2) <= max(GREY, np.ptp(ground) + 20))
    ink = far & ~lines & ~covered
    ink[between] = _without_ticks(ink[between], pixels[between])
    masks = ink[part], (covered | lines)[part], ~inner[part]
    return Frame(x0 + left, y0 + top, pixels[part], ground, *masks)


def legend_area(canvas: Canvas, layout: Layout) -> Box:
    """Around the legend with its frame, where one is drawn."""
    left, top, right, bottom = around([entry.box for entry in layout.legend])
    reach = round(2.2 * max(8, layout.legend[0].box[3] - layout.legend[0].box[1]))
    pixels = canvas.pixels
    y0, x0 = max(0, top - reach), max(0, left - reach)
    rows = _steps(pixels[y0 : bottom + reach, left:right])
    columns = _steps(pixels[top:bottom, x0 : right + reach].transpose(1, 0, 2))
    rows, columns = rows + y0, columns + x0
    above, below = rows[rows <= top + 1], rows[rows >= bottom - 2]
    before, after = columns[columns <= left + 1], columns[columns >= right - 2]
    if len(above) and len(below) and len(before) and len(after):
        return int(before[-1]) - 3, int(above[-1]) - 3, int(after[0]) + 4, int(below[0]) + 4
    return left - 3, top - 3, right + 3, bottom + 3


def _steps(strip: NDArray[np.int16]) -> NDArray[np.int64]:
    """Rows along which nearly every pixel differs from the row before."""
    change = np.abs(np.diff(strip.astype(int), axis=0)).max(axis=2)
    return np.flatnonzero(np.quantile(change, 0.15, axis=1) > 8) + 1


def _ground(canvas: Canvas, plot: Box) -> NDArray[np.float64]:
    """The most frequent color of the plot."""
    left, top, right, bottom = plot
    colors = canvas.colors[top:bottom, left:right]
    counts = np.bincount(colors[colors >= 0], minlength=len(canvas.palette))
    return np.asarray(canvas.palette[int(counts.argmax())], dtype=float)


def _is_dull(pixels: NDArray[np.float64], ground: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Where a color is a grey or differs little from the ground."""
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    tint = float(ground.max() - ground.min())
    away = np.abs(pixels - ground).max(axis=2)
    return np.asarray((spread <= max(GREY, tint + 20)) | (away <= PALE))


def _long_lines(pixels: NDArray[np.float64], ground: NDArray[np.float64]) -> list[Box]:
    """Level strokes of a dull color that are long and thin, also dashed ones."""
    from scipy import ndimage

    padded = np.pad(pixels, ((4, 4), (0, 0), (0, 0)), mode="edge")
    above, below = padded[:-8], padded[8:]
    away = np.minimum(
        np.abs(pixels - above).max(axis=2),
        np.abs(pixels - below).max(axis=2),
    )
    thin = (away > 6) & _is_dull(pixels, ground)
    bridged = ndimage.binary_closing(thin, np.ones((1, 11)))
    length = LONG * pixels.shape[1]
    pieces = ndimage.binary_opening(bridged, np.ones((1, max(20, round(length / 4)))))
    boxes = [box for box in components(pieces)[1] if box[3] - box[1] <= THICK]
    return [box for box in boxes if _in_line(box, boxes) >= length]


def _in_line(box: Box, boxes: list[Box]) -> int:
    """The length of the pieces on one line, which marks may interrupt."""
    return sum(b[2] - b[0] for b in _pieces(box, boxes))


def _whole(box: Box, boxes: list[Box]) -> tuple[int, int]:
    """Where the line of which a box is a piece starts and ends."""
    pieces = _pieces(box, boxes)
    return min(b[0] for b in pieces), max(b[2] for b in pieces)


def _pieces(box: Box, boxes: list[Box]) -> list[Box]:
    return [b for b in boxes if abs(b[1] + b[3] - box[1] - box[3]) <= 3]


def _drawn(lines: list[Box], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, dtype=bool)
    for left, top, right, bottom in lines:
        pad = 1 if bottom - top < THICK / 2 else 0
        mask[max(0, top - pad) : bottom + pad, left:right] = True
    return mask


def _sheet(canvas: Canvas, plot: Box) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """Where a tinted panel behind the marks begins and ends, along x and along y."""
    left, top, right, bottom = plot
    for panel in canvas.panels:
        if panel == canvas.paper:
            continue
        mask = canvas.mask(panel)[top:bottom, left:right]
        columns, rows = np.flatnonzero(mask.mean(0) > LONG), np.flatnonzero(mask.mean(1) > LONG)
        if len(columns) and len(rows):
            return (int(columns[0]), int(columns[-1]) + 1), (int(rows[0]), int(rows[-1]) + 1)
    return None, None


def _ends(
    walls: list[Box],
    shelves: list[Box],
    sheet: tuple[int, int] | None,
    ticks: tuple[float, float],
    size: int,
) -> tuple[int, int]:
    """First and last pixel between the walls: lines across this direction.

    Args:
        walls: Lines that run across, as boxes whose second and fourth number are positions.
        shelves: Lines that run along, whose first and third numbers are where they end.
        sheet: Where a tinted panel begins and ends.
        ticks: The outermost tick labels.
        size: Of the whole plot.
    """
    if sheet:
        return sheet
    low, high = 0, size
    starts, stops = [], []
    if shelves:
        whole = np.array([_whole(box, shelves) for box in shelves])
        weights = whole[:, 1] - whole[:, 0]  # what is short may be part of a mark
        low, high = (int(np.median(np.repeat(ends, weights))) for ends in whole.T)
        starts, stops = whole.T.tolist()
    low, high = min(low, max(0, int(ticks[0]) - 3)), max(high, min(size, int(ticks[1]) + 4))
    starts = [low + TICK - CORNER, *starts]  # print may lengthen a line beyond the corner
    stops = [high - TICK + CORNER, *stops]
    before = [wall for wall in walls if wall[3] <= ticks[0] + 4 and wall[1] <= max(starts) + CORNER]
    after = [wall for wall in walls if wall[1] >= ticks[1] - 4 and wall[3] >= min(stops) - CORNER]
    low = max(low, min(wall[1] for wall in before)) if before else low
    high = min(high, max(wall[3] for wall in after)) if after else high
    return low, high


def _without_ticks(ink: NDArray[np.bool_], pixels: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Drops short grey strokes that start at the edge: tick marks that point inward."""
    height, width = ink.shape
    labels, boxes = components(ink)
    kept = ink.copy()
    spread = pixels.max(axis=2) - pixels.min(axis=2)
    for number, (left, top, right, bottom) in enumerate(boxes, start=1):
        thin, long = sorted((right - left, bottom - top))
        near = min(left, top, width - right, height - bottom) <= 4
        if near and thin <= 4 and long <= TICK:
            here = labels[top:bottom, left:right] == number
            if np.median(spread[top:bottom, left:right][here]) <= GREY:
                kept[top:bottom, left:right][here] = False
    return kept
