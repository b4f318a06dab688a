"""Measures the bars of a chart: upright ones; lying ones are read with x and y exchanged."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._bar_ends import measured_ends
from langchain_phase5.vision.charts._canvas import (
    COLORFUL,
    MOST_PIECES,
    Box,
    Canvas,
    components,
)

THINNEST = 3
"""Narrower runs of color are lines, ticks or letters."""
MOST_BARS = 400
"""Rectangles are compared with each other, so more would take long; no clean chart has them."""


@dataclass(frozen=True)
class Bar:
    """One rectangle of flat color; edges in pixels with fractions."""

    color: int
    left: int
    right: int
    top: float
    bottom: float

    @property
    def center(self) -> float:
        """Middle of the bar, in pixels from the left."""
        return (self.left + self.right - 1) / 2

    @property
    def width(self) -> int:
        """In pixels."""
        return self.right - self.left

    @property
    def area(self) -> float:
        """In pixels."""
        return self.width * abs(self.bottom - self.top)


@dataclass(frozen=True)
class BarSet:
    """Bars that stand on one line, or on each other."""

    bars: list[Bar]
    baseline: float
    """Where they stand, in pixels from the top."""
    stacked: bool
    coverage: float
    """Share of the colored area inside the plot that these bars explain."""


def find_bars(canvas: Canvas, plot: Box, legend: Box | None, labels: list[float]) -> BarSet | None:
    """The upright bars in the plot, or None when what is there does not stand on one line.

    Args:
        canvas: The chart.
        plot: Where bars may be.
        legend: What is inside is none of them.
        labels: Where the categories are, in pixels from the left.
    """
    rectangles = _mended(_rectangles(canvas, plot), labels)
    if legend:
        rectangles = [bar for bar in rectangles if not _inside(bar, legend)]
    total = sum(bar.area for bar in rectangles)
    baseline = _baseline(rectangles)
    if baseline is None or not total:
        return None
    standing = [bar for bar in rectangles if _stands(bar, baseline)]
    stacked = _on_top(standing, rectangles)
    bars = standing + stacked
    coverage = sum(bar.area for bar in bars) / max(total, _colored(canvas, plot, legend))
    return BarSet(sorted(bars, key=lambda b: (b.left, b.top)), baseline, bool(stacked), coverage)


def _colored(canvas: Canvas, plot: Box, legend: Box | None) -> int:
    """Pixels in a color other than grey, inside the plot and outside the legend."""
    spread = canvas.palette.max(axis=1) - canvas.palette.min(axis=1)
    colors = [c for c in np.flatnonzero(spread > COLORFUL) if c not in canvas.panels]
    shown = np.isin(canvas.colors, colors)
    if legend:
        shown[max(0, legend[1]) : legend[3], max(0, legend[0]) : legend[2]] = False
    return int(shown[plot[1] : plot[3], plot[0] : plot[2]].sum())


def _rectangles(canvas: Canvas, plot: Box) -> list[Bar]:
    from scipy import ndimage

    found: list[Bar] = []
    x0, y0, x1, y1 = plot
    for color in range(len(canvas.palette)):
        if color in canvas.panels:
            continue
        mask = np.zeros_like(canvas.colors, dtype=bool)
        mask[y0:y1, x0:x1] = canvas.mask(color)[y0:y1, x0:x1]
        if np.ptp(canvas.palette[color]) <= COLORFUL:  # axes may have that color, and join the bars
            mask = ndimage.binary_opening(mask, np.ones((THINNEST + 1, THINNEST + 1)))
        labels, boxes = components(mask)
        if len(boxes) > MOST_PIECES:  # dots or dust, which it would take long to look through
            continue
        for number, box in enumerate(boxes, start=1):
            if box[2] - box[0] >= THINNEST and box[3] - box[1] >= 1:
                part = labels[box[1] : box[3], box[0] : box[2]] == number
                found += [_bar(canvas, color, run) for run in _runs(part, box)]
            if len(found) > MOST_BARS:
                return []
    return _without_lines(found)


def _without_lines(rectangles: list[Bar]) -> list[Bar]:
    """Drops strokes, keeping flat rectangles as wide as the true bars of their color."""
    true = [bar for bar in rectangles if min(bar.width, bar.bottom - bar.top) > THINNEST]
    widths: dict[int, list[int]] = {}
    for bar in true:
        widths.setdefault(bar.color, []).append(bar.width)
    flat = [
        bar
        for bar in rectangles
        if bar not in true and any(abs(bar.width - w) <= 1 for w in widths.get(bar.color, []))
    ]
    return [bar for bar in true + flat if not any(_is_part(bar, other) for other in true)]


def _is_part(bar: Bar, other: Bar) -> bool:
    """Whether a rectangle is only a shade within a larger one, as where a line shines through."""
    inside = other.left - 2 <= bar.left and bar.right <= other.right + 2
    within = other.top - 2 <= bar.top and bar.bottom <= other.bottom + 2
    return inside and within and 3 * bar.area < other.area


def _mended(rectangles: list[Bar], labels: list[float]) -> list[Bar]:
    """Joins the parts of bars that a grid line drawn over them has cut."""
    stacked = _joined(rectangles, _one_above)
    return _joined(stacked, lambda one, other: _same_category(one, other, labels))


def _joined(rectangles: list[Bar], belong: Callable[[Bar, Bar], bool]) -> list[Bar]:
    rest = sorted(rectangles, key=lambda b: (b.color, b.left, b.top))
    whole = []
    while rest:
        bar = rest.pop(0)
        mate = next((o for o in rest if o.color == bar.color and belong(bar, o)), None)
        if mate is None:
            whole.append(bar)
        else:
            rest.remove(mate)
            rest.insert(0, _union(bar, mate))
    return whole


def _union(one: Bar, other: Bar) -> Bar:
    return Bar(
        one.color,
        min(one.left, other.left),
        max(one.right, other.right),
        min(one.top, other.top),
        max(one.bottom, other.bottom),
    )


def _one_above(one: Bar, other: Bar) -> bool:
    """A stack never has one color twice in a row, so these are parts of one bar."""
    gap = max(one.top, other.top) - min(one.bottom, other.bottom)
    return abs(one.left - other.left) <= 1 and abs(one.right - other.right) <= 1 and gap <= 4


def _same_category(one: Bar, other: Bar, labels: list[float]) -> bool:
    """Side by side, equally high and nearest to the same label, which lies between them."""
    gap = max(one.left, other.left) - min(one.right, other.right)
    level = abs(one.top - other.top) <= 2.5 and abs(one.bottom - other.bottom) <= 2.5
    if not level or gap > 4:
        return False
    near = [min(labels, key=lambda p: abs(p - bar.center), default=0.0) for bar in (one, other)]
    return near[0] == near[1] and min(one.center, other.center) <= near[0] <= max(
        one.center, other.center
    )


def _runs(part: NDArray[np.bool_], box: Box) -> list[Box]:
    """Cuts a component into runs of columns with the same first and last row."""
    top = part.argmax(axis=0)
    bottom = part.shape[0] - part[::-1].argmax(axis=0)
    step = (np.abs(np.diff(top)) > 1) | (np.abs(np.diff(bottom)) > 1)
    edges = [0, *(np.flatnonzero(step) + 1).tolist(), part.shape[1]]
    runs = []
    for start, stop in itertools.pairwise(edges):
        upper, lower = int(np.median(top[start:stop])), int(np.median(bottom[start:stop]))
        filled = part[upper:lower, start:stop]
        if stop - start >= THINNEST and filled.size and filled.mean() > 0.7:
            runs.append((box[0] + start, box[1] + upper, box[0] + stop, box[1] + lower))
    return runs


def _bar(canvas: Canvas, color: int, run: Box) -> Bar:
    upper, lower = measured_ends(canvas, color, run)
    return Bar(color, run[0], run[2], upper, lower)


def _inside(bar: Bar, box: Box) -> bool:
    left, top, right, bottom = box
    return left <= bar.left and bar.right <= right and top <= bar.top and bar.bottom <= bottom


def _baseline(bars: list[Bar]) -> float | None:
    """The row on which the most columns of color stand or hang."""
    edges = [(edge, bar) for bar in bars for edge in (bar.top, bar.bottom)]
    if not edges:
        return None

    def support(edge: float) -> tuple[int, float]:
        near = [bar for other, bar in edges if abs(other - edge) <= 2]
        above = {x for b in near if b.bottom <= edge + 2 for x in range(b.left, b.right)}
        below = {x for b in near if b.bottom > edge + 2 for x in range(b.left, b.right)}
        return len(above ^ below), sum(bar.area for bar in near)  # in both: joints of a stack

    best = max((edge for edge, _ in edges), key=support)
    return float(np.median([edge for edge, _ in edges if abs(edge - best) <= 2]))


def _stands(bar: Bar, baseline: float) -> bool:
    return min(abs(bar.bottom - baseline), abs(bar.top - baseline)) <= 2.5


def _on_top(standing: list[Bar], rectangles: list[Bar]) -> list[Bar]:
    """Rectangles of the same width that rest on one that stands, directly or through others."""
    resting: list[Bar] = []
    found = list(standing)
    while found:
        below = found.pop()
        for bar in rectangles:
            close = min(abs(bar.bottom - below.top), abs(bar.top - below.bottom)) <= 3
            aligned = abs(bar.left - below.left) <= 2 and abs(bar.right - below.right) <= 2
            if close and aligned and bar not in standing and bar not in resting:
                resting.append(bar)
                found.append(bar)
    return resting
