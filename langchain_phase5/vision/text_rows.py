"""Finds which pieces of text stand side by side, on paper that lies aslant or bends."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Self

from langchain_phase5.vision.ocr_result import Box


@dataclass(frozen=True)
class _Piece:
    """A run of words in a straight line, by the middle of its ends."""

    index: int
    left: int
    right: int
    height: float
    across: float
    """Of the middle."""
    down: float
    slope: float | None
    """Rows down for each column; unknown of a single word."""

    @classmethod
    def of(cls, index: int, words: Sequence[Box]) -> Self:
        left, right = words[0].left, words[-1].right
        downs = [box.top + box.height / 2 for box in words]
        centers = [box.left + box.width / 2 for box in words]
        width = centers[-1] - centers[0]
        return cls(
            index=index,
            left=left,
            right=right,
            height=median(box.height for box in words),
            across=(left + right) / 2,
            down=sum(downs) / len(downs),
            slope=(downs[-1] - downs[0]) / width if width > 0 else None,
        )

    def down_at(self, across: float, slope: float) -> float:
        return self.down + slope * (across - self.across)


def rows_of(pieces: Sequence[Sequence[Box]]) -> list[list[int]]:
    """Return the pieces row by row from the top, and in each row from the left, as indices.

    A piece continues the row that, followed in its own direction, arrives where the piece begins.

    Args:
        pieces: For every piece the boxes of its words, from the left; at least one.
    """
    known = [_Piece.of(index, words) for index, words in enumerate(pieces)]
    slopes = [piece.slope for piece in known if piece.slope is not None]
    usual = median(slopes) if slopes else 0.0
    rows: list[list[_Piece]] = []
    for piece in sorted(known, key=lambda piece: piece.left):
        ways = [(_off_course(row[-1], piece, usual), number) for number, row in enumerate(rows)]
        off, number = min(ways, default=(1.0, 0))
        if off < _ASTRAY:
            rows[number].append(piece)
        else:
            rows.append([piece])
    rows.sort(key=lambda row: row[0].down_at(0, usual))
    return [[piece.index for piece in row] for row in rows]


_ASTRAY = 0.5
"""Heights by which a piece may miss the row that it continues."""


def _off_course(one: _Piece, after: _Piece, usual: float) -> float:
    """How far the two miss each other in the middle of their gap, in heights."""
    if after.left < one.right - one.height:
        return 1.0  # they stand one above the other
    middle = (one.right + after.left) / 2
    slopes = [slope for slope in (one.slope, after.slope) if slope is not None]
    slope = sum(slopes) / len(slopes) if slopes else usual
    apart = one.down_at(middle, slope) - after.down_at(middle, slope)
    return abs(apart) / min(one.height, after.height)
