"""Is the answer the right text, number or structure?

Each is a LangSmith-shaped evaluator; set its options with `functools.partial`.

Example:
    >>> from functools import partial
    >>> close = partial(numeric_match, tolerance=0.05)
    >>> close(outputs={"answer": "about 41"}, reference_outputs={"answer": 42})["score"]
    1.0
"""

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from typing import Any

from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text, normalized
from langchain_phase5.evaluation.metrics.score import score, without_reference
from langchain_phase5.evaluation.metrics.tokens import words

_NUMBER = re.compile(r"[-+]?(?:\d{1,3}(?:[,\u00a0\u202f']\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?")


def exact_match(
    *,
    outputs: Any,
    reference_outputs: Mapping[str, Any] | None = None,
    strict: bool = False,
    **_: Any,
) -> dict[str, Any]:
    """Whether the answer is an accepted one, up to case, punctuation and articles.

    Args:
        outputs: The target's.
        reference_outputs: With the accepted answer, or a list of them.
        strict: Compare letter by letter.
    """
    accepted = accepted_answers(reference_outputs)
    if not accepted:
        return without_reference("exact_match")
    answer = answer_text(outputs)
    if strict:
        return score("exact_match", answer in accepted)
    return score("exact_match", normalized(answer) in {normalized(each) for each in accepted})


def contains(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """Whether an accepted answer occurs in the answer, as whole words."""
    accepted = accepted_answers(reference_outputs)
    if not accepted:
        return without_reference("contains")
    answer = f" {' '.join(words(normalized(answer_text(outputs))))} "
    found = any(f" {' '.join(words(normalized(each)))} " in answer for each in accepted)
    return score("contains", found)


def numeric_match(
    *,
    outputs: Any,
    reference_outputs: Mapping[str, Any] | None = None,
    tolerance: float = 1e-6,
    anywhere: bool = False,
    **_: Any,
) -> dict[str, Any]:
    """Whether the last number of the answer is the last number of an accepted answer.

    Reads `1,234.5`, `12%`, `$3` and digits of any script.

    Args:
        outputs: The target's.
        reference_outputs: With the accepted number.
        tolerance: Relative to the accepted number (absolute where that is 0).
        anywhere: Accept any number in the answer, not only the last.
    """
    wanted = [found[-1] for each in accepted_answers(reference_outputs) if (found := numbers(each))]
    if not wanted:
        return without_reference("numeric_match")
    given = numbers(answer_text(outputs))
    if not given:
        return score("numeric_match", 0.0, "there is no number in the answer")
    tried = given if anywhere else given[-1:]
    return score("numeric_match", any(_close(a, b, tolerance) for a in tried for b in wanted))


def regex_match(
    *,
    outputs: Any,
    reference_outputs: Mapping[str, Any] | None = None,
    pattern: str | None = None,
    **_: Any,
) -> dict[str, Any]:
    """Whether a regular expression is found in the answer: `pattern`, or the reference's.

    Args:
        outputs: The target's.
        reference_outputs: With a `pattern`, where none is given for all examples.
        pattern: The same for every example.
    """
    wanted = pattern or (reference_outputs or {}).get("pattern")
    if not wanted:
        return without_reference("regex_match")
    return score("regex_match", re.search(wanted, answer_text(outputs)) is not None)


def json_match(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """Share of the reference's fields (as paths) that the answer's JSON has with equal values.

    The answer may be a dict or text holding JSON, fenced or not. Numbers are compared as numbers.
    """
    if not reference_outputs:
        return without_reference("json_match")
    wanted = _leaves(reference_outputs.get("json", reference_outputs))
    try:
        given = _leaves(_structure(outputs, fields=reference_outputs.keys()))
    except ValueError as error:
        return score("json_match", 0.0, f"the answer is no JSON: {error}")
    missing = [path for path, value in wanted.items() if not _equal(given.get(path), value)]
    comment = f"differs at: {', '.join(missing[:10])}" if missing else ""
    return score("json_match", 1 - len(missing) / max(len(wanted), 1), comment)


def token_f1(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """Overlap of words with the closest accepted answer, as SQuAD computes it, in every script."""
    accepted = accepted_answers(reference_outputs)
    if not accepted:
        return without_reference("token_f1")
    answer = words(normalized(answer_text(outputs)))
    return score("token_f1", max(_f1(answer, words(normalized(each))) for each in accepted))


def numbers(text: str) -> list[float]:
    """Find the numbers of a text. Signs of currency or percent around them are left out."""
    plain_digits = "".join(
        str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c
        for c in text.replace("\u2212", "-")
    )
    found = []
    for match in _NUMBER.finditer(plain_digits):
        raw = match.group()
        if not any(c.isdigit() for c in raw):
            continue
        before = plain_digits[match.start() - 1 : match.start()]
        if raw[0] in "+-" and before.isalnum():  # the dash of a range or a date is no sign
            raw = raw[1:]
        found.append(float(re.sub(r"[,\u00a0\u202f']", "", raw)))
    return [value for value in found if math.isfinite(value)]


def _close(given: float, wanted: float, tolerance: float) -> bool:
    return abs(given - wanted) <= tolerance * (abs(wanted) or 1.0)


def _f1(given: list[str], wanted: list[str]) -> float:
    if not given or not wanted:
        return float(given == wanted)
    shared = sum((Counter(given) & Counter(wanted)).values())
    return 2 * shared / (len(given) + len(wanted))


def _structure(outputs: Any, *, fields: Any) -> Any:
    if isinstance(outputs, Mapping) and set(fields) & outputs.keys():
        return outputs
    text = answer_text(outputs)
    fenced = re.search(r"```(?:json)?\s*(.*?)```", text, re.DOTALL)
    return json.loads(fenced.group(1) if fenced else text)


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping):
        items = [(f"{path}.{key}" if path else str(key), item) for key, item in value.items()]
    elif isinstance(value, list):
        items = [(f"{path}[{index}]", item) for index, item in enumerate(value)]
    else:
        return {path: value}
    return {key: leaf for name, item in items for key, leaf in _leaves(item, name).items()}


def _equal(given: Any, wanted: Any) -> bool:
    if isinstance(given, bool) or isinstance(wanted, bool):
        return given is wanted
    if isinstance(given, int | float) and isinstance(wanted, int | float):
        return _close(given, wanted, 1e-9)
    return bool(given == wanted)
