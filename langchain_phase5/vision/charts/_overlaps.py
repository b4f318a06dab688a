"""Tells overlapping markers of a scatter plot apart: covers a patch of ink with copies of one."""

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts.unreadable import UnreadableChartError

MOST_IN_A_PATCH = 12
SHOWN = 0.4
"""Share of a marker that has to be seen."""
ROOM = 0.9
"""Share of a marker that lies on ink or where other marks may hide it."""
LEAST_GAIN = 0.15
"""A further marker explains more than this share of itself."""
EDGE = 0.2
"""Weight of ink that goes on beside a marker: markers at the ends of a patch are found first."""
ROUNDS = 3

Grid = NDArray[np.float64]
Spot = tuple[int, int]
"""Row and column, relative to the patch, of the upper left corner of a marker's box."""


def covering(own: Grid, template: NDArray[np.bool_], allowed: Grid) -> list[Spot]:
    """The fewest markers that explain a patch, the best fitting first.

    A marker may reach under other marks, but not over bare ground.

    Args:
        own: 1 where the patch is, with a border as wide as the marker and one pixel more.
        template: The marker.
        allowed: Of the same size, 1 where there is ink or may be.

    Raises:
        UnreadableChartError: A few markers do not explain the patch.
    """
    from scipy import signal

    solid = template.astype(float)
    room = signal.correlate(allowed, np.pad(solid, 1), mode="valid") / solid.sum()
    spots: list[Spot] = []
    while (rest := _rest(own, solid, spots)).sum() > 0.2 * solid.sum():
        spot = _best(rest, solid, room)
        gain = 0.0 if spot is None else float((_under(rest, solid, spot) * solid).sum())
        if spot is None or gain <= LEAST_GAIN * solid.sum() or len(spots) == MOST_IN_A_PATCH:
            if rest.sum() < SHOWN * solid.sum() and len(spots) < MOST_IN_A_PATCH:
                break  # a corner of a hidden marker
            msg = "markers overlap so much that they cannot be counted"
            raise UnreadableChartError(msg)
        spots = _settled(own, solid, room, [*spots, spot])
    height, width = solid.shape
    shown = [
        spot for spot in spots if (_under(own, solid, spot) * solid).sum() >= SHOWN * solid.sum()
    ]
    return [(row - height, column - width) for row, column in shown]


def _settled(own: Grid, solid: Grid, room: Grid, spots: list[Spot]) -> list[Spot]:
    """Each marker moved to where it explains best what the others leave."""
    for _ in range(ROUNDS if len(spots) > 1 else 0):
        before = list(spots)
        for index in range(len(spots)):
            others = spots[:index] + spots[index + 1 :]
            spots[index] = _best(_rest(own, solid, others), solid, room) or spots[index]
        if spots == before:
            break
    return spots


def _best(rest: Grid, solid: Grid, room: Grid) -> Spot | None:
    """Where a marker explains most of the ink; in the middle of equally good places."""
    from scipy import ndimage, signal

    inner = np.pad(solid, 1)
    ring = ndimage.binary_dilation(inner > 0, np.ones((3, 3))) - inner
    gain = signal.correlate(rest, inner - EDGE * ring, mode="valid")
    fitting = np.where(room >= ROOM, gain + 0.05 * solid.sum() * room, -np.inf)
    best = fitting.max()
    if not np.isfinite(best):
        return None
    rows, columns = np.nonzero(fitting >= best - 1e-6)
    row, column = round(float(rows.mean())), round(float(columns.mean()))
    if fitting[row, column] < best - 0.03 * abs(best):
        row, column = int(rows[0]), int(columns[0])
    return row, column


def _rest(own: Grid, solid: Grid, spots: list[Spot]) -> Grid:
    """What the markers leave of a patch."""
    rest = own.copy()
    for spot in spots:
        _under(rest, solid, spot)[:] *= 1 - solid
    return rest


def _under(grid: Grid, solid: Grid, spot: Spot) -> Grid:
    """The part of a grid that a marker at that place covers, as a view."""
    (row, column), (height, width) = spot, solid.shape
    return grid[row + 1 : row + 1 + height, column + 1 : column + 1 + width]
