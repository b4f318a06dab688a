"""How much a word tells, by how common it is in English at large."""

import math
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from langchain_phase5.routing.text.words import words

_PACKAGE = "langchain_phase5.routing.text"
_COLLECTION = 10_000.0


def word_weight(word: str) -> float:
    """Weight a word, as `words` returns it, from 0 for the commonest to 1 for all but 3,000.

    A short tool list cannot tell that "find" or "special" is in every other question: both are as
    rare in it as "weather". The logarithm of a word's rank among all English words can, since a
    word's frequency falls with its rank (Zipf's law). The ranks are the order of the vocabulary of
    BERT (Devlin et al. 2019, Apache-2.0), which is sorted by frequency.

    Example:
        >>> common, rarer, rare = words("find weather hadith")
        >>> word_weight(common) < word_weight(rarer) < word_weight(rare)
        True
    """
    return _common_words().get(word, 1.0)


def rarity(documents_with_it: int) -> float:
    """Weight a word by how few documents have it, as in BM25 but for a collection of fixed size."""
    return math.log1p(_COLLECTION / (documents_with_it + 0.5))


@lru_cache(maxsize=1)
def _common_words() -> MappingProxyType[str, float]:
    listed = files(_PACKAGE).joinpath("common_words.txt").read_text(encoding="utf-8").split()
    weights: dict[str, float] = {}
    for rank, word in enumerate(listed, start=1):
        for stem in words(word):
            weights.setdefault(stem, math.log(rank) / math.log(len(listed) + 1))
    return MappingProxyType(weights)
