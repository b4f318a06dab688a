"""Word search over tools: BM25 whose scores do not depend on the tools that do not match."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_SATURATION = 1.2
_LENGTH_PENALTY = 0.75
_USUAL_LENGTH = 40.0
_COLLECTION = 10_000.0


class LexicalIndex:
    """BM25 (Robertson and Zaragoza, 2009) on an absolute scale.

    Two of its statistics are fixed instead of taken from the tool list: the usual length of a text
    and the size of the collection that a word is rare in. So a tool that shares no word with the
    question changes no other tool's score, and scores can be compared between tool lists.

    Args:
        documents: The words of every tool, in the order of the scores.

    Example:
        >>> index = LexicalIndex([["book", "hotel"], ["weather"]])
        >>> index.scores(["hotel", "paris"]).astype(float).round(2).tolist()
        [0.77, 0.0]
    """

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self._size = len(documents)
        self._postings: dict[str, tuple[npt.NDArray[np.int32], Floats]] = _postings(documents)

    def scores(self, query: Sequence[str]) -> Floats:
        """Score every tool: 0 where no word is shared, up to about 2 where every word is."""
        total = np.zeros(self._size, dtype=np.float32)
        best_possible = 0.0
        for word in dict.fromkeys(query):
            found = self._postings.get(word)
            weight = _rarity(len(found[0]) if found else 0)
            best_possible += weight
            if found:
                total[found[0]] += weight * found[1]
        return total / np.float32(best_possible) if best_possible else total


def _rarity(documents_with_it: int) -> float:
    return float(np.log1p(_COLLECTION / (documents_with_it + 0.5)))


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
