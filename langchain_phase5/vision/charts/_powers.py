"""Reads powers of ten: a 10 with a small raised number, which a recognizer takes for 103 or 10*."""

from langchain_phase5.vision.charts._canvas import Canvas
from langchain_phase5.vision.charts._numbers import LOOKALIKES
from langchain_phase5.vision.charts._phrase import Phrase, Word, around
from langchain_phase5.vision.charts._reading import read_phrases

RAISED = 0.68
"""A raised glyph ends above this share of the height of the first one, counted from its top."""


def spell_powers(canvas: Canvas, phrases: list[Phrase]) -> None:
    """Writes the text of every power of ten as `10^3`, or as `10^?` where it is not legible."""
    powers = [
        (word, count)
        for phrase in phrases
        if phrase.upright and not phrase.slanted
        for word in phrase.words
        if (count := _raised(word)) and _is_ten(word, count)
    ]
    tails = [Phrase([_tail(word, count)]) for word, count in powers]
    read_phrases(canvas, tails, digits=True)
    for (word, count), tail in zip(powers, tails, strict=True):
        digits = tail.text.removeprefix("-")
        negative = _is_flat(word, count) or digits != tail.text
        known = digits.isdigit() and len(digits) == count - _is_flat(word, count)
        word.text = f"10^{'-' if negative else ''}{digits}" if known else "10^?"


def _raised(word: Word) -> int:
    """The number of glyphs at the end of a word that stand higher than those before."""
    _, top, _, bottom = word.glyphs[0]
    line = top + RAISED * (bottom - top)
    count = 0
    for _, upper, _, lower in reversed(word.glyphs[1:]):
        if lower > line or upper > top + 0.35 * (bottom - top):
            break
        count += 1
    return count


def _is_ten(word: Word, count: int) -> bool:
    """Whether two glyphs that say 10 come before the raised ones."""
    return len(word.glyphs) - count == 2 and word.text.translate(LOOKALIKES).startswith("10")


def _is_flat(word: Word, count: int) -> bool:
    """Whether the first raised glyph is a minus."""
    left, top, right, bottom = word.glyphs[-count]
    return bottom - top <= 0.4 * (right - left)


def _tail(word: Word, count: int) -> Word:
    glyphs = word.glyphs[-count:]
    return Word(glyphs, around(glyphs))
