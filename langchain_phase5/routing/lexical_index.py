"""Word search over tools: BM25 whose scores do not depend on the tools that do not match."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_SATURATION = 1.2
_LENGTH_PENALTY = 0.75
_USUAL_LENGTH = 40.0
_COLLECTION = 10_000.0
_SCALE = 0.08


class LexicalIndex:
    """BM25 (Robertson and Zaragoza, 2009) on an absolute scale.

    Two of its statistics are fixed instead of taken from the tool list: the usual length of a text
    and the size of the collection that a word is rare in. So a tool that shares no word with the
    question changes no other tool's score, scores can be compared between tool lists, and they can
    be added to a cosine. The sum is divided by the root of the question's weight: a long question
    may match in more places, but not in proportion to its length.

    Args:
        documents: The words of every tool, in the order of the scores.

    Example:
        >>> index = LexicalIndex([["book", "hotel"], ["weather"]])
        >>> index.scores(["hotel", "paris"]).astype(float).round(2).tolist()
        [0.27, 0.0]
    """

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self._size = len(documents)
        self._postings = _postings(documents)

    def scores(self, query: Sequence[str]) -> Floats:
        """Score every tool: 0 where no word is shared, around 0.5 where most are."""
        total = np.zeros(self._size, dtype=np.float32)
        weight_of_query = 0.0
        for word in dict.fromkeys(query):
            found = self._postings.get(word)
            weight = rarity(len(found[0]) if found else 0)
            weight_of_query += weight
            if found:
                total[found[0]] += np.float32(weight) * found[1]
        return total * np.float32(_SCALE / weight_of_query**0.5) if weight_of_query else total


def rarity(documents_with_it: int) -> float:
    """Weight a word by how few documents have it, as in BM25 but for a collection of fixed size."""
    return math.log1p(_COLLECTION / (documents_with_it + 0.5))


def _postings(
    documents: Sequence[Sequence[str]],
) -> dict[str, tuple[npt.NDArray[np.int32], Floats]]:
    places: dict[str, list[int]] = {}
    counts: dict[str, list[float]] = {}
    for position, document in enumerate(documents):
        pivot = _SATURATION * (1 + _LENGTH_PENALTY * (len(document) / _USUAL_LENGTH - 1))
        for word, count in Counter(document).items():
            places.setdefault(word, []).append(position)
            counts.setdefault(word, []).append(count * (_SATURATION + 1) / (count + pivot))
    return {
        word: (np.array(where, dtype=np.int32), np.array(counts[word], dtype=np.float32))
        for word, where in places.items()
    }
