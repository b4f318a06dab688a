"""What an analyzer does, as steps: the analyzer takes them, and tools build on them."""

import copy
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from langchain_core.retrievers import BaseRetriever
from pydantic import BaseModel

from langchain_phase5.sync_or_async import Call, Steps
from langchain_phase5.vision import offline_look, online_look
from langchain_phase5.vision.charts.chart_data import ChartData
from langchain_phase5.vision.charts.chart_reader import ChartReader
from langchain_phase5.vision.image_detail import Detail
from langchain_phase5.vision.images import LoadedImage, aload_image, load_image
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.ocr import OCREngine
from langchain_phase5.vision.result_cache import ResultCache
from langchain_phase5.vision.results import ImageAnalysis, ImageComparison, ImageSearch
from langchain_phase5.vision.sources import ImageSource
from langchain_phase5.vision.tesseract import TesseractNotFoundError
from langchain_phase5.vision.vision_event import reported
from langchain_phase5.vision.vision_model import VisionModel

if TYPE_CHECKING:
    from langchain_phase5.vision.fetch import ImageFetcher
    from langchain_phase5.vision.image_store import ImageStore

Result = TypeVar("Result", bound=BaseModel)

AnyImage = ImageSource | LoadedImage
FEWEST_IMAGES, MOST_IMAGES = 2, 16
"""Images in one comparison."""


class VisionSteps:
    """Loads images under one set of rules, and looks at them with a model or without."""

    def __init__(
        self,
        model: VisionModel | None,
        *,
        ocr: "OCREngine | Literal['auto'] | None",
        retriever: BaseRetriever | None,
        chart_reader: ChartReader | None,
        store: "ImageStore | None",
        fetcher: "ImageFetcher | None",
        roots: Sequence[str | Path],
        limits: ImageLimits,
        cache_size: int,
    ) -> None:
        """Keeps what `VisionAnalyzer` was given."""
        self._model = model
        self.retriever = retriever
        self.chart_reader = chart_reader
        self.store = store
        self._ocr = ocr
        self.no_ocr = "it is switched off: VisionAnalyzer(ocr=None)"
        self._load: dict[str, Any] = {
            "store": store,
            "fetcher": fetcher,
            "roots": tuple(roots),
            "limits": limits,
        }
        self._cache = ResultCache(cache_size)

    @property
    def engine(self) -> str:
        """The name of the model, or `"offline"`."""
        return self._model.name if self._model else "offline"

    def with_sources(
        self,
        *,
        store: "ImageStore | None" = None,
        retriever: BaseRetriever | None = None,
        roots: Sequence[str | Path] = (),
        fetcher: "ImageFetcher | None" = None,
    ) -> Self:
        """The same analyzer with what is given in place of its own; model and cache are shared."""
        twin = copy.copy(self)
        given = {"store": store, "roots": tuple(roots), "fetcher": fetcher}
        kept = {name: value for name, value in given.items() if value}
        twin._load = self._load | kept  # noqa: SLF001 - its own
        twin.store = store or self.store
        twin.retriever = retriever or self.retriever
        return twin

    @property
    def ocr(self) -> "OCREngine | None":
        """Reads printed text; None where none can be had, for which `no_ocr` is the reason."""
        if self._ocr == "auto":
            try:
                self._ocr = OCREngine()
            except (ImportError, TesseractNotFoundError) as error:
                self._ocr, self.no_ocr = None, str(error)
        return self._ocr

    def _searcher(self, top_k: int) -> BaseRetriever:
        if self.retriever is None:
            msg = (
                "image search needs a retriever: VisionAnalyzer(retriever=CLIPImageRetriever(...))"
            )
            raise ValueError(msg)
        if top_k < 1:
            msg = f"top_k has to be at least 1, not {top_k}"
            raise ValueError(msg)
        return self.retriever

    def load(self, image: AnyImage, *, page: int = 0) -> Steps[LoadedImage]:
        """Loads an image under this analyzer's rules, as steps.

        Args:
            image: Anything `analyze_image` takes; an image that is loaded already passes.
            page: Page of a PDF or TIFF, frame of an animation, counted from 0.
        """
        if isinstance(image, LoadedImage):
            return image
        arguments = {**self._load, "frame": page}
        loaded: LoadedImage = yield Call(
            partial(load_image, image, **arguments), partial(aload_image, image, **arguments)
        )
        return loaded

    def analyze_steps(
        self, image: AnyImage, query: str | None, detail: Detail
    ) -> Steps[ImageAnalysis]:
        """The computation behind `analyze_image`."""

        def look(loaded: LoadedImage) -> Steps[ImageAnalysis]:
            if self._model:
                return online_look.analyze(self._model, loaded, query=query, detail=detail)
            return offline_look.analyze(
                loaded, self.ocr or self.no_ocr, self.chart_reader, query=query
            )

        return (
            yield from reported(
                "analyze", self.engine, self._one(image, look, "analyze", query, detail)
            )
        )

    def chart_steps(self, image: AnyImage) -> Steps[ChartData]:
        """The computation behind `extract_chart_data`."""

        def look(loaded: LoadedImage) -> Steps[ChartData]:
            if self._model:
                return online_look.read_chart(self._model, loaded, self.chart_reader)
            return offline_look.read_chart(loaded, self.chart_reader)

        return (yield from reported("chart", self.engine, self._one(image, look, "chart")))

    def _one(
        self, image: AnyImage, look: Callable[[LoadedImage], Steps[Result]], *question: Any
    ) -> Steps[Result]:
        loaded = yield from self.load(image)
        return (yield from self._cache.through((*question, loaded.key), lambda: look(loaded)))

    def compare_steps(
        self, images: Sequence[AnyImage], query: str | None
    ) -> Steps[ImageComparison]:
        """The computation behind `compare_images`."""
        if not FEWEST_IMAGES <= len(images) <= MOST_IMAGES:
            msg = f"compare_images takes {FEWEST_IMAGES} to {MOST_IMAGES} images, not {len(images)}"
            raise ValueError(msg)

        def steps() -> Steps[ImageComparison]:
            loaded = []
            for image in images:
                loaded.append((yield from self.load(image)))  # noqa: PERF401 - a yield
            key = ("compare", query, *(one.key for one in loaded))
            return (yield from self._cache.through(key, lambda: self._comparison(loaded, query)))

        return (yield from reported("compare", self.engine, steps()))

    def _comparison(
        self, loaded: Sequence[LoadedImage], query: str | None
    ) -> Steps[ImageComparison]:
        measured = yield from offline_look.compare(loaded, query=query)
        if self._model is None:
            return measured
        return (yield from online_look.compare(self._model, loaded, measured, query=query))

    def search_text_steps(self, query: str, top_k: int) -> Steps[ImageSearch]:
        """Finds images by words, as steps."""
        return (yield from offline_look.search(self._searcher(top_k), query, top_k=top_k))

    def search_steps(self, image: AnyImage, top_k: int, query: str | None) -> Steps[ImageSearch]:
        """The computation behind `image_rag_search`."""
        retriever = self._searcher(top_k)
        loaded = yield from self.load(image)
        question = {"image": loaded.image} | ({"text": query} if query else {})
        found = yield from offline_look.search(retriever, question, top_k=top_k)
        if self._model is None or query is None:
            return found
        return (yield from online_look.answer_from(self._model, loaded, found, query=query))
