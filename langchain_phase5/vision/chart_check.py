"""Holds a model's reading of a chart against arithmetic and against a second reading."""

from langchain_phase5.vision.charts.chart_data import ChartData

PIE_SLACK = 2.0
"""Percentage points by which rounded shares may miss 100."""
SURE = 0.9
"""Confidence of the offline reader from which on it may cast doubt on a model's reading."""
TOLERANCE = 0.05
"""Relative error that ChartQA's relaxed accuracy forgives (Masry et al. 2022)."""


def check_chart(chart: ChartData, second: ChartData | None = None) -> ChartData:
    """The reading with doubts noted and its confidence lowered for each.

    Args:
        chart: What the model read.
        second: What the offline reader measured; None when it abstained. It counts only if it is
            sure, as a wrong measurement would discredit a right reading.
    """
    if second is not None and second.confidence < SURE:
        second = None
    doubts = [*_outside(chart), *_repeated(chart), *_pie_total(chart)]
    if second is not None:
        doubts += _disagreement(chart, second)
    if not doubts:
        sure = max(chart.confidence, 0.95) if second is not None else chart.confidence
        return chart.model_copy(update={"confidence": sure})
    confidence = round(chart.confidence * 0.6 ** len(doubts), 3)
    return chart.model_copy(update={"notes": [*chart.notes, *doubts], "confidence": confidence})


def _outside(chart: ChartData) -> list[str]:
    low, high = chart.y_axis.minimum, chart.y_axis.maximum
    if low is None or high is None or high <= low or chart.kind in ("pie", "stacked_bar"):
        return []
    slack = 0.25 * (high - low)
    out = [
        point
        for series in chart.series
        for point in series.points
        if not low - slack <= point.y <= high + slack
    ]
    return [f"{len(out)} values lie outside the axis ({low:g} to {high:g})."] if out else []


def _repeated(chart: ChartData) -> list[str]:
    """A line goes from left to right; a category has one bar per series."""
    if chart.kind == "scatter":
        return []
    for series in chart.series:
        keys = [point.x for point in series.points]
        numbers = [key for key in keys if isinstance(key, float)]
        if len(set(map(str, keys))) < len(keys):
            return ["A series has two values at one x."]
        if chart.kind == "line" and len(numbers) == len(keys) and numbers != sorted(numbers):
            return ["The x values of a line do not ascend."]
    return []


def _pie_total(chart: ChartData) -> list[str]:
    if chart.kind != "pie" or "%" not in (chart.y_axis.unit or ""):
        return []
    total = sum(point.y for series in chart.series for point in series.points)
    return [] if abs(total - 100) <= PIE_SLACK else [f"The shares add up to {total:g} %."]


def _disagreement(chart: ChartData, second: ChartData) -> list[str]:
    theirs = {_key(row["series"], row["x"]): row["y"] for row in second.records()}
    ours = {_key(row["series"], row["x"]): row["y"] for row in chart.records()}
    shared = ours.keys() & theirs.keys()
    if len(shared) < 0.5 * max(len(ours), len(theirs), 1):
        if chart.kind in _CONTINUOUS:
            return []  # a line may well be read at other places
        return ["The offline reader found other names or another number of points."]
    off = [key for key in shared if abs(ours[key] - theirs[key]) > TOLERANCE * abs(theirs[key])]
    if not off:
        return []
    shown = ", ".join(f"{'/'.join(filter(None, key))}: {theirs[key]:g}" for key in sorted(off)[:5])
    return [f"The offline reader measured {len(off)} values differently ({shown})."]


_CONTINUOUS = ("line", "area", "scatter")


def _key(series: str | None, x: float | str) -> tuple[str, str]:
    name = x if isinstance(x, str) else f"{x:g}"
    return (series or "").strip().lower(), name.strip().lower()
