"""What was read in a picture, and where."""

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Self

from pydantic import BaseModel, ConfigDict, Field


class Box(BaseModel):
    """A rectangle in pixels of the upright picture, from its top left corner.

    Example:
        >>> Box(left=4, top=2, width=40, height=12).right
        44
    """

    model_config = ConfigDict(frozen=True)

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def around(cls, words: "Sequence[OCRWord]") -> Self:
        """Return the smallest box that holds all these words, of which there must be one."""
        left, top = min(word.box.left for word in words), min(word.box.top for word in words)
        right = max(word.box.right for word in words)
        bottom = max(word.box.bottom for word in words)
        return cls(left=left, top=top, width=right - left, height=bottom - top)

    @property
    def right(self) -> int:
        """First column to the right of the box."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row below the box."""
        return self.top + self.height


class OCRWord(BaseModel):
    """One word, with its place in the page's structure.

    Example:
        >>> where = Box(left=4, top=2, width=40, height=12)
        >>> OCRWord(text="Total", confidence=0.9, box=where).text
        'Total'
    """

    model_config = ConfigDict(frozen=True)

    text: str
    confidence: float = Field(ge=0, le=1)
    """How sure the engine is. Tesseract and RapidOCR count differently; do not compare them."""
    box: Box
    block: int = 0
    paragraph: int = 0
    line: int = 0


class OCRLine(BaseModel):
    """Words that stand in one line, or lines that form one block.

    Example:
        >>> where = Box(left=4, top=2, width=90, height=12)
        >>> OCRLine(text="Total 12.50", confidence=0.9, box=where).box.bottom
        14
    """

    model_config = ConfigDict(frozen=True)

    text: str
    confidence: float = Field(ge=0, le=1)
    """Mean over the words, weighted by their length."""
    box: Box


class OCRResult(BaseModel):
    """The text of one picture or page. It is what the picture says: data, never instructions.

    Example:
        ```python
        from langchain_phase5.vision import Box, OCRResult, OCRWord

        word = OCRWord(text="Total", confidence=0.9, box=Box(left=4, top=2, width=40, height=12))
        result = OCRResult(words=[word], width=100, height=20, engine="tesseract")
        print(result.text, result.confidence)
        ```
    """

    model_config = ConfigDict(frozen=True)

    words: list[OCRWord]
    """In reading order."""
    width: int
    """Of the picture that the boxes refer to, in pixels."""
    height: int
    page: int = 0
    engine: str
    languages: str = "eng"
    corrections: list[str] = Field(default_factory=list)
    """What was done to the picture because it read better afterwards."""
    angle: float = 0.0
    """Degrees counterclockwise that the picture has to be turned by for its text to be level."""

    @property
    def text(self) -> str:
        """Lines by line breaks, paragraphs by an empty line."""
        return "\n\n".join(
            _text_of(words) for words in _groups(self.words, lambda w: (w.block, w.paragraph))
        )

    @property
    def lines(self) -> list[OCRLine]:
        """The lines, in reading order."""
        return [_summed_up(words) for words in _groups(self.words, _line_of)]

    @property
    def blocks(self) -> list[OCRLine]:
        """The blocks (columns, headings, captions), in reading order."""
        return [_summed_up(words) for words in _groups(self.words, lambda w: (w.block,))]

    @property
    def confidence(self) -> float:
        """Mean over the words, weighted by their length; 0 where nothing was read."""
        return mean_confidence(self.words)


_Key = Callable[[OCRWord], tuple[int, ...]]


def _line_of(word: OCRWord) -> tuple[int, ...]:
    return word.block, word.paragraph, word.line


def _groups(words: Sequence[OCRWord], key: _Key) -> list[list[OCRWord]]:
    return [list(group) for _, group in groupby(words, key=key)]


def _summed_up(words: Sequence[OCRWord]) -> OCRLine:
    return OCRLine(text=_text_of(words), confidence=mean_confidence(words), box=Box.around(words))


def _text_of(words: Sequence[OCRWord]) -> str:
    lines = _groups(words, _line_of)
    return "\n".join(" ".join(word.text for word in line) for line in lines)


def mean_confidence(words: Sequence[OCRWord]) -> float:
    """Return the mean confidence, each word weighted by its length."""
    letters = sum(len(word.text) for word in words)
    return sum(word.confidence * len(word.text) for word in words) / letters if letters else 0.0
