"""Finds the markers of a scatter plot, also where they overlap or are partly hidden."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Box, components
from langchain_phase5.vision.charts._inks import Ink
from langchain_phase5.vision.charts._overlaps import covering
from langchain_phase5.vision.charts._redrawing import Match, redraw_markers
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

SMALLEST, LARGEST = 3, 40
"""Width and height of a marker, in pixels."""
MOST_PATCHES = 400
"""Patches are compared with each other, so more would take long; no clean chart has them."""
ON_PIXEL = 0.08
"""Centers closer than this to the middle of a pixel are on it; by chance, 0.25 away is usual."""
FEWEST_ALIKE = 3
"""Patches of one shape that are no chance meeting of markers."""
SMALL, ENLARGED = 12, 3
"""Up to that size in pixels markers are enlarged that many times: their edges are soft."""
LARGE = 1_000_000
"""Pixels of a plot that is not enlarged, because it would take seconds."""


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
    size = _usual_size(_patches(_filled(ink, 1)))
    if size.min() < SMALLEST or size.max() > LARGEST or size.max() > 2.2 * size.min():
        msg = "the patches of color are too small, too large or too long for markers"
        raise UnreadableChartError(msg)
    by = ENLARGED if size.max() <= SMALL and ink.cover.size <= LARGE else 1
    markers, match = _found(_enlarged(ink, by), by)
    shrunk = [Marker((m.x + 0.5) / by - 0.5, (m.y + 0.5) / by - 0.5) for m in markers]
    return sorted(_unsnapped(shrunk), key=lambda marker: marker.x), match


def _enlarged(ink: Ink, by: int) -> Ink:
    """The ink in more pixels, soft edges interpolated."""
    from scipy import ndimage

    if by == 1:
        return ink
    cover = ndimage.zoom(ink.cover, by, order=1, mode="nearest", grid_mode=True)
    return Ink(ink.name, cover, ink.hidden.repeat(by, 0).repeat(by, 1))


def _found(ink: Ink, by: int) -> tuple[list[Marker], Match]:
    """The markers in an enlarged picture."""
    filled = _filled(ink, by)
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
    return markers, redraw_markers(ink, filled, drawn, area, slack=by)


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


def _filled(ink: Ink, by: int) -> NDArray[np.bool_]:
    """The ink, with rings made of a thin stroke closed and filled."""
    from scipy import ndimage

    pad, gap = 3 * by, 2 * by + 1
    closed = ndimage.binary_closing(np.pad(ink.mask, pad), np.ones((gap, gap)))[pad:-pad, pad:-pad]
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
    """The markers that a patch is made of.

    Raises:
        UnreadableChartError: A few do not explain the patch.
    """
    height, width = template.shape
    left, top, _, _ = patch.box
    own = np.pad(patch.part.astype(float), ((height + 1,) * 2, (width + 1,) * 2))
    near = _window(filled | hidden, top - height - 1, left - width - 1, own.shape)
    return [
        Marker(left + column + (width - 1) / 2, top + row + (height - 1) / 2)
        for row, column in covering(own, template, np.maximum(own, near))
    ]


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
