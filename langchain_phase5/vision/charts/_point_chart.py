"""Reads lines and scattered points: where flat colors are between two axes."""

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Canvas
from langchain_phase5.vision.charts._layout import Layout, Ticks
from langchain_phase5.vision.charts._lines import Path, lattice, trace, vertices
from langchain_phase5.vision.charts._markers import Marker, find_markers
from langchain_phase5.vision.charts._scale import Scale
from langchain_phase5.vision.charts.chart_data import (
    ChartAxis,
    ChartData,
    ChartPoint,
    ChartSeries,
)
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

COLORFUL = 40
"""Difference between the strongest and the weakest channel (0-255) of what is no grey."""
MOST_POINTS = 400


def read_points(canvas: Canvas, layout: Layout) -> ChartData:
    """The data of a line or scatter chart.

    Raises:
        UnreadableChartError: There are no such marks, or something about them is uncertain.
    """
    scale = layout.y.scale
    x = layout.x
    if scale is None or not (x.scale or (x.names and x.are_names)):
        msg = "the labels of an axis are not legible"
        raise UnreadableChartError(msg)
    masks = _marks(canvas, layout)
    paths = {color: trace(canvas, mask) for color, mask in masks.items()}
    lines = {color: path for color, path in paths.items() if path}
    if lines:
        kind, series = "line", _line_series(lines, layout, scale)
    else:
        kind, series = "scatter", _scatter_series(masks, layout, scale)
    return ChartData(
        kind=kind,
        title=layout.title,
        x_axis=_axis(layout.x, layout.x_label),
        y_axis=_axis(layout.y, layout.y_label),
        series=series,
        confidence=round(0.9 * scale.agreement, 2),
        engine="offline",
    )


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


def _marks(canvas: Canvas, layout: Layout) -> dict[int, NDArray[np.bool_]]:
    """The pixels of each mark color inside the plot and outside the legend."""
    inside = np.zeros(canvas.colors.shape, dtype=bool)
    left, top, right, bottom = layout.plot
    inside[top:bottom, left + 1 : right] = True
    box = layout.legend_box
    if box:
        inside[max(0, box[1]) : box[3], max(0, box[0]) : box[2]] = False
    named = {entry.color for entry in layout.legend}
    spread = canvas.palette.max(axis=1) - canvas.palette.min(axis=1)
    colors = [
        color
        for color in range(len(canvas.palette))
        if color not in canvas.panels and (color in named or spread[color] > COLORFUL)
    ]
    masks = {color: canvas.mask(color) & inside for color in colors}
    masks = {color: mask for color, mask in masks.items() if mask.sum() >= 12}
    return {c: m for c, m in masks.items() if not _is_soft_edge(canvas, c, masks)}


def _is_soft_edge(canvas: Canvas, color: int, masks: dict[int, NDArray[np.bool_]]) -> bool:
    """Whether a color only lies along another one: the blend of that with the background."""
    from scipy import ndimage

    mine = masks[color]
    for other, mask in masks.items():
        if other == color or mask.sum() < mine.sum():
            continue
        near = ndimage.binary_dilation(mask, np.ones((5, 5)))
        if (mine & near).sum() > 0.85 * mine.sum() and _blends(canvas, color, other):
            return True
    return False


def _blends(canvas: Canvas, color: int, other: int) -> bool:
    """Whether a color lies between another and one of the backgrounds."""
    mine, pure = canvas.palette[color].astype(float), canvas.palette[other].astype(float)
    for panel in canvas.panels:
        paper = canvas.palette[panel].astype(float)
        along = pure - paper
        share = float((mine - paper) @ along / max(1.0, along @ along))
        if 0.05 < share < 1.3 and np.abs(mine - paper - share * along).max() < 40:
            return True
    return False


def _line_series(lines: dict[int, Path], layout: Layout, scale: Scale) -> list[ChartSeries]:
    x = layout.x
    if x.scale is None:
        spots: list[tuple[str | float, float]] = list(zip(x.names, x.positions, strict=True))
    else:
        spots = lattice(list(lines.values()), x.scale)
    names = layout.names_of(list(lines))
    _check_names(layout, len(lines), len(names))
    order = list(names)
    series = []
    for color in sorted(lines, key=lambda c: order.index(c) if c in order else len(order)):
        points = [
            ChartPoint(x=key, y=scale.read(height, blur=0.5))
            for key, height in vertices(lines[color], spots)
        ]
        if len(points) < 2:
            msg = "a line has fewer than two points"
            raise UnreadableChartError(msg)
        series.append(ChartSeries(name=names.get(color), points=points))
    return series


def _check_names(layout: Layout, series: int, named: int) -> None:
    """Refuses a chart whose legend names more or fewer series than were found.

    Raises:
        UnreadableChartError: It does.
    """
    if (series > 1 and named < series) or (layout.legend and len(layout.legend) != series):
        msg = f"{series} series were found, but {len(layout.legend)} names in the legend"
        raise UnreadableChartError(msg)


def _scatter_series(
    masks: dict[int, NDArray[np.bool_]], layout: Layout, scale: Scale
) -> list[ChartSeries]:
    found = {color: find_markers(_whole(mask)) for color, mask in masks.items()}
    found = {color: markers for color, markers in found.items() if markers}
    count = sum(map(len, found.values()))
    if not 3 <= count <= MOST_POINTS:
        msg = f"{count} markers were found"
        raise UnreadableChartError(msg)
    names = layout.names_of(list(found))
    _check_names(layout, len(found), len(names))
    order = list(names)
    return [
        ChartSeries(
            name=names.get(color),
            points=[
                ChartPoint(x=_x_of(marker, layout.x), y=scale.read(marker.y))
                for marker in found[color]
            ],
        )
        for color in sorted(found, key=lambda c: order.index(c) if c in order else len(order))
    ]


def _whole(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rings made of a thin stroke, closed and filled."""
    from scipy import ndimage

    return np.asarray(ndimage.binary_fill_holes(ndimage.binary_closing(mask, np.ones((3, 3)))))


def _x_of(marker: Marker, ticks: Ticks) -> float | str:
    if ticks.scale:
        return ticks.scale.read(marker.x)
    nearest = int(np.abs(np.array(ticks.positions) - marker.x).argmin())
    return ticks.names[nearest]
