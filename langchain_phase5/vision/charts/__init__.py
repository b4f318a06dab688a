"""Read the numbers off the picture of a chart, by geometry and with no model."""

from langchain_phase5.vision.charts.chart_data import (
    ChartAxis,
    ChartData,
    ChartPoint,
    ChartSeries,
)
from langchain_phase5.vision.charts.chart_reader import ChartReader
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

__all__ = [
    "ChartAxis",
    "ChartData",
    "ChartPoint",
    "ChartReader",
    "ChartSeries",
    "UnreadableChartError",
]
