"""`VisionAnalyzer`: looks at images, with a chat model or without one."""

import copy
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, TypeVar

from langchain_core.language_models import BaseChatModel
from langchain_core.retrievers import BaseRetriever
from pydantic import BaseModel

from langchain_phase5.sync_or_async import Call, Steps, arun_steps, run_steps
from langchain_phase5.vision import offline_look, online_look
from langchain_phase5.vision.charts.chart_data import ChartData
from langchain_phase5.vision.charts.chart_reader import ChartReader
from langchain_phase5.vision.image_detail import Detail, estimated_tokens
from langchain_phase5.vision.images import DEFAULT_LIMITS, LoadedImage, aload_image, load_image
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.ocr import OCREngine
from langchain_phase5.vision.result_cache import ResultCache
from langchain_phase5.vision.results import ImageAnalysis, ImageComparison, ImageSearch
from langchain_phase5.vision.sources import ImageSource
from langchain_phase5.vision.tesseract import TesseractNotFoundError
from langchain_phase5.vision.vision_event import reported
from langchain_phase5.vision.vision_model import VisionModel

if TYPE_CHECKING:
    from langchain_phase5.prices import Overrides
    from langchain_phase5.vision.fetch import ImageFetcher
    from langchain_phase5.vision.image_store import ImageStore

Result = TypeVar("Result", bound=BaseModel)

AnyImage = ImageSource | LoadedImage
FEWEST_IMAGES, MOST_IMAGES = 2, 16
"""Images in one comparison."""


class VisionAnalyzer:
    """Analyzes and compares images, reads charts and finds similar images.

    With a model, answers come by structured output and are checked; the model may be any LangChain
    chat model that takes images. Without one (`model=None`) what can be measured is answered: size,
    colors, printed text, charts, differences. Such a result has `engine="offline"`.

    Every method has a `..._sync` twin. The same question about the same image (by content) is
    answered from a cache.

    !!! example

        ```python
        from PIL import Image

        from langchain_phase5.vision import VisionAnalyzer

        analyzer = VisionAnalyzer()  # or VisionAnalyzer("openai:gpt-4o")
        seen = analyzer.analyze_image_sync(Image.new("RGB", (320, 200), "teal"))
        print(seen.engine, seen.description)
        ```
    """

    def __init__(
        self,
        model: str | BaseChatModel | None = None,
        *,
        ocr: "OCREngine | Literal['auto'] | None" = "auto",
        retriever: BaseRetriever | None = None,
        chart_reader: ChartReader | Literal["auto"] | None = "auto",
        store: "ImageStore | None" = None,
        fetcher: "ImageFetcher | None" = None,
        roots: Sequence[str | Path] = (),
        limits: ImageLimits = DEFAULT_LIMITS,
        cache_size: int = 256,
        max_repairs: int = 1,
        prices: "Overrides | None" = None,
    ) -> None:
        """Sets up; nothing is loaded or asked yet.

        Args:
            model: A chat model, or a name such as `"openai:gpt-4o"` for `init_chat_model`; None
                works offline.
            ocr: Reads printed text when no model looks; `"auto"` uses Tesseract if it is there.
            retriever: Searches images, for example a `CLIPImageRetriever`.
            chart_reader: Reads clean charts without a model, and checks the model's reading.
            store: Where stored image ids are looked up.
            fetcher: Downloads URLs; without one they are refused.
            roots: Folders that paths given as text may name.
            limits: What one image may cost.
            cache_size: How many results to keep; 0 keeps none.
            max_repairs: How often a malformed answer is sent back to the model.
            prices: Own prices; see `langchain_phase5.prices`.

        Raises:
            ImportError: The package of the model's provider is not installed.
            ValueError: The name of the model is not understood.
        """
        self._model = _vision_model(model, max_repairs, prices)
        self.retriever = retriever
        self.chart_reader = ChartReader() if chart_reader == "auto" else chart_reader
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

    def estimate_tokens(self, width: int, height: int, detail: Detail = "auto") -> int:
        """About how many input tokens an image of that size takes; 0 when no model looks."""
        if self._model is None:
            return 0
        return estimated_tokens(
            width, height, provider=self._model.provider, model=self._model.name, detail=detail
        )

    @property
    def engine(self) -> str:
        """The name of the model, or `"offline"`."""
        return self._model.name if self._model else "offline"

    async def analyze_image(
        self, image: AnyImage, query: str | None = None, detail: Detail = "auto"
    ) -> ImageAnalysis:
        """Describes an image and, given a query, answers it.

        Args:
            image: Bytes, path, PIL image, data URI, URL, content block or stored image id.
            query: A question about the image.
            detail: How many pixels the model gets: `"low"`, `"high"` or `"auto"`.

        Raises:
            ImageError: The image is not allowed, missing, too large or broken.
            VisionModelError: The model gave no valid answer.
        """
        return await arun_steps(self.analyze_steps(image, query, detail))

    def analyze_image_sync(
        self, image: AnyImage, query: str | None = None, detail: Detail = "auto"
    ) -> ImageAnalysis:
        """`analyze_image`, blocking."""
        return run_steps(self.analyze_steps(image, query, detail))

    async def compare_images(
        self, images: Sequence[AnyImage], query: str | None = None
    ) -> ImageComparison:
        """Says what images have in common and where they differ, with measured differences.

        Args:
            images: Two to 16 of them; the first is the one the others are measured against.
            query: A question about the difference.

        Raises:
            ImageError: An image is not allowed, missing, too large or broken.
            ValueError: Fewer than two images, or too many.
            VisionModelError: The model gave no valid answer.
        """
        return await arun_steps(self.compare_steps(images, query))

    def compare_images_sync(
        self, images: Sequence[AnyImage], query: str | None = None
    ) -> ImageComparison:
        """`compare_images`, blocking."""
        return run_steps(self.compare_steps(images, query))

    async def extract_chart_data(self, image: AnyImage) -> ChartData:
        """The numbers behind a chart, checked against the picture.

        Raises:
            ImageError: The image is not allowed, missing, too large or broken.
            UnreadableChartError: No model is set and the offline reader is not sure.
            VisionModelError: The model gave no valid answer.
        """
        return await arun_steps(self.chart_steps(image))

    def extract_chart_data_sync(self, image: AnyImage) -> ChartData:
        """`extract_chart_data`, blocking."""
        return run_steps(self.chart_steps(image))

    async def image_rag_search(
        self, query_image: AnyImage, top_k: int = 5, query: str | None = None
    ) -> ImageSearch:
        """Finds images like this one and, with a model and a query, answers from what was found.

        Args:
            query_image: What to look for.
            top_k: How many images to find.
            query: Narrows the search, and is answered by the model.

        Raises:
            ImageError: The image is not allowed, missing, too large or broken.
            ValueError: No retriever is set, or `top_k` is not positive.
        """
        return await arun_steps(self.search_steps(query_image, top_k, query))

    def image_rag_search_sync(
        self, query_image: AnyImage, top_k: int = 5, query: str | None = None
    ) -> ImageSearch:
        """`image_rag_search`, blocking."""
        return run_steps(self.search_steps(query_image, top_k, query))

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


def _vision_model(
    model: str | BaseChatModel | None, max_repairs: int, prices: "Overrides | None"
) -> VisionModel | None:
    if model is None:
        return None
    if isinstance(model, str):
        from langchain.chat_models import init_chat_model  # noqa: PLC0415 - it takes seconds

        model = init_chat_model(model)
    return VisionModel(model, max_repairs=max_repairs, prices=prices)
