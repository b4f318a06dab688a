"""`ChartData`: the numbers behind a chart, as a model or the offline reader saw them."""

import csv
import io
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.messages.ai import UsageMetadata
from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import pandas as pd
    from PIL import Image

ChartKind = Literal[
    "bar", "grouped_bar", "stacked_bar", "histogram", "line", "area", "scatter", "pie", "other"
]
AxisScale = Literal["linear", "log", "category", "time"]


class ChartAxis(BaseModel):
    """One axis: what it measures and the range its ticks show."""

    model_config = ConfigDict(extra="ignore")

    label: str | None = Field(None, description="Axis title as printed, without the unit")
    unit: str | None = Field(None, description="Unit as printed, for example 'USD', '%', 'kg'")
    scale: AxisScale = Field("linear", description="'category' for names, 'time' for dates")
    minimum: float | None = Field(None, description="Lowest tick value; null for categories")
    maximum: float | None = Field(None, description="Highest tick value; null for categories")


class ChartPoint(BaseModel):
    """One value of a series."""

    x: float | str = Field(description="Category name as printed, or the number on the x axis")
    y: float = Field(description="The value; for a pie, the share in percent or printed value")


class ChartSeries(BaseModel):
    """The points that share one color or one legend entry."""

    name: str | None = Field(None, description="Legend entry; null for a single unnamed series")
    points: list[ChartPoint] = Field(default_factory=list)


class ChartContent(BaseModel):
    """What a chart says: the part of `ChartData` that a model fills in."""

    model_config = ConfigDict(extra="ignore")

    kind: ChartKind = Field(description="What sort of chart it is")
    title: str | None = Field(None, description="Title as printed")
    x_axis: ChartAxis = Field(default_factory=ChartAxis)
    y_axis: ChartAxis = Field(default_factory=ChartAxis)
    series: list[ChartSeries] = Field(default_factory=list)
    confidence: float = Field(
        0.5, ge=0.0, le=1.0, description="How sure the reading is, 0 to 1: be honest"
    )
    notes: list[str] = Field(
        default_factory=list, description="Doubts: hidden points, guessed values, cut labels"
    )


class ChartData(ChartContent):
    """The data read from the picture of a chart.

    `x` always names the category or the independent value and `y` the measured one, so horizontal
    bars and vertical bars with the same data give the same `ChartData`.

    !!! example

        ```python
        from langchain_phase5.vision import ChartData

        chart = ChartData(
            kind="bar",
            series=[{"points": [{"x": "2024", "y": 12.5}, {"x": "2025", "y": 14.0}]}],
        )
        print(chart.to_markdown())
        ```
    """

    engine: str = "unknown"
    """Who read it: `"offline"` or the name of the model."""
    usage: UsageMetadata | None = None
    """Tokens the reading took; None when no model was asked."""
    cost: float | None = None
    """US dollars; None when not known."""

    def records(self) -> list[dict[str, Any]]:
        """The points as flat rows with the keys `series`, `x` and `y`."""
        return [
            {"series": series.name, "x": point.x, "y": point.y}
            for series in self.series
            for point in series.points
        ]

    def to_dataframe(self) -> "pd.DataFrame":
        """A table with one row per point and the columns `series`, `x`, `y`.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            msg = "to_dataframe() needs pandas: pip install 'langchain-phase5[eval]'"
            raise ImportError(msg) from error
        return pd.DataFrame(self.records(), columns=["series", "x", "y"])

    def to_markdown(self) -> str:
        """A Markdown table: one row per `x`, one column per series."""
        header, rows = self._wide()
        lines = [header, ["---"] * len(header), *rows]
        return "\n".join(
            "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |"
            for line in lines
        )

    def to_csv(self) -> str:
        """The table of `to_markdown` as CSV.

        A text cell that a spreadsheet would run as a formula gets a leading apostrophe: labels
        come from an image, so they may come from an attacker.
        """
        header, rows = self._wide()
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerows([[_inert(cell) for cell in line] for line in [header, *rows]])
        return out.getvalue()

    def redraw(self) -> "Image.Image":
        """Plots what was read, so that the two pictures can be compared by eye.

        Raises:
            ImportError: matplotlib is not installed.
        """
        from langchain_phase5.vision.charts.chart_drawing import draw_chart  # noqa: PLC0415 - they import each other

        return draw_chart(self)

    def _wide(self) -> tuple[list[str], list[list[str]]]:
        names = [series.name or self.y_axis.label or "value" for series in self.series]
        keys = list(dict.fromkeys(_text(p.x) for series in self.series for p in series.points))
        columns = [{_text(p.x): _text(p.y) for p in series.points} for series in self.series]
        if any(len(c) < len(s.points) for c, s in zip(columns, self.series, strict=True)):
            return self._long()  # an x that occurs twice in a series would lose a value
        rows = [[key, *(column.get(key, "") for column in columns)] for key in keys]
        return [self.x_axis.label or "x", *names], rows

    def _long(self) -> tuple[list[str], list[list[str]]]:
        rows = [[r["series"] or "", _text(r["x"]), _text(r["y"])] for r in self.records()]
        return ["series", self.x_axis.label or "x", self.y_axis.label or "y"], rows


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.10g}"


def _inert(cell: str) -> str:
    try:
        float(cell)
    except ValueError:
        return f"'{cell}" if cell[:1] in set("=+-@\t\r") else cell
    return cell
