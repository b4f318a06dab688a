"""Words of a text, in every script."""

import re
import unicodedata
from functools import cache

_ASCII_WORD = re.compile(r"[A-Za-z0-9]+")
_UNSPACED = (  # scripts that write no spaces between words: each character counts as one
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u2e80-\u2fdf\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_LAST_PLANE_WITH_MARKS = 0x20000


def words(text: str) -> list[str]:
    """Split into words; where a script has no spaces, into characters. Case is kept.

    Combining marks stay with their letter, so Hindi or vocalized Arabic keeps its words whole.
    """
    if text.isascii():
        return _ASCII_WORD.findall(text)
    return _unicode_word().findall(unicodedata.normalize("NFC", text))


@cache
def _unicode_word() -> re.Pattern[str]:
    r"""Python's `\w` leaves out most vowel signs, which would cut words to pieces: add them."""
    marks = "".join(
        chr(code)
        for code in range(0x300, _LAST_PLANE_WITH_MARKS)
        if unicodedata.category(chr(code)) in {"Mn", "Mc"}
    )
    letter = f"(?![{_UNSPACED}])(?:[^\\W_]|[{marks}])"
    return re.compile(f"[{_UNSPACED}][{marks}]*|(?:{letter})+")
