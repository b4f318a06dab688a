"""Reads a picture, and where it reads badly tries what may help; keeps only what does."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from PIL import Image

from langchain_phase5.vision.ocr_result import Box, OCRWord, mean_confidence
from langchain_phase5.vision.picture import Picture, evenness_of_light, is_dark, skew_of

Read = Callable[[Image.Image], list[OCRWord]]

_POOR = 0.7
"""Mean confidence below which a page may be upside down. Upright pages reach 0.9."""
_UNEVEN = 0.85
_CROOKED = 0.4  # degrees
_SMALL = 25
"""Word height in pixels below which Tesseract reads enlarged letters better."""
_COMFORTABLE = 36


@dataclass(frozen=True)
class Reading:
    """Words found in a picture; boxes refer to that picture, not to its origin.

    Example:
        ```python
        from PIL import Image

        from langchain_phase5.vision.careful_reading import read_carefully
        from langchain_phase5.vision.tesseract import Tesseract

        reading = read_carefully(Image.new("L", (300, 200), 255), read=Tesseract().read)
        print(reading.words, reading.picture.corrections)
        ```
    """

    picture: Picture
    words: Sequence[OCRWord]

    @property
    def legible(self) -> float:
        """Letters read minus letters guessed: each counts from +1 (sure) to -1 (no idea).

        The mean confidence alone would prefer the reading that skips what is hard.
        """
        return sum(len(word.text) * (2 * word.confidence - 1) for word in self.words)

    @property
    def angle(self) -> float:
        """Degrees counterclockwise that the origin must be turned by for its text to be level."""
        return (self.picture.angle + (90 if self.is_sideways else 0)) % 360

    @property
    def is_sideways(self) -> bool:
        """Whether the lines run downwards: Tesseract reads a page that fell to the right."""
        long = [word for word in self.words if len(word.text) > _SHORT]
        return sum(word.box.height > word.box.width for word in long) * 2 > len(long)

    @property
    def confidence(self) -> float:
        """Mean confidence of the words, weighted by length."""
        return mean_confidence(self.words)


def read_carefully(image: Image.Image, *, read: Read) -> Reading:
    """Read a gray picture as it is, then with each correction that its content suggests.

    A correction stays if reading again makes more letters legible. A clean page suggests none and
    is read once; one that lies on its side costs up to six readings, three of them of a part.
    """
    best = _reading(Picture(image), read)
    for suggest in (_better_light, _larger, _upright, _level):
        for picture in suggest(best, read):
            again = _reading(picture, read)
            if again.legible > best.legible * _CLEARLY + _LETTERS:
                best = again
    return best


_CLEARLY, _LETTERS = 1.005, 3
"""What an improvement must exceed, because reading the same page twice scatters that much."""


def _reading(picture: Picture, read: Read) -> Reading:
    return Reading(picture, read(picture.image))


def _better_light(reading: Reading, _: Read) -> Iterator[Picture]:
    image = reading.picture.image
    if evenness_of_light(image) < _UNEVEN:
        yield reading.picture.evenly_lit()
    if reading.confidence < _POOR and is_dark(image):
        yield reading.picture.inverted()


def _larger(reading: Reading, _: Read) -> Iterator[Picture]:
    height = _text_height(reading.words)
    if 0 < height < _SMALL:
        yield reading.picture.scaled(min(4.0, _COMFORTABLE / height))


def _upright(reading: Reading, read: Read) -> Iterator[Picture]:
    """Suggest the quarter turn in which the middle of the page reads best."""
    if reading.confidence >= _POOR:
        return
    area = _middle(reading.picture.image)
    middle = Picture(reading.picture.image.crop(area))
    tries = {degrees: _reading(middle.turned(degrees), read) for degrees in (90, 180, 270)}
    best = max(tries, key=lambda degrees: _upright_score(tries[degrees]))
    as_it_is = Reading(middle, [word for word in reading.words if _is_inside(word.box, area)])
    if _upright_score(tries[best]) > as_it_is.legible:
        yield reading.picture.turned(best)


def _upright_score(reading: Reading) -> float:
    return reading.legible / 2 if reading.is_sideways else reading.legible


def _middle(image: Image.Image) -> tuple[int, int, int, int]:
    width, height = image.size
    if width * height < _WHOLE:
        return 0, 0, width, height
    return width // 4, height // 4, width * 3 // 4, height * 3 // 4


def _is_inside(box: Box, area: tuple[int, int, int, int]) -> bool:
    left, top, right, bottom = area
    return left <= box.left and top <= box.top and box.right <= right and box.bottom <= bottom


_WHOLE = 1_000_000
_SHORT = 2


def _level(reading: Reading, _: Read) -> Iterator[Picture]:
    if abs(_slope(reading.words)) < _CROOKED and reading.confidence >= _POOR:
        return
    degrees = skew_of(reading.picture.image)
    if abs(degrees) >= _CROOKED:
        yield reading.picture.turned(degrees)


def _slope(words: Sequence[OCRWord]) -> float:
    """Return the slope of the lines of text, in degrees, from where their words stand."""
    slopes = []
    for _, group in groupby(words, key=lambda word: (word.block, word.paragraph, word.line)):
        line = list(group)
        first, last = line[0].box, line[-1].box
        across = last.left + last.width / 2 - first.left - first.width / 2
        down = last.top + last.height / 2 - first.top - first.height / 2
        if across > _LONG_LINE * first.height:
            slopes.append(math.degrees(math.atan2(down, across)))
    return median(slopes) if slopes else 0.0


_LONG_LINE = 5


def _text_height(words: Iterable[OCRWord]) -> float:
    sizes = [
        min(word.box.width, word.box.height) for word in words if len(word.text) > _SHORT
    ]  # the smaller side, because the page may lie on its side
    return median(sizes) if sizes else 0.0
