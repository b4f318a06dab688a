"""Reports and comparisons in the form that a client prefers."""

import json
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

from langchain_phase5.evaluation import ComparisonReport, EvaluationReport, RunHistory

Format = Literal["json", "html", "markdown", "junit"]
FormatQuery = Annotated[
    Format | None, Query(description="In place of the header `Accept`; JSON by default")
]

_TYPES: dict[str, Format] = {
    "application/json": "json",
    "text/html": "html",
    "text/markdown": "markdown",
    "application/xml": "junit",
}
_PAGE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
"""A page works by its own scripts, alone: it can reach neither this service nor any other."""


def preferred(accept: str | None, asked: Format | None = None) -> Format:
    """Choose a format; of several types in `Accept` the first one that there is."""
    if asked is not None:
        return asked
    for part in (accept or "").split(","):
        found = _TYPES.get(part.partition(";")[0].strip().lower())
        if found is not None:
            return found
    return "json"


def written(report: EvaluationReport | ComparisonReport, form: Format) -> Response:
    """Write it; what has no such form, as JUnit of a comparison, comes as JSON."""
    if form == "html":
        return page(report)
    if form == "markdown":
        return _response(report.to_markdown(), "text/markdown")
    if form == "junit" and isinstance(report, EvaluationReport):
        return _response(report.to_junit(), "application/xml")
    return ascii_json(_fields(report))


def page(report: EvaluationReport | ComparisonReport | RunHistory) -> Response:
    """Answer with its page, which can do nothing but show itself."""
    return _response(report.to_html(), "text/html", {"Content-Security-Policy": _PAGE_POLICY})


def ascii_json(value: Any) -> Response:
    """Answer with JSON that can hold any text: half a surrogate pair too, which UTF-8 cannot."""
    return Response(json.dumps(value), media_type="application/json")


def described(*forms: Format) -> dict[int | str, dict[str, Any]]:
    """What OpenAPI says of such an answer, beside its JSON."""
    text = {"schema": {"type": "string"}}
    return {200: {"content": {kind: text for kind, form in _TYPES.items() if form in forms}}}


def _response(text: str, kind: str, headers: dict[str, str] | None = None) -> Response:
    return Response(text.encode("utf-8", "replace"), media_type=kind, headers=headers)


def _fields(report: EvaluationReport | ComparisonReport) -> dict[str, Any]:
    fields = report.as_dict()
    if isinstance(report, ComparisonReport):
        findings = fields["findings"]
        fields["regressions"] = [each for each in findings if each["verdict"] == "regression"]
    return fields
