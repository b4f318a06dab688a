"""Reads the phrases of a chart with Tesseract, the doubtful ones again in other sizes."""

import itertools
import re
from collections import Counter

from langchain_phase5.vision.charts._canvas import Box, Canvas
from langchain_phase5.vision.charts._phrase import Phrase, Word, around
from langchain_phase5.vision.charts._print_page import paste, picture_of, recognize, text_at

STRAY = re.compile(r"(?<=\w)\s+[^\w\s%$\u20ac\u00a3]+$|(?<=\w)\s+_+$")
"""Signs that a recognizer sees in the soft edge after a word."""
LOWER_L = re.compile(r"^l(?=[bcdfghjkmnpqrstvwxz][a-z])")
"""No word starts so: an I."""
SURE = 0.9
"""Words recognized with less confidence are read again."""
MOST_DOUBTFUL = 40
SIZES = (0.7, 0.85, 1.2)
"""Relative sizes in which a doubtful word is read again."""
NAME_SIZES = (0.85, 1.5, 2.0)
"""The same for names: in larger print the "ri" of small ones looks less like an n."""


def read_phrases(canvas: Canvas, phrases: list[Phrase], *, digits: bool = False) -> None:
    """Fills in `texts` and `confidence` of every phrase, in place.

    Args:
        canvas: The chart.
        phrases: What to read; similar ones should follow each other.
        digits: Allow digits, signs and separators only.

    Raises:
        ImportError: pytesseract is not installed.
        RuntimeError: The Tesseract program is not installed.
    """
    if not phrases:
        return
    pairs = [(word, phrase) for phrase in phrases for word in phrase.words]
    _read(canvas, pairs, digits=digits)
    doubtful = [(word, phrase) for word, phrase in pairs if _is_doubtful(word)][:MOST_DOUBTFUL]
    if doubtful:
        _read_again(canvas, doubtful, SIZES, digits=digits)


def confirm_names(canvas: Canvas, phrases: list[Phrase]) -> None:
    """Reads names again, larger, in place: no scale tells a misread name, as it does a number.

    The confidence of a word that is read differently each time is 0.25 or less.

    Raises:
        ImportError: pytesseract is not installed.
        RuntimeError: The Tesseract program is not installed.
    """
    pairs = [
        (word, phrase)
        for phrase in phrases
        if not phrase.slanted
        for word in phrase.words
        if len(word.text) > 1 and not any(map(str.isdigit, word.text))
    ]
    if pairs:
        _read_again(canvas, pairs[:MOST_DOUBTFUL], NAME_SIZES, apart=True)


def agreed_digits(canvas: Canvas, glyphs: list[Box]) -> str | None:
    """The digits that a few glyphs say in most of four sizes, or None where there are none.

    Raises:
        ImportError: pytesseract is not installed.
        RuntimeError: The Tesseract program is not installed.
    """
    word = Word(glyphs, around(glyphs))
    page, spots = paste([picture_of(canvas, word, Phrase([word]), by=by) for by in (*SIZES, 1.0)])
    found = recognize(page, digits=True)
    hits = [text_at(found, spot) for spot in spots]
    text, votes = Counter(text for text, _ in hits).most_common(1)[0]
    agreed = votes > len(hits) / 2 and max(sure for one, sure in hits if one == text) >= SURE
    return text if agreed and text.isdigit() and len(text) == len(glyphs) else None


def _read(canvas: Canvas, pairs: list[tuple[Word, Phrase]], *, digits: bool) -> None:
    page, spots = paste([picture_of(canvas, word, phrase) for word, phrase in pairs])
    found = recognize(page, digits=digits)
    for (word, _), spot in zip(pairs, spots, strict=True):
        word.text, word.confidence = _tidied(word, *text_at(found, spot))


def _is_doubtful(word: Word) -> bool:
    """Nothing was read, or the number of characters is not that of the glyphs."""
    letters = len(word.text.replace(" ", ""))
    return not letters or word.confidence < SURE or not _fits(word, word.text)


def _fits(word: Word, text: str) -> bool:
    """Whether the glyphs may be that many characters."""
    if _is_one_letter(word):
        return len(text) == 1
    digits = sum(map(str.isdigit, text))
    return digits <= max(word.most_digits, 0.5 * len(text))


def _is_one_letter(word: Word) -> bool:
    """One glyph, and not as wide as two letters that touch."""
    left, top, right, bottom = word.glyphs[0]
    return len(word.glyphs) == 1 and right - left <= 1.2 * (bottom - top)


def _read_again(
    canvas: Canvas,
    pairs: list[tuple[Word, Phrase]],
    sizes: tuple[float, ...],
    *,
    digits: bool = False,
    apart: bool = False,
) -> None:
    """Reads each word in several sizes and takes what most of them say.

    Args:
        canvas: The chart.
        pairs: The words, with the phrases that they are part of.
        sizes: Relative to the usual one.
        digits: Allow digits, signs and separators only.
        apart: Put each size on lines of its own, as is better for words; single characters are
            read better between others that are larger and smaller.
    """
    by_word = [[picture_of(canvas, word, phrase, by=by) for by in sizes] for word, phrase in pairs]
    if apart:
        page, spots = paste(*map(list, zip(*by_word, strict=True)))
        order = [
            index * len(pairs) + number
            for number in range(len(pairs))
            for index in range(len(sizes))
        ]
        spots = [spots[index] for index in order]
    else:
        page, spots = paste(list(itertools.chain(*by_word)))
    found = recognize(page, digits=digits)
    hits = [text_at(found, spot) for spot in spots]
    for number, (word, _) in enumerate(pairs):
        tries = [
            (word.text, word.confidence),
            *hits[number * len(sizes) : (number + 1) * len(sizes)],
        ]
        tries = [_tidied(word, *one) for one in tries]
        tries = [one for one in tries if _fits(word, one[0])] or tries
        votes = Counter(text for text, _ in tries if text)
        if votes:
            best = max(votes, key=lambda text: (votes[text], max(c for t, c in tries if t == text)))
            word.text = best
            word.confidence = max(c for t, c in tries if t == best) * votes[best] / len(tries)


def _tidied(word: Word, text: str, confidence: float) -> tuple[str, float]:
    """A text without signs after its last word and without spaces where the print has none."""
    text = STRAY.sub("", text)
    text = LOWER_L.sub("I", text)
    return text if word.has_space else text.replace(" ", ""), confidence
