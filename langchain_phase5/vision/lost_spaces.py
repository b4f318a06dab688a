"""Puts back spaces that a recognizer of whole lines dropped, where the picture shows a gap."""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.ocr_result import Box

_NUMERIC = frozenset("0123456789.,-/")
_TRAILING = frozenset(".,:;")
_IN_NUMBER = 0.32
"""Gap inside a number, as a share of the height of its line: a 1 stands wide."""
_LONE = 0.3
"""Gap that separates a single letter from its word: the edges of a line are found loosely."""
_NARROWEST, _WIDEST = 0.15, 0.3
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
    """The narrowest gap after a character that is a space, in heights of the line."""
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
    """The bare width between the centers of neighbors, in heights of the line."""
    if not line:
        return []
    height = max(1.0, float(np.median([one.box.height for one in line])))
    return [
        _bare(picture, one.box, after.box, height) / height
        for one, after in itertools.pairwise(line)
    ]


def _bare(picture: NDArray[np.uint8], one: Box, after: Box, height: float) -> int:
    """The most columns in a row with no ink, between the centers of two boxes."""
    start, stop = one.left + one.width / 2, after.left + after.width / 2
    top = max(0, round(min(one.top, after.top) + 0.1 * height))
    bottom = round(max(one.bottom, after.bottom) - 0.1 * height)
    around = picture[top:bottom, max(0, round(start - 2 * height)) : round(stop + 2 * height)]
    between = picture[top:bottom, max(0, int(start)) : int(stop) + 1].astype(float)
    if min(between.shape) < 1:
        return 0
    low, paper, high = (float(np.quantile(around, share)) for share in (0.03, 0.6, 0.97))
    sign = -1.0 if paper - low >= high - paper else 1.0
    depth = min(_depth(picture, box, paper, sign) for box in (one, after))
    shade = sign * (between - paper) / max(depth, 1.0)
    darkest = np.sort(shade, axis=0)[-3:].mean(axis=0)  # three rows, so that noise is no ink
    bare = np.concatenate([[False], darkest < 0.5, [False]])  # noqa: PLR2004 - half ink
    edges = np.flatnonzero(np.diff(bare.astype(int)))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _depth(picture: NDArray[np.uint8], box: Box, paper: float, sign: float) -> float:
    """How far the ink of one character is from the paper: print is paler in some lines."""
    inside = picture[max(0, box.top) : box.bottom, max(0, box.left) : box.right]
    return float(np.quantile(sign * (inside.astype(float) - paper), 0.93)) if inside.size else 0.0
