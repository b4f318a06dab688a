"""`ChartReader`: reads the numbers off the picture of a clean chart, without a model."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from langchain_phase5.vision.charts._bar_chart import read_bars
from langchain_phase5.vision.charts._canvas import make_canvas
from langchain_phase5.vision.charts._layout import find_layout
from langchain_phase5.vision.charts._pie_chart import find_disc, read_pie
from langchain_phase5.vision.charts._point_chart import read_points
from langchain_phase5.vision.charts._powers import spell_powers
from langchain_phase5.vision.charts._reading import read_phrases
from langchain_phase5.vision.charts._slanted_labels import with_slanted
from langchain_phase5.vision.charts._words import find_phrases
from langchain_phase5.vision.charts.chart_data import ChartData
from langchain_phase5.vision.charts.unreadable import UnreadableChartError
from langchain_phase5.vision.images import DEFAULT_LIMITS, LoadedImage, load_image
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.sources import ImageSource

if TYPE_CHECKING:
    from langchain_phase5.vision.fetch import ImageFetcher
    from langchain_phase5.vision.image_store import ImageStore


class ChartReader:
    """Reads clean charts by geometry: tick labels give the scale, marks give the values.

    What it cannot read surely it refuses with `UnreadableChartError`, because a number that looks
    right and is wrong does harm. Photographs, 3-D charts and hand drawings are refused.

    !!! example

        ```python
        from langchain_phase5.vision import ChartData, ChartReader

        drawn = ChartData(
            kind="bar",
            series=[{"points": [{"x": "North", "y": 12.0}, {"x": "South", "y": 30.0}]}],
        ).redraw()
        print(ChartReader().read(drawn).to_markdown())
        ```
    """

    def __init__(
        self,
        *,
        limits: ImageLimits = DEFAULT_LIMITS,
        roots: Sequence[str | Path] = (),
        fetcher: "ImageFetcher | None" = None,
        store: "ImageStore | None" = None,
    ) -> None:
        """Say what pictures may be read.

        Args:
            limits: What an image may cost.
            roots: Folders that paths may name; see `load_image`.
            fetcher: Downloads URLs; without one they are refused.
            store: Holds stored images; without one their ids are refused.
        """
        self._load = partial(load_image, limits=limits, roots=roots, fetcher=fetcher, store=store)

    def read(self, image: ImageSource | LoadedImage) -> ChartData:
        """The data of a chart.

        Args:
            image: In any form and mode; transparent parts are taken as white.

        Raises:
            ImageError: The image cannot be loaded; the message says why.
            UnreadableChartError: The chart cannot be read surely; the message says why.
            ImportError: pytesseract or SciPy is not installed.
            RuntimeError: The Tesseract program is not installed.
        """
        if not isinstance(image, Image.Image):
            image = (image if isinstance(image, LoadedImage) else self._load(image)).image
        canvas = make_canvas(image)
        phrases = find_phrases(canvas)
        if not phrases:
            msg = "there is no print in the picture"
            raise UnreadableChartError(msg)
        phrases.sort(key=lambda p: (p.upright, p.box[3] // 4 if p.upright else p.box[1], p.box[0]))
        read_phrases(canvas, phrases)
        phrases = with_slanted(canvas, phrases)
        spell_powers(canvas, phrases)
        disc = find_disc(canvas)
        if disc:
            return read_pie(canvas, phrases, disc)
        layout = find_layout(canvas, phrases)
        try:
            return read_bars(canvas, layout)
        except UnreadableChartError as no_bars:
            if not layout.y.scale:
                raise
            try:
                return read_points(canvas, layout)
            except UnreadableChartError as no_points:
                msg = f"{no_bars.reason}, and {no_points.reason}"
                raise UnreadableChartError(msg) from no_points
