"""Finds the markers of a scatter plot, also where they overlap or are partly hidden."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Box, components
from langchain_phase5.vision.charts._inks import Ink
from langchain_phase5.vision.charts._redrawing import Match, redraw_markers
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

SMALLEST, LARGEST = 3, 40
"""Width and height of a marker, in pixels."""
MOST_PATCHES = 400
"""Patches are compared with each other, so more would take long; no clean chart has them."""
MOST_IN_A_PATCH = 12
ON_PIXEL = 0.08
"""Centers closer than this to the middle of a pixel are on it; by chance, 0.25 away is usual."""
FEWEST_ALIKE = 3
"""Patches of one shape that are no chance meeting of markers."""
SHOWN = 0.45
"""Share of a marker that has to be seen."""


@dataclass(frozen=True)
class Marker:
    """Center of a marker in pixels of the frame."""

    x: float
    y: float


@dataclass(frozen=True)
class _Patch:
    """Ink that hangs together."""

    box: Box
    part: NDArray[np.bool_]

    @property
    def size(self) -> NDArray[np.float64]:
        left, top, right, bottom = self.box
        return np.array([right - left, bottom - top], dtype=float)


def find_markers(ink: Ink) -> tuple[list[Marker], Match]:
    """The markers of one series from left to right, and how well they explain its ink.

    Raises:
        UnreadableChartError: The ink is not made of markers that look alike.
    """
    filled = _filled(ink)
    patches = _patches(filled)
    size = _usual_size(patches)
    singles = [p for p in patches if np.abs(p.size - size).max() <= max(1.5, 0.14 * size.max())]
    template = _template(singles, size)
    _check_one_shape([p for p in patches if not any(p is one for one in singles)], template)
    area = float(template.sum())
    even = _is_even(template)
    markers: list[Marker] = []
    drawn = np.zeros_like(filled)
    for patch in patches:
        if any(patch is single for single in singles) and _fits(patch, template):
            markers.append(_center(ink.cover, patch, even=even))
            _draw(drawn, template, markers[-1])
        elif _is_scaled(patch, template):
            markers.append(_center(ink.cover, patch, even=even))
            left, top, right, bottom = patch.box
            drawn[top:bottom, left:right] |= patch.part
        else:
            for marker in _split(patch, template, filled, ink.hidden):
                markers.append(marker)
                _draw(drawn, template, marker)
    match = redraw_markers(ink, filled, drawn, area)
    return sorted(_unsnapped(markers), key=lambda marker: marker.x), match


def _unsnapped(markers: list[Marker]) -> list[Marker]:
    """Moves markers back that were drawn on whole pixels: half a pixel to the left and up.

    Such markers (a program draws one picture at many places) all have their center in the middle
    of a pixel; others have it anywhere.
    """
    centers = np.array([(marker.x, marker.y) for marker in markers])
    if len(centers) < 3:
        return markers
    off = np.abs(centers - np.rint(centers))
    shift = np.where(np.median(off, axis=0) < ON_PIXEL, 0.5, 0.0)
    return [Marker(x, y) for x, y in (centers - shift).tolist()]


def _filled(ink: Ink) -> NDArray[np.bool_]:
    """The ink, with rings made of a thin stroke closed and filled."""
    from scipy import ndimage

    closed = ndimage.binary_closing(np.pad(ink.mask, 3), np.ones((3, 3)))[3:-3, 3:-3]
    return np.asarray(ndimage.binary_fill_holes(closed))


def _patches(filled: NDArray[np.bool_]) -> list[_Patch]:
    labels, boxes = components(filled)
    found = []
    for number, box in enumerate(boxes, start=1):
        part = labels[box[1] : box[3], box[0] : box[2]] == number
        if part.sum() >= 5:
            found.append(_Patch(box, part))
    if not found or len(found) > MOST_PATCHES:
        msg = f"{len(found) or 'no'} markers were found"
        raise UnreadableChartError(msg)
    return found


def _usual_size(patches: list[_Patch]) -> NDArray[np.float64]:
    """Width and height that most patches have."""
    sizes = np.array([patch.size for patch in patches])
    near = np.abs(sizes[:, None] - sizes).max(axis=2) <= np.maximum(1.0, 0.12 * sizes.max(axis=1))
    best = int(near.sum(axis=1).argmax())
    usual = np.median(sizes[near[best]], axis=0)
    if near[best].sum() < max(2, 0.25 * len(patches)):
        msg = "the markers do not look alike"
        raise UnreadableChartError(msg)
    if usual.min() < SMALLEST or usual.max() > LARGEST or usual.max() > 2.2 * usual.min():
        msg = "the patches of color are too small, too large or too long for markers"
        raise UnreadableChartError(msg)
    return np.asarray(usual)


def _template(singles: list[_Patch], size: NDArray[np.float64]) -> NDArray[np.bool_]:
    """What most of the single markers cover, around their common center."""
    width, height = (int(value) for value in np.rint(size))
    votes = np.zeros((height, width))
    for single in singles:
        rows = np.linspace(0, single.part.shape[0] - 1, height).round().astype(int)
        columns = np.linspace(0, single.part.shape[1] - 1, width).round().astype(int)
        votes += single.part[np.ix_(rows, columns)]
    return np.asarray(votes >= 0.5 * len(singles))


def _is_even(template: NDArray[np.bool_]) -> bool:
    """Whether a marker looks the same turned upside down."""
    turned = template[::-1, ::-1]
    return float((template & turned).sum() / (template | turned).sum()) > 0.85


def _fits(patch: _Patch, template: NDArray[np.bool_]) -> bool:
    rows = np.linspace(0, patch.part.shape[0] - 1, template.shape[0]).round().astype(int)
    columns = np.linspace(0, patch.part.shape[1] - 1, template.shape[1]).round().astype(int)
    part = patch.part[np.ix_(rows, columns)]
    return float((part & template).sum() / (part | template).sum()) > 0.75


def _check_one_shape(patches: list[_Patch], template: NDArray[np.bool_]) -> None:
    """Refuses a second marker, which is another series in the same color, say of dots and squares.

    Args:
        patches: Those that do not have the usual size.
        template: The usual marker.

    Raises:
        UnreadableChartError: Several patches are like each other and unlike the usual marker.
    """
    others = [p for p in patches if not _is_scaled(p, template)]
    sizes = np.array([patch.size for patch in others])
    for patch in others:
        near = np.flatnonzero(np.abs(sizes - patch.size).max(axis=1) <= 1)
        if len(near) < FEWEST_ALIKE:
            continue
        if sum(_fits(others[index], patch.part) for index in near) >= FEWEST_ALIKE:
            msg = "there are markers of several shapes in one color"
            raise UnreadableChartError(msg)


def _is_scaled(patch: _Patch, template: NDArray[np.bool_]) -> bool:
    """Whether a patch is a marker of the same shape in another size, as in a bubble chart."""
    scale = patch.size / np.array(template.shape[::-1])
    return bool(
        scale.min() >= 0.5 and scale.max() <= 3 and np.ptp(scale) <= 0.12 * scale.max()
        and abs(patch.part.mean() - template.mean()) <= 0.06 and _fits(patch, template)
    )  # fmt: skip


def _center(cover: NDArray[np.float64], patch: _Patch, *, even: bool) -> Marker:
    """The centroid of what looks the same upside down, else the middle of its edges."""
    left, top, right, bottom = patch.box
    if not even:
        return Marker((left + right - 1) / 2, (top + bottom - 1) / 2)
    y, x = np.nonzero(patch.part)
    weight = np.maximum(cover[top:bottom, left:right][y, x], 0.5)
    return Marker(
        left + float(np.average(x, weights=weight)), top + float(np.average(y, weights=weight))
    )


def _draw(drawn: NDArray[np.bool_], template: NDArray[np.bool_], marker: Marker) -> None:
    height, width = template.shape
    top, left = round(marker.y - (height - 1) / 2), round(marker.x - (width - 1) / 2)
    rows, columns = np.nonzero(template)
    rows, columns = rows + top, columns + left
    inside = (rows >= 0) & (columns >= 0) & (rows < drawn.shape[0]) & (columns < drawn.shape[1])
    drawn[rows[inside], columns[inside]] = True


def _split(
    patch: _Patch,
    template: NDArray[np.bool_],
    filled: NDArray[np.bool_],
    hidden: NDArray[np.bool_],
) -> list[Marker]:
    """Covers a patch with copies of the marker, the best fitting first.

    A copy may reach under other marks, but not over bare ground.

    Raises:
        UnreadableChartError: A few copies do not explain the patch.
    """
    from scipy import signal

    solid = template.astype(float)
    height, width = solid.shape
    left, top, _, _ = patch.box
    own = np.pad(patch.part.astype(float), ((height, height), (width, width)))
    allowed = np.maximum(own, _window(filled | hidden, top - height, left - width, own.shape))
    room = signal.correlate(allowed, solid, mode="valid") / solid.sum()
    rest = own.copy()
    markers: list[Marker] = []
    while rest.sum() > 0.2 * solid.sum():
        gain = signal.correlate(rest, solid, mode="valid")
        fitting = np.where(room >= 0.9, gain + 0.05 * solid.sum() * room, 0.0)
        best = fitting.max()
        if best <= 0.15 * solid.sum() or len(markers) == MOST_IN_A_PATCH:
            if rest.sum() < SHOWN * solid.sum() and len(markers) < MOST_IN_A_PATCH:
                break  # a corner of a hidden marker
            msg = "markers overlap so much that they cannot be counted"
            raise UnreadableChartError(msg)
        rows, columns = np.nonzero(fitting >= best - 1e-6)
        row, column = round(float(rows.mean())), round(float(columns.mean()))
        if fitting[row, column] < 0.97 * best:
            row, column = int(rows[0]), int(columns[0])
        shown = own[row : row + height, column : column + width] * solid
        rest[row : row + height, column : column + width] *= 1 - solid
        if shown.sum() >= SHOWN * solid.sum():
            markers.append(
                Marker(
                    left - width + float(column) + (width - 1) / 2,
                    top - height + float(row) + (height - 1) / 2,
                )
            )
    return markers


def _window(
    mask: NDArray[np.bool_], top: int, left: int, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """A part of a mask, with nothing where it reaches beyond the edge."""
    out = np.zeros(shape)
    rows, columns = np.arange(shape[0]) + top, np.arange(shape[1]) + left
    r = (rows >= 0) & (rows < mask.shape[0])
    c = (columns >= 0) & (columns < mask.shape[1])
    out[np.ix_(r, c)] = mask[np.ix_(rows[r], columns[c])]
    return out
