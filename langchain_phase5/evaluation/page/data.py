"""What the page's script reads: every example with its runs."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langchain_phase5.evaluation.dataset import Example
from langchain_phase5.evaluation.metrics.answers import accepted_answers, answer_text
from langchain_phase5.evaluation.plain import plain
from langchain_phase5.evaluation.result import ExampleResult

if TYPE_CHECKING:
    from collections.abc import Sequence

    from langchain_phase5.evaluation.report import EvaluationReport

_LONGEST = 20_000


def page_data(runs: "Sequence[EvaluationReport]") -> str:
    """Return the runs as JSON for a `<script>` element, long texts shortened."""
    return _embedded(_data(runs))


def _data(runs: "Sequence[EvaluationReport]") -> dict[str, Any]:
    examples = {example.id: example for run in runs for example in run.dataset}
    found: list[dict[str, list[ExampleResult]]] = []
    for run in runs:
        found.append({})
        for result in run.results:
            found[-1].setdefault(result.example_id, []).append(result)
    return {
        "runs": [{"name": run.name} for run in runs],
        "metrics": list(runs[-1].metrics) or ["score"],
        "categories": list(dict.fromkeys(c for run in runs for c in run.categories)),
        "examples": [
            _example(example) | {"runs": [[_run(r) for r in side.get(i, [])] for side in found]}
            for i, example in examples.items()
        ],
    }


def _example(example: Example) -> dict[str, Any]:
    query = next(
        (example.inputs[k] for k in ("query", "question", "input") if k in example.inputs), None
    )
    simple = isinstance(query, str) and len(example.inputs) == 1
    reference = example.reference_outputs
    expected = accepted_answers(reference)
    return {
        "id": example.id,
        "category": example.category,
        "query": _cut(query if isinstance(query, str) else _readable(example.inputs)),
        "inputs": None if simple else _cut(example.as_dict().get("inputs")),
        "expected": _cut(" | ".join(expected) or _readable(reference)),
        "reference": _cut(plain(reference)) if expected and len(reference or ()) > 1 else None,
    }


def _run(result: ExampleResult) -> dict[str, Any]:
    form = {key: _cut(value) for key, value in result.as_dict().items() if key != "outputs"}
    form["answer"] = _cut(answer_text(result.outputs))
    return form


def _readable(value: Mapping[str, Any] | None) -> str:
    if not value:
        return ""
    if "messages" in value:
        return answer_text({"messages": [{"role": "assistant", "content": _last(value)}]})
    return json.dumps(value, ensure_ascii=False, default=str)


def _last(value: Mapping[str, Any]) -> Any:
    last = value["messages"][-1] if value["messages"] else ""
    content = last.get("content") if isinstance(last, Mapping) else getattr(last, "content", last)
    return content if isinstance(content, str | list) else str(content)


def _cut(value: Any) -> Any:
    """Shorten every long text inside a value."""
    if isinstance(value, str):
        return (
            value if len(value) <= _LONGEST else f"{value[:_LONGEST]}... ({len(value)} characters)"
        )
    if isinstance(value, Mapping):
        return {key: _cut(item) for key, item in value.items()}
    return [_cut(item) for item in value] if isinstance(value, list) else value


def _embedded(value: Any) -> str:
    """JSON that no text inside can break out of: `</script>` and `<!--` lose their bracket."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    text = text.encode("utf-8", "replace").decode()
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
