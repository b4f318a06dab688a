"""How far each score moved."""

import math
from collections.abc import Sequence

from langchain_phase5.evaluation.page import numbers, svg
from langchain_phase5.evaluation.regression import Regression

_WIDTH, _LEFT, _RIGHT, _ROW, _AXIS = 1080, 250, 800, 32, 26
_NARROWEST, _WIDEST = 0.1, 1.0
_STEPS = (0.02, 0.05, 0.1, 0.2, 0.25, 0.5)


def change_plot(findings: Sequence[Regression]) -> str:
    """Draw changes in points with their intervals; the tolerated drop is shaded.

    Left of zero is worse, also for errors.
    """
    reach = min(max([_NARROWEST, *(_extent(each) * 1.04 for each in findings)]), _WIDEST)
    height = _ROW * len(findings) + _AXIS + 14
    foot = height - _AXIS

    def x(change: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * (min(max(change / reach, -1), 1) + 1) / 2

    edge = x(-findings[0].threshold)
    parts = [
        f'<rect class="band" x="{edge:.1f}" y="4" width="{x(0) - edge:.1f}" height="{foot - 4}"/>'
    ]
    for tick in _ticks(reach):
        css, words = "grid" if tick else "zero", numbers.signed(tick * 100).removesuffix(".0")
        parts.append(svg.line((x(tick), 4), (x(tick), foot), css))
        parts.append(svg.text(x(tick), height - 8, words, "axis", anchor="middle"))
    for index, each in enumerate(findings):
        y = 4 + _ROW * (index + 0.5)
        low, high = -(each.high or 0.0), -(each.low or 0.0)
        parts.append(svg.line((x(low), y), (x(high), y), f"bar {each.verdict}"))
        parts.append(svg.dot(x(-each.drop), y, each.verdict))
        parts += _words(each, y)
    return svg.drawing(parts, width=_WIDTH, height=height, title="Changes with 90 % intervals")


def _words(each: Regression, y: float) -> list[str]:
    moved = each.drop if each.kind == "errors" else -each.drop
    p = numbers.p_value(each.adjusted_p)
    verdict = "improved" if each.improved and each.verdict == "pass" else each.verdict
    return [
        svg.label(y, each.label),
        svg.text(_RIGHT + 84, y + 4, numbers.signed(moved * 100), "strong", anchor="end"),
        svg.text(_RIGHT + 160, y + 4, f"p {p}", "axis", anchor="end"),
        svg.text(_WIDTH, y + 4, verdict, f"strong word {each.verdict}", anchor="end"),
    ]


def _extent(each: Regression) -> float:
    return max(abs(each.low or 0.0), abs(each.high or 0.0))


def _ticks(reach: float) -> list[float]:
    step = next((step for step in _STEPS if step * 4 >= reach), _STEPS[-1])
    most = math.floor(reach / step)
    return [index * step for index in range(-most, most + 1)]
