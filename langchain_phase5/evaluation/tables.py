"""Reports for terminals, notebooks and pull requests."""

import math
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from langchain_phase5.evaluation.counted import counted
from langchain_phase5.evaluation.page import numbers
from langchain_phase5.evaluation.regression import Regression

if TYPE_CHECKING:
    from langchain_phase5.evaluation.comparison import ComparisonReport
    from langchain_phase5.evaluation.report import EvaluationReport

_COLORS = {"regression": "red", "pass": "green", "inconclusive": "yellow"}
_HEADS = ("", "Value", "95 % interval", "n")
_CHANGE_HEADS = ("", "Before", "After", "Change", "90 %", "p", "n", "Verdict")


def report_table(report: "EvaluationReport") -> Any:
    """Return the headline numbers as a rich table."""
    return _rich(_title(report), _HEADS, _rows(report))


def report_markdown(report: "EvaluationReport") -> str:
    """Return the headline numbers as Markdown."""
    return f"### {_title(report)}\n\n{_markdown(_HEADS, _rows(report))}\n"


def report_html(report: "EvaluationReport") -> str:
    """Return the headline numbers as an HTML table for notebooks."""
    return _html(_title(report), _HEADS, _rows(report))


def comparison_table(comparison: "ComparisonReport") -> Any:
    """Return the findings as a rich table, colored by verdict."""
    from rich.text import Text  # noqa: PLC0415

    rows = [
        (*row[:-1], Text(row[-1], style=_COLORS[found.verdict]))
        for row, found in zip(_changes(comparison), comparison.findings, strict=True)
    ]
    return _rich(_verdict(comparison), _CHANGE_HEADS, rows)


def comparison_markdown(comparison: "ComparisonReport") -> str:
    """Return verdict, findings and the examples that flipped as Markdown."""
    parts = [f"### {_verdict(comparison)}", _markdown(_CHANGE_HEADS, _changes(comparison))]
    parts += [f"- {each.message}" for each in comparison.regressions]
    flipped = comparison.flipped()
    if flipped:
        worse = [i for i, (before, after) in flipped.items() if after < before]
        better = counted(len(flipped) - len(worse), "example")
        parts.append(f"{better} got better, {len(worse)} worse.")
        examples = comparison.baseline.dataset.by_id
        parts += [f"- worse: {_cell(str(dict(examples[i].inputs))[:160])}" for i in worse[:10]]
    return "\n\n".join(parts) + "\n"


def comparison_html(comparison: "ComparisonReport") -> str:
    """Return the findings as an HTML table for notebooks."""
    return _html(_verdict(comparison), _CHANGE_HEADS, _changes(comparison))


def _title(report: "EvaluationReport") -> str:
    repeats = f" x {report.repeats}" if report.repeats > 1 else ""
    dataset = report.dataset
    examples = counted(len(dataset), "example")
    return f"{report.name} on {dataset.name}@{dataset.version}, {examples}{repeats}"


def _verdict(comparison: "ComparisonReport") -> str:
    baseline, candidate = comparison.baseline.name, comparison.candidate.name
    return f"{comparison.verdict}: {candidate} against {baseline}"


def _rows(report: "EvaluationReport") -> list[tuple[str, str, str, str]]:
    estimates = [(metric, report.score(metric)) for metric in report.metrics]
    main = report.metrics[0] if report.metrics else ""
    estimates += [(f"{main} / {c}", e) for c, e in report.by_category().items()]
    estimates.append(("errors", report.error_rate))
    rows = [
        (name, numbers.score(each), numbers.interval(each).split(", n")[0], str(each.n))
        for name, each in estimates
    ]
    for q in (0.5, 0.95, 0.99):
        each = report.latency(q)
        bounds = f"{numbers.seconds(each.low)} to {numbers.seconds(each.high)}" if each.n else ""
        rows.append((f"latency p{q * 100:.0f}", numbers.seconds(each.value), bounds, str(each.n)))
    unknown = f"{report.unpriced} runs unknown" if report.unpriced else ""
    priced = sum(result.cost is not None for result in report.results)
    rows.append(("cost", numbers.dollars(report.total_cost), unknown, str(priced)))
    return rows


def _changes(comparison: "ComparisonReport") -> list[tuple[str, ...]]:
    return [_change(found) for found in comparison.findings]


def _change(found: Regression) -> tuple[str, ...]:
    show = {"latency": numbers.seconds, "cost": numbers.dollars}.get(found.kind)
    values = [show(v) if show else f"{v:.3f}" for v in (found.baseline, found.current)]
    sign = -1 if found.kind == "score" else 1
    ends = sorted(sign * end for end in (found.low or 0.0, found.high or 0.0))
    size = (lambda end: math.expm1(end) * 100) if show else (lambda end: end * 100)
    bounds = f"{size(ends[0]):+.0f} to {size(ends[1]):+.0f}"
    p = numbers.p_value(found.adjusted_p)
    verdict = "improved" if found.improved and found.verdict == "pass" else found.verdict
    change = found.change.removesuffix(" points")
    label = f"  {found.category}" if found.category else found.metric
    return (label, *values, change, bounds, p, str(found.n), verdict)


def _rich(title: str, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> Any:
    from rich import box  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table(
        title=title,
        box=box.SIMPLE_HEAD,
        title_justify="left",
        title_style="bold",
        pad_edge=False,
        collapse_padding=True,
    )
    for index, head in enumerate(heads):
        table.add_column(head, justify="right" if index else "left", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    return table


def _markdown(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] + ["---:"] * (len(heads) - 1), *rows]
    return "\n".join(f"| {' | '.join(_cell(each) for each in line)} |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


def _html(title: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(each)}</th>" for each in heads)
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
    )
    return f"<table><caption>{escape(title)}</caption><tr>{head}</tr>{body}</table>"
