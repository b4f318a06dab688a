"""Fits straight pieces between given places to the traced lines of a chart."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._traces import Trace

NOISE = 0.3
"""Error of the middle of a line in one column, in pixels across the line."""
LOOSE = 1.5
"""A height known less exactly than this many pixels (one standard deviation) is not given."""


@dataclass(frozen=True)
class Polyline:
    """A line through points at given places."""

    knots: NDArray[np.float64]
    """Pixels from the left."""
    heights: NDArray[np.float64]
    """Pixels from the top."""
    spread: NDArray[np.float64]
    """Standard deviation of each height, in pixels."""
    errors: NDArray[np.float64]
    """Distance of the traced line from the fitted one, per column, in pixels."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which heights the visible part of the line determines."""
        return np.asarray(self.spread <= LOOSE)


def fit_polyline(line: Trace, knots: NDArray[np.float64]) -> Polyline:
    """The heights at the knots for which straight pieces lie best on the traced line.

    Columns close to a knot are left out, because the stroke is bent there or under a marker. Least
    squares with the weights of Huber (1964): columns where another line crosses count less.
    """
    x, y = line.columns, line.heights
    step = np.maximum(np.diff(knots), 1e-6)
    index = np.clip(np.searchsorted(knots, x) - 1, 0, len(knots) - 2)
    share = (x - knots[index]) / step[index]
    away = np.minimum(x - knots[index], knots[index + 1] - x)
    margin = np.minimum(max(line.reach + 1.5, 4.5), 0.3 * step[index])
    chosen = (away >= margin) & (share >= -0.02) & (share <= 1.02)
    x, y, index, share = x[chosen], y[chosen], index[chosen], share[chosen]
    hats = np.zeros((len(x), len(knots)))
    rows = np.arange(len(x))
    hats[rows, index], hats[rows, index + 1] = 1 - share, share
    stiff = 1e-5 * np.eye(len(knots))
    weights: NDArray[np.float64] = np.ones(len(x))
    heights: NDArray[np.float64] = np.zeros(len(knots))
    for _ in range(8):
        normal = hats.T @ (hats * weights[:, None]) + stiff
        heights = np.asarray(np.linalg.solve(normal, hats.T @ (weights * y)), dtype=float)
        lean = np.hypot(1.0, np.diff(heights) / step)[index]
        errors: NDArray[np.float64] = np.abs(y - hats @ heights) / lean
        weights = np.minimum(1.0, 0.7 / np.maximum(errors, 1e-9)) / lean**2
    normal = hats.T @ (hats * weights[:, None]) + stiff
    spread = NOISE * np.sqrt(np.diag(np.linalg.inv(normal)))
    return Polyline(knots, heights, spread, errors)
