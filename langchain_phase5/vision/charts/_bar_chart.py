"""Puts measured bars, tick labels and legend together to the data of a bar chart."""

import itertools
from collections import Counter
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._bars import Bar, BarSet, find_bars
from langchain_phase5.vision.charts._canvas import COLORFUL, Box, Canvas
from langchain_phase5.vision.charts._frame import find_frame, legend_area
from langchain_phase5.vision.charts._layout import Layout
from langchain_phase5.vision.charts._scale import Scale, roundest
from langchain_phase5.vision.charts._tick_labels import Ticks
from langchain_phase5.vision.charts.chart_data import (
    ChartAxis,
    ChartData,
    ChartPoint,
    ChartSeries,
)
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

LEAST_COVERAGE = 0.9
"""Share of the colored area that has to be bars on one line."""
LEFT_OUT = "The legend hides the end of {} bars, which are left out."
ZERO_SLACK = 4.0
"""Largest correction of the scale, in pixels, so that bars stand on zero."""


def read_bars(canvas: Canvas, layout: Layout) -> ChartData:
    """The data of a chart with upright or lying bars.

    Raises:
        UnreadableChartError: There are no bars, or something about them is uncertain.
    """
    upright = find_bars(canvas, layout.plot, layout.legend_box, layout.x.positions)
    turned = canvas.transposed()
    box = _flip(layout.legend_box) if layout.legend_box else None
    lying = find_bars(turned, _flip(layout.plot), box, layout.y.positions)
    if upright and layout.y.scale and _prefers(upright, lying, layout):
        _check_rest(canvas, layout, upright, axis=0)
        data = _assemble(upright, layout, layout.x, layout.y, layout.y.scale, axis=0)
        labels = layout.x_label, layout.y_label
    elif lying and layout.x.scale:
        _check_rest(canvas, layout, lying, axis=1)
        data = _assemble(lying, layout, layout.y, layout.x, layout.x.scale, axis=1)
        labels = layout.y_label, layout.x_label
    else:
        msg = "no bars on a common line beside an axis with numbers were found"
        raise UnreadableChartError(msg)
    data.x_axis.label, data.y_axis.label = labels
    data.title = layout.title
    return data


def _flip(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def _prefers(upright: BarSet, lying: BarSet | None, layout: Layout) -> bool:
    """Whether the bars stand rather than lie: judged by what a common line explains."""
    if lying is None or not layout.x.scale:
        return True
    return (upright.coverage, len(upright.bars)) >= (lying.coverage, len(lying.bars))


def _check_rest(canvas: Canvas, layout: Layout, found: BarSet, *, axis: int) -> None:
    """Refuses grey bars beside which there is other ink: `coverage` knows colorful ink only.

    Raises:
        UnreadableChartError: There is such ink, as where grey lines look like bars in part.
    """
    shades = canvas.palette[[bar.color for bar in found.bars]]
    if (shades.max(axis=1) - shades.min(axis=1)).max() > COLORFUL:
        return
    frame = find_frame(canvas, layout)
    rest = frame.ink.copy()
    bars = [(bar.left, round(bar.top), bar.right, round(bar.bottom)) for bar in found.bars]
    for box in [*(b if axis == 0 else _flip(b) for b in bars), *layout.print]:
        left, top, right, bottom = box
        left, right = left - frame.left, right - frame.left
        top, bottom = top - frame.top, bottom - frame.top
        rest[max(0, top - 3) : max(0, bottom + 3), max(0, left - 3) : max(0, right + 3)] = False
    if rest.sum() > (1 - LEAST_COVERAGE) * frame.ink.sum():
        msg = "there are other grey marks beside the bars"
        raise UnreadableChartError(msg)


def _assemble(
    found: BarSet, layout: Layout, names: Ticks, values: Ticks, scale: Scale, *, axis: int
) -> ChartData:
    """Reads upright bars; lying ones arrive with x and y exchanged."""
    if found.coverage < LEAST_COVERAGE:
        msg = f"only {found.coverage:.0%} of the colored area are bars on one line"
        raise UnreadableChartError(msg)
    scale = _zeroed(scale, found.baseline)
    found, hidden = _without_hidden(found, layout, axis)
    keys, histogram = _keys(found, names)
    series = _series(found, keys, scale, layout)
    kind = "histogram" if histogram else "stacked_bar" if found.stacked else "bar"
    if kind == "bar" and len(series) > 1:
        kind = "grouped_bar"
    _check_single(series)
    ticks = scale.ticks
    return ChartData(
        kind=kind,
        x_axis=ChartAxis(scale="linear" if histogram else "category", unit=names.unit),
        y_axis=ChartAxis(scale=scale.kind, minimum=ticks[0], maximum=ticks[-1], unit=values.unit),
        series=series,
        confidence=round(0.95 * scale.agreement * found.coverage, 2),
        notes=layout.notes + ([LEFT_OUT.format(hidden)] if hidden else []),
        engine="offline",
    )


def _zeroed(scale: Scale, baseline: float) -> Scale:
    """Bars stand on zero: uses that to correct the fit of the tick labels by a pixel or two.

    Raises:
        UnreadableChartError: Zero is on the axis, but the bars stand elsewhere.
    """
    if scale.kind == "log" or not (scale.ticks[0] <= 0 <= scale.ticks[-1]):
        return scale
    shift = baseline - 0.5 - scale.pixel(0.0)
    if abs(shift) > ZERO_SLACK:
        msg = f"the bars do not stand on zero but {shift:.0f} pixels from it"
        raise UnreadableChartError(msg)
    return scale.shifted(shift / 2)  # ticks and bars are both known to half a pixel


def _without_hidden(found: BarSet, layout: Layout, axis: int) -> tuple[BarSet, int]:
    """The bars of which the legend hides no end, and the number of the others.

    Raises:
        UnreadableChartError: None is left.
    """
    if not layout.legend:
        return found, 0
    whole = legend_area(layout.canvas, layout)
    area = whole if axis == 0 else _flip(whole)
    shown = [bar for bar in found.bars if not _ends_in(bar, found, area)]
    if len(shown) < len(found.bars) and any(
        _goes_on(layout, entry.box, whole[2]) for entry in layout.legend
    ):
        msg = "a bar shows through a name in the legend"
        raise UnreadableChartError(msg)
    if not shown:
        msg = "the legend covers the ends of the bars"
        raise UnreadableChartError(msg)
    return replace(found, bars=shown), len(found.bars) - len(shown)


def _goes_on(layout: Layout, name: Box, end: int) -> bool:
    """Whether there is print right of a name in the legend, where a bar shows through."""
    _, top, right, bottom = name
    paper = layout.canvas.palette[layout.canvas.paper]
    line = np.abs(layout.canvas.pixels[top:bottom] - paper).max(axis=2)
    for left, upper, other, lower in layout.print:
        if upper < bottom and top < lower and left > right:
            line[:, left:other] = 0  # a second column
    print_ = line[:, right - (bottom - top) : right].max(initial=0)
    return bool((line[:, right + 1 : end - 4] > 0.8 * print_).any())


def _ends_in(bar: Bar, found: BarSet, area: Box) -> bool:
    """Whether an end other than that on the common line is under the legend or at its edge."""
    left, top, right, bottom = area
    ends = [end for end in (bar.top, bar.bottom) if abs(end - found.baseline) > 2.5]
    beside = bar.left < right and left < bar.right
    return beside and any(top - 2 <= end <= bottom + 2 for end in ends)


def _keys(found: BarSet, names: Ticks) -> tuple[dict[Bar, str | float], bool]:
    """The category of every bar, and whether they are the bins of a histogram.

    Raises:
        UnreadableChartError: A bar has no label.
    """
    if not names.scale and not (names.names and names.are_names):
        msg = "the labels of the bars are not legible"
        raise UnreadableChartError(msg)
    spots = np.array(names.positions)
    centers = np.array([bar.center for bar in found.bars])
    nearest = np.abs(centers[:, None] - spots[None]).argmin(axis=1)
    apart = np.abs(centers - spots[nearest])
    pitch = float(np.min(np.diff(spots))) if len(spots) > 1 else float(_wide_pitch(found))
    width = max(bar.width for bar in found.bars)
    if names.scale and _are_bins(found, names, centers):
        return _bins(found, names.scale), True
    if (apart <= max(0.5 * pitch, 0)).all() and apart.mean() < max(0.5 * pitch, width):
        return {bar: names.names[i] for bar, i in zip(found.bars, nearest, strict=True)}, False
    if names.scale and names.scale.kind == "linear":
        scale = names.scale
        blur = abs(scale.slope) * 0.1 * width
        return {
            bar: roundest(v := scale.value(bar.center), v - blur, v + blur) for bar in found.bars
        }, False
    msg = "some bars have no label below them"
    raise UnreadableChartError(msg)


def _wide_pitch(found: BarSet) -> float:
    """A pitch for a chart with one label: all bars belong to it."""
    return 2 * max(bar.right for bar in found.bars)


def _are_bins(found: BarSet, names: Ticks, centers: NDArray[np.float64]) -> bool:
    """Bars of one color without gaps whose edges, not centers, have the labels."""
    bars = sorted(found.bars, key=lambda b: b.left)
    if len(bars) < 3 or len({bar.color for bar in bars}) > 1:
        return False
    gaps = [b.left - a.right for a, b in itertools.pairwise(bars)]
    if max(gaps) > max(3, 0.12 * bars[0].width):
        return False
    edges = [bars[0].left, *(b.right for b in bars)]
    spots = [p for p in names.positions if edges[0] - 3 <= p <= edges[-1] + 3]
    off_edge = np.mean([min(abs(p - e) for e in edges) for p in spots]) if spots else np.inf
    off_center = np.mean([np.abs(centers - p).min() for p in spots]) if spots else 0
    return bool(off_edge < 0.6 * off_center)


def _bins(found: BarSet, scale: Scale) -> dict[Bar, str | float]:
    out: dict[Bar, str | float] = {}
    for bar in found.bars:
        blur = max(1.5, 0.03 * bar.width)
        low, high = scale.read(bar.left - 0.5, blur=blur), scale.read(bar.right - 0.5, blur=blur)
        out[bar] = f"{min(low, high):g}-{max(low, high):g}"
    return out


def _series(
    found: BarSet, keys: dict[Bar, str | float], scale: Scale, layout: Layout
) -> list[ChartSeries]:
    """One series per color, or one in all when colors only tell the categories apart."""
    colors = list(dict.fromkeys(bar.color for bar in found.bars))
    names = layout.names_of(colors)
    single = len(set(keys.values())) == len(found.bars) and not _tells_more(found, keys, names)
    groups = [found.bars] if single else [[b for b in found.bars if b.color == c] for c in colors]
    if not single and len(names) < len(colors):
        msg = f"the bars have {len(colors)} colors, of which {len(names)} have names"
        raise UnreadableChartError(msg)
    order = list(names)
    groups.sort(key=lambda g: order.index(g[0].color) if g[0].color in order else len(order))
    return [
        ChartSeries(
            name=None if single else names.get(bars[0].color),
            points=[ChartPoint(x=keys[bar], y=_height(bar, found, scale)) for bar in bars],
        )
        for bars in groups
    ]


def _tells_more(found: BarSet, keys: dict[Bar, str | float], names: dict[int, str]) -> bool:
    """Whether the legend names something other than the categories."""
    shown = {names.get(bar.color) for bar in found.bars}
    return None not in shown and len(shown) > 1 and shown != {str(key) for key in keys.values()}


def _height(bar: Bar, found: BarSet, scale: Scale) -> float:
    top, bottom = bar.top - 0.5, bar.bottom - 0.5
    if found.stacked:
        low, high = sorted((scale.value(top), scale.value(bottom)))
        blur = abs(scale.slope) * 0.5
        return roundest(high - low, high - low - blur, high - low + blur)
    free = top if abs(bar.bottom - found.baseline) <= abs(bar.top - found.baseline) else bottom
    return scale.read(free, blur=0.5)  # edges are drawn on whole pixels


def _check_single(series: list[ChartSeries]) -> None:
    """Refuses two bars of one category in one series.

    Raises:
        UnreadableChartError: There are such bars.
    """
    for one in series:
        doubled = [key for key, n in Counter(str(p.x) for p in one.points).items() if n > 1]
        if doubled:
            msg = f"{len(doubled)} categories have two bars of one color"
            raise UnreadableChartError(msg)
