"""Finds the names of a legend again that a colored line crosses: what it touches is no glyph."""

import numpy as np

from langchain_phase5.vision.charts._canvas import Box, Canvas, components, grayness
from langchain_phase5.vision.charts._legend import LegendEntry
from langchain_phase5.vision.charts._phrase import Phrase
from langchain_phase5.vision.charts._words import words_of

INK = 45
"""How far a pixel is from its background (0-255) before it is ink."""
WIDEST_GAP = 1.3
"""Between the words of a name, in line heights."""
LONGEST = 14
"""Width of a name, in line heights."""
FAINT = 0.45
"""The same as a share of that of the darkest pixel: lines of a grid are paler than letters."""
TINT = 25
"""Difference between the strongest and the weakest channel (0-255) of the palest color."""
MOVED = 2
"""Pixels between edges of one glyph."""
FULL = 0.75
"""Share of the height that the line of a frame covers."""


def find_crossed_names(canvas: Canvas, legend: list[LegendEntry]) -> list[Phrase]:
    """The names that are crossed, with new words that are yet to be read, in place."""
    line = max((entry.phrase.size for entry in legend), default=0)
    found = []
    for entry in legend:
        box = _beside(canvas, entry, line)
        glyphs = _gray_glyphs(canvas, box, line)
        if _is_colored(canvas, box) and _shows_more(
            glyphs, [glyph for word in entry.phrase.words for glyph in word.glyphs]
        ):
            words = words_of(glyphs)
            for word in words:
                word.crossed = True
            entry.phrase.words = words
            found.append(entry.phrase)
    return found


def _beside(canvas: Canvas, entry: LegendEntry, line: int) -> Box:
    """The line right of a swatch."""
    left, (_, top, _, bottom) = entry.swatch[2] + 2, entry.phrase.box
    middle = (top + bottom) / 2
    y0, y1 = max(0, round(middle - 0.8 * line)), min(canvas.height, round(middle + 0.8 * line) + 1)
    return left, y0, min(canvas.width, left + LONGEST * line), y1


def _gray_glyphs(canvas: Canvas, box: Box, line: int) -> list[Box]:
    """Dark patches of no color from left to right, up to a wide gap or the frame."""
    left, top, right, bottom = box
    part = canvas.pixels[top:bottom, left:right]
    gray = grayness(part, np.median(part.reshape(-1, 3), axis=0))
    ink = gray > max(INK, FAINT * gray.max(initial=0))
    frame = np.flatnonzero(ink.mean(axis=0) >= FULL)
    ink[:, frame[0] if len(frame) else ink.shape[1] :] = False
    glyphs: list[Box] = []
    for x0, y0, x1, y1 in sorted(components(ink)[1]):
        if glyphs and x0 + left - max(glyph[2] for glyph in glyphs) > WIDEST_GAP * line:
            break
        below = y0 >= 0.5 * (ink.shape[0] + line) - 1  # the frame
        if y0 > 0 and y1 < ink.shape[0] and not below:
            glyphs.append((x0 + left, y0 + top, x1 + left, y1 + top))
    return glyphs


def _is_colored(canvas: Canvas, box: Box) -> bool:
    """Whether there is anything but gray, however pale."""
    left, top, right, bottom = box
    part = canvas.pixels[top:bottom, left:right].astype(int)
    tint = np.ptp(part - np.median(part.reshape(-1, 3), axis=0), axis=2)
    return int((tint > TINT).sum()) > MOVED


def _shows_more(glyphs: list[Box], known: list[Box]) -> bool:
    """Whether there are more or larger glyphs."""
    if len(glyphs) != len(known):
        return len(glyphs) > len(known)
    left, top, right, bottom = np.subtract(glyphs, sorted(known)).reshape(-1, 4).T
    return bool(np.max([-left, -top, right, bottom], initial=0) > MOVED)
