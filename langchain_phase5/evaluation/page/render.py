"""Put the page together."""

import time
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from langchain_phase5.evaluation.counted import counted
from langchain_phase5.evaluation.estimate import Estimate
from langchain_phase5.evaluation.page import numbers
from langchain_phase5.evaluation.page.change_plot import change_plot
from langchain_phase5.evaluation.page.data import page_data
from langchain_phase5.evaluation.page.interval_plot import interval_plot
from langchain_phase5.evaluation.page.latency_plot import latency_plot
from langchain_phase5.evaluation.page.reliability_plot import reliability_plot
from langchain_phase5.evaluation.page.tiles import tiles

if TYPE_CHECKING:
    from langchain_phase5.evaluation.comparison import ComparisonReport
    from langchain_phase5.evaluation.report import EvaluationReport

_Row = tuple[str, list[Estimate]]

_VERDICTS = {
    "regression": "Regression",
    "pass": "No regression",
    "inconclusive": "Inconclusive",
}
_SCORES = "Mean scores with 95 % intervals. n counts examples, or clusters of them."
_CHANGES = (
    "Candidate minus baseline, in points, paired by example, with 90 % intervals. The shaded band "
    "is the drop that would be tolerated. p is corrected for testing several things."
)
_EXAMPLES = "Sort by any column; open a row for the whole answer, its steps and its errors."


def render_page(
    runs: "Sequence[EvaluationReport]", *, comparison: "ComparisonReport | None" = None
) -> str:
    """Return the page for one run, or for two with their comparison.

    Everything is inside: style, script, plots and data. A content policy keeps the page from
    loading anything, and no text of an example is ever read as HTML.
    """
    parts = [_header(runs), _banner(comparison), tiles(runs), _scores(runs)]
    parts += [_changes(comparison), _curves(runs), _failures(runs), _examples(runs), _footer(runs)]
    title = f"{runs[0].dataset.name}: {' and '.join(run.name for run in runs)}"
    body = "\n".join(part for part in parts if part)
    return page_shell(title, body, data=page_data(runs), script=_asset("page.js"))


def page_shell(title: str, body: str, *, data: str = "null", script: str = "") -> str:
    """Put HTML into a page with the style sheet and a content policy."""
    scripts = (
        f'<script type="application/json" id="data">{data}</script>\n<script>\n{script}</script>'
    )
    return _asset("template.html").format(
        title=escape(title),
        style=_asset("style.css"),
        body=body,
        scripts=scripts if script else "",
    )


def _header(runs: "Sequence[EvaluationReport]") -> str:
    first, last = runs[0], runs[-1]
    kind = "Comparison" if len(runs) > 1 else "Evaluation"
    repeats = f" \u00d7 {last.repeats} runs" if last.repeats > 1 else ""
    facts = [f"<li>{_legend(runs) if len(runs) > 1 else f'<b>{escape(last.name)}</b>'}</li>"]
    facts.append(f"<li>{counted(len(last.dataset), 'example')}{repeats}</li>")
    facts.append(f"<li>dataset version <code>{escape(last.dataset.version)}</code></li>")
    if last.started_at:
        when = time.strftime("%d %B %Y, %H:%M UTC", time.gmtime(last.started_at))
        facts.append(f"<li>{when}</li>")
    description = last.dataset.description
    lead = f'<p class="lead">{escape(description)}</p>' if description else ""
    return (
        f'<header><div><p class="over">{kind}</p><h1>{escape(first.dataset.name)}</h1>{lead}'
        f'<ul class="facts">{"".join(facts)}</ul></div>'
        '<button class="ghost" id="theme" type="button">Light or dark</button></header>'
    )


def _legend(runs: "Sequence[EvaluationReport]") -> str:
    roles = ("baseline", "candidate")
    return " &nbsp; ".join(
        f'<span class="dot r{i}"></span><b>{escape(run.name)}</b> ({roles[i]})'
        for i, run in enumerate(runs)
    )


def _banner(comparison: "ComparisonReport | None") -> str:
    if comparison is None:
        return ""
    verdict = comparison.verdict
    told = comparison.regressions or comparison.findings[:1]
    lines = "".join(f'<p class="say">{escape(each.message)}.</p>' for each in told)
    first = comparison.findings[0]
    title = "Improvement" if verdict == "pass" and first.improved else _VERDICTS[verdict]
    return f'<section class="banner {verdict}"><p><strong>{title}</strong></p>{lines}</section>'


def _scores(runs: "Sequence[EvaluationReport]") -> str:
    names = dict.fromkeys(m for run in runs for m in run.metrics)
    shown = _shares((name, [run.score(name) for run in runs]) for name in names)
    if not shown:
        return ""
    main = runs[-1].metrics[0]
    parts = _shares((c, [r.score(main, category=c) for r in runs]) for c in runs[-1].categories)
    if parts:
        shown += [(f"{main} by category", []), *parts]
    return _section("Scores", _SCORES, interval_plot(shown))


def _shares(rows: "Iterable[_Row]") -> "list[_Row]":
    """Keep the rows that fit an axis from 0 to 1."""
    return [(label, found) for label, found in rows if any(numbers.is_share(e) for e in found)]


def _changes(comparison: "ComparisonReport | None") -> str:
    if comparison is None:
        return ""
    findings = [each for each in comparison.findings if each.kind in {"score", "errors"}]
    left_out = comparison.unpaired
    note = _CHANGES
    if left_out:
        note += (
            f" Not compared: {len(left_out.added)} new, {len(left_out.removed)} removed and "
            f"{counted(len(left_out.changed), 'changed example')}."
        )
    flipped = comparison.flipped()
    up = sum(after > before for before, after in flipped.values())
    note += f" {counted(up, 'example')} got better and {len(flipped) - up} worse."
    return _section("Differences", note, change_plot(findings))


def _curves(runs: "Sequence[EvaluationReport]") -> str:
    """Latency, and where examples ran several times, how reliable the passes are."""
    seconds = [[r.seconds or 0.0 for r in run.results if not r.error] for run in runs]
    repeated = [(i, run) for i, run in enumerate(runs) if run.repeats > 1 and run.metrics]
    curve = latency_plot(seconds, width=520 if repeated else 1080)
    sections = []
    if curve:
        sections.append(_section("Latency", "Share of answers that took at most so long.", curve))
    if repeated:
        curves = [
            (i if len(runs) > 1 else 1, _of_k(run, run.pass_at), _of_k(run, run.pass_all))
            for i, run in repeated
        ]
        note = "Solid: any of k runs passes (pass@k). Dashed: all of them do (pass^k)."
        sections.append(_section("Reliability", note, reliability_plot(curves)))
    return f'<div class="pair">{"".join(sections)}</div>' if sections else ""


def _of_k(run: "EvaluationReport", chance: Any) -> list[float]:
    values = (chance(k).value for k in range(1, run.repeats + 1))
    return [value for value in values if value is not None]


def _failures(runs: "Sequence[EvaluationReport]") -> str:
    counts: dict[tuple[str, str], list[int]] = {}
    for index, run in enumerate(runs):
        for result in run.results:
            failures = [result.error] if result.error else list(result.metric_errors.values())
            for failure in failures:
                key = failure.type, failure.message[:160]
                counts.setdefault(key, [0] * len(runs))[index] += 1
    if not counts:
        return ""
    ranked = sorted(counts.items(), key=lambda item: -sum(item[1]))[:20]
    heads = "".join(f'<th class="num">{escape(run.name)}</th>' for run in runs)
    rows = "".join(
        f"<tr><td><code>{escape(kind)}</code></td><td>{escape(message)}</td>"
        + "".join(f'<td class="num">{count}</td>' for count in found)
        + "</tr>"
        for (kind, message), found in ranked
    )
    table = f"<table><thead><tr><th>Error</th><th>Message</th>{heads}</tr></thead>{rows}</table>"
    note = "Errors are a rate of their own; they are no zeros in any mean."
    return _section("Errors", note, f'<div class="scroll">{table}</div>')


def _examples(runs: "Sequence[EvaluationReport]") -> str:
    category = '<select id="category" aria-label="Category"></select>'
    tools = (
        '<div class="tools"><input id="search" type="search" aria-label="Search" '
        'placeholder="Search questions, answers and errors">'
        f"{category if any(run.categories for run in runs) else ''}"
        '<select id="show" aria-label="Which examples"></select>'
        '<span class="count" id="count" aria-live="polite"></span></div>'
    )
    table = '<div class="scroll"><table id="examples"><thead></thead><tbody></tbody></table></div>'
    more = '<p><button class="ghost" id="more" type="button" hidden>Show more</button></p>'
    return _section("Examples", _EXAMPLES, tools + table + more)


def _footer(runs: "Sequence[EvaluationReport]") -> str:
    text = (
        "Intervals of scores are Wilson's for pass/fail and Student's t otherwise, on examples "
        "with their repeats averaged; those of latency quantiles come from order statistics. "
    )
    if len(runs) > 1:
        text += (
            "Differences are tested by flipping signs of paired examples (mid-p). The first "
            "metric is tested first; other scores, categories and errors share what is left of "
            "the false alarm rate by Holm's method."
        )
    return f"<footer><p>{text}</p></footer>"


def _section(title: str, note: str, content: str) -> str:
    return f'<section><h2>{title}</h2><p class="lead">{escape(note)}</p>{content}</section>'


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
