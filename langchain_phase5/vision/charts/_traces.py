"""Follows a line of a chart: its middle in every column, to a fraction of a pixel."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import components
from langchain_phase5.vision.charts._inks import Ink
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

LONGEST_GAP = 0.25
"""Share of its columns in which a line may be hidden."""
SHORTEST = 0.1
"""Share of the frame's width that a line covers in one piece."""
SPINE = 4
"""Most pixels that the line of the frame takes at the edge."""
BEYOND = 5
"""Pixels around the end of a line in which it may disappear under the legend."""
EDGE = 0.15
"""Share of those pixels that the legend covers at least; steep lines enter it from below."""
SPECK = 5
"""Patches of fewer pixels are blends of other colors, not part of a line."""


@dataclass(frozen=True)
class Trace:
    """The middle of a line, column by column, in pixels of the frame."""

    columns: NDArray[np.float64]
    """Ascending; hidden columns are left out."""
    heights: NDArray[np.float64]
    """From the top."""
    thickness: float
    """Across the stroke."""
    markers: tuple[tuple[float, float, float], ...]
    """Center and radius of the markers along the line; empty when none are found."""
    cut: tuple[bool, bool] = (False, False)
    """Whether the line may go on unseen at its left and at its right end."""
    halo: float = 0.0
    """Radius of patches that may be markers, or of the markers that another line has."""

    @property
    def reach(self) -> float:
        """How far ink may be from a point: half the stroke, or the radius of a marker."""
        radius = max((radius for _, _, radius in self.markers), default=0.0)
        return max(self.thickness / 2, radius, self.halo)


def with_halos(lines: list[Trace]) -> list[Trace]:
    """The lines, each with the markers of the others: on a thick line small ones are not seen."""
    radii = [radius for line in lines for _, _, radius in line.markers]
    return [replace(line, halo=max([line.halo, *radii])) for line in lines]


def trace(ink: Ink) -> Trace | None:
    """The line that the ink forms, or None when it forms none.

    Raises:
        UnreadableChartError: It fills an area.
    """
    cover, mask = _without_specks(ink)
    if not mask.any():
        return None
    _, boxes = components(mask | (ink.hidden & _near(mask)))
    total = cover.sum(axis=0)
    used = np.flatnonzero(total >= 0.5)
    longest = max(box[2] - box[0] for box in boxes)
    if longest < max(30, SHORTEST * mask.shape[1]) or len(used) < (1 - LONGEST_GAP) * (
        used[-1] - used[0]
    ):
        return None
    rows = np.arange(mask.shape[0])[:, None]
    heights = (cover[:, used] * rows).sum(axis=0) / total[used]
    first = mask[:, used].argmax(axis=0)
    last = mask.shape[0] - mask[::-1, used].argmax(axis=0)
    solid = mask[:, used].any(axis=0) & (total[used] >= 0.6 * (last - first))
    if solid.sum() < 10:
        return None
    x, y = used[solid].astype(float), heights[solid]
    thickness = _thickness(x, y, total[used][solid])
    if thickness > max(12.0, 0.06 * mask.shape[0]):
        msg = "a color fills areas rather than drawing a line"
        raise UnreadableChartError(msg)
    ends = float(used[0]), float(used[-1])
    patches = _patches(mask, thickness, ends)
    markers = patches if _at_both(patches, ends) else ()
    cut = _goes_under(ink.hidden, x[0], y[0], -1), _goes_under(ink.hidden, x[-1], y[-1], 1)
    halo = max((radius for _, _, radius in patches), default=0.0) if len(patches) > 2 else 0.0
    return Trace(x, y, thickness, markers, cut, halo)


def _goes_under(hidden: NDArray[np.bool_], x: float, y: float, step: int) -> bool:
    """Whether the next columns beyond an end of a line are hidden."""
    rows = slice(max(0, round(y) - BEYOND), round(y) + BEYOND + 1)
    next_ones = [round(x) + step * (distance + 1) for distance in range(BEYOND)]
    inside = [column for column in next_ones if 0 <= column < hidden.shape[1]]
    return any(hidden[rows, column].mean() > EDGE for column in inside)


def _without_specks(ink: Ink) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    labels, _ = components(ink.mask)
    sizes = np.bincount(labels.ravel())
    small = np.isin(labels, np.flatnonzero(sizes < SPECK)) & (labels > 0)
    return np.where(small, 0.0, ink.cover), ink.mask & ~small


def _near(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy import ndimage

    return np.asarray(ndimage.binary_dilation(mask, np.ones((7, 7))))


def _thickness(x: NDArray[np.float64], y: NDArray[np.float64], total: NDArray[np.float64]) -> float:
    """The median over the columns of the height of the ink, times the cosine of the slope."""
    beside = np.diff(x) == 1
    slope = np.diff(y)[beside]
    across = (total[1:][beside] + total[:-1][beside]) / 2 / np.hypot(1.0, slope)
    return max(1.0, float(np.median(across))) if len(across) else 1.0


def _patches(
    mask: NDArray[np.bool_], thickness: float, ends: tuple[float, float]
) -> tuple[tuple[float, float, float], ...]:
    """Center and radius of patches thicker than the line, if they are alike."""
    from scipy import ndimage

    radius = max(2.0, 0.75 * thickness + 0.8)
    size = int(np.ceil(radius))
    y, x = np.mgrid[-size : size + 1, -size : size + 1]
    opened = ndimage.binary_opening(mask, np.hypot(x, y) <= radius)
    _, boxes = components(opened)
    if len(boxes) < 2:
        return ()
    sizes = np.array([(box[2] - box[0], box[3] - box[1]) for box in boxes], dtype=float)
    alike = np.abs(sizes - np.median(sizes, axis=0)).max(axis=1) <= 2
    if alike.mean() < 0.6:
        return ()
    found = [
        (
            (box[0] + box[2] - 1) / 2,
            (box[1] + box[3] - 1) / 2,
            max(box[2] - box[0], box[3] - box[1]) / 2,
        )
        for box, one in zip(boxes, alike, strict=True)
        if one
    ]
    found += _cut_markers(mask, ends, float(np.median(sizes[:, 1])))
    return tuple(sorted(found))


def _at_both(patches: tuple[tuple[float, float, float], ...], ends: tuple[float, float]) -> bool:
    """Whether there are patches at both ends of a line, as markers are."""
    widest = float(np.median([radius for _, _, radius in patches])) + 3 if patches else 0.0
    return bool(patches) and all(min(abs(x - end) for x, _, _ in patches) <= widest for end in ends)


def _cut_markers(
    mask: NDArray[np.bool_], ends: tuple[float, float], height: float
) -> list[tuple[float, float, float]]:
    """Markers at an end of the line of which the edge of the frame cuts off one half."""
    width = mask.shape[1]
    cut = []
    for end, edge, inward in zip(ends, (0, width - 1), (1, -1), strict=True):
        columns = [mask[:, int(end) + inward * step] for step in range(3)]
        runs = [_longest_run(column) for column in columns]
        shortest = min(stop - start for start, stop in runs)
        if abs(end - edge) <= SPINE and 0.7 * height <= shortest <= height + 2:
            middle = np.mean([(start + stop - 1) / 2 for start, stop in runs])
            cut.append((float(edge), float(middle), height / 2))
    return cut


def _longest_run(column: NDArray[np.bool_]) -> tuple[int, int]:
    """First and last row (exclusive) of the longest stretch of ink in a column."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], column.astype(int), [0]])))
    runs = list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
    return max(runs, key=lambda run: run[1] - run[0], default=(0, 0))
