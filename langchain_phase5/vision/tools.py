"""The vision tools: each is steps that end in text for the model and a typed result."""

from collections.abc import Callable
from functools import partial
from typing import Any

from langchain_core.tools import BaseTool, StructuredTool, ToolException
from pydantic import BaseModel

from langchain_phase5.sync_or_async import Call, Steps, arun_steps, run_steps, work
from langchain_phase5.vision import tool_arguments as arguments
from langchain_phase5.vision import tool_texts as texts
from langchain_phase5.vision.analyzer import VisionAnalyzer
from langchain_phase5.vision.image_detail import sent_size
from langchain_phase5.vision.online_look import encoded_block
from langchain_phase5.vision.tesseract import TesseractNotFoundError
from langchain_phase5.vision.vision_event import reported
from langchain_phase5.vision.vision_model import VisionModelError

Answer = tuple[str | list[str | dict[str, Any]], Any]
"""Content for the model, and the typed result."""


class VisionTools:
    """Makes the tools around one analyzer."""

    def __init__(self, analyzer: VisionAnalyzer, *, show_images: bool = False) -> None:
        self._analyzer = analyzer
        self._show_images = show_images

    def build(self) -> list[BaseTool]:
        """The tools that this analyzer can serve."""
        tools = [
            self._tool(
                self._analyze,
                "analyze_image",
                "Look at an image: says what it shows, which objects and printed text are in it, "
                "and answers a question about it. Use it whenever an answer depends on a picture.",
                arguments.AnalyzeImageArguments,
            ),
            self._tool(
                self._compare,
                "compare_images",
                "Compare two or more images: says what they share and where they differ, with "
                "measured differences. Use it for before/after, duplicates and visual changes.",
                arguments.CompareImagesArguments,
            ),
            self._tool(
                self._chart,
                "extract_chart_data",
                "Read the numbers off the picture of a chart (bar, line, scatter, pie) as a table. "
                "Use it instead of analyze_image when values are needed, for sums or comparisons.",
                arguments.ExtractChartDataArguments,
            ),
            self._tool(
                self._read_text,
                "read_text",
                "Read printed text in an image or a page of a PDF, word by word (OCR). Use it for "
                "documents, receipts, screenshots and signs. It reads; it does not interpret.",
                arguments.ReadTextArguments,
            ),
        ]
        if self._analyzer.retriever is not None:
            tools.append(
                self._tool(
                    self._search,
                    "search_images",
                    "Find images in the collection by what they show, by an example image, or by "
                    "both. Returns captions and ids that the other tools take as images.",
                    arguments.SearchImagesArguments,
                )
            )
        if self._analyzer.store is not None:
            tools.append(
                self._tool(
                    self._upload,
                    "upload_image",
                    "Keep an image for later. Returns its id, which the other tools take as image. "
                    "The same image uploaded twice is kept once.",
                    arguments.UploadImageArguments,
                )
            )
        return tools

    def _tool(
        self,
        steps: Callable[..., Steps[Answer]],
        name: str,
        description: str,
        schema: type[BaseModel],
    ) -> BaseTool:
        def now(**given: Any) -> Answer:
            return run_steps(_mendable(steps(**given)))

        async def later(**given: Any) -> Answer:
            return await arun_steps(_mendable(steps(**given)))

        return StructuredTool.from_function(
            func=now,
            coroutine=later,
            name=name,
            description=description,
            args_schema=schema,
            response_format="content_and_artifact",
            handle_tool_error=True,
        )

    def _analyze(self, image: str, query: str | None = None, detail: Any = "auto") -> Steps[Answer]:
        if not self._show_images:
            result = yield from self._analyzer.analyze_steps(image, query, detail)
            return texts.analysis_text(result), result
        loaded = yield from self._analyzer.load(image)
        result = yield from self._analyzer.analyze_steps(loaded, query, detail)
        text = texts.analysis_text(result)
        size = sent_size(loaded.width, loaded.height, provider=None, model="", detail=detail)
        block = yield work(encoded_block, loaded, size)
        return [{"type": "text", "text": text}, block], result

    def _compare(self, images: list[str], query: str | None = None) -> Steps[Answer]:
        result = yield from self._analyzer.compare_steps(images, query)
        return texts.comparison_text(result), result

    def _chart(self, image: str) -> Steps[Answer]:
        result = yield from self._analyzer.chart_steps(image)
        return texts.chart_text(result), result

    def _read_text(self, image: str, page: int = 0) -> Steps[Answer]:
        engine = self._analyzer.ocr
        if engine is None:
            msg = f"Text cannot be read here: {self._analyzer.no_ocr}"
            raise ToolException(msg)

        def steps() -> Steps[Answer]:
            loaded = yield from self._analyzer.load(image, page=page)
            result = yield work(engine.read, loaded)
            return texts.ocr_text(result), result

        return (yield from reported("ocr", type(engine).__name__, steps()))

    def _search(
        self, query: str | None = None, image: str | None = None, top_k: int = 5
    ) -> Steps[Answer]:
        if image is not None:
            result = yield from self._analyzer.search_steps(image, top_k, query)
        elif query:
            result = yield from self._analyzer.search_text_steps(query, top_k)
        else:
            msg = "Give search_images a query, an image, or both."
            raise ToolException(msg)
        return texts.search_text(result), result

    def _upload(self, image: str, caption: str | None = None) -> Steps[Answer]:
        store = self._analyzer.store
        if store is None:
            msg = "There is no image store to upload to."
            raise ToolException(msg)

        def steps() -> Steps[Answer]:
            loaded = yield from self._analyzer.load(image)
            metadata = {"caption": caption} if caption else {}
            put = partial(store.put, loaded, metadata=metadata)
            record = yield Call(put, partial(store.aput, loaded, metadata=metadata))
            return f"Stored as image id {record.image_id}.", record

        return (yield from reported("upload", "store", steps()))


def _mendable(steps: Steps[Answer]) -> Steps[Answer]:
    """Turn what the model can mend, or has to do without, into an error message for it."""
    try:
        return (yield from steps)
    except (ImportError, TesseractNotFoundError, ValueError, VisionModelError) as error:
        raise ToolException(str(error)) from error
