"""Reads lines and scattered points: where the ink of each series is between two axes."""

import numpy as np

from langchain_phase5.vision.charts._canvas import Canvas
from langchain_phase5.vision.charts._frame import Frame, find_frame
from langchain_phase5.vision.charts._inks import Ink, find_inks
from langchain_phase5.vision.charts._knots import (
    find_knots,
    find_named_knots,
    fit_all,
    refined,
)
from langchain_phase5.vision.charts._layout import Layout
from langchain_phase5.vision.charts._markers import Marker, find_markers
from langchain_phase5.vision.charts._redrawing import Match, redraw_line
from langchain_phase5.vision.charts._scale import Scale
from langchain_phase5.vision.charts._tick_labels import Ticks
from langchain_phase5.vision.charts._traces import Trace, trace, with_halos
from langchain_phase5.vision.charts.chart_data import (
    ChartAxis,
    ChartData,
    ChartPoint,
    ChartSeries,
)
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

MARGIN = 12
"""Pixels by which a marker may reach over the axes."""
MOST_MARKERS = 400
FEWEST_MARKERS = 3
EXPLAINED = 0.93
"""Least share of the ink that lies on what was read."""
FOUND = 0.8
"""Least share of each piece that was read on which there is ink."""
REST = 0.6
"""Largest patch of ink that may stay unexplained, in marker areas."""


def read_points(canvas: Canvas, layout: Layout) -> ChartData:
    """The data of a line or scatter chart.

    Raises:
        UnreadableChartError: There are no such marks, or something about them is uncertain.
    """
    scale = layout.y.scale
    x = layout.x
    if scale is None or x.are_misread or not (x.scale or (x.names and x.legible)):
        msg = "the labels of an axis are not legible"
        raise UnreadableChartError(msg)
    wide = find_frame(canvas, layout, margin=MARGIN)
    frame = wide.without_margin()
    inks = find_inks(frame, layout)
    lines = [trace(ink) for ink in inks]
    if all(lines):
        kind, (series, matches) = (
            "line",
            _lines(frame, inks, with_halos([t for t in lines if t]), layout, scale),
        )
    elif any(lines):
        msg = "some series are lines and some are not"
        raise UnreadableChartError(msg)
    else:
        kind, (series, matches) = (
            "scatter",
            _scatter(wide, find_inks(wide, layout, apart=True), layout, scale),
        )
    return ChartData(
        kind="line" if kind == "line" else "scatter",
        title=layout.title,
        x_axis=_axis(layout.x, layout.x_label),
        y_axis=_axis(layout.y, layout.y_label),
        series=series,
        confidence=_confidence(matches, layout),
        notes=layout.notes + (_notes(series) if kind == "line" else []),
        engine="offline",
    )


def _notes(series: list[ChartSeries]) -> list[str]:
    """What is missing: a line may have points that something hides."""
    places = {point.x for one in series for point in one.points}
    short = [one.name or "value" for one in series if len(one.points) < len(places)]
    return [f"Points of {name!r} that are hidden are left out." for name in short]


def _confidence(matches: list[Match], layout: Layout) -> float:
    """The worst agreement of ink and reading, times that of the labels with their scales.

    Raises:
        UnreadableChartError: Drawn again, the reading does not match the picture.
    """
    for match in matches:
        if match.explained < EXPLAINED or match.found < FOUND or match.largest_rest > REST:
            msg = "drawn again, what was read does not match the picture"
            raise UnreadableChartError(msg)
    worst = min(min(match.explained, match.found) for match in matches)
    scales = [ticks.scale.agreement for ticks in (layout.x, layout.y) if ticks.scale]
    return round(0.97 * worst * min(scales), 2)


def _axis(ticks: Ticks, label: str | None) -> ChartAxis:
    if ticks.scale is None:
        return ChartAxis(label=label, scale="category")
    return ChartAxis(
        label=label,
        unit=ticks.unit,
        scale=ticks.scale.kind,
        minimum=ticks.scale.ticks[0],
        maximum=ticks.scale.ticks[-1],
    )


def _lines(
    frame: Frame, inks: list[Ink], lines: list[Trace], layout: Layout, scale: Scale
) -> tuple[list[ChartSeries], list[Match]]:
    x = layout.x
    if x.scale is None:
        knots = find_named_knots(lines, x, frame.left)
    else:
        knots = find_knots(lines, x.scale, frame.left)
    order = np.argsort(knots.places)
    places = refined(lines, knots.places[order])
    fitted = fit_all(lines, places)
    if fitted is None:
        msg = "a line is not straight between its points"
        raise UnreadableChartError(msg)
    keys = dict(zip(places.tolist(), [knots.values[i] for i in order], strict=True))
    series, matches = [], []
    for ink, line, polyline in zip(inks, lines, fitted, strict=True):
        matches.append(redraw_line(ink, line, polyline))
        points = [
            ChartPoint(x=keys[place], y=scale.read(height + frame.top, blur=0.2))
            for place, height, known in zip(
                polyline.knots.tolist(), polyline.heights.tolist(), polyline.known, strict=True
            )
            if known
        ]
        series.append(ChartSeries(name=ink.name, points=points))
    return series, matches


def _scatter(
    frame: Frame, inks: list[Ink], layout: Layout, scale: Scale
) -> tuple[list[ChartSeries], list[Match]]:
    if not layout.x.scale and not layout.x.are_names:
        msg = "the labels of an axis are not legible"
        raise UnreadableChartError(msg)
    found = [find_markers(ink) for ink in inks]
    count = sum(len(markers) for markers, _ in found)
    if not FEWEST_MARKERS <= count <= MOST_MARKERS:
        msg = f"{count} markers were found"
        raise UnreadableChartError(msg)
    series = [
        ChartSeries(
            name=ink.name,
            points=[
                ChartPoint(
                    x=_x_of(marker, layout.x, frame.left), y=scale.read(marker.y + frame.top)
                )
                for marker in markers
            ],
        )
        for ink, (markers, _) in zip(inks, found, strict=True)
    ]
    return series, [match for _, match in found]


def _x_of(marker: Marker, ticks: Ticks, offset: int) -> float | str:
    if ticks.scale:
        return ticks.scale.read(marker.x + offset)
    nearest = int(np.abs(np.array(ticks.positions) - marker.x - offset).argmin())
    return ticks.names[nearest]
