"""Which pieces of text stand side by side, on paper that lies aslant or bends."""

import math

import pytest

from langchain_phase5.vision.ocr_result import Box
from langchain_phase5.vision.text_rows import rows_of

HEIGHT, STEP = 20, 28


def piece(left, top, words, *, fall=lambda across: 0.0):
    """Boxes of words of 50 pixels; `fall` says how far down the paper is at a column."""
    boxes = []
    for number in range(words):
        across = left + number * 60
        boxes.append(Box(left=across, top=round(top + fall(across + 25)), width=50, height=HEIGHT))
    return boxes


def receipt(rows, fall):
    """Each row an article on the left and two words of price on the right."""
    return [
        made
        for row in range(rows)
        for made in (
            piece(20, 100 + row * STEP, 3, fall=fall),
            piece(260, 100 + row * STEP, 2, fall=fall),
        )
    ]


@pytest.mark.parametrize(
    "fall",
    [
        lambda across: 0.0,
        lambda across: 0.08 * across,
        lambda across: -0.08 * across,
        lambda across: 5 * math.sin(across / 60),
        lambda across: 30 * (across / 400) ** 2,
    ],
    ids=["level", "falling", "rising", "wavy", "bent"],
)
def test_a_price_stays_beside_its_article(fall):
    pieces = receipt(8, fall)
    order = [*range(1, len(pieces), 2), *range(0, len(pieces), 2)]
    rows = rows_of([pieces[index] for index in order])
    assert [[order[index] for index in row] for row in rows] == [
        [2 * n, 2 * n + 1] for n in range(8)
    ]


def test_single_words_follow_the_slope_of_the_others():
    def fall(across):
        return 0.1 * across

    pieces = [piece(20, 100, 5, fall=fall), piece(20, 140, 1, fall=fall)]
    pieces.append(piece(400, 140, 1, fall=fall))
    assert rows_of(pieces) == [[0], [1, 2]]


def test_what_stands_below_is_another_row():
    assert rows_of([piece(20, 100, 2), piece(20, 110, 2)]) == [[0], [1]]


def test_nothing_stands_in_no_row():
    assert rows_of([]) == []
