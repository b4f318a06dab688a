"""Word search over tools: BM25 whose scores do not depend on the tools that do not match."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from langchain_phase5.routing.text.word_weight import rarity, word_weight

Floats = npt.NDArray[np.float32]

_SATURATION = 1.2
_LENGTH_PENALTY = 0.75
_USUAL_LENGTH = 40.0
_SCALE = 0.033
_QUESTION_LENGTH_PENALTY = 0.3


class LexicalIndex:
    """BM25 (Robertson and Zaragoza, 2009) on an absolute scale.

    Two of its statistics are fixed instead of taken from the tool list: the usual length of a text
    and the size of the collection that a word is rare in. So a tool that shares no word with the
    question changes no other tool's score, scores can be compared between tool lists, and they can
    be added to a cosine. The sum is divided by a power of the question's weight: a long question
    may match in more places, but not in proportion to its length. A word that is common in English
    at large counts less (`word_weight`).

    Args:
        documents: The words of every tool, in the order of the scores.

    Example:
        >>> index = LexicalIndex([["book", "hotel"], ["weather"]])
        >>> index.scores(["hotel", "paris"]).astype(float).round(2).tolist()
        [0.18, 0.0]
    """

    def __init__(self, documents: Sequence[Sequence[str]]) -> None:
        self._size = len(documents)
        self._words: dict[str, int] = {}
        ids = self._words
        flat = [ids.setdefault(word, len(ids)) for document in documents for word in document]
        lengths = np.array([len(document) for document in documents], dtype=np.int64)
        self._fill(np.array(flat, dtype=np.int64), lengths)

    def scores(self, query: Sequence[str]) -> Floats:
        """Score every tool: 0 where no word is shared, around 0.5 where most are."""
        total = np.zeros(self._size, dtype=np.float32)
        weight_of_query = 0.0
        for word in dict.fromkeys(query):
            place = self._words.get(word)
            if place is None:
                weight_of_query += word_weight(word) * rarity(0)
                continue
            start, end = self._starts[place], self._starts[place + 1]
            weight_of_query += self._weights[place]
            total[self._documents[start:end]] += self._strengths[start:end]
        if not weight_of_query:
            return total
        return total * np.float32(_SCALE / weight_of_query**_QUESTION_LENGTH_PENALTY)

    def _fill(self, flat: npt.NDArray[np.int64], lengths: npt.NDArray[np.int64]) -> None:
        """Group the words: where each occurs, and how strongly it speaks for that document."""
        owners = np.repeat(np.arange(self._size), lengths)
        pairs, counts = np.unique(flat * max(1, self._size) + owners, return_counts=True)
        words, documents = np.divmod(pairs, max(1, self._size))
        pivot = _SATURATION * (1 + _LENGTH_PENALTY * (lengths[documents] / _USUAL_LENGTH - 1))
        strengths = counts * (_SATURATION + 1) / (counts + pivot)
        starts = np.searchsorted(words, np.arange(len(self._words) + 1))
        counts_by_word = zip(self._words, np.diff(starts).tolist(), strict=True)
        self._weights = [word_weight(word) * rarity(count) for word, count in counts_by_word]
        self._documents = documents
        self._strengths: Floats = (np.array(self._weights)[words] * strengths).astype(np.float32)
        self._starts: list[int] = starts.tolist()
