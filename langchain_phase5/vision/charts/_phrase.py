"""The printed words of a chart: where they stand, what they say."""

import itertools
import math
from dataclasses import dataclass

import numpy as np

from langchain_phase5.vision.charts._canvas import Box


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
    crossed: bool = False
    """Something colored crosses it, which is no part of its letters."""

    @property
    def most_digits(self) -> int:
        """How many its glyphs can be: one each, more only where they are so wide that they touch.

        Narrow letters may touch unseen.
        """
        line = max(bottom for *_, bottom in self.glyphs) - min(top for _, top, *_ in self.glyphs)
        widths = [right - left for left, _, right, _ in self.glyphs]
        return sum(1 if w <= 1.1 * line else math.ceil(w / (0.35 * line)) for w in widths)

    @property
    def has_space(self) -> bool:
        """Whether there is a gap as between words."""
        line = max(bottom for *_, bottom in self.glyphs) - min(top for _, top, *_ in self.glyphs)
        gaps = [b[0] - a[2] for a, b in itertools.pairwise(self.glyphs)]
        return max(gaps, default=0) > 0.22 * line


@dataclass
class Phrase:
    """Words on one line that belong together."""

    words: list[Word]
    upright: bool = True
    """False: the line runs from bottom to top."""
    slanted: bool = False
    """It was printed at an angle, and its box is where it would stand if it were level."""

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
