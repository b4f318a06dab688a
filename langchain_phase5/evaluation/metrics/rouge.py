"""ROUGE in every script, and as rouge-score has it where the text is ASCII."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text
from langchain_phase5.evaluation.metrics.score import score, without_reference
from langchain_phase5.evaluation.metrics.tokens import words

_ASCII = re.compile(r"[a-z0-9]+")
_SHORTEST_STEMMED = 4


class RougeScore(NamedTuple):
    """Overlap of a text with its reference, each from 0 to 1.

    Example:
        >>> rouge("the cat sat", "the cat sat down").recall
        0.75
    """

    precision: float
    recall: float
    fmeasure: float


def rouge(
    prediction: str,
    reference: str,
    *,
    metric: str = "rougeL",
    ascii_only: bool = False,
    stemmer: bool = False,
) -> RougeScore:
    """Compute ROUGE (Lin 2004).

    Args:
        prediction: The text to judge.
        reference: The text to compare with.
        metric: `rouge1`, `rouge2`, ... `rougeL`, or `rougeLsum` (union over lines).
        ascii_only: Drop everything but ASCII letters and digits, as the package rouge-score does,
            for which identical Chinese, Russian or Arabic texts share nothing.
        stemmer: Reduce words to their stems (Porter), also as rouge-score does.

    Raises:
        ValueError: There is no such metric.
        ImportError: `stemmer` needs nltk, which is missing.

    Example:
        >>> rouge("北京是中国的首都", "北京是中国的首都").fmeasure
        1.0
    """
    split = partial(_tokens, ascii_only=ascii_only, stemmer=stemmer)
    if metric == "rougeLsum":
        return _lines_score(_lines(prediction, split), _lines(reference, split))
    given, wanted = split(prediction), split(reference)
    if metric == "rougeL":
        return _rouge_score(longest_common_subsequence(given, wanted), len(given), len(wanted))
    order = metric.removeprefix("rouge")
    if not order.isdigit() or order == "0":
        msg = f"no metric {metric!r}; there are rouge1, rouge2, ..., rougeL and rougeLsum"
        raise ValueError(msg)
    mine, theirs = _ngrams(given, int(order)), _ngrams(wanted, int(order))
    shared = sum((mine & theirs).values())
    return _rouge_score(shared, sum(mine.values()), sum(theirs.values()))


def rouge_1(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """Overlap of words with the closest accepted answer (F-measure; Lin 2004), 0 to 1."""
    return _evaluate("rouge_1", "rouge1", outputs, reference_outputs)


def rouge_2(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """Overlap of pairs of words with the closest accepted answer (F-measure; Lin 2004), 0 to 1."""
    return _evaluate("rouge_2", "rouge2", outputs, reference_outputs)


def rouge_l(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """Longest common subsequence with the closest accepted answer (F-measure; Lin 2004), 0 to 1."""
    return _evaluate("rouge_l", "rougeL", outputs, reference_outputs)


def longest_common_subsequence(first: Sequence[str], second: Sequence[str]) -> int:
    """Length of the longest common subsequence.

    Bit-parallel over one big integer (Hyyro 2004): each word of `second` costs a handful of
    operations on as many bits as `first` has words, instead of a row of a table.
    """
    places: dict[str, int] = {}
    for index, word in enumerate(first):
        places[word] = places.get(word, 0) | 1 << index
    everything = (1 << len(first)) - 1
    row = everything
    for word in second:
        matches = row & places.get(word, 0)
        if matches:
            row = ((row + matches) | (row - matches)) & everything
    return len(first) - row.bit_count()


def _evaluate(key: str, metric: str, outputs: Any, reference: Any) -> dict[str, Any]:
    accepted = accepted_answers(reference)
    if not accepted:
        return without_reference(key)
    answer = answer_text(outputs)
    return score(key, max(rouge(answer, each, metric=metric).fmeasure for each in accepted))


def _tokens(text: str, *, ascii_only: bool, stemmer: bool) -> list[str]:
    lowered = text.lower()
    found = _ASCII.findall(lowered) if ascii_only else words(lowered)
    if not stemmer:
        return found
    stem = _stemmer()
    return [stem(word) if len(word) >= _SHORTEST_STEMMED else word for word in found]


@cache
def _stemmer() -> Callable[[str], str]:
    try:
        from nltk.stem.porter import PorterStemmer  # noqa: PLC0415 - heavy
    except ImportError as error:
        msg = "stemming needs nltk: pip install 'langchain-phase5[eval]'"
        raise ImportError(msg) from error
    stem: Callable[[str], str] = PorterStemmer().stem
    return stem


def _ngrams(tokens: Sequence[str], order: int) -> Counter[tuple[str, ...]]:
    return Counter(zip(*(tokens[start:] for start in range(order)), strict=False))


def _lines(text: str, split: Callable[[str], list[str]]) -> list[list[str]]:
    return [split(line) for line in text.split("\n") if line]


def _lines_score(given: list[list[str]], wanted: list[list[str]]) -> RougeScore:
    """Summary-level ROUGE-L: each line's union of subsequences, no word counted twice."""
    left = Counter(word for line in given for word in line)
    right = Counter(word for line in wanted for word in line)
    if not left or not right:
        return RougeScore(0.0, 0.0, 0.0)
    sizes = sum(left.values()), sum(right.values())
    hits = 0
    for line in wanted:
        union = sorted({place for other in given for place in _subsequence(line, other)})
        for word in (line[place] for place in union):
            if left[word] > 0 and right[word] > 0:
                hits += 1
                left[word] -= 1
                right[word] -= 1
    return _rouge_score(hits, *sizes)


def _subsequence(line: Sequence[str], other: Sequence[str]) -> list[int]:
    """Places in `line` of one longest common subsequence, the one that rouge-score finds."""
    table = [[0] * (len(other) + 1) for _ in range(len(line) + 1)]
    for i, word in enumerate(line, 1):
        for j, match in enumerate(other, 1):
            if word == match:
                table[i][j] = table[i - 1][j - 1] + 1
            else:
                table[i][j] = max(table[i - 1][j], table[i][j - 1])
    i, j, places = len(line), len(other), []
    while i and j:
        if line[i - 1] == other[j - 1]:
            i, j = i - 1, j - 1
            places.append(i)
        elif table[i][j - 1] > table[i - 1][j]:
            j -= 1
        else:
            i -= 1
    return places[::-1]


def _rouge_score(shared: int, given: int, wanted: int) -> RougeScore:
    precision, recall = shared / max(given, 1), shared / max(wanted, 1)
    total = precision + recall
    return RougeScore(precision, recall, 2 * precision * recall / total if total else 0.0)
