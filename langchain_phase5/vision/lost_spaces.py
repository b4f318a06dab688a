"""Puts back spaces that a recognizer of whole lines dropped, where the picture shows a gap."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.ocr_result import Box

_NUMERIC = frozenset("0123456789.,-/")
_TRAILING = frozenset(".,:;")
_IN_NUMBER = 0.6
"""Gap inside a number, as a share of the height of a digit: a 1 stands wide."""
_LONE = 0.5
"""Gap that separates a single letter from its word: the edges of a line are found loosely."""
_NARROWEST, _WIDEST = 0.2, 0.5
_AS_USUAL = 0.85
"""Share of the usual space from which on a gap between letters is a space as well."""


@dataclass(frozen=True)
class Character:
    """One character of a line, in reading order."""

    text: str
    confidence: float
    box: Box
    space_follows: bool
    """Whether the recognizer put a space after it."""


def with_spaces(picture: NDArray[np.uint8], lines: Sequence[list[Character]]) -> list[list[int]]:
    """Where the words of each line end, as indices of their last characters.

    What is a space is learned from the picture itself: from the gaps between letters that the
    recognizer took for spaces and from those it did not. Without any of the first, nothing is
    changed.

    Args:
        picture: Height x width, gray.
        lines: The characters that were read, line by line.
    """
    gaps = [_gaps(picture, line) for line in lines]
    letters = [
        (gap, one.space_follows)
        for line, widths in zip(lines, gaps, strict=True)
        for one, after, gap in zip(line, line[1:], widths, strict=False)
        if one.text.isalpha() and after.text.isalpha()
    ]
    spaces = [gap for gap, is_space in letters if is_space]
    inner = [gap for gap, is_space in letters if not is_space]
    if not spaces or not inner:
        return [list(_ends(line)) for line in lines]
    between = (np.quantile(inner, 0.9) + np.quantile(spaces, 0.15)) / 2
    least = float(np.clip(between, _NARROWEST, _WIDEST))
    usual = max(least, _AS_USUAL * float(np.median(spaces)))
    return [
        [
            index
            for index, one in enumerate(line)
            if index == len(line) - 1
            or one.space_follows
            or widths[index] >= _least(line, index, least, usual)
        ]
        for line, widths in zip(lines, gaps, strict=True)
    ]


def _ends(line: list[Character]) -> Iterator[int]:
    return (i for i, one in enumerate(line) if one.space_follows or i == len(line) - 1)


def _least(line: list[Character], index: int, least: float, usual: float) -> float:
    """The narrowest gap after a character that is a space, in heights of a capital."""
    one, after = line[index].text, line[index + 1].text
    if one in _NUMERIC and after in _NUMERIC:
        return _IN_NUMBER
    if after in _TRAILING:
        return np.inf
    if not (one.isalpha() and after.isalpha()):
        return least
    starts = index == 0 or line[index - 1].space_follows
    ends = index + 2 == len(line) or line[index + 1].space_follows
    return max(usual, _LONE) if starts or ends else usual


def _gaps(picture: NDArray[np.uint8], line: list[Character]) -> list[float]:
    """The bare width between neighbors, in heights of the print itself.

    The height of the box would not do: around print that is curled or aslant it is too high.
    """
    if len(line) < 2:  # noqa: PLR2004 - there are neighbors
        return []
    print_ = _Print.of(picture, line)
    return [print_.gap(one.box, after.box) for one, after in itertools.pairwise(line)]


@dataclass(frozen=True)
class _Print:
    """One line of print, as ink on paper whatever their colors."""

    ink: NDArray[np.float64]
    """Height x width of the picture's part: 0 is paper, 1 what most characters are printed in."""
    left: int
    """Where the part lies in the picture."""
    top: int
    height: float
    """Of capitals and digits, in pixels."""

    @classmethod
    def of(cls, picture: NDArray[np.uint8], line: list[Character]) -> "_Print":
        """Find the line that these characters stand in."""
        boxes = [one.box for one in line]
        left, top = max(0, min(b.left for b in boxes)), max(0, min(b.top for b in boxes))
        part = picture[top : max(b.bottom for b in boxes), left : max(b.right for b in boxes)]
        if not part.size:
            return cls(np.zeros((0, 0)), left, top, 1.0)
        low, paper, high = np.quantile(part, (0.03, 0.6, 0.97)).tolist()
        shade = (part.astype(np.float64) - paper) * (-1 if paper - low >= high - paper else 1)
        solid = [one.box for one in line if one.text.isalnum()] or boxes  # no dots and dashes
        print_ = cls(shade, left, top, 1.0)
        found = [print_._within(box) for box in solid]
        inks = [float(np.quantile(one, _INKED)) for one in found if one.size]
        print_ = cls(shade / max(1.0, median(inks or [0.0])), left, top, 1.0)
        heights = [bottom - top for top, bottom in map(print_._rows, solid)]
        return cls(print_.ink, left, top, max(1.0, float(np.quantile(heights, 0.8))))

    def _within(self, box: Box) -> NDArray[np.float64]:
        top, left = max(0, box.top - self.top), max(0, box.left - self.left)
        return self.ink[top : box.bottom - self.top, left : box.right - self.left]

    def _rows(self, box: Box) -> tuple[int, int]:
        """The rows that the character itself takes, of those in its box."""
        within = self._within(box)
        if not within.size:
            return box.top, box.bottom
        rows = np.flatnonzero(np.sort(within, axis=1)[:, -2:].mean(axis=1) > _HALF)
        if not rows.size:
            return box.top, box.bottom
        top = max(box.top, self.top)
        return top + int(rows[0]), top + int(rows[-1]) + 1

    def gap(self, one: Box, after: Box) -> float:
        """The widest stretch without ink between the centers of two boxes, in heights."""
        start, stop = one.left + one.width / 2, after.left + after.width / 2
        (top, bottom), (other_top, other_bottom) = self._rows(one), self._rows(after)
        rows = slice(min(top, other_top) - self.top, max(bottom, other_bottom) - self.top)
        first = max(0, int(start) - 1 - self.left)
        between = self.ink[rows, first : int(stop) + 2 - self.left]
        if stop <= start or not between.size:
            return 0.0
        darkest = np.sort(between, axis=0)[-3:].mean(axis=0)  # three rows: noise is no ink
        points = np.linspace(start, stop, max(2, round((stop - start) * _POINTS)))
        columns = self.left + first + np.arange(darkest.size)
        bare = np.concatenate([[False], np.interp(points, columns, darkest) < _HALF, [False]])
        edges = np.flatnonzero(np.diff(bare.astype(int)))
        widest = int((edges[1::2] - edges[::2]).max(initial=0))
        return widest * float(points[1] - points[0]) / self.height


_HALF = 0.5
"""Share of full ink from which on a point is printed rather than bare."""
_INKED = 0.93
"""Quantile of a character's points that shows how dark it is printed: strokes are thin."""
_POINTS = 8
"""Points looked at per pixel, because in small print a space is not much wider than a gap."""
