"""Results as CI systems read them."""

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from langchain_phase5.evaluation.metrics.answers import answer_text
from langchain_phase5.evaluation.result import ExampleResult

if TYPE_CHECKING:
    from langchain_phase5.evaluation.report import EvaluationReport

_ALLOWED_CONTROLS = {"\t", "\n", "\r"}


def junit_xml(report: "EvaluationReport", *, pass_mark: float = 1.0) -> str:
    """Return JUnit XML: a low score is a `<failure>`, no answer at all an `<error>`.

    Args:
        report: The run.
        pass_mark: The first metric's score from which on an example passes.
    """
    suite = ET.Element("testsuite", name=f"{report.dataset.name}@{report.dataset.version}")
    counts = {"failure": 0, "error": 0, "skipped": 0}
    for result in report.results:
        case = ET.SubElement(
            suite,
            "testcase",
            classname=_clean(f"{report.name}.{report.dataset.by_id[result.example_id].category}"),
            name=f"{result.example_id} run {result.repeat + 1}",
            time=f"{result.seconds or 0:.6f}",
        )
        problem = _problem(report, result, pass_mark)
        if problem is not None:
            kind, message, text = problem
            counts[kind] += 1
            ET.SubElement(case, kind, message=_clean(message)).text = _clean(text)
    suite.attrib |= {
        "tests": str(len(report.results)),
        "failures": str(counts["failure"]),
        "errors": str(counts["error"]),
        "skipped": str(counts["skipped"]),
        "time": f"{sum(result.seconds or 0 for result in report.results):.6f}",
    }
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def _problem(
    report: "EvaluationReport", result: ExampleResult, pass_mark: float
) -> tuple[str, str, str] | None:
    broken = result.error or next(iter(result.metric_errors.values()), None)
    if broken:
        return "error", f"{broken.type}: {broken.message}", broken.trace
    metric = report.metrics[0] if report.metrics else ""
    score = result.scores.get(metric)
    if score is None:
        return "skipped", f"no score of {metric}", ""
    if score >= pass_mark:
        return None
    example = report.dataset.by_id[result.example_id]
    text = f"inputs: {example.inputs}\nexpected: {example.reference_outputs}\nanswer: "
    return "failure", f"{metric} is {score:g}", text + answer_text(result.outputs)


def _clean(text: str) -> str:
    """Drop what XML cannot hold."""
    return "".join(
        c
        for c in text
        if c in _ALLOWED_CONTROLS
        or (c >= " " and not "\ud800" <= c <= "\udfff" and c < "\ufffe")
        or c > "\uffff"
    )
