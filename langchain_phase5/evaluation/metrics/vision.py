"""Was the image read right?"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text, normalized
from langchain_phase5.evaluation.metrics.score import score, without_reference
from langchain_phase5.evaluation.metrics.text import numbers


def ocr_accuracy(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """One minus the character error rate of the closest accepted text, at least 0.

    The rate is the edit distance over the reference's length, spaces folded; the comment tells it
    and the word error rate.
    """
    accepted = accepted_answers(reference_outputs)
    if not accepted:
        return without_reference("ocr_accuracy")
    text = _folded(answer_text(outputs))
    rates = [
        (error_rate(text, each), error_rate(text.split(), each.split()))
        for each in map(_folded, accepted)
    ]
    characters, word_rate = min(rates)
    comment = f"character error rate {characters:.4f}, word error rate {word_rate:.4f}"
    return score("ocr_accuracy", max(1 - characters, 0.0), comment)


def chart_accuracy(
    *,
    outputs: Any,
    reference_outputs: Mapping[str, Any] | None = None,
    tolerance: float = 0.05,
    **_: Any,
) -> dict[str, Any]:
    """ChartQA's relaxed accuracy (Masry et al. 2022): numbers within 5 %, other answers exactly."""
    accepted = accepted_answers(reference_outputs)
    if not accepted:
        return without_reference("chart_accuracy")
    answer = answer_text(outputs)
    return score("chart_accuracy", any(_relaxed(answer, each, tolerance) for each in accepted))


def chart_data_f1(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """Relative mapping similarity F1 of chart data (RMS-F1; Liu et al., DePlot, 2023).

    Both sides are mappings from a label, or a nesting of series and label, to a number, in `data`
    or as they are. Labels may differ by edits (half of them at most), numbers relatively.

    Raises:
        ImportError: scipy, which finds the best pairing, is missing.
    """
    wanted = _points(reference_outputs)
    if not wanted:
        return without_reference("chart_data_f1")
    given = _points(outputs)
    if not given:
        return score("chart_data_f1", 0.0, "there is no data in the answer")
    matched = _best_match(given, wanted)
    return score("chart_data_f1", 2 * matched / (len(given) + len(wanted)))


def error_rate(text: Sequence[Any], reference: Sequence[Any]) -> float:
    """Edit distance over the reference's length; for an empty reference, the text's length."""
    return edit_distance(text, reference) / max(len(reference), 1)


def edit_distance(first: Sequence[Any], second: Sequence[Any]) -> int:
    """Levenshtein distance, bit-parallel over one big integer (Myers 1999; Hyyro 2003)."""
    if not first:
        return len(second)
    places: dict[Any, int] = {}
    for index, item in enumerate(first):
        places[item] = places.get(item, 0) | 1 << index
    mask, last = (1 << len(first)) - 1, 1 << (len(first) - 1)
    more, less, distance = mask, 0, len(first)
    for item in second:
        match = places.get(item, 0)
        zero = (((match & more) + more) ^ more) | match | less
        up, down = less | (mask & ~(zero | more)), more & zero
        distance += bool(up & last) - bool(down & last)
        up, down = (up << 1) | 1, down << 1
        more, less = mask & (down | ~(zero | up)), mask & up & zero
    return distance


def _relaxed(answer: str, accepted: str, tolerance: float) -> bool:
    wanted, given = numbers(accepted), numbers(answer)
    if len(wanted) == 1 and given:
        return abs(given[-1] - wanted[0]) <= tolerance * abs(wanted[0])
    return normalized(answer) == normalized(accepted)


def _best_match(given: dict[str, float], wanted: dict[str, float]) -> float:
    try:
        import numpy as np  # noqa: PLC0415 - importing the package shall not wait for it
        from scipy.optimize import linear_sum_assignment
    except ImportError as error:
        msg = "chart data is paired with scipy: pip install 'langchain-phase5[eval]'"
        raise ImportError(msg) from error
    similarity = np.array(
        [[_label_similarity(mine, theirs) for theirs in wanted] for mine in given]
    )
    rows, columns = linear_sum_assignment(-similarity)
    mine, theirs = list(given.values()), list(wanted.values())
    return float(
        sum(
            similarity[row, column] * _number_similarity(mine[row], theirs[column])
            for row, column in zip(rows, columns, strict=True)
        )
    )


def _label_similarity(first: str, second: str) -> float:
    longest = max(len(first), len(second), 1)
    distance = edit_distance(first, second) / longest
    return 1 - distance if distance <= 0.5 else 0.0  # noqa: PLR2004  # DePlot's tau


def _number_similarity(given: float, wanted: float) -> float:
    if given == wanted:
        return 1.0
    return max(1 - abs(given - wanted) / (abs(wanted) or 1.0), 0.0)


def _points(data: Any, prefix: str = "") -> dict[str, float]:
    if isinstance(data, Mapping) and not prefix and isinstance(data.get("data"), Mapping):
        data = data["data"]
    if isinstance(data, Mapping):
        nested = (_points(item, f"{prefix} {key}".strip()) for key, item in data.items())
        return {label: number for part in nested for label, number in part.items()}
    if isinstance(data, int | float) and prefix:
        return {_folded(prefix).casefold(): float(data)}
    return {}


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())
