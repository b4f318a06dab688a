"""Cut text into the words that lexical search counts."""

import re
import unicodedata
from functools import lru_cache

from langchain_phase5.routing.text.tool_text import split_camel_case

_RUNS = re.compile(r"[^\W_]+")
_WRITTEN_WITHOUT_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+")
_STOP_WORDS = frozenset(
    "a an and are as at be by can could do does for from how i in is it its me my need of on or "  # noqa: SIM905
    "please that the this to want we what will with would you your".split()
)
_MIN_STEM = 3
_SUFFIXES = tuple(
    "ations ation ings ing ies ers er ed es s e y".split()  # noqa: SIM905 - longest first
)


def words(text: str) -> list[str]:
    """Split into lower-case word stems; Chinese, Japanese, Korean and Thai into letter pairs.

    Identifiers are split too, so that `getWeather` is found by "weather".

    Example:
        >>> words("Book two hotels with hotelBooker")
        ['book', 'two', 'hotel', 'hotel', 'book']
    """
    normal = unicodedata.normalize("NFKC", split_camel_case(text)).casefold()
    found: list[str] = []
    for run in _RUNS.findall(normal):
        if run.isascii():
            if run not in _STOP_WORDS:
                found.append(_stem(run))
        else:
            found.extend(_pieces(run))
    return found


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    """Take off an English ending, so that "booking", "booked" and "books" are one word."""
    if word.endswith("ss"):
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= _MIN_STEM:
            return word[: -len(suffix)]
    return word


def _pieces(run: str) -> list[str]:
    """Letter pairs of the parts written without spaces, the rest as it is."""
    found: list[str] = []
    end = 0
    for part in _WRITTEN_WITHOUT_SPACES.finditer(run):
        if part.start() > end:
            found.append(run[end : part.start()])
        letters = part.group()
        found.extend(letters[i : i + 2] for i in range(max(1, len(letters) - 1)))
        end = part.end()
    if end < len(run):
        found.append(run[end:])
    return found
