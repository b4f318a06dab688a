"""Follows the lines of a chart and finds the points they were drawn through."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Canvas, components
from langchain_phase5.vision.charts._scale import Scale
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

SHORTEST = 0.2
"""Share of the plot's width that a line has to span."""
STRAIGHT = 1.6
"""Largest distance of a line from straight between two points, in pixels (root mean square)."""
MOST_POINTS = 60


@dataclass(frozen=True)
class Path:
    """The middle of a line, column by column."""

    columns: NDArray[np.float64]
    """Pixels from the left, ascending; hidden columns are left out."""
    heights: NDArray[np.float64]
    """Pixels from the top."""
    thickness: float

    @property
    def start(self) -> float:
        """Where it begins, in pixels from the left."""
        return float(self.columns[0])

    @property
    def end(self) -> float:
        """Where it ends."""
        return float(self.columns[-1])


def trace(canvas: Canvas, mask: NDArray[np.bool_]) -> Path | None:
    """The line of a color, or None when its pixels form none.

    Raises:
        UnreadableChartError: It is an area rather than a line.
    """
    _, boxes = components(mask)
    longest = max((box[2] - box[0] for box in boxes), default=0)
    used = np.flatnonzero(mask.any(axis=0))
    if longest < SHORTEST * canvas.width * 0.6 or len(used) < SHORTEST * canvas.width:
        return None
    counts = mask[:, used].sum(axis=0)
    thickness = float(np.quantile(counts, 0.2))
    if thickness > max(12.0, 0.06 * canvas.height):
        msg = "a color fills areas rather than drawing a line"
        raise UnreadableChartError(msg)
    rows = np.arange(mask.shape[0])[:, None]
    heights = (mask[:, used] * rows).sum(axis=0) / counts
    spread = mask[:, used].argmax(axis=0), mask.shape[0] - mask[::-1, used].argmax(axis=0)
    solid = counts >= 0.5 * (spread[1] - spread[0])
    return Path(used[solid].astype(float), heights[solid], max(thickness, 1.0))


def lattice(paths: list[Path], scale: Scale) -> list[tuple[str | float, float]]:
    """Values of a numeric x axis, evenly spaced, at which all the lines bend.

    Returns:
        Pairs of value and pixel.

    Raises:
        UnreadableChartError: The bends are not evenly spaced.
    """
    bends = sorted({round(x, 1) for path in paths for x in _bends(path)})
    if len(bends) < 2 or scale.kind != "linear":
        msg = "a line has no bends to find its points by"
        raise UnreadableChartError(msg)
    ticks = scale.ticks
    gaps = [b - a for a, b in itertools.pairwise(ticks)]
    tick = min(gaps) if gaps else 1.0
    low, high = min(p.start for p in paths), max(p.end for p in paths)
    slack = max(p.thickness for p in paths) / 2 + 2.5
    for share in (4, 2, 1, 1 / 2, 1 / 2.5, 1 / 4, 1 / 5, 1 / 10):
        step = tick * share
        if abs(step / scale.slope) < 7:
            break
        near = [scale.value(x) / step for x in bends]
        off = [abs(v - round(v)) * abs(step / scale.slope) for v in near]
        if np.quantile(off, 0.9) <= slack * 0.8 and max(off) <= slack * 1.3:
            first, last = round(scale.value(low) / step), round(scale.value(high) / step)
            first, last = min(first, last), max(first, last)
            if not 1 <= last - first <= MOST_POINTS:
                break
            values = [round(n * step, 10) for n in range(first, last + 1)]
            return [(value, scale.pixel(value)) for value in values]
    msg = "the points of a line are not evenly spaced"
    raise UnreadableChartError(msg)


def _bends(path: Path) -> list[float]:
    """Where a line starts, ends and changes direction (Douglas and Peucker 1973)."""
    x, y = path.columns, path.heights
    keep = {0, len(x) - 1}
    open_ = [(0, len(x) - 1)]
    tolerance = max(2.0, 0.9 * path.thickness)
    while open_:
        a, b = open_.pop()
        if b - a < 2:
            continue
        chord = np.array([x[b] - x[a], y[b] - y[a]])
        offset = np.stack([x[a : b + 1] - x[a], y[a : b + 1] - y[a]])
        away = np.abs(chord[0] * offset[1] - chord[1] * offset[0]) / max(1e-9, np.hypot(*chord))
        worst = int(away.argmax())
        if away[worst] > tolerance:
            keep.add(a + worst)
            open_ += [(a, a + worst), (a + worst, b)]
    return [float(x[index]) for index in sorted(keep)]


def vertices(path: Path, spots: list[tuple[str | float, float]]) -> list[tuple[str | float, float]]:
    """The height of a line at given places, from straight pieces fitted between them.

    Args:
        path: The line.
        spots: Pairs of name and pixel, where points may be.

    Returns:
        Pairs of name and height in pixels, for the places the line reaches.

    Raises:
        UnreadableChartError: The line is not straight between the places.
    """
    slack = path.thickness / 2 + 4
    inside = [(k, p) for k, p in spots if path.start - slack <= p <= path.end + slack]
    estimates: list[list[float]] = [[] for _ in inside]
    rough = 0
    for index, ((_, a), (_, b)) in enumerate(itertools.pairwise(inside)):
        piece = _piece(path, a, b)
        if piece is None:
            continue
        slope, height, error = piece
        rough += error > STRAIGHT + 0.15 * abs(slope)
        estimates[index].append(height + slope * (a - (a + b) / 2))
        estimates[index + 1].append(height + slope * (b - (a + b) / 2))
    if rough > max(1, 0.15 * len(inside)):
        msg = "a line is not straight between its points"
        raise UnreadableChartError(msg)
    return [
        (key, float(np.mean(found)))
        for (key, _), found in zip(inside, estimates, strict=True)
        if found
    ]


def _piece(path: Path, a: float, b: float) -> tuple[float, float, float] | None:
    """Slope, height in the middle and error of the straight piece between two columns."""
    margin = min(0.22 * (b - a), 12.0)
    chosen = (path.columns > a + margin) & (path.columns < b - margin)
    if chosen.sum() < 3:
        return None
    x, y = path.columns[chosen] - (a + b) / 2, path.heights[chosen]
    for _ in range(3):
        slope, height = np.polyfit(x, y, 1)
        error = np.abs(y - slope * x - height)
        good = error <= max(1.0, 2.5 * float(np.median(error)))
        if good.all() or good.sum() < 3:
            break
        x, y = x[good], y[good]
    return float(slope), float(height), float(np.sqrt((error**2).mean()))
