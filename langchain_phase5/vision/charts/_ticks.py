"""Puts tick labels where their tick marks or grid lines are: text is centered only roughly."""

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Box, Canvas

STEPS = (1, 7, 12)
"""Distances in pixels from the labels at which tick marks are looked for."""
SHARES = (0.6, 0.3)
"""Least share of those pixels that a mark fills; a minor one, which has no label, fills less."""
ENOUGH = 0.7
"""Share of the labels that need a line near them before lines are believed."""


def snapped(canvas: Canvas, positions: list[float], boxes: list[Box], *, axis: int) -> list[float]:
    """The positions of labels along an axis, moved to the lines beside them.

    Args:
        canvas: The chart.
        positions: Pixel coordinates of the labels along the axis.
        boxes: Their boxes.
        axis: 0 for labels below the plot, 1 for labels left of it.
    """
    if not boxes:
        return positions
    pixels = canvas.pixels if axis == 1 else canvas.pixels.transpose(1, 0, 2)
    if axis == 1:
        edge, reach = max(box[2] for box in boxes), min(box[3] - box[1] for box in boxes) / 2
    else:
        edge, reach = min(box[1] for box in boxes), min(box[3] - box[1] for box in boxes) / 2
    best = positions
    for strip in _strips(pixels, edge, axis):
        lines = _lines(strip)
        hits = [_nearest(lines, position, reach + 1) for position in positions]
        if sum(hit is not None for hit in hits) >= ENOUGH * len(positions):
            shift = float(
                np.median([h - p for h, p in zip(hits, positions, strict=True) if h is not None])
            )
            best = [p + shift if h is None else h for h, p in zip(hits, positions, strict=True)]
            break
    return best


def _strips(pixels: NDArray[np.int16], edge: int, axis: int) -> list[NDArray[np.float64]]:
    """Profiles along the axis: of tick marks beside the labels, of grid lines, of marks beyond.

    Long tick marks, and those that point into the plot, are further from the labels.
    """
    width = pixels.shape[1]
    if axis == 1:
        near = [slice(edge + step, edge + step + 12) for step in STEPS]
        far = slice(edge + 13, width)
    else:
        near = [slice(max(0, edge - step - 12), max(0, edge - step)) for step in STEPS]
        far = slice(0, max(1, edge - 13))
    usual = [_profile(pixels[:, near[0]], 0.3), _profile(pixels[:, far], 0.4)]
    return usual + [_profile(pixels[:, strip], share) for share in SHARES for strip in near[1:]]


def _profile(strip: NDArray[np.int16], share: float) -> NDArray[np.float64]:
    """Per row, how far it stands out from the rows four pixels away, if along that share."""
    if strip.shape[1] < 2:
        return np.zeros(len(strip))
    padded = np.pad(strip, ((4, 4), (0, 0), (0, 0)), mode="edge").astype(int)
    above, below = padded[:-8], padded[8:]
    out = np.minimum(np.abs(strip - above).max(axis=2), np.abs(strip - below).max(axis=2))
    return np.asarray(np.quantile(out, 1 - share, axis=1), dtype=float)


def _lines(profile: NDArray[np.float64]) -> list[float]:
    """Where the ticks of the peaks of a profile are.

    Drawing programs put thin lines on whole pixels, and those that are an odd number of pixels
    thick on the middle of the pixel after their place: half a pixel too far right and down. (Agg as
    used by matplotlib rounds and adds a half; Vega moves all axes by a half.)
    """
    high = profile > 12
    edges = np.flatnonzero(np.diff(np.concatenate([[0], high.astype(int), [0]])))
    lines = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - start <= 4:
            weights = profile[start:stop]
            center = float((weights * np.arange(start, stop)).sum() / weights.sum())
            lines.append(center - 0.5 * (int(stop - start) % 2))
    return lines


def _nearest(lines: list[float], position: float, reach: float) -> float | None:
    best = min(lines, key=lambda line: abs(line - position), default=None)
    return best if best is not None and abs(best - position) <= reach else None
