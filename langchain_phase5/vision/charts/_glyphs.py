"""Finds the printed words of a chart by shape, before any of them is read.

A text recognizer that searches a whole chart misses lone characters, which is what most tick
labels are. Here glyphs are linked to words by their gaps, upright or turned by 90 degrees.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Box, Canvas, components

INK = 45
"""How far a pixel is from its background (0-255) before it is ink."""
COLORFUL = 60
"""Difference between the strongest and the weakest channel (0-255) of what is no grey."""
LETTER_GAP = 0.45
"""Largest gap between letters that show which way a line runs, in glyph heights."""
WORD_GAP = 0.36
"""Largest gap inside a word, in glyph heights: a space is 0.28 to 0.32 em, a digit 0.73 em high."""
PHRASE_GAP = 0.95
"""Largest gap between the words of one phrase, in line heights."""
MOST_GLYPHS = 1500
LONG_STROKE = 45
"""Pixels."""


@dataclass
class Word:
    """Glyphs with no space between them; `text` is filled in by the recognizer."""

    glyphs: list[Box]
    """Left to right, in the direction of reading; for turned lines x and y are exchanged."""
    box: Box
    """On the picture."""
    text: str = ""
    confidence: float = 0.0
    """0 to 1."""


@dataclass
class Phrase:
    """Words on one line that belong together."""

    words: list[Word]
    upright: bool = True
    """False: the line runs from bottom to top."""

    @property
    def text(self) -> str:
        """What it says."""
        return " ".join(word.text for word in self.words if word.text)

    @property
    def confidence(self) -> float:
        """How sure the recognizer is, 0 to 1."""
        return float(np.mean([word.confidence for word in self.words]))

    @property
    def box(self) -> Box:
        """The smallest box around all words."""
        return around([word.box for word in self.words])

    @property
    def center(self) -> tuple[float, float]:
        """Middle of the box, x and y."""
        return middle(self.box)

    @property
    def size(self) -> int:
        """Height of the line in pixels, whichever way it runs."""
        left, top, right, bottom = self.box
        return bottom - top if self.upright else right - left


def middle(box: Box) -> tuple[float, float]:
    """The center of a box, x and y, in pixel coordinates."""
    left, top, right, bottom = box
    return (left + right - 1) / 2, (top + bottom - 1) / 2


def around(boxes: list[Box]) -> Box:
    """The smallest box that holds all boxes."""
    array = np.array(boxes)
    return (
        int(array[:, 0].min()), int(array[:, 1].min()),
        int(array[:, 2].max()), int(array[:, 3].max()),
    )  # fmt: skip


def find_phrases(canvas: Canvas) -> list[Phrase]:
    """All phrases on the paper and the panels."""
    phrases: list[Phrase] = []
    known: list[Box] = []
    for panel in canvas.panels:
        glyphs = [glyph for glyph in _glyphs(canvas, panel) if not _is_known(glyph, known)]
        known += glyphs
        flat, tall = _by_direction(_without_ticks(glyphs))
        phrases += [Phrase(words) for words in _phrases(flat, upright=True)]
        phrases += [Phrase(words, upright=False) for words in _phrases(tall, upright=False)]
    return [phrase for phrase in phrases if not _is_tick(phrase, phrases)]


def _is_known(glyph: Box, known: list[Box]) -> bool:
    """Whether most of a glyph was found on another background, where it may have looked whole."""
    if not known:
        return False
    left, top, right, bottom = np.array(known).T
    wide = np.minimum(right, glyph[2]) - np.maximum(left, glyph[0])
    high = np.minimum(bottom, glyph[3]) - np.maximum(top, glyph[1])
    shared = np.maximum(wide, 0) * np.maximum(high, 0)
    return bool((shared > 0.5 * (glyph[2] - glyph[0]) * (glyph[3] - glyph[1])).any())


def _is_tick(phrase: Phrase, phrases: list[Phrase]) -> bool:
    """A lone stroke shorter than the letters around: a tick mark, not a word."""
    if len(phrase.words) > 1 or len(phrase.words[0].glyphs) > 1:
        return False
    left, top, right, bottom = phrase.box
    letters = float(np.median([other.size for other in phrases]))
    thin, long = sorted((right - left, bottom - top))
    return thin <= 3 and long <= 0.75 * letters


def _glyphs(canvas: Canvas, panel: int) -> list[Box]:
    """Boxes of ink that is small enough for a character and stands on that background."""
    far = canvas.distance(panel) > INK
    _, boxes = components(far & ~_strokes(far))
    tallest = max(34.0, 0.055 * max(canvas.height, canvas.width))
    near = canvas.mask(panel)
    found = [
        (left, top, right, bottom)
        for left, top, right, bottom in boxes
        if bottom - top <= tallest
        and right - left <= 6 * tallest
        and min(bottom - top, right - left) <= tallest
        and _stands_on(near, (left, top, right, bottom))
        and not _is_colorful(canvas, (left, top, right, bottom), far)
    ]
    return found[:MOST_GLYPHS]


def _strokes(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Straight lines longer than any letter is wide or high: axes, grids, frames, bars."""
    from scipy import ndimage

    across = ndimage.binary_opening(ink, np.ones((1, LONG_STROKE)))
    down = ndimage.binary_opening(ink, np.ones((LONG_STROKE, 1)))
    return np.asarray(across | down | _dashed(ink) | _dashed(ink.T).T)


def _dashed(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Dashed lines that run level through a good part of the picture."""
    from scipy import ndimage

    pieces, boxes = components(ink)
    flat = [number for number, box in enumerate(boxes, start=1) if box[3] - box[1] <= 3]
    dashes = np.isin(pieces, flat)  # and no part of a letter or a marker
    bridged = ndimage.binary_closing(dashes, np.ones((1, 17)))
    long = ndimage.binary_opening(bridged, np.ones((1, max(60, round(0.15 * ink.shape[1])))))
    lines, found = components(long)
    row = [
        number
        for number, (left, top, right, bottom) in enumerate(found, start=1)
        if len(np.unique(pieces[top:bottom, left:right] * dashes[top:bottom, left:right])) > 5
    ]
    return np.asarray(np.isin(lines, row) & dashes)


def _stands_on(near: NDArray[np.bool_], box: Box) -> bool:
    left, top, right, bottom = box
    height, width = near.shape
    rows = near[max(0, top - 3) : bottom + 3, max(0, left - 3) : right + 3]
    if left < 1 or top < 1 or right >= width or bottom >= height:
        return False
    return bool(rows.mean() > 0.15)


def _is_colorful(canvas: Canvas, box: Box, ink: NDArray[np.bool_]) -> bool:
    """Text is printed in greys; what is colorful or a block is a marker or a swatch."""
    left, top, right, bottom = box
    dark = ink[top:bottom, left:right]
    if min(dark.shape) >= 6 and dark.mean() > 0.95:
        return True  # a full rectangle, as no letter is
    inside = canvas.pixels[top:bottom, left:right][dark]
    return bool(np.median(inside.max(axis=1) - inside.min(axis=1)) > COLORFUL)


def _flip(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def _without_ticks(glyphs: list[Box]) -> list[Box]:
    """Drops tick marks: short strokes in line with equal ones; a minus has a digit to its right."""
    if not glyphs:
        return []
    array = np.array(glyphs, dtype=float)
    left, top, right, bottom = array.T
    width, height = right - left, bottom - top
    line = float(np.median(height[height >= 5])) if (height >= 5).any() else 0.0
    upright = (width <= 3) & (height >= 3) & (height < 0.75 * line) & (height > 1.5 * width)
    flat = (height <= 3) & (width >= 3) & (width < 1.2 * line) & (width > 1.5 * height)
    row = (np.abs(top[:, None] - top) <= 1) & (np.abs(height[:, None] - height) <= 1)
    column = (np.abs(left[:, None] - left) <= 1) & (np.abs(width[:, None] - width) <= 1)
    level = np.minimum(bottom[:, None], bottom) - np.maximum(top[:, None], top)
    after = (left[None] >= right[:, None] - 1) & (left[None] - right[:, None] <= 0.7 * line)
    np.fill_diagonal(after, val=False)
    minus = (after & (level > 0)).any(axis=1)  # or a comma
    tick = upright & ~minus & ((row & upright).sum(axis=1) >= 2)
    tick |= flat & ~minus & ((column & flat).sum(axis=1) >= 2)
    return [glyph for glyph, drop in zip(glyphs, tick, strict=True) if not drop]


def _by_direction(glyphs: list[Box]) -> tuple[list[Box], list[Box]]:
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
    turned = _with_neighbors(turned, np.isfinite(beside), np.isfinite(below))
    return (
        [g for g, t in zip(glyphs, turned, strict=True) if not t],
        [g for g, t in zip(flipped, turned, strict=True) if t],
    )


def _with_neighbors(
    turned: NDArray[np.bool_], beside: NDArray[np.bool_], below: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """First and last letters follow their word: the only neighbors they have in a line."""
    alone = ~(beside & ~turned).any(axis=1) & (below & turned).any(axis=1)
    astray = ~(below & turned).any(axis=1) & (beside & ~turned).any(axis=1)
    return np.asarray((turned | alone) & ~astray)


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
    speck = size <= 0.4 * np.median(size[letters])
    near[:, speck] = near[speck] = False
    np.fill_diagonal(near, val=False)
    return np.asarray(np.where(near, np.maximum(gap, 0), np.inf))


def _letters(height: NDArray[np.float64], width: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which boxes say something about the size of the print: no dots and dashes."""
    solid = (np.minimum(height, width) >= 3) & (np.maximum(height, width) >= 5)
    return solid if solid.any() else np.ones(len(height), dtype=bool)


def _lying(glyphs: list[Box], linked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Lone glyphs in a row of lone glyphs that are wider than tall: turned one-letter labels."""
    left, top, right, bottom = np.array(glyphs, dtype=float).T
    alone = ~linked & (np.maximum(bottom - top, right - left) >= 4)
    row = np.abs(top[:, None] + bottom[:, None] - top - bottom) <= 4
    peers = row & alone & alone[:, None]
    wide = (right - left) > 1.1 * (bottom - top)
    many = peers.sum(axis=1) >= 3
    return np.asarray(many & ((peers & wide).sum(axis=1) > 0.6 * peers.sum(axis=1)))


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
