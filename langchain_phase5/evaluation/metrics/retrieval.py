"""Were the right documents found, and how far up?

`outputs` are documents (a list of them, or under `documents`, `contexts` or `retrieved`) in order
of rank; the reference has their ids under `relevant`. A document's id is its `id`, the `id` or
`source` of its metadata, or else its text.

Example:
    >>> recall_at_k(outputs=["b", "a"], reference_outputs={"relevant": ["a"]}, k=1)["score"]
    0.0
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from langchain_phase5.evaluation.metrics.score import score, without_reference

_LISTS = ("documents", "contexts", "retrieved")


def recall_at_k(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, k: int = 10, **_: Any
) -> dict[str, Any]:
    """Share of the relevant documents among the first `k`."""
    relevant = _relevant(reference_outputs)
    if not relevant:
        return without_reference("recall_at_k")
    found = relevant & set(_ranked(outputs)[:k])
    return score("recall_at_k", len(found) / len(relevant))


def precision_at_k(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, k: int = 10, **_: Any
) -> dict[str, Any]:
    """Share of relevant documents among the first `k` (or among all, where there are fewer)."""
    relevant = _relevant(reference_outputs)
    if not relevant:
        return without_reference("precision_at_k")
    first = _ranked(outputs)[:k]
    return score("precision_at_k", len(relevant & set(first)) / len(first) if first else 0.0)


def reciprocal_rank(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, **_: Any
) -> dict[str, Any]:
    """One over the rank of the first relevant document; its mean over examples is the MRR."""
    relevant = _relevant(reference_outputs)
    if not relevant:
        return without_reference("reciprocal_rank")
    ranks = (rank for rank, each in enumerate(_ranked(outputs), 1) if each in relevant)
    first = next(ranks, None)
    return score("reciprocal_rank", 1 / first if first else 0.0)


def ndcg_at_k(
    *, outputs: Any, reference_outputs: Mapping[str, Any] | None = None, k: int = 10, **_: Any
) -> dict[str, Any]:
    """Normalized discounted cumulative gain (Jarvelin and Kekalainen 2002) of the first `k`.

    `relevant` may be a dict from id to gain; a plain list means a gain of 1 each.
    """
    gains = _gains(reference_outputs)
    if not any(gains.values()):
        return without_reference("ndcg_at_k")
    got = _discounted([gains.get(each, 0.0) for each in _ranked(outputs)[:k]])
    best = _discounted(sorted(gains.values(), reverse=True)[:k])
    return score("ndcg_at_k", got / best)


def _discounted(gains: Sequence[float]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, 1))


def _gains(reference: Mapping[str, Any] | None) -> dict[str, float]:
    relevant = (reference or {}).get("relevant") or ()
    if isinstance(relevant, Mapping):
        return {str(key): float(gain) for key, gain in relevant.items()}
    return {str(each): 1.0 for each in relevant}


def _relevant(reference: Mapping[str, Any] | None) -> set[str]:
    return {key for key, gain in _gains(reference).items() if gain > 0}


def _ranked(outputs: Any) -> list[str]:
    """Ids in order of rank, each once."""
    if isinstance(outputs, Mapping):
        outputs = next((outputs[key] for key in _LISTS if key in outputs), [])
    if not isinstance(outputs, Sequence) or isinstance(outputs, str):
        return []
    return list(dict.fromkeys(_identity(each) for each in outputs))


def _identity(document: Any) -> str:
    if not isinstance(document, Mapping):
        return str(document)
    metadata = document.get("metadata") or {}
    known = document.get("id") or metadata.get("id") or metadata.get("source")
    return str(known or document.get("page_content", document))
