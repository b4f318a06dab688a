"""Reads the phrases of a chart with Tesseract, all in one call.

The phrases are pasted on a clean page, enlarged to a size the recognizer likes and many to a line:
a lone "0" is read reliably between its neighbors, and one call costs one process start.
"""

import html
import itertools
import re
from collections import Counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from langchain_phase5.vision.charts._canvas import Box, Canvas, grayness
from langchain_phase5.vision.charts._phrase import Phrase, Word, around
from langchain_phase5.vision.tesseract import TesseractNotFoundError

DIGITS = "0123456789.,-+%$kKMBeE"
CHARACTER = re.compile(
    r"<span class='ocrx_cinfo' title='x_bboxes ([\d ]+); x_conf ([\d.]+)'>(.*?)</span>", re.DOTALL
)
STRAY = re.compile(r"(?<=\w)\s+[^\w\s%$\u20ac\u00a3]+$|(?<=\w)\s+_+$")
"""Signs that a recognizer sees in the soft edge after a word."""
LOWER_L = re.compile(r"^l(?=[bcdfghjkmnpqrstvwxz][a-z])")
"""No word starts so: an I."""
Character = tuple[float, float, str, float, int]
"""Center x and y on the page, the character, confidence (0 to 1), number of its word."""
LINE = 34
"""Height in pixels to which a typical line is enlarged."""
PAGE_WIDTH = 1700
SURE = 0.9
"""Words recognized with less confidence are read again."""
NAME_SIZES = (0.85, 1.5, 2.0)
"""The same for names: in larger print the "ri" of small ones looks less like an n."""
MOST_DOUBTFUL = 40
SIZES = (0.7, 0.85, 1.2)
"""Relative sizes in which a doubtful word is read again."""
LEADING = 40
"""White space between lines, in pixels."""
GAP = 46
"""White space between pasted words, in pixels: wide enough to be no part of a word."""


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
    page, spots = _paste([_picture(canvas, word, Phrase([word]), by=by) for by in (*SIZES, 1.0)])
    found = _recognize(page, digits=True)
    hits = [_text_at(found, spot) for spot in spots]
    text, votes = Counter(text for text, _ in hits).most_common(1)[0]
    agreed = votes > len(hits) / 2 and max(sure for one, sure in hits if one == text) >= SURE
    return text if agreed and text.isdigit() and len(text) == len(glyphs) else None


def _read(canvas: Canvas, pairs: list[tuple[Word, Phrase]], *, digits: bool) -> None:
    page, spots = _paste([_picture(canvas, word, phrase) for word, phrase in pairs])
    found = _recognize(page, digits=digits)
    for (word, _), spot in zip(pairs, spots, strict=True):
        word.text, word.confidence = _tidied(word, *_text_at(found, spot))


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
    by_word = [[_picture(canvas, word, phrase, by=by) for by in sizes] for word, phrase in pairs]
    if apart:
        page, spots = _paste(*map(list, zip(*by_word, strict=True)))
        order = [
            index * len(pairs) + number
            for number in range(len(pairs))
            for index in range(len(sizes))
        ]
        spots = [spots[index] for index in order]
    else:
        page, spots = _paste(list(itertools.chain(*by_word)))
    found = _recognize(page, digits=digits)
    hits = [_text_at(found, spot) for spot in spots]
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


def _picture(canvas: Canvas, word: Word, phrase: Phrase, *, by: float = 1.0) -> Image.Image:
    """The word as black on white, upright, enlarged, with the full height of its line."""
    left, top, right, bottom = word.box
    if phrase.upright:
        _, top, _, bottom = phrase.box
    else:
        left, _, right, _ = phrase.box
    left, top, right, bottom = max(0, left - 1), max(0, top - 1), right + 1, bottom + 1
    part = canvas.pixels[top:bottom, left:right]
    edge = np.concatenate([part[0], part[-1], part[:, 0], part[:, -1]])
    ground = np.median(edge, axis=0)
    away = grayness(part, ground) if word.crossed else np.abs(part - ground).max(axis=2)
    away = (
        away * _near_glyphs(word, phrase, (left, top, right, bottom))[: len(part), : part.shape[1]]
    )
    if not phrase.upright:
        away = np.rot90(away, -1)
    grey = 255 - np.clip(255.0 * away / max(60, away.max()), 0, 255)
    picture = Image.fromarray(grey.astype(np.uint8))
    scale = by * float(np.clip(LINE / max(phrase.size, 6), 1.0, 5.0))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BICUBIC)


def _near_glyphs(word: Word, phrase: Phrase, frame: Box) -> NDArray[np.bool_]:
    """Where the glyphs are, by a pixel more: leaves grid lines and frames out of the crop."""
    left, top, right, bottom = frame
    near = np.zeros((bottom - top, right - left), dtype=bool)
    for glyph in word.glyphs:
        x0, y0, x1, y1 = glyph if phrase.upright else (glyph[1], -glyph[2], glyph[3], -glyph[0])
        near[max(0, y0 - top - 1) : y1 - top + 1, max(0, x0 - left - 1) : x1 - left + 1] = True
    return near


def _paste(*paragraphs: list[Image.Image]) -> tuple[Image.Image, list[Box]]:
    """Lays the words out line by line, as on a page; returns the page and the place of each.

    Letters of different sizes on one line confuse the recognizer, so each paragraph starts a new
    one.
    """
    lines: list[list[tuple[Image.Image, int]]] = []
    for pictures in paragraphs:
        lines.append([])
        x = GAP
        for picture in pictures:
            if lines[-1] and x + picture.width + GAP > PAGE_WIDTH:
                lines.append([])
                x = GAP
            lines[-1].append((picture, x))
            x += picture.width + GAP
    width = max(at + picture.width for line in lines for picture, at in line) + GAP
    height = sum(max(p.height for p, _ in line) + LEADING for line in lines) + LEADING
    page, spots, bottom = Image.new("L", (width, height), 255), [], LEADING // 2
    for line in lines:
        bottom += max(picture.height for picture, _ in line) + LEADING
        for picture, at in line:
            top = bottom - LEADING - picture.height
            page.paste(picture, (at, top + LEADING // 2))
            spots.append((at, top, at + picture.width, bottom))
    return page, spots


def _recognize(page: Image.Image, *, digits: bool) -> list[Character]:
    """All characters on the page."""
    try:
        import pytesseract
    except ImportError as error:
        msg = "reading a chart needs pytesseract: pip install 'langchain-phase5[vision]'"
        raise ImportError(msg) from error
    config = "--psm 6 -c hocr_char_boxes=1"
    if digits:
        config += f" -c tessedit_char_whitelist={DIGITS}"
    try:
        hocr = pytesseract.image_to_pdf_or_hocr(page, extension="hocr", config=config)
    except pytesseract.TesseractNotFoundError as error:
        raise TesseractNotFoundError from error
    found = []
    for number, word in enumerate(hocr.decode("utf-8").split("class='ocrx_word'")):
        for match in CHARACTER.finditer(word):
            left, top, right, bottom = (int(number) for number in match.group(1).split())
            text, sure = html.unescape(match.group(3)).strip(), float(match.group(2)) / 100
            found.append(((left + right) / 2, (top + bottom) / 2, text, sure, number))
    return found


def _tidied(word: Word, text: str, confidence: float) -> tuple[str, float]:
    """A text without signs after its last word and without spaces where the print has none."""
    text = STRAY.sub("", text)
    text = LOWER_L.sub("I", text)
    return text if word.has_space else text.replace(" ", ""), confidence


def _text_at(found: list[Character], place: Box) -> tuple[str, float]:
    """What was recognized inside that place, and how surely (0 to 1)."""
    left, top, right, bottom = place
    inside = sorted(
        character
        for character in found
        if left - GAP / 3 <= character[0] <= right + GAP / 3 and top <= character[1] <= bottom
    )
    text, last = "", None
    for _, _, character, _, word in inside:
        text += (" " if last not in (None, word) else "") + character
        last = word
    return text.replace("|", "I"), min((sure for _, _, _, sure, _ in inside), default=0.0)
