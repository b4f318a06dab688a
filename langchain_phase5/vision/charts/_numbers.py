"""Turns a printed tick label into a number, with the shape of its glyphs as a second witness.

A recognizer drops points and minus signs of small print, and "05" for "0.5" on every tick gives an
axis that is consistent and ten times wrong. What a point and a minus look like needs no reading.
"""

import re

from langchain_phase5.vision.charts._canvas import Box
from langchain_phase5.vision.charts._phrase import Word

LOOKALIKES = str.maketrans("OoQDlI|SsBZz", "000011155822")
SUFFIXES = {"": 1.0, "%": 1.0, "k": 1e3, "K": 1e3, "M": 1e6, "m": 1e6, "B": 1e9, "bn": 1e9}
NUMBER = re.compile(
    r"(?P<sign>[-\u2013\u2212]?)(?P<money>[$\u20ac\u00a3]?)(?P<body>\d[\d,. ]*|[.,]\d+)"
    r"(?:[eE](?P<power>[+-]?\d{1,3}))?(?P<suffix>%|k|K|M|m|B|bn)?"
)
SIGN = re.compile(r"[-=~_\u2212]+")
"""What a minus is read as."""
POWER = re.compile(r"10\^(-?\d{1,2})")


def to_number(text: str) -> float | None:
    """The number that a label prints, or None when it is no number.

    >>> to_number("$1,500k"), to_number("-2.5%"), to_number("A3")
    (1500000.0, -2.5, None)
    """
    compact = text.replace(" ", "")
    match = NUMBER.fullmatch(compact)
    if not match:
        return None
    body = match["body"].rstrip(".,")
    if body[:1] in (".", ","):
        body = "0." + body[1:]
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", body):
        body = body.replace(",", "")
    elif body.count(",") == 1 and "." not in body:
        body = body.replace(",", ".")
    if not re.fullmatch(r"\d+(\.\d+)?", body):
        return None
    value = float(body) * 10.0 ** int(match["power"] or 0) * SUFFIXES[match["suffix"] or ""]
    return -value if match["sign"] else value


def read_number(word: Word) -> float | None:
    """The number in a recognized word, its point and sign checked against the glyphs."""
    if "^" in word.text:
        return power_of_ten(word.text)
    text = _checked(word)
    head, tail = (
        (text[:-1], text[-1]) if text[-1:] in ("k", "K", "M", "B", "m", "%") else (text, "")
    )
    return to_number(head.translate(LOOKALIKES) + tail)


def power_of_ten(text: str) -> float | None:
    """The value of a text such as `10^-3`, as `spell_powers` writes it; None for any other.

    >>> power_of_ten("10^-3"), power_of_ten("103")
    (0.001, None)
    """
    match = POWER.fullmatch(text)
    return 10.0 ** int(match[1]) if match else None


def unit_of(text: str) -> str | None:
    """The unit that a numeric label carries: `%` or a currency sign."""
    return next((sign for sign in ("%", "$", "\u20ac", "\u00a3") if sign in text), None)


def _checked(word: Word) -> str:
    """The text with points and signs where the glyphs show them."""
    text = word.text.replace(" ", "").replace("\u2014", "-").replace("\u2013", "-")
    shapes = _shapes(word.glyphs)
    if shapes.startswith("-") and (sign := SIGN.match(text)):
        return "-" + _with_points(word, text[sign.end() :], shapes[1:])
    return _with_points(word, text, shapes)


def _with_points(word: Word, text: str, shapes: str) -> str:
    letters = [character for character in text if character.isalnum() or character in "$%"]
    printed = [character for character in text if character in ".,"]
    if len(letters) > word.most_digits:
        return ""
    if not printed and len(letters) == len(shapes) > shapes.count(
        "x"
    ):  # a point that was read as a character
        letters = [one for one, shape in zip(letters, shapes, strict=True) if shape == "x"]
    if shapes.count("x") != len(letters):
        return ("-" if shapes.startswith("-") and not text.startswith("-") else "") + text
    separator = "," if "," in text and "." not in text and shapes.count(".") > 1 else "."
    out = ""
    for shape in shapes:
        if shape == "x":
            out += letters.pop(0)
        elif shape == ".":
            out += printed.pop(0) if printed else separator
        else:
            out += "-"
    return out


def _shapes(glyphs: list[Box]) -> str:
    """One sign per glyph: `x` a character, `.` a point or comma, `-` a minus."""
    top = min(glyph[1] for glyph in glyphs)
    height = max(glyph[3] for glyph in glyphs) - top
    shapes = ""
    for left, upper, right, lower in glyphs:
        flat, small = lower - upper <= 0.3 * height, right - left <= 0.4 * height
        if flat and not small and upper - top > 0.25 * height:
            shapes += "-"
        elif small and lower - upper <= 0.45 * height and upper - top >= 0.55 * height:
            shapes += "."
        else:
            shapes += "x"
    return shapes
