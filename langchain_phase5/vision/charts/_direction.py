"""Tells which letters stand upright and which are turned by 90 degrees, by their neighbors."""

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Box

LETTER_GAP = 0.45
"""Largest gap between letters that show which way a line runs, in glyph heights."""


def _flip(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def by_direction(glyphs: list[Box]) -> tuple[list[Box], list[Box]]:
    """Glyphs of upright lines, and (with x and y exchanged) those of turned lines."""
    if not glyphs:
        return [], []
    flipped = [_flip(box) for box in glyphs]
    beside, below = _gaps(glyphs), _gaps(flipped)
    pull = 1 / (beside + 1) ** 2 - 1 / (below + 1) ** 2
    left, top, right, bottom = np.array(glyphs, dtype=float).T
    flat = right - left > 1.8 * (bottom - top)  # letters that touch
    high = (bottom - top > 1.8 * (right - left)) & (
        bottom - top > 2 * np.median((bottom - top)[_letters(bottom - top, right - left)])
    )
    vote = np.sign(pull.sum(axis=1) + 0.01 * pull.max(axis=1) + 0.5 * flat - 0.5 * high)
    turned = (np.abs(pull) * vote[None, :]).sum(axis=1) + 0.1 * vote < 0
    turned |= _lying(glyphs, np.asarray(np.isfinite(beside).any(axis=1)))
    usual = np.median((bottom - top)[_letters(bottom - top, right - left)])
    turned = _without_pairs(
        turned, np.isfinite(beside), np.isfinite(below), bottom - top <= 1.6 * usual
    )
    turned = _with_neighbors(turned, np.isfinite(beside), np.isfinite(below))
    alone = ~(np.isfinite(beside) | np.isfinite(below)).any(axis=1)
    turned |= alone & _level_with(glyphs, turned)
    return (
        [g for g, t in zip(glyphs, turned, strict=True) if not t],
        [g for g, t in zip(flipped, turned, strict=True) if t],
    )


def _without_pairs(
    turned: NDArray[np.bool_],
    beside: NDArray[np.bool_],
    below: NDArray[np.bool_],
    single: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Two single letters above each other are no turned line where each is part of an upright one.

    Such are the last digit of a label beside an axis and the first letter of one below the other.
    """
    column = below & turned & turned[:, None]
    lone = column.sum(axis=1) == 1
    pair = lone & (column & lone & single).any(axis=1) & single
    return np.asarray(turned & ~(pair & (beside & ~turned).any(axis=1)))


def _with_neighbors(
    turned: NDArray[np.bool_], beside: NDArray[np.bool_], below: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """First and last letters follow their word: the only neighbors they have in a line."""
    alone = ~(beside & ~turned).any(axis=1) & (below & turned).any(axis=1)
    astray = ~(below & turned).any(axis=1) & (beside & ~turned).any(axis=1)
    return np.asarray((turned | alone) & ~astray)


def _level_with(glyphs: list[Box], turned: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Tall patches that end where turned words end: short words of which all letters touch."""
    left, top, right, bottom = np.array(glyphs, dtype=float).T
    ends = (np.abs(top[:, None] - top) <= 2) & turned & (bottom - top > right - left)
    return np.asarray((bottom - top > 1.3 * (right - left)) & (ends.sum(axis=1) >= 2))


def _gaps(boxes: list[Box]) -> NDArray[np.float64]:
    """Boxes x boxes: the gap between two on one line, or infinity where it is no word gap."""
    array = np.array(boxes, dtype=float)
    left, top, right, bottom = array.T
    height, width = bottom - top, right - left
    overlap = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    same_line = overlap >= 0.4 * np.minimum(height[:, None], height)
    gap = np.maximum(left[None, :] - right[:, None], left[:, None] - right[None, :])
    size = np.maximum(height, width)
    letters = _letters(height, width)
    tall = np.minimum(np.maximum(height[:, None], height), 1.5 * np.median(height[letters]))
    near = same_line & (gap >= -1) & (gap <= LETTER_GAP * tall + 1)
    single = np.minimum(size, 1.4 * np.minimum(height, width))  # whole words may be one patch
    speck = size <= 0.4 * np.median(single[letters])
    near[:, speck] = near[speck] = False
    np.fill_diagonal(near, val=False)
    return np.asarray(np.where(near, np.maximum(gap, 0), np.inf))


def _letters(height: NDArray[np.float64], width: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which boxes say something about the size of the print: no dots and dashes."""
    solid = (np.minimum(height, width) >= 3) & (np.maximum(height, width) >= 5)
    return solid if solid.any() else np.ones(len(height), dtype=bool)


def _lying(glyphs: list[Box], linked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Lone glyphs in a row of lone glyphs that are wider than tall: turned one-letter labels.

    Wider than the letters of the chart are high, they are two digits that touch.
    """
    left, top, right, bottom = np.array(glyphs, dtype=float).T
    letters = linked & _letters(bottom - top, right - left)
    tall = np.median((bottom - top)[letters]) if letters.any() else np.inf
    alone = ~linked & (np.maximum(bottom - top, right - left) >= 4)
    row = np.abs(top[:, None] + bottom[:, None] - top - bottom) <= 4
    peers = row & alone & alone[:, None]
    wide = (right - left > 1.1 * (bottom - top)) & (right - left <= 1.25 * tall)
    many = peers.sum(axis=1) >= 3
    return np.asarray(many & ((peers & wide).sum(axis=1) > 0.6 * peers.sum(axis=1)))
