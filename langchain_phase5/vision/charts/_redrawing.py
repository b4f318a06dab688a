"""Draws a reading again over the picture and counts what does not match."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import components, grown
from langchain_phase5.vision.charts._inks import Ink
from langchain_phase5.vision.charts._polyline import Polyline
from langchain_phase5.vision.charts._traces import Trace


@dataclass(frozen=True)
class Match:
    """How well ink and reading agree, each a share from 0 to 1."""

    explained: float
    """Ink that lies on what was read."""
    found: float
    """Of the worst piece of what was read, the part on which there is ink, or may be hidden."""
    largest_rest: float
    """The largest patch of ink that was not explained, in units of a marker or a square of the
    stroke."""


def redraw_line(ink: Ink, line: Trace, polyline: Polyline) -> Match:
    """Lays the fitted line over the ink."""
    from scipy import ndimage

    mask, near = ink.mask, grown(ink.mask | ink.hidden, 1)
    height, width = mask.shape
    drawn = np.zeros_like(mask)
    shares = []
    pieces = zip(
        itertools.pairwise(_points(polyline)), itertools.pairwise(polyline.known), strict=True
    )
    for ((x0, y0), (x1, y1)), known in pieces:
        count = int(2 * np.hypot(x1 - x0, y1 - y0)) + 2
        rows = np.clip(np.rint(np.linspace(y0, y1, count)).astype(int), 0, height - 1)
        columns = np.clip(np.rint(np.linspace(x0, x1, count)).astype(int), 0, width - 1)
        drawn[rows, columns] = True
        shares.append((all(known), float(near[rows, columns].mean())))
    apart = ndimage.distance_transform_edt(~drawn)
    reach = np.full(mask.shape, line.thickness / 2 + 2.0)
    for x, y, radius in line.markers:
        _stamp(reach, x, y, radius + 2.5)
    for x, y in _points(polyline):
        _stamp(reach, x, y, line.reach + 3.0)
    rest = mask & (apart > reach)
    sure = [share for known, share in shares if known] or [share for _, share in shares]
    worst = min(sure)
    square = max(40.0, (2 * line.reach + 2) ** 2)
    return Match(1 - rest.sum() / max(1, mask.sum()), worst, _largest(rest) / square)


def redraw_markers(
    ink: Ink, filled: NDArray[np.bool_], drawn: NDArray[np.bool_], area: float, *, slack: int
) -> Match:
    """Lays stamps of the marker, which may be `slack` pixels off, over the ink."""
    rest = filled & ~grown(drawn, slack) & ~grown(ink.hidden, 2 * slack)
    missing = drawn & ~grown(filled | ink.hidden, slack)
    return Match(
        1 - rest.sum() / max(1, filled.sum()),
        1 - missing.sum() / max(1, drawn.sum()),
        _largest(rest) / max(1.0, area),
    )


def _points(polyline: Polyline) -> list[tuple[float, float]]:
    return list(zip(polyline.knots.tolist(), polyline.heights.tolist(), strict=True))


def _stamp(reach: NDArray[np.float64], x: float, y: float, radius: float) -> None:
    height, width = reach.shape
    top, bottom = max(0, round(y - radius)), min(height, round(y + radius) + 1)
    left, right = max(0, round(x - radius)), min(width, round(x + radius) + 1)
    reach[top:bottom, left:right] = np.maximum(reach[top:bottom, left:right], radius)


def _largest(mask: NDArray[np.bool_]) -> float:
    labels, boxes = components(mask)
    return float(np.bincount(labels.ravel())[1:].max()) if boxes else 0.0
