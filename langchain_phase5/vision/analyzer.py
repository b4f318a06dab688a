"""`VisionAnalyzer`: looks at images, with a chat model or without one."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from langchain_core.language_models import BaseChatModel
from langchain_core.retrievers import BaseRetriever

from langchain_phase5.sync_or_async import arun_steps, run_steps
from langchain_phase5.vision.charts.chart_data import ChartData
from langchain_phase5.vision.charts.chart_reader import ChartReader
from langchain_phase5.vision.image_detail import Detail, estimated_tokens
from langchain_phase5.vision.images import DEFAULT_LIMITS
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.ocr import OCREngine
from langchain_phase5.vision.results import ImageAnalysis, ImageComparison, ImageSearch
from langchain_phase5.vision.vision_model import VisionModel
from langchain_phase5.vision.vision_steps import AnyImage, VisionSteps

if TYPE_CHECKING:
    from langchain_phase5.prices import Overrides
    from langchain_phase5.vision.fetch import ImageFetcher
    from langchain_phase5.vision.image_store import ImageStore


class VisionAnalyzer(VisionSteps):
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
        super().__init__(
            _vision_model(model, max_repairs, prices),
            ocr=ocr,
            retriever=retriever,
            chart_reader=ChartReader() if chart_reader == "auto" else chart_reader,
            store=store,
            fetcher=fetcher,
            roots=roots,
            limits=limits,
            cache_size=cache_size,
        )

    def estimate_tokens(self, width: int, height: int, detail: Detail = "auto") -> int:
        """About how many input tokens an image of that size takes; 0 when no model looks."""
        if self._model is None:
            return 0
        return estimated_tokens(
            width, height, provider=self._model.provider, model=self._model.name, detail=detail
        )

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


def _vision_model(
    model: str | BaseChatModel | None, max_repairs: int, prices: "Overrides | None"
) -> VisionModel | None:
    if model is None:
        return None
    if isinstance(model, str):
        from langchain.chat_models import init_chat_model  # noqa: PLC0415 - it takes seconds

        model = init_chat_model(model)
    return VisionModel(model, max_repairs=max_repairs, prices=prices)
