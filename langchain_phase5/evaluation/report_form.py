"""A report as JSON knows it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from langchain_phase5.evaluation.dataset import Dataset, as_example
from langchain_phase5.evaluation.plain import plain
from langchain_phase5.evaluation.result import ExampleResult

if TYPE_CHECKING:
    from langchain_phase5.evaluation.report import EvaluationReport

_NAMES = ("run_id", "target", "target_version", "started_at", "repeats", "metrics")
_TIMINGS = {"seconds", "started_at", "run_id", "latency_seconds"}


def report_form(report: "EvaluationReport") -> dict[str, Any]:
    """Return everything that a report holds, and its headline numbers."""
    dataset = report.dataset
    return {
        "run_id": report.run_id,
        "target": report.target,
        "target_version": report.target_version,
        "started_at": report.started_at,
        "repeats": report.repeats,
        "metrics": list(report.metrics),
        "summary": report.summary(),
        "dataset": {
            "name": dataset.name,
            "version": dataset.version,
            "description": dataset.description,
            "tags": list(dataset.tags),
            "examples": [example.as_dict() for example in dataset],
        },
        "results": [plain(result.as_dict()) for result in report.results],
    }


def fields_in(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return what makes a report again of what `report_form` wrote."""
    data = form["dataset"]
    dataset = Dataset(
        name=data["name"],
        examples=[as_example(example) for example in data["examples"]],
        description=data.get("description", ""),
        tags=tuple(data.get("tags", ())),
    )
    results = [ExampleResult.from_dict(result) for result in form["results"]]
    return {"dataset": dataset, "results": results} | {name: form[name] for name in _NAMES}


def without_timings(value: Any) -> Any:
    """Leave out what differs between two runs with the same answers."""
    if isinstance(value, dict):
        return {k: without_timings(item) for k, item in value.items() if k not in _TIMINGS}
    return [without_timings(item) for item in value] if isinstance(value, list) else value
