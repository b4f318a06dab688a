"""Reads powers of ten: a 10 with a small raised number, which a recognizer takes for 103 or 10*."""

import numpy as np

from langchain_phase5.vision.charts._canvas import Canvas
from langchain_phase5.vision.charts._numbers import LOOKALIKES
from langchain_phase5.vision.charts._phrase import Phrase, Word, around
from langchain_phase5.vision.charts._reading import read_phrases

SLACK = 0.08
"""How much the glyphs of a 10 differ in size, as a share of it."""
RAISED = 0.68
"""A raised glyph ends above this share of the height of the first one, counted from its top."""


def spell_powers(canvas: Canvas, phrases: list[Phrase]) -> None:
    """Writes the text of every power of ten as `10^3`, or as `10^?` where it is not legible."""
    candidates = [
        (word, count)
        for phrase in phrases
        if phrase.upright and not phrase.slanted
        for word in phrase.words
        if (count := raised(word)) and len(word.glyphs) - count == 2
    ]
    tens = [word for word, _ in candidates if word.text.translate(LOOKALIKES).startswith("10")]
    powers = [(word, count) for word, count in candidates if _looks_like_one(word, tens)]
    tails = [Phrase([_tail(word, count)]) for word, count in powers]
    read_phrases(canvas, tails, digits=True)
    for (word, count), tail in zip(powers, tails, strict=True):
        digits = tail.text.removeprefix("-")
        negative = _is_flat(word, count) or digits != tail.text
        known = digits.isdigit() and len(digits) == count - _is_flat(word, count)
        word.text = f"10^{'-' if negative else ''}{digits}" if known else "10^?"


def raised(word: Word) -> int:
    """The number of glyphs at the end of a word that stand higher than those before."""
    _, top, _, bottom = word.glyphs[0]
    line = top + RAISED * (bottom - top)
    count = 0
    for _, upper, _, lower in reversed(word.glyphs[1:]):
        if lower > line or upper > top + 0.35 * (bottom - top):
            break
        count += 1
    return count


def _looks_like_one(word: Word, tens: list[Word]) -> bool:
    """Whether the first two glyphs are as large as in a word of which they surely say 10."""
    sizes = np.array([_sizes(ten) for ten in tens]).reshape(-1, 4)
    slack = np.maximum(1, SLACK * np.array(_sizes(word)))
    return bool((np.abs(sizes - _sizes(word)) <= slack).all(axis=1).any())


def _sizes(word: Word) -> list[int]:
    """Widths and heights of the first two glyphs."""
    return [
        size
        for left, top, right, bottom in word.glyphs[:2]
        for size in (right - left, bottom - top)
    ]


def _is_flat(word: Word, count: int) -> bool:
    """Whether the first raised glyph is a minus."""
    left, top, right, bottom = word.glyphs[-count]
    return bottom - top <= 0.4 * (right - left)


def _tail(word: Word, count: int) -> Word:
    glyphs = word.glyphs[-count:]
    return Word(glyphs, around(glyphs))
