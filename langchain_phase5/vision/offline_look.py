"""Looks at images without a model: measures what can be measured, and says that this is all."""

from collections.abc import Sequence
from functools import partial
from inspect import Parameter, signature
from typing import Any

from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever

from langchain_phase5.sync_or_async import Call, Steps, work
from langchain_phase5.vision.charts.chart_data import ChartData
from langchain_phase5.vision.charts.chart_reader import ChartReader
from langchain_phase5.vision.charts.unreadable import UnreadableChartError
from langchain_phase5.vision.image_difference import measure_difference
from langchain_phase5.vision.image_facts import main_colors
from langchain_phase5.vision.images import LoadedImage
from langchain_phase5.vision.ocr import OCREngine
from langchain_phase5.vision.results import (
    ImageAnalysis,
    ImageComparison,
    ImageDifference,
    ImageMatch,
    ImageSearch,
)
from langchain_phase5.vision.tesseract import TesseractNotFoundError

NO_MODEL = "No model looked at the image: this is what can be measured without one."
NO_ANSWER = "The question was not answered: that takes a model."


def analyze(
    loaded: LoadedImage,
    ocr: OCREngine | str,
    reader: ChartReader | None,
    *,
    query: str | None,
) -> Steps[ImageAnalysis]:
    """Size, colors, printed text and, when it is a clean chart, its numbers.

    Args:
        loaded: The image.
        ocr: Reads the text, or the reason why there is none to do so.
        reader: Reads charts.
        query: A question, which nobody here can answer.
    """
    result: ImageAnalysis = yield work(_analysis, loaded, ocr, reader, query)
    return result


def _analysis(
    loaded: LoadedImage, ocr: OCREngine | str, reader: ChartReader | None, query: str | None
) -> ImageAnalysis:
    notes = [NO_MODEL] + ([NO_ANSWER] if query else [])
    colors = main_colors(loaded.image)
    chart = _chart_or_none(loaded, reader)
    text = None
    if isinstance(ocr, str):
        notes.append(f"Printed text was not read: {ocr}")
    else:
        text = ocr.read(loaded).text.strip() or None
    mainly = ", ".join(f"{one.name} ({one.share:.0%})" for one in colors[:3])
    description = f"A {loaded.width} x {loaded.height} picture ({loaded.format}), mainly {mainly}."
    if chart:
        description += f" It is a {chart.kind.replace('_', ' ')} chart."
    if text:
        description += f" It has printed text of {len(text.split())} words."
    return ImageAnalysis(
        description=description,
        text=text,
        width=loaded.width,
        height=loaded.height,
        format=loaded.format,
        image_id=loaded.sha256,
        colors=colors,
        chart=chart,
        confidence=1.0,
        notes=notes,
    )


def _chart_or_none(loaded: LoadedImage, reader: ChartReader | None) -> ChartData | None:
    if reader is None:
        return None
    try:
        return reader.read(loaded.image)
    except (UnreadableChartError, ImportError, TesseractNotFoundError):
        return None


def read_chart(loaded: LoadedImage, reader: ChartReader | None) -> Steps[ChartData]:
    """The offline reading of a chart.

    Raises:
        UnreadableChartError: It is not sure, or there is no reader.
    """
    if reader is None:
        msg = "there is neither a model nor an offline reader to read charts"
        raise UnreadableChartError(msg)
    chart: ChartData = yield work(lambda: reader.read(loaded.image))
    return chart


def compare(loaded: Sequence[LoadedImage], *, query: str | None) -> Steps[ImageComparison]:
    """Measures every image against the first."""
    result: ImageComparison = yield work(_comparison, loaded, query)
    return result


def _comparison(loaded: Sequence[LoadedImage], query: str | None) -> ImageComparison:
    first, *others = loaded
    measured = [measure_difference(first.image, other.image) for other in others]
    lines = [_in_words(number, one) for number, one in enumerate(measured, start=2)]
    return ImageComparison(
        summary=" ".join(lines),
        similarities=[line for line, one in zip(lines, measured, strict=True) if one.identical],
        differences=[line for line, one in zip(lines, measured, strict=True) if not one.identical],
        measured=measured,
        image_ids=[one.sha256 for one in loaded],
        confidence=1.0,
        notes=[NO_MODEL] + ([NO_ANSWER] if query else []),
    )


def _in_words(number: int, measured: ImageDifference) -> str:
    if measured.identical:
        return f"Image {number} is identical to image 1, pixel by pixel."
    count = len(measured.regions)
    where = f" in {count} {'region' if count == 1 else 'regions'}" if count else ""
    return (
        f"Image {number} differs from image 1 in {measured.changed_share:.1%} of the pixels{where} "
        f"(structural similarity {measured.structural_similarity:.2f})."
    )


def search(retriever: BaseRetriever, question: Any, *, top_k: int) -> Steps[ImageSearch]:
    """Asks the retriever: `question` is a text, or a mapping with `image` and perhaps `text`."""
    how_many: dict[str, Any] = {"k": top_k} if _takes_k(retriever) else {}
    now = partial(retriever.invoke, question, **how_many)
    native = type(retriever)._aget_relevant_documents is not _DEFAULT  # noqa: SLF001 - see below
    later = partial(retriever.ainvoke, question, **how_many)
    call = Call(now, later) if native else work(now)
    found: list[Document] = yield call
    return ImageSearch(matches=[to_match(document) for document in found[:top_k]], confidence=1.0)


_DEFAULT = BaseRetriever._aget_relevant_documents  # noqa: SLF001 - it refuses the argument `k`


def _takes_k(retriever: BaseRetriever) -> bool:
    given = signature(retriever._get_relevant_documents).parameters  # noqa: SLF001 - the extension point
    return "k" in given or any(one.kind is Parameter.VAR_KEYWORD for one in given.values())


def to_match(document: Document) -> ImageMatch:
    """A document of an image retriever as a match."""
    score = document.metadata.get("score")
    return ImageMatch(
        id=document.id,
        caption=document.page_content,
        score=float(score) if isinstance(score, int | float) else None,
        metadata=document.metadata,
    )
