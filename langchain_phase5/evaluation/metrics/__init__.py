"""Metrics: LangSmith-shaped evaluators, `(*, inputs, outputs, reference_outputs, **)` to a score.

They plug into `langsmith.evaluate`, and evaluators of LangSmith, openevals, agentevals and ragas
plug in here. Higher is better in all of them. Where the reference has nothing to compare with,
`score` is `None` and a comment says why; that counts in no mean.

Example:
    >>> exact_match(outputs="Paris.", reference_outputs={"answer": ["Paris", "Lutetia"]})["score"]
    1.0
    >>> exact_match(outputs="Paris.")["score"] is None
    True
"""

from collections.abc import Callable
from typing import Any

from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text
from langchain_phase5.evaluation.metrics.bert_score import bert_score
from langchain_phase5.evaluation.metrics.retrieval import (
    ndcg_at_k,
    precision_at_k,
    recall_at_k,
    reciprocal_rank,
)
from langchain_phase5.evaluation.metrics.rouge import RougeScore, rouge, rouge_1, rouge_2, rouge_l
from langchain_phase5.evaluation.metrics.schema import schema_match
from langchain_phase5.evaluation.metrics.similarity import embedding_similarity
from langchain_phase5.evaluation.metrics.text import (
    contains,
    exact_match,
    json_match,
    numeric_match,
    regex_match,
    token_f1,
)
from langchain_phase5.evaluation.metrics.tool_calls import made_tool_calls, tool_call_accuracy
from langchain_phase5.evaluation.metrics.trajectory import (
    trajectory_match,
    trajectory_strict_match,
    trajectory_subset_match,
    trajectory_superset_match,
    trajectory_unordered_match,
)
from langchain_phase5.evaluation.metrics.translation import bleu, chrf
from langchain_phase5.evaluation.metrics.vision import (
    chart_accuracy,
    chart_data_f1,
    edit_distance,
    error_rate,
    ocr_accuracy,
)

METRICS: dict[str, Callable[..., dict[str, Any]]] = {
    "bleu": bleu,
    "chart_accuracy": chart_accuracy,
    "chart_data_f1": chart_data_f1,
    "chrf": chrf,
    "contains": contains,
    "exact_match": exact_match,
    "json_match": json_match,
    "ndcg_at_k": ndcg_at_k,
    "numeric_match": numeric_match,
    "ocr_accuracy": ocr_accuracy,
    "precision_at_k": precision_at_k,
    "recall_at_k": recall_at_k,
    "reciprocal_rank": reciprocal_rank,
    "regex_match": regex_match,
    "rouge_1": rouge_1,
    "rouge_2": rouge_2,
    "rouge_l": rouge_l,
    "token_f1": token_f1,
    "tool_call_accuracy": tool_call_accuracy,
    "trajectory_strict_match": trajectory_strict_match,
    "trajectory_subset_match": trajectory_subset_match,
    "trajectory_superset_match": trajectory_superset_match,
    "trajectory_unordered_match": trajectory_unordered_match,
}
"""Those that can be asked for by name."""

__all__ = [
    "METRICS",
    "RougeScore",
    "accepted_answers",
    "answer_text",
    "bert_score",
    "bleu",
    "chart_accuracy",
    "chart_data_f1",
    "chrf",
    "contains",
    "edit_distance",
    "embedding_similarity",
    "error_rate",
    "exact_match",
    "json_match",
    "made_tool_calls",
    "ndcg_at_k",
    "numeric_match",
    "ocr_accuracy",
    "precision_at_k",
    "recall_at_k",
    "reciprocal_rank",
    "regex_match",
    "rouge",
    "rouge_1",
    "rouge_2",
    "rouge_l",
    "schema_match",
    "token_f1",
    "tool_call_accuracy",
    "trajectory_match",
    "trajectory_strict_match",
    "trajectory_subset_match",
    "trajectory_superset_match",
    "trajectory_unordered_match",
]
