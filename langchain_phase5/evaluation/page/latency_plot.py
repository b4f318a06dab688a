"""How long answers took."""

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from langchain_phase5.evaluation.page import numbers, svg

if TYPE_CHECKING:
    import numpy as np

_HEIGHT, _LEFT, _FOOT, _TALL = 250, 44, 216, 200
_CURVE_POINTS = 200
_SHARES = {0.0: 4, 0.5: 4, 0.95: 10, 1.0: 2}
"""Marks of the axis, and how far below its line each label sits, so that none overlap."""
_MOST_TICKS, _DECADES_WITH_DETAIL = 8, 2.5


def latency_plot(runs: Sequence[Sequence[float]], *, width: int) -> str:
    """Draw the share of answers that took at most so long, one curve per run, time in logs.

    Empty where nothing was timed.
    """
    import numpy as np  # noqa: PLC0415 - importing the package shall not wait for it

    values = [np.sort([value for value in run if value > 0]) for run in runs]
    timed = np.concatenate(values) if values else np.array([])
    if not len(timed):
        return ""
    low, high = math.log10(timed.min()) - 0.05, math.log10(timed.max()) + 0.05

    def x(value: float) -> float:
        return _LEFT + (width - _LEFT - 12) * (math.log10(value) - low) / (high - low)

    parts = []
    for share, below in _SHARES.items():
        parts.append(svg.line((_LEFT, _y(share)), (width, _y(share)), "grid"))
        parts.append(svg.text(_LEFT - 8, _y(share) + below, f"{share:.0%}", "axis", anchor="end"))
    for tick in _ticks(low, high):
        parts.append(svg.text(x(tick), _FOOT + 20, numbers.seconds(tick), "axis", anchor="middle"))
        parts.append(svg.line((x(tick), _FOOT), (x(tick), _FOOT + 4), "zero"))
    for run, each in enumerate(values):
        if len(each):
            parts.append(svg.curve(_steps(each, x), f"r{run if len(runs) > 1 else 1}"))
    title = "Share of answers by time taken"
    return svg.drawing(parts, width=width, height=_HEIGHT, title=title)


def _steps(values: "np.ndarray", x: Callable[[float], float]) -> str:
    import numpy as np  # noqa: PLC0415 - importing the package shall not wait for it

    ranks = np.unique(np.linspace(0, len(values) - 1, _CURVE_POINTS).astype(int))
    path, before = [f"M{x(values[0]):.1f} {_FOOT}"], float(_FOOT)
    for rank in ranks:
        at, after = x(values[rank]), _y((rank + 1) / len(values))
        path.append(f"L{at:.1f} {before:.1f}L{at:.1f} {after:.1f}")
        before = after
    return "".join(path)


def _y(share: float) -> float:
    return _FOOT - _TALL * share


def _ticks(low: float, high: float) -> list[float]:
    steps = (1, 2, 5) if high - low < _DECADES_WITH_DETAIL else (1,)
    ticks = [s * 10.0**e for e in range(math.floor(low), math.ceil(high) + 1) for s in steps]
    inside = [tick for tick in ticks if low <= math.log10(tick) <= high]
    return inside[:: math.ceil(len(inside) / _MOST_TICKS)] if inside else [10 ** ((low + high) / 2)]
