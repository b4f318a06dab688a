"""The headline numbers."""

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

from langchain_phase5.evaluation.page import numbers

if TYPE_CHECKING:
    from langchain_phase5.evaluation.report import EvaluationReport

Value = tuple[str, str]
"""What to show large, and what to say below it."""


def tiles(runs: "Sequence[EvaluationReport]") -> str:
    """Return the tiles, each with one value or with one line per run."""
    metric = runs[-1].metrics[0] if runs[-1].metrics else "score"
    shown: list[tuple[str, Callable[[EvaluationReport], Value]]] = [
        (metric, _accuracy),
        ("Errors", _errors),
        ("Latency, median", _latency),
        ("Cost", _cost),
    ]
    if any(sum(run.tokens) for run in runs):
        shown.append(("Tokens", _tokens))
    return f'<div class="tiles">{"".join(_tile(name, of, runs) for name, of in shown)}</div>'


def _tile(
    name: str,
    of: "Callable[[EvaluationReport], Value]",
    runs: "Sequence[EvaluationReport]",
) -> str:
    values = [of(run) for run in runs]
    if len(runs) == 1:
        body = f'<div class="big">{escape(values[0][0])}</div>'
        body += f'<div class="sub">{escape(values[0][1])}</div>'
    else:
        body = "".join(
            f'<div class="line"><span class="dot r{i}"></span><b>{escape(large)}</b>'
            f"<span>{escape(below)}</span></div>"
            for i, (large, below) in enumerate(values)
        )
    return f'<div class="tile"><h2>{escape(name)}</h2>{body}</div>'


def _accuracy(run: "EvaluationReport") -> Value:
    return numbers.score(run.accuracy), numbers.interval(run.accuracy)


def _errors(run: "EvaluationReport") -> Value:
    return numbers.percent(run.error_rate.value), f"{len(run.failed)} of {len(run.results)} runs"


def _latency(run: "EvaluationReport") -> Value:
    tail = f"p95 {numbers.seconds(run.latency(0.95).value)}"
    return numbers.seconds(run.latency(0.5).value), tail + (
        f", p99 {numbers.seconds(run.latency(0.99).value)}"
    )


def _cost(run: "EvaluationReport") -> Value:
    if run.total_cost is None:
        return "unknown", "no priced model call" if not run.unpriced else "price unknown"
    unknown = f", {run.unpriced} unknown" if run.unpriced else ""
    return numbers.dollars(run.total_cost), f"{numbers.dollars(run.cost.value)} a run{unknown}"


def _tokens(run: "EvaluationReport") -> Value:
    read, written = run.tokens
    return f"{read + written:,}", f"{read:,} in, {written:,} out"
