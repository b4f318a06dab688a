"""Finds the places along x that the lines of a chart were drawn through."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._polyline import Polyline, fit_polyline
from langchain_phase5.vision.charts._scale import Scale
from langchain_phase5.vision.charts._tick_labels import Ticks
from langchain_phase5.vision.charts._traces import Trace
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

SHARES = (10.0, 5.0, 4.0, 2.5, 2.0, 1.0, 0.5, 0.4, 0.25, 0.2, 0.1, 0.05)
"""Steps of the points that are tried, as shares of the step of the ticks."""
NEAREST = 7.0
"""Fewest pixels between two points."""
MOST_POINTS = 60
STRAIGHT = 0.75
"""Largest distance of nearly all (90 %) of a line from straight pieces, in pixels."""
CURVED = 0.35
"""Turning between the points, as a share of that at the points, from which on it is a curve."""


@dataclass(frozen=True)
class Knots:
    """The places of the points on the x axis."""

    values: list[float | str]
    places: NDArray[np.float64]
    """Pixels from the left of the frame."""


def fit_all(lines: list[Trace], places: NDArray[np.float64]) -> list[Polyline] | None:
    """Each line through the places it reaches, or None when one is not straight between them."""
    fitted = []
    for line in lines:
        inside = _reached(line, places)
        if len(inside) < 2:
            return None
        polyline = fit_polyline(line, inside)
        limit = max(STRAIGHT, 0.25 * line.thickness)
        if len(polyline.errors) < 5 or np.quantile(polyline.errors, 0.9) > limit:
            return None
        fitted.append(polyline)
    return fitted


def _reached(line: Trace, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The places between the ends of a line, and the next one where an end is hidden."""
    slack = line.reach + 3.0
    low, high = line.columns[0] - slack, line.columns[-1] + slack
    before, after = places[places < low], places[places > high]
    inside = places[(places >= low) & (places <= high)]
    if line.cut[0] and len(before):
        inside = np.concatenate([[before.max()], inside])
    if line.cut[1] and len(after):
        inside = np.concatenate([inside, [after.min()]])
    return np.asarray(inside)


def refined(lines: list[Trace], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Evenly spaced places moved by fractions of a pixel to where the lines bend.

    Tick marks are drawn at whole pixels; where a line is steep, half a pixel to the side is several
    up or down.
    """
    order = np.arange(len(places))
    slope, first = np.polyfit(order, places, 1) if len(places) > 1 else (0.0, float(places[0]))
    even = first + slope * order
    if len(places) < 3 or np.abs(even - places).max() > 1.3:
        return places
    share = order / order[-1]
    best, least = places, _misfit(lines, places)
    ends = np.zeros(2)
    for step in (0.6, 0.2):
        start = ends
        for left, right in itertools.product((-2, -1, 0, 1, 2), repeat=2):
            tried = start + step * np.array([left, right])
            moved = even + tried[0] * (1 - share) + tried[1] * share
            misfit = _misfit(lines, moved)
            if misfit < least - 0.001:
                best, least, ends = moved, misfit, tried
    return best


def _misfit(lines: list[Trace], places: NDArray[np.float64]) -> float:
    fitted = fit_all(lines, places)
    if fitted is None:
        return np.inf
    return float(np.mean([np.minimum(line.errors, 2.0).mean() for line in fitted]))


def find_knots(lines: list[Trace], scale: Scale, offset: float) -> Knots:
    """The points on a numeric x axis: at the markers, else evenly spaced between the ends.

    Args:
        lines: All lines of the chart; they are taken to have their points at the same places.
        scale: Of the x axis, for pixels of the picture.
        offset: The left edge of the frame in the picture.

    Raises:
        UnreadableChartError: No places are found at which the lines bend and nowhere else.
    """
    if all(line.markers for line in lines):
        knots = _at_markers(lines, scale, offset)
        if fit_all(lines, knots.places):
            return knots
    even = _evenly(lines, scale, offset)
    if even is None:
        msg = "a line bends at places that are not evenly spaced, or it is a curve"
        raise UnreadableChartError(msg)
    return even


def find_named_knots(lines: list[Trace], labels: Ticks, offset: float) -> Knots:
    """The points on an axis with names: at the labels, if the lines bend there.

    Otherwise some labels were taken for one, so each word goes to the point nearest to it.

    Raises:
        UnreadableChartError: There are points with no label.
    """
    places = np.array(labels.positions) - offset
    order = np.argsort(places)
    if labels.are_names and fit_all(lines, places[order]):
        return Knots([labels.names[i] for i in order], places[order])
    if all(line.markers for line in lines):
        places = _groups(lines)
    else:
        found = _even_places(lines)
        places = found if found is not None else places[:0]
    names: list[list[str]] = [[] for _ in places]
    for center, text in labels.words:
        if len(places):
            names[int(np.abs(places + offset - center).argmin())].append(text)
    joined: list[float | str] = [" ".join(words) for words in names]
    if not labels.legible or not all(joined) or len(set(joined)) < max(2, len(joined)):
        msg = "a line does not bend at the labels of its axis"
        raise UnreadableChartError(msg)
    return Knots(joined, places)


def _at_markers(lines: list[Trace], scale: Scale, offset: float) -> Knots:
    """At the markers, and at round values where these agree with the markers."""
    places = _groups(lines)
    for values in _tick_lattices(scale, offset, float(places[0]), float(places[-1])):
        spots = np.array([scale.pixel(value) - offset for value in values])
        near = np.abs(spots[:, None] - places).min(axis=0)
        if near.max() <= 2.5 and len(values) <= 1.5 * len(places):
            return Knots(list(values), spots)
    return Knots([scale.read(place + offset, blur=0.8) for place in places], places)


def _groups(lines: list[Trace]) -> NDArray[np.float64]:
    """One place for markers of several lines that stand above each other."""
    found = sorted(x for line in lines for x, _, _ in line.markers)
    groups = [[found[0]]]
    for x in found[1:]:
        if x - groups[-1][0] <= 4.0:
            groups[-1].append(x)
        else:
            groups.append([x])
    return np.array([float(np.median(group)) for group in groups])


def _tick_lattices(scale: Scale, offset: float, start: float, end: float) -> list[list[float]]:
    """Multiples of round parts of the tick step between two places, the coarsest first."""
    gaps = [b - a for a, b in itertools.pairwise(scale.ticks)]
    if scale.kind != "linear" or not gaps:
        return []
    tick, found = min(gaps), []
    low, high = sorted((scale.value(start + offset), scale.value(end + offset)))
    for share in SHARES:
        step = tick * share
        if abs(step / scale.slope) < NEAREST:
            break
        first, last = round(low / step), round(high / step)
        if 1 <= last - first <= MOST_POINTS:
            found.append([round(n * step, 10) for n in range(first, last + 1)])
    return found


def _evenly(lines: list[Trace], scale: Scale, offset: float) -> Knots | None:
    """The fewest evenly spaced places that explain all lines, at round values if possible."""
    start = min(float(line.columns[0]) for line in lines)
    end = max(float(line.columns[-1]) for line in lines)
    reach = max(line.reach for line in lines)
    for values in _tick_lattices(scale, offset, start, end):
        places = np.array([scale.pixel(value) - offset for value in values])
        low, high = min(places[0], places[-1]), max(places[0], places[-1])
        if abs(low - start) > reach + 3 or abs(high - end) > reach + 3:
            continue
        if _explains(lines, np.sort(places)):
            every = _coarsest(lines, places)
            return Knots(list(values[::every]), places[::every])
    even = _even_places(lines)
    if even is None:
        return None
    blur = min(1.2, 0.1 * float(even[1] - even[0]))
    return Knots([scale.read(place + offset, blur=blur) for place in even], even)


def _coarsest(lines: list[Trace], places: NDArray[np.float64]) -> int:
    """The largest number such that only each so many-th place, with the ends, is needed."""
    last = len(places) - 1
    return next(
        every
        for every in range(last, 0, -1)
        if last % every == 0 and (every == 1 or _explains(lines, np.sort(places[::every])))
    )


def _even_places(lines: list[Trace]) -> NDArray[np.float64] | None:
    """The fewest evenly spaced places between the ends of the lines that explain them all."""
    inset = min(line.thickness for line in lines) / 2
    start = min(float(line.columns[0]) for line in lines) + inset
    end = max(float(line.columns[-1]) for line in lines) - inset
    for count in range(1, MOST_POINTS):
        places = np.linspace(start, end, count + 1)
        if places[1] - places[0] < NEAREST:
            break
        if _explains(lines, places):
            return places
    return None


def _explains(lines: list[Trace], places: NDArray[np.float64]) -> bool:
    """Whether the lines are straight between the places and bend at them."""
    fitted = fit_all(lines, places)
    if fitted is None:
        return False
    middles = (places[1:] + places[:-1]) / 2
    finer = np.sort(np.concatenate([places, middles]))
    at, between = [], []
    for line, polyline in zip(lines, fitted, strict=True):
        inside = finer[(finer >= polyline.knots[0] - 0.1) & (finer <= polyline.knots[-1] + 0.1)]
        refined = fit_polyline(line, inside)
        sure = refined.known[:-2] & refined.known[1:-1] & refined.known[2:]
        turn = np.abs(np.diff(refined.heights, 2))
        at.append(turn[1::2][sure[1::2]])
        between.append(turn[0::2][sure[0::2]])
    bends, rest = np.concatenate(at), np.concatenate(between)
    if len(bends) == 0 or bends.max() < 2.0:
        return False  # straight: nothing says where the points are
    return not (len(rest) and rest.mean() > 0.7 and rest.mean() > CURVED * bends.mean())
