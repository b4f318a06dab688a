"""Which printed words are tick labels, titles and legend entries, and where the plot is."""

from dataclasses import dataclass

from langchain_phase5.vision.charts._canvas import Box, Canvas
from langchain_phase5.vision.charts._crossed_names import find_crossed_names
from langchain_phase5.vision.charts._legend import LegendEntry, find_legend, names_by_color
from langchain_phase5.vision.charts._offset_text import with_offset_text
from langchain_phase5.vision.charts._phrase import Phrase, around
from langchain_phase5.vision.charts._reading import confirm_names, read_phrases
from langchain_phase5.vision.charts._tick_labels import (
    Ticks,
    as_digits,
    column_of_ticks,
    make_ticks,
    renamed,
    row_of_ticks,
)
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

DOUBTFUL = 0.5
"""Confidence (0 to 1) of a name that only half of its readings agree on."""
ILLEGIBLE = 0.25
"""The same where no two of four readings agree."""


@dataclass
class Layout:
    """The parts of a chart around its marks."""

    x: Ticks
    y: Ticks
    plot: Box
    """Where the marks may be."""
    legend: list[LegendEntry]
    canvas: Canvas
    print: list[Box]
    """Every phrase, whatever it is."""
    doubtful: list[str]
    """Names that are read differently in different sizes."""
    title: str | None = None
    x_label: str | None = None
    y_label: str | None = None

    @property
    def notes(self) -> list[str]:
        """What a reader of the data should know about the print."""
        return [f"The name {name!r} may be misread." for name in self.doubtful]

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
    """Sorts the recognized phrases of a chart with two axes.

    Raises:
        UnreadableChartError: A name in the legend or the factor of an axis is not legible.
    """
    legend, used = find_legend(canvas, _without_scales(canvas, phrases))
    free = [phrase for phrase in phrases if id(phrase) not in used]
    row = row_of_ticks(free, canvas)
    column = column_of_ticks([p for p in free if p not in row], canvas)
    x, y = make_ticks(canvas, row, axis=0), make_ticks(canvas, column, axis=1)
    if x.scale is None and (y.scale is None or x.look_numeric):
        x = as_digits(canvas, row, x, axis=0)
    if y.scale is None and (x.scale is None or y.look_numeric):
        y = as_digits(canvas, column, y, axis=1)
    names = (row if x.scale is None else []) + (column if y.scale is None else [])
    names += [entry.phrase for entry in legend]
    read_phrases(canvas, find_crossed_names(canvas, legend))
    confirm_names(canvas, names)
    for entry in legend:
        entry.reread()
    if any(entry.phrase.confidence <= ILLEGIBLE for entry in legend):
        msg = "a name in the legend is not legible"
        raise UnreadableChartError(msg)
    x = renamed(x, row, axis=0) if x.scale is None else x
    y = renamed(y, column, axis=1) if y.scale is None else y
    others = [p for p in free if p not in row and p not in column]
    y = with_offset_text(canvas, y, others, axis=1)
    x = with_offset_text(canvas, x, others, axis=0)
    left = max((box[2] for box in y.boxes), default=0)
    bottom = min((box[1] for box in x.boxes), default=canvas.height)
    plot = (left, 0, canvas.width, bottom)
    boxes = [phrase.box for phrase in phrases]
    doubtful = [phrase.text for phrase in names if phrase.confidence <= DOUBTFUL]
    layout = Layout(x, y, plot, legend, canvas, boxes, doubtful)
    _name(layout, others)
    return layout


def _without_scales(canvas: Canvas, phrases: list[Phrase]) -> list[Phrase]:
    """The phrases that are no numbers along an axis, and so may be names in a legend."""
    found = (row_of_ticks(phrases, canvas), 0), (column_of_ticks(phrases, canvas), 1)
    scales = [
        p for labels, axis in found if make_ticks(canvas, labels, axis=axis).scale for p in labels
    ]
    return [phrase for phrase in phrases if phrase not in scales]


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
