"""Draws a `ChartData` again, so that a reading can be checked by eye against the picture."""

import io
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from langchain_phase5.vision.charts.chart_data import ChartData, ChartSeries


def draw_chart(chart: "ChartData", *, dpi: int = 100) -> Image.Image:
    """The chart as a picture of about 640 x 480 pixels.

    Raises:
        ImportError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "redraw() needs matplotlib: pip install 'langchain-phase5[eval]'"
        raise ImportError(msg) from error
    figure = Figure(figsize=(6.4, 4.8), dpi=dpi, layout="tight")
    axes = figure.subplots()
    {"pie": _pie, "line": _lines, "area": _lines, "scatter": _points}.get(chart.kind, _bars)(
        axes, chart
    )
    _label(axes, chart)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    buffer.seek(0)
    return Image.open(buffer).convert("RGB")


def _label(axes: Any, chart: "ChartData") -> None:
    axes.set_title(_plain(chart.title), parse_math=False)
    if chart.kind == "pie":
        return
    axes.set_xlabel(_plain(chart.x_axis.label), parse_math=False)
    axes.set_ylabel(_plain(chart.y_axis.label), parse_math=False)
    if chart.y_axis.scale == "log":
        axes.set_yscale("log")
    if any(series.name for series in chart.series):
        axes.legend()


def _pie(axes: Any, chart: "ChartData") -> None:
    points = [point for series in chart.series for point in series.points]
    axes.pie([abs(p.y) for p in points], labels=[_plain(str(p.x)) for p in points])


def _bars(axes: Any, chart: "ChartData") -> None:
    keys = list(dict.fromkeys(str(p.x) for series in chart.series for p in series.points))
    stacked = chart.kind == "stacked_bar"
    width = 0.8 if stacked else 0.8 / max(1, len(chart.series))
    floor = dict.fromkeys(keys, 0.0)
    for index, series in enumerate(chart.series):
        names = [str(p.x) for p in series.points]
        shift = 0.0 if stacked else (index - (len(chart.series) - 1) / 2) * width
        axes.bar(
            [keys.index(name) + shift for name in names],
            [p.y for p in series.points],
            width,
            bottom=[floor[name] for name in names] if stacked else 0,
            label=_name(series),
        )
        for point in series.points:
            floor[str(point.x)] += point.y
    axes.set_xticks(range(len(keys)), [_plain(key) for key in keys])


def _lines(axes: Any, chart: "ChartData") -> None:
    for series in chart.series:
        axes.plot([p.x for p in series.points], [p.y for p in series.points], label=_name(series))


def _points(axes: Any, chart: "ChartData") -> None:
    for series in chart.series:
        axes.scatter(
            [p.x for p in series.points], [p.y for p in series.points], label=_name(series)
        )


def _name(series: "ChartSeries") -> str | None:
    return _plain(series.name) or None


def _plain(text: str | None) -> str:
    """Text from a picture, with `$` escaped: matplotlib would read it as mathematics."""
    return (text or "").replace("$", r"\$")
