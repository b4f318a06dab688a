"""Scores as dots with their intervals."""

from collections.abc import Sequence

from langchain_phase5.evaluation.estimate import Estimate
from langchain_phase5.evaluation.page import numbers, svg

_WIDTH, _LEFT, _RIGHT = 1080, 250, 910
_LINE, _GAP, _AXIS = 20, 14, 26


def interval_plot(rows: Sequence[tuple[str, Sequence[Estimate]]]) -> str:
    """Draw each row's estimates on an axis from 0 to 1, one line per run.

    A row without estimates is a heading.
    """
    heights = [_LINE * max(len(found), 1) + _GAP for _, found in rows]
    height = sum(heights) + _AXIS + _GAP
    parts = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        parts.append(svg.line((_x(tick), 4), (_x(tick), height - _AXIS), "grid"))
        parts.append(svg.text(_x(tick), height - 8, f"{tick:.0%}", "axis", anchor="middle"))
    top = float(_GAP)
    for (name, found), taken in zip(rows, heights, strict=True):
        parts.append(svg.label(top + (taken - _GAP) / 2, name, "" if found else "soft strong"))
        for run, each in enumerate(found):
            mark = f"r{run if len(found) > 1 else 1}"
            parts += _whisker(each, top + _LINE * (run + 0.5), mark)
        top += taken
    return svg.drawing(parts, width=_WIDTH, height=height, title="Scores with 95 % intervals")


def _whisker(each: Estimate, y: float, mark: str) -> list[str]:
    parts = [
        svg.text(_WIDTH, y + 4, numbers.score(each), "strong", anchor="end"),
        svg.text(_WIDTH - 74, y + 4, f"n = {each.n}", "axis", anchor="end"),
    ]
    if each.value is None or not numbers.is_share(each):
        return parts
    low = each.value if each.low is None else each.low
    high = each.value if each.high is None else each.high
    bar = svg.line((_x(low), y), (_x(high), y), f"bar {mark}")
    return [*parts, bar, svg.dot(_x(each.value), y, mark)]


def _x(share: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * share
