"""Puts the words of a chart on a clean page for Tesseract, and finds what it read of each.

The words are enlarged to a size the recognizer likes, many to a line: a lone "0" is read reliably
between its neighbors, and one call costs one process start.
"""

import html
import re

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from langchain_phase5.vision.charts._canvas import Box, Canvas, grayness
from langchain_phase5.vision.charts._phrase import Phrase, Word
from langchain_phase5.vision.tesseract import TesseractNotFoundError

DIGITS = "0123456789.,-+%$kKMBeE"
CHARACTER = re.compile(
    r"<span class='ocrx_cinfo' title='x_bboxes ([\d ]+); x_conf ([\d.]+)'>(.*?)</span>", re.DOTALL
)
Character = tuple[float, float, str, float, int]
"""Center x and y on the page, the character, confidence (0 to 1), number of its word."""
LINE = 34
"""Height in pixels to which a typical line is enlarged."""
PAGE_WIDTH = 1700
LEADING = 40
"""White space between lines, in pixels."""
GAP = 46
"""White space between pasted words, in pixels: wide enough to be no part of a word."""


def picture_of(canvas: Canvas, word: Word, phrase: Phrase, *, by: float = 1.0) -> Image.Image:
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


def paste(*paragraphs: list[Image.Image]) -> tuple[Image.Image, list[Box]]:
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


def recognize(page: Image.Image, *, digits: bool) -> list[Character]:
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


def text_at(found: list[Character], place: Box) -> tuple[str, float]:
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


def _near_glyphs(word: Word, phrase: Phrase, frame: Box) -> NDArray[np.bool_]:
    """Where the glyphs are, by a pixel more: leaves grid lines and frames out of the crop."""
    left, top, right, bottom = frame
    near = np.zeros((bottom - top, right - left), dtype=bool)
    for glyph in word.glyphs:
        x0, y0, x1, y1 = glyph if phrase.upright else (glyph[1], -glyph[2], glyph[3], -glyph[0])
        near[max(0, y0 - top - 1) : y1 - top + 1, max(0, x0 - left - 1) : x1 - left + 1] = True
    return near
