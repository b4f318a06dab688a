"""Which printed words are tick labels, titles and legend entries, and where the plot is."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from langchain_phase5.vision.charts._canvas import Box, Canvas, components
from langchain_phase5.vision.charts._glyphs import Phrase, Word, around, middle
from langchain_phase5.vision.charts._numbers import read_number, unit_of
from langchain_phase5.vision.charts._reading import read_phrases
from langchain_phase5.vision.charts._scale import Scale, fit_scale
from langchain_phase5.vision.charts._ticks import snapped

LEGIBLE = 0.3
"""Least confidence of every label, 0 to 1."""
NEAR_COLOR = 48
"""Largest distance (maximum over channels, 0-255) between a mark and its legend swatch."""


@dataclass
class Ticks:
    """The labels along one axis."""

    names: list[str] = field(default_factory=list)
    positions: list[float] = field(default_factory=list)
    """Pixel coordinate of each label along the axis."""
    boxes: list[Box] = field(default_factory=list)
    scale: Scale | None = None
    """None when the labels are categories."""
    unit: str | None = None
    legible: bool = True
    """Every label was recognized with some confidence."""

    @property
    def are_names(self) -> bool:
        """Whether they can serve as categories: legible and all different."""
        return self.legible and len(set(self.names)) == len(self.names)


@dataclass
class LegendEntry:
    """A name and the color it stands for."""

    name: str
    color: int
    box: Box
    """Around the swatch and the name."""


@dataclass
class Layout:
    """The parts of a chart around its marks."""

    x: Ticks
    y: Ticks
    plot: Box
    """Where the marks may be."""
    legend: list[LegendEntry]
    canvas: Canvas
    title: str | None = None
    x_label: str | None = None
    y_label: str | None = None

    def names_of(self, colors: list[int]) -> dict[int, str]:
        """The legend's name for each color of the marks, in the order of the legend.

        The colors of swatch and mark may differ a little, as in JPEG files or with soft edges.
        """
        return names_by_color(self.canvas, self.legend, colors)

    @property
    def legend_box(self) -> Box | None:
        """Around all legend entries, with the usual padding of a frame."""
        if not self.legend:
            return None
        left, top, right, bottom = around([entry.box for entry in self.legend])
        pad = max(5, self.legend[0].box[3] - self.legend[0].box[1])
        return left - pad, top - pad, right + pad, bottom + pad


def find_layout(canvas: Canvas, phrases: list[Phrase]) -> Layout:
    """Sorts the recognized phrases of a chart with two axes."""
    legend, used = find_legend(canvas, _without_scales(canvas, phrases))
    free = [phrase for phrase in phrases if id(phrase) not in used]
    row = _row_of_ticks(free, canvas)
    column = _column_of_ticks([p for p in free if p not in row], canvas)
    x, y = _ticks(canvas, row, axis=0), _ticks(canvas, column, axis=1)
    if x.scale is None and y.scale is None:
        x, y = _as_digits(canvas, row, x, axis=0), _as_digits(canvas, column, y, axis=1)
    left = max((box[2] for box in y.boxes), default=0)
    bottom = min((box[1] for box in x.boxes), default=canvas.height)
    plot = (left, 0, canvas.width, bottom)
    layout = Layout(x, y, plot, legend, canvas)
    _name(layout, [p for p in free if p not in row and p not in column])
    return layout


def _without_scales(canvas: Canvas, phrases: list[Phrase]) -> list[Phrase]:
    """The phrases that are no numbers along an axis, and so may be names in a legend."""
    found = (_row_of_ticks(phrases, canvas), 0), (_column_of_ticks(phrases, canvas), 1)
    scales = [
        p for labels, axis in found if _ticks(canvas, labels, axis=axis).scale for p in labels
    ]
    return [phrase for phrase in phrases if phrase not in scales]


def find_legend(canvas: Canvas, phrases: list[Phrase]) -> tuple[list[LegendEntry], set[int]]:
    """Phrases with an isolated swatch to their left, and the ids of those phrases."""
    swatches = _swatches(canvas)
    line = float(np.median([phrase.size for phrase in phrases])) if phrases else 0.0
    found = []
    for phrase in phrases:
        if not phrase.upright or not phrase.text:
            continue
        swatch = _swatch_of(phrase, swatches, line)
        if swatch:
            color, box = swatch
            found.append(
                (
                    phrase,
                    LegendEntry(
                        _LONE.get(phrase.text, phrase.text), color, around([box, phrase.box])
                    ),
                )
            )
    found = _one_block(found)
    return [entry for _, entry in found], {id(phrase) for phrase, _ in found}


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


def _swatches(canvas: Canvas) -> list[tuple[int, Box, int]]:
    """Small patches of color: the color, the box, the number of pixels."""
    most = max(60, 0.14 * canvas.width)
    return [
        (color, box, int(canvas.mask(color)[box[1] : box[3], box[0] : box[2]].sum()))
        for color in range(len(canvas.palette))
        if color not in canvas.panels
        for box in components(canvas.mask(color))[1]
        if 2 <= box[2] - box[0] <= most and box[3] - box[1] <= 0.08 * canvas.height + 8
    ]


def _swatch_of(
    phrase: Phrase, swatches: list[tuple[int, Box, int]], line: float
) -> tuple[int, Box] | None:
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
    return color, box


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
            colors = {entry.color for _, entry in mates}
            if len(colors) == len(mates) > len(best):
                best = mates
    return best if len(best) > 1 else []


def _column_of_ticks(phrases: list[Phrase], canvas: Canvas) -> list[Phrase]:
    """The largest set of phrases that end at the same x, in the left part of the picture."""
    upright = [p for p in phrases if p.upright and p.text and p.box[2] < 0.6 * canvas.width]
    return _largest(upright, lambda p: p.box[2], prefer=lambda p: -p.box[2])


def _row_of_ticks(phrases: list[Phrase], canvas: Canvas) -> list[Phrase]:
    """The largest set of phrases on one line (turned ones: that end at one y), low ones first."""
    low = [p for p in phrases if p.text and p.center[1] > 0.4 * canvas.height]
    flat = _largest(
        _split([p for p in low if p.upright]),
        lambda p: p.center[1],
        prefer=lambda p: p.box[1],
    )
    turned = _largest(
        [p for p in low if not p.upright], lambda p: p.box[1], prefer=lambda p: p.box[1]
    )
    return max(flat, turned, key=len)


def _largest(
    phrases: list[Phrase], edge: Callable[[Phrase], float], *, prefer: Callable[[Phrase], float]
) -> list[Phrase]:
    """The most phrases with the same edge; of equally many those that `prefer` ranks first."""
    best: list[Phrase] = []
    for phrase in phrases:
        mates = [
            other
            for other in phrases
            if abs(edge(other) - edge(phrase)) <= max(2.0, 0.35 * phrase.size)
            and 0.6 <= other.size / max(1, phrase.size) <= 1.7
        ]
        if (len(mates), prefer(phrase)) > (len(best), prefer(best[0]) if best else 0):
            best = mates
    return best if len(best) > 1 else []


def _split(phrases: list[Phrase]) -> list[Phrase]:
    """Numbers that stand so close that they looked like one phrase are labels of their own."""
    parts: list[Phrase] = []
    for phrase in phrases:
        numbers = all(read_number(word) is not None for word in phrase.words)
        parts += [Phrase([word]) for word in phrase.words] if numbers else [phrase]
    return parts


def _ticks(canvas: Canvas, phrases: list[Phrase], *, axis: int) -> Ticks:
    phrases = sorted(phrases, key=lambda p: p.center[axis])
    positions = [middle(p.box)[axis] for p in phrases]
    values = [read_number(p.words[0]) if len(p.words) == 1 else None for p in phrases]
    numeric = sum(value is not None for value in values)
    positions = snapped(canvas, positions, [p.box for p in phrases], axis=axis)
    enough = numeric >= max(2, 0.6 * len(values))
    scale = fit_scale(positions, values) if enough else None
    unit = next((u for p in phrases if (u := unit_of(p.text))), None) if scale else None
    return Ticks(
        names=_alike([p.text for p in phrases]),
        positions=positions,
        boxes=[p.box for p in phrases],
        scale=scale,
        unit=unit,
        legible=bool(phrases) and min(p.confidence for p in phrases) >= LEGIBLE,
    )


def _as_digits(canvas: Canvas, phrases: list[Phrase], ticks: Ticks, *, axis: int) -> Ticks:
    """Reads labels again as numbers; kept if they then lie on a scale, as names would not."""
    if len(phrases) < 3:
        return ticks
    again = [Phrase([Word(w.glyphs, w.box) for w in p.words], p.upright) for p in phrases]
    read_phrases(canvas, again, digits=True)
    numbers = _ticks(canvas, again, axis=axis)
    return numbers if numbers.scale else ticks


def _alike(names: list[str]) -> list[str]:
    """Names read in the light of each other: among A, B, C an l is an I, beside A2 Al is A1."""
    letters = [name for name in names if len(name) == 1 and name.isupper()]
    if names and len(letters) >= 0.5 * len(names):
        return [name.translate(_AS_LETTER).upper() if len(name) == 1 else name for name in names]
    numbered = [name for name in names if len(name) > 1 and name[-1].isdigit()]
    if any(name[:-1].isalpha() for name in numbered):
        return [
            name[:-1] + name[-1].translate(_AS_DIGIT)
            if any(name[:-1] == other[:-1] for other in numbered)
            else name
            for name in names
        ]
    return names


_LONE = {"\u00a5": "y", "\u20ac": "c", "\u00d7": "x"}
"""What lone small letters are taken for."""
_AS_LETTER = str.maketrans("l1|0", "IIIO")
_AS_DIGIT = str.maketrans("lIOS", "1105")


def _name(layout: Layout, phrases: list[Phrase]) -> None:
    """Title above, axis labels beside and below, each the largest phrase at its place."""
    x_boxes, y_boxes = layout.x.boxes, layout.y.boxes
    if x_boxes:
        floor = max(box[3] for box in x_boxes)
        below = [p for p in phrases if p.upright and p.box[1] >= floor - 1]
        layout.x_label = _join(below)
    if y_boxes:
        wall = min(box[0] for box in y_boxes)
        beside = [p for p in phrases if not p.upright and p.box[2] <= wall + 1]
        layout.y_label = _join(beside)
        ceiling = min(box[1] for box in y_boxes)
        above = [p for p in phrases if p.upright and p.box[3] <= ceiling + 2]
        if above:
            size = max(p.size for p in above)
            layout.title = _join([p for p in above if p.size >= 0.8 * size])


def _join(phrases: list[Phrase]) -> str | None:
    ordered = sorted(phrases, key=lambda p: (p.box[1] // max(1, p.size), p.box[0]))
    return " ".join(p.text for p in ordered if p.text) or None
