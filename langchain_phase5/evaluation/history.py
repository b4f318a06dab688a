"""How a dataset's scores went from run to run."""

import time
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_phase5.evaluation.opened import opened
from langchain_phase5.evaluation.page import numbers, svg
from langchain_phase5.evaluation.page.render import page_shell
from langchain_phase5.written import write_whole

if TYPE_CHECKING:
    from langchain_phase5.storage.database import Database

_MOST_LABELS, _LONGEST_LABEL = 12, 14
_WIDTH, _HEIGHT, _LEFT, _FOOT, _TALL = 1080, 270, 44, 220, 200


class RunHistory:
    """The kept runs of a dataset, the oldest first, with their headline numbers.

    Args:
        dataset: Its name.
        storage: Where runs are kept.

    Example:
        >>> RunHistory("capitals", storage="sqlite://").runs
        []
    """

    def __init__(self, dataset: str, *, storage: "Database | str") -> None:
        from langchain_phase5.storage.runs import RunStore  # noqa: PLC0415 - SQLAlchemy

        self.dataset = dataset
        self.runs: list[dict[str, Any]] = RunStore(opened(storage)).history(dataset)[::-1]

    @property
    def metrics(self) -> list[str]:
        """Every metric that any run has."""
        return list(dict.fromkeys(m for run in self.runs for m in run["summary"]["scores"]))

    def trend(self, metric: str) -> str:
        """Return an SVG of a metric over the runs, with its intervals."""
        scores = [run["summary"]["scores"].get(metric) for run in self.runs]
        return trend_plot(scores, labels=[run["target_version"] for run in self.runs])

    def to_html(self, path: Path | str | None = None) -> str:
        """Write one page with a plot per metric and a table of the runs."""
        plots = "".join(
            f"<section><h2>{escape(metric)}</h2>"
            f'<p class="lead">Mean with 95 % interval, oldest run first.</p>{self.trend(metric)}'
            "</section>"
            for metric in self.metrics
        )
        heads = "".join(f"<th>{escape(each)}</th>" for each in ("Run", *self.metrics, "Errors"))
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in self._cells(run)) + "</tr>"
            for run in reversed(self.runs)
        )
        table = f"<section><h2>Runs</h2><table><tr>{heads}</tr>{rows}</table></section>"
        title = f'<p class="over">History</p><h1>{escape(self.dataset)}</h1>'
        head = f"<header><div>{title}</div></header>"
        return write_whole(path, page_shell(f"History of {self.dataset}", head + plots + table))

    def _repr_html_(self) -> str:
        return self.to_html()

    def __rich__(self) -> Any:
        from rich.table import Table  # noqa: PLC0415

        table = Table("Run", *self.metrics, "Errors", title=f"Runs of {self.dataset}")
        for run in reversed(self.runs):
            table.add_row(*self._cells(run))
        return table

    def _cells(self, run: Mapping[str, Any]) -> list[str]:
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(run["started_at"]))
        scores = [run["summary"]["scores"].get(metric) for metric in self.metrics]
        name = f"{when} {run['target']} {run['target_version']}".strip()
        errors = run["summary"]["error_rate"]["value"]
        return [name, *(_shown(score) for score in scores), numbers.percent(errors)]


def trend_plot(scores: Sequence[Mapping[str, Any] | None], *, labels: Sequence[str]) -> str:
    """Draw estimates (as `Estimate.as_dict` gives them) from left to right, between 0 and 1.

    As many labels are written as fit.
    """
    step = (_WIDTH - _LEFT - 60) / max(len(scores) - 1, 1)
    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        parts.append(svg.line((_LEFT, _y(share)), (_WIDTH, _y(share)), "grid"))
        parts.append(svg.text(_LEFT - 8, _y(share) + 4, f"{share:.0%}", "axis", anchor="end"))
    places, every = [], -(-len(labels) // _MOST_LABELS)
    for index in range(0, len(labels), every or 1):
        x, words = _LEFT + 30 + step * index, labels[index][:_LONGEST_LABEL]
        parts.append(svg.text(x, _FOOT + 22, words, "axis", anchor="middle"))
    for index, score in enumerate(scores):
        if score is None or score["value"] is None or not 0 <= score["value"] <= 1:
            continue
        x = _LEFT + 30 + step * index
        low, high = (score[end] if score[end] is not None else score["value"] for end in _ENDS)
        parts.append(svg.line((x, _y(low)), (x, _y(high)), "bar r0"))
        places.append((x, _y(score["value"])))
    if places:
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(svg.curve(f"M{path}", "r1"))
    parts += [svg.dot(x, y, "r1") for x, y in places]
    return svg.drawing(parts, width=_WIDTH, height=_HEIGHT, title="Score by run")


_ENDS = ("low", "high")


def _shown(score: Mapping[str, Any] | None) -> str:
    if score is None or score["value"] is None:
        return ""
    return numbers.percent(score["value"]) if 0 <= score["value"] <= 1 else f"{score['value']:.3g}"


def _y(share: float) -> float:
    return _FOOT - _TALL * share
