"""Finds the legend of a chart: names with a swatch of color to their left."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import (
    COLORFUL,
    MOST_PIECES,
    Box,
    Canvas,
    components,
)
from langchain_phase5.vision.charts._phrase import Phrase, around

NEAR_COLOR = 48
"""Largest distance (maximum over channels, 0-255) between a mark and its legend swatch."""
FAINT = 40
"""Distance from the background (0-255) above which something is a swatch."""
PURE = 0.3
"""Share of a swatch that shows its full color: of three rows of a thin line, the middle one."""
_LONE = {"\u00a5": "y", "\u20ac": "c", "\u00d7": "x"}
"""What lone small letters are taken for."""


@dataclass
class LegendEntry:
    """A name and the color it stands for."""

    name: str
    color: int
    """Index into the palette of the canvas."""
    rgb: tuple[float, float, float]
    """The color itself, which in a JPEG file the palette may lack."""
    box: Box
    """Around the swatch and the name."""
    phrase: Phrase
    """The print that is the name."""
    swatch: Box
    """Around the swatch alone."""

    def reread(self) -> None:
        """Takes the name from what its print is read as now."""
        self.name = _LONE.get(self.phrase.text, self.phrase.text)
        self.box = around([self.swatch, self.phrase.box])


def find_legend(canvas: Canvas, phrases: list[Phrase]) -> tuple[list[LegendEntry], set[int]]:
    """Phrases with an isolated swatch to their left, and the ids of those phrases."""
    markers = _markers_in_print(phrases)
    phrases = [phrase for phrase in phrases if not any(phrase is one for one in markers)]
    swatches = _without_print(_swatches(canvas), phrases)
    line = float(np.median([phrase.size for phrase in phrases])) if phrases else 0.0
    found = []
    for phrase in phrases:
        if not phrase.upright or phrase.slanted or not phrase.text:
            continue
        swatch = _printed_swatch(canvas, phrase, phrases, line) or _swatch_of(
            canvas, phrase, swatches, line
        )
        if swatch:
            rgb, box = swatch
            color = int(np.abs(canvas.palette - np.array(rgb)).max(axis=1).argmin())
            box = _whole(box, [other for one, other, _ in swatches if one == color], phrase.size)
            entry = LegendEntry("", color, rgb, around([box, phrase.box]), phrase, box)
            entry.reread()
            found.append((phrase, entry))
    found = _one_block(found)
    used = [phrase for phrase, _ in found] + (markers if found else [])
    return [entry for _, entry in found], {id(phrase) for phrase in used}


def _markers_in_print(phrases: list[Phrase]) -> list[Phrase]:
    """Gray markers that were taken for print: single glyphs in a column, a name after each."""
    singles = [
        phrase
        for phrase in phrases
        if phrase.upright
        and [len(word.glyphs) for word in phrase.words] == [1]
        and phrase.text not in set("123456789")
        and any(_follows(name, phrase) for name in phrases)
    ]
    return [
        one
        for one in singles
        if sum(np.abs(np.subtract(one.box, other.box))[[0, 2]].max() <= 2 for other in singles) > 1
    ]


def _follows(name: Phrase, marker: Phrase) -> bool:
    """Whether a phrase of several glyphs starts a little to the right, on the same line."""
    off = abs(name.box[1] + name.box[3] - marker.box[1] - marker.box[3])
    gap = name.box[0] - marker.box[2]
    several = sum(len(word.glyphs) for word in name.words) > 1
    return several and 0 < gap <= 3.2 * name.size and off <= 0.9 * name.size


def _printed_swatch(
    canvas: Canvas, phrase: Phrase, phrases: list[Phrase], line: float
) -> tuple[tuple[float, float, float], Box] | None:
    """Ink to the left of a name that is no text, with nothing above and below it."""
    left, top, _, bottom = phrase.box
    size, middle = max(phrase.size, line), (top + bottom) / 2
    x0, x1 = max(0, round(left - 6 * size)), max(0, left - 1)
    y0, y1 = max(0, round(middle - 1.1 * size)), round(middle + 1.1 * size)
    part = canvas.pixels[y0:y1, x0:x1].astype(float)
    if min(part.shape[:2]) < 4:
        return None
    ground = np.median(np.concatenate([part[0], part[-1]]), axis=0)
    away = np.abs(part - ground).max(axis=2)
    ink = away > FAINT
    for a, b, c, d in (other.box for other in phrases):
        ink[max(0, b - y0) : max(0, d - y0), max(0, a - x0) : max(0, c - x0)] = False
    labels, boxes = components(ink)
    near = [
        (number, box)
        for number, box in enumerate(boxes, start=1)
        if 0 <= x1 - x0 - box[2] <= 3.2 * size
        and abs((box[1] + box[3]) / 2 + y0 - middle) <= 0.45 * size
        and box[1] > 0
        and box[3] < y1 - y0
        and box[0] > 0
        and int((labels == number).sum()) >= 6
    ]
    colorful = part.max(axis=2) - part.min(axis=2) > FAINT
    near = [
        (number, box)
        for number, box in near
        if box[2] - box[0] >= 1.2 * size or colorful[labels == number].mean() > 0.3
    ]
    if not near:
        return None
    counts = {number: int((labels == number).sum()) for number, _ in near}
    large = [one for one in near if counts[one[0]] >= 0.4 * max(counts.values())]
    number, box = max(large, key=lambda one: one[1][2])  # others may be marks behind the legend
    red, green, blue = _pure(part[labels == number], ground)
    return (red, green, blue), (box[0] + x0, box[1] + y0, box[2] + x0, box[3] + y0)


def _pure(inside: NDArray[np.float64], ground: NDArray[np.float64]) -> list[float]:
    """The color of the pixels of a swatch, which may have a dark edge and soft ones."""
    vivid = np.ptp(inside, axis=1)
    if (vivid > COLORFUL).mean() >= PURE:
        inside = inside[vivid > COLORFUL]
    strong = np.abs(inside - ground).max(axis=1)
    full = strong >= np.quantile(strong, 1 - PURE)
    return [float(value) for value in np.median(inside[full], axis=0)]


def names_by_color(canvas: Canvas, legend: list[LegendEntry], colors: list[int]) -> dict[int, str]:
    """The legend's name for each color of the marks, in the order of the legend."""
    from scipy.optimize import linear_sum_assignment

    if not legend or not colors:
        return {}
    apart = np.array([[_unlike(canvas, e.color, color) for color in colors] for e in legend])
    pairs = zip(*linear_sum_assignment(apart), strict=True)
    return {colors[j]: legend[i].name for i, j in pairs if apart[i, j] <= NEAR_COLOR}


def _unlike(canvas: Canvas, swatch: int, mark: int) -> float:
    """How much two colors differ (0-255) beyond one being a paler, soft edge of the other."""
    paper, one, other = (canvas.palette[c].astype(float) for c in (canvas.paper, swatch, mark))
    along = other - paper
    share = float((one - paper) @ along / max(1.0, along @ along))
    share = min(1.1, max(0.4, share))
    return float(np.abs(one - paper - share * along).max()) + 40 * abs(1 - share)


def _without_print(
    swatches: list[tuple[int, Box, int]], phrases: list[Phrase]
) -> list[tuple[int, Box, int]]:
    """The patches of color that are no part of a printed phrase."""
    if not phrases:
        return swatches
    left, top, right, bottom = np.array([phrase.box for phrase in phrases]).T
    out = []
    for one in swatches:
        x, y = (one[1][0] + one[1][2]) / 2, (one[1][1] + one[1][3]) / 2
        if not ((left <= x) & (x <= right) & (top <= y) & (y <= bottom)).any():
            out.append(one)
    return out


def _swatches(canvas: Canvas) -> list[tuple[int, Box, int]]:
    """Small patches of color: the color, the box, the number of pixels."""
    most = max(60, 0.14 * canvas.width)
    found = []
    for color in range(len(canvas.palette)):
        if color in canvas.panels:
            continue
        mask = canvas.mask(color)
        boxes = components(mask)[1]
        if len(boxes) > MOST_PIECES:
            continue
        for left, top, right, bottom in boxes:
            if 2 <= right - left <= most and bottom - top <= 0.08 * canvas.height + 8:
                count = int(mask[top:bottom, left:right].sum())
                found.append((color, (left, top, right, bottom), count))
    return found


def _swatch_of(
    canvas: Canvas, phrase: Phrase, swatches: list[tuple[int, Box, int]], line: float
) -> tuple[tuple[float, float, float], Box] | None:
    left, top, _, bottom = phrase.box
    size = max(phrase.size, line)
    near = [
        (count, color, box)
        for color, box, count in swatches
        if 0 <= left - box[2] <= 3.2 * size
        and abs((box[1] + box[3]) - (top + bottom)) <= 0.9 * size
        and box[3] - box[1] <= 2.2 * size
        and box[2] - box[0] <= 4.5 * size
        and count >= 4
    ]
    if not near:
        return None
    _, color, box = max(near)
    red, green, blue = canvas.palette[color].astype(float).tolist()
    return (red, green, blue), box


def _whole(box: Box, pieces: list[Box], size: int) -> Box:
    """A swatch with the pieces of its color beside it: a line on which markers have dark edges."""
    for left, top, right, bottom in sorted(pieces, key=lambda piece: -piece[2]):
        level = abs(top + bottom - box[1] - box[3]) <= 0.5 * size
        if level and left < box[0] and 0 <= box[0] - right <= 0.4 * size:
            box = around([box, (left, top, right, bottom)])
    return box


def _one_block(
    found: list[tuple[Phrase, LegendEntry]],
) -> list[tuple[Phrase, LegendEntry]]:
    """Keeps the entries whose names start at one x (a column) or share a line (a row)."""
    best: list[tuple[Phrase, LegendEntry]] = []
    for axis in (0, 1):
        for phrase, _ in found:
            mates = [
                one
                for one in found
                if abs(one[0].box[axis] - phrase.box[axis]) <= max(2, 0.4 * phrase.size)
            ]
            mates = _beside(mates, phrase) if axis == 0 else mates
            colors = {tuple(round(value / 12) for value in entry.rgb) for _, entry in mates}
            if len(colors) == len(mates) > len(best):
                best = mates
    return best if len(best) > 1 else []


def _beside(
    mates: list[tuple[Phrase, LegendEntry]], phrase: Phrase
) -> list[tuple[Phrase, LegendEntry]]:
    """Of the entries in a column, those with no large gap between them and a phrase."""
    ordered = sorted(mates, key=lambda one: one[0].box[1])
    runs = [ordered[:1]]
    for one in ordered[1:]:
        if one[0].box[1] - runs[-1][-1][0].box[3] <= 2.2 * phrase.size:
            runs[-1].append(one)
        else:
            runs.append([one])
    return next((run for run in runs if any(one[0] is phrase for one in run)), [])
