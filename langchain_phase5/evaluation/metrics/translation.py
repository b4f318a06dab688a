"""BLEU and chrF, as sacrebleu computes them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text
from langchain_phase5.evaluation.metrics.score import score, without_reference


def bleu(
    *,
    outputs: Any,
    reference_outputs: Mapping[str, Any] | None = None,
    tokenize: str = "13a",
    **_: Any,
) -> dict[str, Any]:
    """Sentence BLEU against all accepted answers, from 0 to 1 (sacrebleu's number over 100).

    Args:
        outputs: The target's.
        reference_outputs: With one accepted answer or several.
        tokenize: sacrebleu's tokenizer; `zh`, `ja-mecab` or `char` for unspaced scripts.

    Raises:
        ImportError: sacrebleu is missing.
    """
    return _score("bleu", _bleu(tokenize), outputs, reference_outputs)


def chrf(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """Character n-gram F-score (Popovic 2015) against all accepted answers, from 0 to 1.

    Raises:
        ImportError: sacrebleu is missing.
    """
    return _score("chrf", _chrf(), outputs, reference_outputs)


def _score(key: str, metric: Any, outputs: Any, reference: Any) -> dict[str, Any]:
    accepted = accepted_answers(reference)
    if not accepted:
        return without_reference(key)
    return score(key, metric.sentence_score(answer_text(outputs), accepted).score / 100)


@cache
def _bleu(tokenize: str) -> Any:
    return _sacrebleu().BLEU(tokenize=tokenize, effective_order=True)


@cache
def _chrf() -> Any:
    return _sacrebleu().CHRF(eps_smoothing=True)


def _sacrebleu() -> Any:
    try:
        from sacrebleu import metrics  # noqa: PLC0415 - optional
    except ImportError as error:
        msg = "BLEU and chrF need sacrebleu: pip install 'langchain-phase5[eval]'"
        raise ImportError(msg) from error
    return metrics
