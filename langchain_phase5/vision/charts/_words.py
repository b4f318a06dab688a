"""Finds the printed words of a chart by shape, before any of them is read.

A text recognizer that searches a whole chart misses lone characters, which is what most tick
labels are. Here glyphs are linked to words by their gaps, upright or turned by 90 degrees.
"""

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Box, Canvas
from langchain_phase5.vision.charts._direction import by_direction
from langchain_phase5.vision.charts._glyphs import find_glyphs
from langchain_phase5.vision.charts._phrase import Phrase, Word, around
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

WORD_GAP = 0.36
"""Largest gap inside a word, in glyph heights: a space is 0.28 to 0.32 em, a digit 0.73 em high."""
MOST_PHRASES = 300
"""A busy chart has some fifty; each is compared with the others and read."""
PHRASE_GAP = 0.95
"""Largest gap between the words of one phrase, in line heights."""


def find_phrases(canvas: Canvas) -> list[Phrase]:
    """All phrases on the paper and the panels.

    Raises:
        UnreadableChartError: There are so many that the picture shows something else.
    """
    phrases: list[Phrase] = []
    known: list[Box] = []
    for panel in canvas.panels:
        glyphs = [glyph for glyph in find_glyphs(canvas, panel) if not _is_known(glyph, known)]
        known += glyphs
        flat, tall = by_direction(glyphs)
        phrases += [Phrase(words) for words in _phrases(flat, upright=True)]
        phrases += [Phrase(words, upright=False) for words in _phrases(tall, upright=False)]
    letters = float(np.median([phrase.size for phrase in phrases])) if phrases else 0.0
    found = [phrase for phrase in phrases if not _is_tick(phrase, letters)]
    if len(found) > MOST_PHRASES:
        msg = f"there are {len(found)} pieces of print, more than a chart has"
        raise UnreadableChartError(msg)
    return found


def words_of(glyphs: list[Box]) -> list[Word]:
    """The words that some glyphs on one line make, from left to right."""
    words = [word for phrase in _phrases(glyphs, upright=True) for word in phrase]
    return sorted(words, key=lambda word: word.box[0])


def _is_known(glyph: Box, known: list[Box]) -> bool:
    """Whether most of a glyph was found on another background, where it may have looked whole."""
    if not known:
        return False
    left, top, right, bottom = np.array(known).T
    wide = np.minimum(right, glyph[2]) - np.maximum(left, glyph[0])
    high = np.minimum(bottom, glyph[3]) - np.maximum(top, glyph[1])
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    return bool((shared > 0.5 * (glyph[2] - glyph[0]) * (glyph[3] - glyph[1])).any())


def _is_tick(phrase: Phrase, letters: float) -> bool:
    """A lone stroke shorter than the letters around: a tick mark, not a word."""
    if len(phrase.words) > 1 or len(phrase.words[0].glyphs) > 1:
        return False
    left, top, right, bottom = phrase.box
    thin, long = sorted((right - left, bottom - top))
    return thin <= 3 and long <= 0.75 * letters


def _phrases(glyphs: list[Box], *, upright: bool) -> list[list[Word]]:
    """Links glyphs to words and words to phrases, in the direction of reading."""
    if not upright:  # turned lines run from bottom to top: mirrored, they run left to right
        glyphs = [(-right, top, -left, bottom) for left, top, right, bottom in glyphs]
    words = [_without_tick(sorted(glyphs[i] for i in g)) for g in _grouped(glyphs, WORD_GAP)]
    boxes = [around(word) for word in words]
    large = [i for i, b in enumerate(boxes) if max(b[2] - b[0], b[3] - b[1]) >= 4]
    words, boxes = [words[i] for i in large], [boxes[i] for i in large]
    phrases = []
    for group in _grouped(boxes, PHRASE_GAP):
        order = sorted(group, key=boxes.__getitem__)
        line = max(boxes[i][3] - boxes[i][1] for i in order)
        first = boxes[order[0]]
        if len(order) > 1 and len(words[order[0]]) == 1 and first[2] - first[0] >= 1.4 * line:
            order.pop(0)  # wider than any letter: the swatch of a legend
        if len(order) > 1 and boxes[order[-1]][3] - boxes[order[-1]][1] <= max(3, 0.25 * line):
            order.pop()  # a tick mark, as in `_without_tick`
        phrases.append([Word(words[i], _placed(boxes[i], upright=upright)) for i in order])
    return phrases


def _placed(box: Box, *, upright: bool) -> Box:
    if upright:
        return box
    left, top, right, bottom = box
    return top, -right, bottom, -left


def _without_tick(glyphs: list[Box]) -> list[Box]:
    """Drops a flat stroke at the end of a word: the tick mark of the label, not a hyphen."""
    *head, last = glyphs
    if not head:
        return glyphs
    height = max(bottom - top for _, top, _, bottom in head)
    flat = last[3] - last[1] <= max(2, 0.2 * height)
    low = last[1] > min(g[1] for g in head) + 0.75 * height
    return head if flat and not low else glyphs


def _grouped(boxes: list[Box], gap: float) -> list[list[int]]:
    """Groups of boxes on one line whose gaps are at most `gap` line heights."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    if not boxes:
        return []
    left, top, right, bottom = np.array(boxes, dtype=float).T
    height = bottom - top
    overlap = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    low, high = np.minimum(height[:, None], height), np.maximum(height[:, None], height)
    apart = np.maximum(left[None, :] - right[:, None], left[:, None] - right[None, :])
    speck = np.maximum(height, right - left) <= 0.45 * high.max(axis=1)
    overlap = overlap + np.where(speck[:, None] | speck, 0.15 * high, 0.0)  # commas hang below
    linked = (overlap >= 0.4 * low) & (apart <= np.maximum(gap * high, 2))
    linked |= _dots(left, top, right, bottom)
    rows, columns = np.nonzero(linked)
    graph = coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(boxes), len(boxes)))
    count, group = connected_components(graph, directed=False)
    return [np.flatnonzero(group == index).tolist() for index in range(count)]


def _dots(
    left: NDArray[np.float64],
    top: NDArray[np.float64],
    right: NDArray[np.float64],
    bottom: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which boxes are the dot of an i and the stem below it."""
    height, width = bottom - top, right - left
    above = top[None, :] - bottom[:, None]
    centered = np.abs((left + right)[None, :] - (left + right)[:, None]) <= width[None, :] + 1
    small = (height[:, None] <= 0.4 * height[None, :]) & (width[:, None] <= 1.5 * width[None, :])
    found = small & centered & (above >= 0) & (above <= 0.35 * height[None, :] + 1)
    return np.asarray(found | found.T)
