"""Metrics: LangSmith-shaped evaluators, `(*, inputs, outputs, reference_outputs, **)` to a score.

They plug into `langsmith.evaluate`, and evaluators of LangSmith, openevals, agentevals and ragas
plug in here.
"""

from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text
from langchain_phase5.evaluation.metrics.text import (
    contains,
    exact_match,
    json_match,
    numeric_match,
    regex_match,
    token_f1,
)
from langchain_phase5.evaluation.metrics.tool_calls import made_tool_calls, tool_call_accuracy

__all__ = [
    "accepted_answers",
    "answer_text",
    "contains",
    "exact_match",
    "json_match",
    "made_tool_calls",
    "numeric_match",
    "regex_match",
    "token_f1",
    "tool_call_accuracy",
]
