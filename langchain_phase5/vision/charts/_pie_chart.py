"""Reads pies and rings: the angle each color takes, named by the legend or a label beside."""

import itertools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Canvas, components
from langchain_phase5.vision.charts._legend import find_legend, names_by_color
from langchain_phase5.vision.charts._phrase import Phrase
from langchain_phase5.vision.charts._reading import confirm_names
from langchain_phase5.vision.charts.chart_data import (
    ChartAxis,
    ChartData,
    ChartPoint,
    ChartSeries,
)
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

ANGLES = 2880
"""Rays cast from the center: an eighth of a degree each."""
RADII = (0.93, 0.88, 0.82, 0.76, 0.7)
"""Where the rays are sampled, in radii: outside the hole of a ring, around printed shares."""
SMALLEST = 1.2
"""Degrees; narrower runs of color are soft edges."""


@dataclass(frozen=True)
class Wedge:
    """One slice; angles in degrees, clockwise from three o'clock."""

    color: int
    start: float
    extent: float

    @property
    def middle(self) -> float:
        """The angle of its middle."""
        return (self.start + self.extent / 2) % 360


@dataclass(frozen=True)
class Disc:
    """The pie as a circle, in pixels."""

    x: float
    y: float
    radius: float


def find_disc(canvas: Canvas) -> Disc | None:
    """The largest round shape that is not background, or None."""
    from scipy import ndimage

    shape = ~np.isin(canvas.colors, canvas.panels) & (canvas.distance(canvas.paper) > 30)
    shape = ndimage.binary_closing(shape, np.ones((5, 5)))
    labels, boxes = components(shape)
    if not boxes:
        return None
    sizes = np.bincount(labels.ravel())[1:]
    number = int(sizes.argmax())
    left, top, right, bottom = boxes[number]
    width, height = right - left, bottom - top
    if min(width, height) < 40 or not 0.93 <= width / height <= 1.07:
        return None
    disc = Disc((left + right - 1) / 2, (top + bottom - 1) / 2, (width + height) / 4)
    part = labels == number + 1
    rim = [_at(part, disc, 0.95), _at(part, disc, 1.05)]
    return disc if rim[0].mean() > 0.93 and rim[1].mean() < 0.1 else None


def read_pie(canvas: Canvas, phrases: list[Phrase], disc: Disc) -> ChartData:
    """The shares of a pie.

    Raises:
        UnreadableChartError: Slices have no names, or their number is not that of the names.
    """
    wedges = _wedges(canvas, disc)
    if len(wedges) < 2:
        msg = "the round shape has fewer than two colors"
        raise UnreadableChartError(msg)
    confirm_names(canvas, phrases)
    legend, used = find_legend(canvas, phrases)
    if legend:
        by_color = names_by_color(canvas, legend, [wedge.color for wedge in wedges])
        names = [by_color.get(wedge.color, "") for wedge in wedges]
        order = [entry.name for entry in legend]
    else:
        names = _labels_around(wedges, phrases, disc)
        order = names
    if not all(names) or len(set(names)) < len(names) or (legend and len(legend) != len(wedges)):
        msg = "the slices could not all be told apart by name"
        raise UnreadableChartError(msg)
    points = [
        ChartPoint(x=name, y=round(wedge.extent / 3.6, 1))
        for name, wedge in zip(names, wedges, strict=True)
    ]
    points.sort(key=lambda point: order.index(str(point.x)))
    free = [p for p in phrases if id(p) not in used and p.upright and p.text]
    above = [p.text for p in free if p.box[3] < disc.y - 1.15 * disc.radius]
    return ChartData(
        kind="pie",
        title=" ".join(above) or None,
        x_axis=ChartAxis(scale="category"),
        y_axis=ChartAxis(unit="%"),
        series=[ChartSeries(points=points)],
        confidence=0.9,
        notes=["Shares are measured as angles, in percent of the whole."],
        engine="offline",
    )


def _at(values: NDArray[Any], disc: Disc, radius: float) -> NDArray[Any]:
    """Values along a circle around the disc's center; outside the picture the nearest edge."""
    turn = np.arange(ANGLES) * 2 * math.pi / ANGLES
    rows = np.rint(disc.y + radius * disc.radius * np.sin(turn)).astype(int)
    columns = np.rint(disc.x + radius * disc.radius * np.cos(turn)).astype(int)
    height, width = values.shape
    return np.asarray(values[rows.clip(0, height - 1), columns.clip(0, width - 1)])


def _wedges(canvas: Canvas, disc: Disc) -> list[Wedge]:
    samples = np.stack([_at(canvas.colors, disc, radius) for radius in RADII])
    hidden = np.isin(samples, [-1, *canvas.panels])
    wide = [
        color
        for color in np.unique(samples[~hidden])
        if (samples == color).sum() > SMALLEST / 360 * ANGLES * 2
    ]
    votes = np.stack([((samples == color) & ~hidden).sum(axis=0) for color in wide])
    best = np.where(votes.max(axis=0) >= 2, np.array(wide)[votes.argmax(axis=0)], -1)
    return _runs(_filled(best))


def _filled(colors: NDArray[np.int_]) -> NDArray[np.int_]:
    """Gives every undecided ray the color of the nearest decided one."""
    known = np.flatnonzero(colors >= 0)
    if not len(known):
        return colors
    rays = np.arange(len(colors))
    apart = np.abs(rays[:, None] - known[None])
    apart = np.minimum(apart, len(colors) - apart)
    return np.asarray(colors[known[apart.argmin(axis=1)]])


def _runs(colors: NDArray[np.int_]) -> list[Wedge]:
    if (colors == colors[0]).all():
        return []
    first = int(np.flatnonzero(colors != np.roll(colors, 1))[0])
    turned = np.roll(colors, -first)
    edges = [0, *(np.flatnonzero(np.diff(turned)) + 1).tolist(), len(turned)]
    step = 360 / len(colors)
    wedges = [
        Wedge(int(turned[a]), (a + first) * step % 360, (b - a) * step)
        for a, b in itertools.pairwise(edges)
    ]
    large = [wedge for wedge in wedges if wedge.extent >= SMALLEST]
    total = sum(wedge.extent for wedge in large)
    merged: list[Wedge] = []
    for wedge in large:
        wide = Wedge(wedge.color, wedge.start, wedge.extent * 360 / total)
        if merged and merged[-1].color == wide.color:
            merged[-1] = Wedge(wide.color, merged[-1].start, merged[-1].extent + wide.extent)
        else:
            merged.append(wide)
    return merged


def _labels_around(wedges: list[Wedge], phrases: list[Phrase], disc: Disc) -> list[str]:
    """Per slice the text that stands outside at its middle; empty where there is none."""
    names = []
    taken: set[int] = set()
    for wedge in wedges:
        turn = math.radians(wedge.middle)
        x = disc.x + 1.1 * disc.radius * math.cos(turn)
        y = disc.y + 1.1 * disc.radius * math.sin(turn)
        near = [(_apart(phrase, x, y), i) for i, phrase in enumerate(phrases) if phrase.text]
        near = [(apart, i) for apart, i in near if i not in taken]
        apart, index = min(near, default=(math.inf, -1))
        if apart > 0.12 * disc.radius + 6:
            names.append("")
            continue
        taken.add(index)
        names.append(phrases[index].text)
    return names


def _apart(phrase: Phrase, x: float, y: float) -> float:
    """Distance from a point to the box of a phrase, in pixels."""
    left, top, right, bottom = phrase.box
    return math.hypot(max(left - x, 0, x - right), max(top - y, 0, y - bottom))
