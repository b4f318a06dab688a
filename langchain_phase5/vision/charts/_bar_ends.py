"""Measures to a fraction of a pixel where a bar ends, with or without an outline."""

import numpy as np

from langchain_phase5.vision.charts._canvas import Box, Canvas


def measured_ends(canvas: Canvas, color: int, run: Box) -> tuple[float, float]:
    """Upper and lower end of an upright bar, in pixels from the top with fractions.

    Args:
        canvas: The chart.
        color: Of the bar, as an index into the palette.
        run: The pixels that have that color.
    """
    left, top, right, bottom = run
    middle = slice(left + (right - left) // 4, max(left + 1, right - (right - left) // 4))
    above, thick = _outline(canvas, middle, top - 1, -1)
    below, other = _outline(canvas, middle, bottom, 1)
    if thick and other:
        moved = 0.5 * (thick % 2)  # drawn on whole pixels, as tick marks are
        return top - above - moved, bottom + below - moved
    upper = top - _overhang(canvas, color, middle, top - 1, -1)
    lower = bottom + _overhang(canvas, color, middle, bottom, 1)
    return upper, lower


def _outline(canvas: Canvas, columns: slice, row: int, step: int) -> tuple[float, int]:
    """The middle of a dark line that follows on a bar, in pixels from it, and its thickness.

    Its edge may be soft, and the first row so pale that it is no part of the line.
    """
    for gap in (0, 1):
        rows, at = 0, row + gap * step
        while rows < 4 and 0 <= at + step < canvas.height and _is_outline(canvas, columns, at):
            rows += 1
            at += step
        if rows:
            return gap + rows / 2, rows
    return 0.0, 0


def _overhang(canvas: Canvas, color: int, columns: slice, row: int, step: int) -> float:
    """How far the bar reaches beyond its last full row, in pixels.

    A soft edge counts by its share of the bar's color; an outline counts half its thickness.
    """
    if not 0 <= row < canvas.height:
        return 0.0
    line = np.median(canvas.pixels[row, columns], axis=0)
    outline, _ = _outline(canvas, columns, row, step)
    if outline:
        return outline
    beyond = row + step
    if not 0 <= beyond < canvas.height:
        return 0.0
    outer = np.median(canvas.pixels[beyond, columns], axis=0)
    full = canvas.palette[color].astype(float) - outer
    share = float(((line - outer) @ full) / max(1.0, full @ full))
    if np.abs(line - outer - share * full).max() > 24:
        return 0.25  # the line of an axis, whose middle or edge is where the bar ends
    return min(1.0, max(0.0, share))


def _is_outline(canvas: Canvas, columns: slice, row: int) -> bool:
    """Whether that row is a line darker than what is on both its sides."""
    line = np.median(canvas.pixels[row, columns].sum(axis=1))
    rows = [r for r in (row - 4, row + 4) if 0 <= r < canvas.height]
    return all(line < np.median(canvas.pixels[r, columns].sum(axis=1)) - 90 for r in rows)
