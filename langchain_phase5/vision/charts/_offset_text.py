"""The factor or offset that is printed once for a whole axis, such as `1e6` or `+2e3`.

Matplotlib calls this the offset text: above the axis of y at its left end, below the labels of x at
their right end. Overlooked it makes every value wrong by the same factor, so what stands there and
cannot be read makes the chart unreadable.
"""

import re
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from langchain_phase5.vision.charts._canvas import Canvas
from langchain_phase5.vision.charts._numbers import LOOKALIKES, power_of_ten
from langchain_phase5.vision.charts._phrase import Phrase, Word
from langchain_phase5.vision.charts._reading import agreed_digits, read_phrases
from langchain_phase5.vision.charts._tick_labels import Ticks
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

LARGEST = 1.35
"""Height as a multiple of that of the tick labels: the text is set in their size."""
LONGEST = 14
"""Characters."""
NUMERIC = 0.5
"""Least share of digits and signs."""
NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
OFFSET_TEXT = re.compile(rf"(?P<factor>\d+(?:\.\d+)?e[+-]?\d+)?(?P<offset>[+-]{NUMBER})?")
POWER = re.compile(r"[1lIi|][eEcC]")
MISREAD = re.compile(r"[+-]?[1lIi|]{1,2}[eEcC].{1,3}")


def with_offset_text(canvas: Canvas, ticks: Ticks, phrases: list[Phrase], *, axis: int) -> Ticks:
    """The ticks with the factor and offset of their axis applied; the text is taken from `phrases`.

    Args:
        canvas: The chart.
        ticks: The labels of the axis.
        phrases: All that is no tick label or legend.
        axis: 0 for x, 1 for y.

    Raises:
        UnreadableChartError: There is such a text, and it is not legible.
    """
    place = _right_below if axis == 0 else _left_above
    if not ticks.scale:
        return ticks
    found = [p for p in phrases if p.upright and place(p, ticks) and _looks_numeric(p)]
    if not found:
        return ticks
    phrase = found[0]
    phrases.remove(phrase)
    factor, offset = _read(canvas, phrase)
    if ticks.scale.kind != "linear" or len(found) > 1:
        msg = "there are numbers beside the end of an axis that are no tick labels"
        raise UnreadableChartError(msg)
    return replace(ticks, scale=ticks.scale.rescaled(factor, offset))


def _left_above(phrase: Phrase, ticks: Ticks) -> bool:
    """Left end at the axis, above the highest label, up to where the next would be."""
    line = max(1, min(box[3] - box[1] for box in ticks.boxes))
    edge, top = max(box[2] for box in ticks.boxes), min(box[1] for box in ticks.boxes)
    left, _, _, bottom = phrase.box
    step = max((b - a for a, b in pairwise(sorted(ticks.positions))), default=0.0)
    beside = min(box[0] for box in ticks.boxes) - 3 * line <= left <= edge + 3.5 * line
    above = top - step - 3.5 * line <= bottom <= top + 0.6 * line
    return beside and above and phrase.size <= LARGEST * line + 2


def _right_below(phrase: Phrase, ticks: Ticks) -> bool:
    """Right end beyond the last label, below it."""
    line = max(1, min(box[3] - box[1] for box in ticks.boxes))
    floor = max(box[3] for box in ticks.boxes)
    _, top, right, _ = phrase.box
    below = floor - 1 <= top <= floor + 2.5 * line
    return below and right >= max(ticks.positions) - 3 and phrase.size <= LARGEST * line + 2


def _looks_numeric(phrase: Phrase) -> bool:
    text = phrase.text.replace(" ", "")
    if MISREAD.fullmatch(text):
        return True
    like = sum(one.isdigit() or one in "+-\u2212\u2013\u2014\u00d7.,lI" for one in text)
    return len(text) <= LONGEST and any(map(str.isdigit, text)) and like >= NUMERIC * len(text)


def _read(canvas: Canvas, phrase: Phrase) -> tuple[float, float]:
    """Factor and offset.

    Raises:
        UnreadableChartError: The text is no such thing, or it is not legible.
    """
    if len(phrase.words) == 1:
        factor = _power(canvas, phrase.words[0])
        if factor:
            return factor, 0.0
        again = Phrase([Word(phrase.words[0].glyphs, phrase.words[0].box)])
        read_phrases(canvas, [again], digits=True)
        readings = [_parsed(word) for word in (phrase.words[0], again.words[0])]
        surely = [read for read in readings if read and read.surely]
        if surely:
            return surely[0].factor, surely[0].offset
        if readings[0] and readings[0] == readings[1]:
            return readings[0].factor, readings[0].offset
    msg = f"an axis has a factor or an offset that is not legible ({phrase.text!r})"
    raise UnreadableChartError(msg)


def _power(canvas: Canvas, word: Word) -> float | None:
    """What a `1e6` says, of which the digits after the e are read by themselves."""
    if not POWER.match(word.text) or not 3 <= len(word.glyphs) <= 4:
        return None
    (_, top, _, bottom), (_, middle, *_), *tail = word.glyphs
    if middle <= top + 0.1 * (bottom - top):
        return None  # no e, which is lower than a digit
    digits = agreed_digits(canvas, tail)
    return 10.0 ** int(digits) if digits else None


class _Reading(NamedTuple):
    """What a word says; surely, if it has a character for each of its glyphs."""

    factor: float
    offset: float
    surely: bool


def _parsed(word: Word) -> _Reading | None:
    """What a word says, if its glyphs may be that many characters."""
    power = power_of_ten(word.text)
    if power:
        return _Reading(power, 0.0, surely=True)
    text = re.sub("[-\u2212\u2013\u2014]+", "-", word.text.replace(" ", "")).replace("E", "e")
    if not text[-1:].isdigit():
        return None  # an S that is a 5 or a 9 is a factor of 10,000
    match = OFFSET_TEXT.fullmatch(text.translate(LOOKALIKES))
    if not match or not match[0] or not len(word.glyphs) <= len(text) <= word.most_digits:
        return None
    factor, offset = float(match["factor"] or 1.0), float(match["offset"] or 0.0)
    return _Reading(factor, offset, surely=len(text) == len(word.glyphs))
