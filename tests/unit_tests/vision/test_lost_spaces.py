"""Spaces that a recognizer of lines drops and the picture shows."""

import numpy as np
import pytest

from langchain_phase5.vision.lost_spaces import Character, with_spaces
from langchain_phase5.vision.ocr_result import Box

WIDTH, HEIGHT = 10, 20


def line(text, *, dropped=(), ink=0, paper=255):
    """A picture of frames for letters, and the characters without the spaces that are dropped."""
    picture = np.full((HEIGHT + 10, 20 + 14 * len(text)), paper, dtype=np.uint8)
    characters, left = [], 10
    for index, one in enumerate(text):
        if one == " ":
            left += 6
            continue
        picture[5 : 5 + HEIGHT, left : left + WIDTH] = ink
        picture[6 : 4 + HEIGHT, left + 1 : left + WIDTH - 1] = paper
        after = index + 1 < len(text) and text[index + 1] == " " and index + 1 not in dropped
        box = Box(left=left, top=5, width=WIDTH, height=HEIGHT)
        characters.append(Character(one, 0.9, box, after))
        left += WIDTH + 1
    return picture, characters


def words(text, **look):
    picture, characters = line(text, **look)
    [ends] = with_spaces(picture, [characters])
    starts = [0, *(end + 1 for end in ends[:-1])]
    return [
        "".join(one.text for one in characters[start : end + 1])
        for start, end in zip(starts, ends, strict=True)
    ]


@pytest.mark.parametrize("look", [{}, {"ink": 255, "paper": 20}, {"ink": 150, "paper": 220}])
def test_a_dropped_space_comes_back(look):
    assert words("GREEN TEA WITH LEMON", dropped={9}, **look) == ["GREEN", "TEA", "WITH", "LEMON"]


def test_a_space_after_a_colon_comes_back():
    assert words("Best before Date: 2018", dropped={17}) == ["Best", "before", "Date:", "2018"]


def test_numbers_stay_whole():
    assert words("Total of 12.50 due", dropped={}) == ["Total", "of", "12.50", "due"]


def test_nothing_changes_where_no_space_shows_how_wide_one_is():
    assert words("GREENTEA WITHLEMON", dropped={8}) == ["GREENTEAWITHLEMON"]


def test_a_page_without_text_has_no_words():
    assert with_spaces(np.zeros((5, 5), np.uint8), [[]]) == [[]]


@pytest.mark.parametrize(
    "box",
    [
        Box(left=40, top=5, width=0, height=20),
        Box(left=40, top=5, width=10, height=0),
        Box(left=9000, top=5, width=10, height=20),
        Box(left=40, top=9000, width=10, height=20),
        Box(left=-40, top=-30, width=10, height=20),
    ],
    ids=["narrow", "flat", "far right", "far down", "outside"],
)
@pytest.mark.parametrize("everywhere", [False, True])
def test_a_box_beside_the_picture_does_no_harm(box, everywhere):
    picture, characters = line("GREEN TEA WITH LEMON", dropped={9})
    strange = [
        Character(one.text, one.confidence, box, one.space_follows)
        if everywhere or index == 3
        else one
        for index, one in enumerate(characters)
    ]
    [ends] = with_spaces(picture, [strange])
    assert ends[-1] == len(characters) - 1
    assert {4, 11} <= set(ends)  # the spaces that were read stay
