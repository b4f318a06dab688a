"""How the results read to a model that called a tool."""

from langchain_phase5.vision.charts.chart_data import ChartData
from langchain_phase5.vision.ocr_result import OCRResult
from langchain_phase5.vision.results import OFFLINE, ImageAnalysis, ImageComparison, ImageSearch
from langchain_phase5.vision.untrusted import quote_untrusted


def analysis_text(result: ImageAnalysis) -> str:
    """An analysis, the answer first."""
    lines = [f"Answer: {result.answer}"] if result.answer else []
    lines.append(result.description)
    if result.objects:
        lines.append(f"Objects: {', '.join(result.objects)}.")
    lines += _doubts(result.confidence, result.engine, result.notes)
    lines.append(f"Image id: {result.image_id}")
    if result.chart:
        lines += ["Chart data:", quote_untrusted(result.chart.to_markdown())]
    if result.text:
        lines += ["Printed text:", quote_untrusted(result.text)]
    return "\n".join(lines)


def comparison_text(result: ImageComparison) -> str:
    """A comparison, the answer first."""
    lines = [f"Answer: {result.answer}"] if result.answer else []
    lines.append(result.summary)
    if result.engine != OFFLINE:
        lines += [f"In common: {line}" for line in result.similarities]
        lines += [f"Difference: {line}" for line in result.differences]
    for number, measured in enumerate(result.measured, start=2):
        for box in measured.regions[:3]:
            lines.append(
                f"Image {number} differs at x {box.left}-{box.right}, y {box.top}-{box.bottom}."
            )
    return "\n".join([*lines, *_doubts(result.confidence, result.engine, result.notes)])


def chart_text(chart: ChartData) -> str:
    """The table of a chart."""
    reader = "without a model" if chart.engine == OFFLINE else f"by {chart.engine}"
    head = f"A {chart.kind.replace('_', ' ')} chart, read {reader}."
    title = f"Title: {chart.title}\n" if chart.title else ""
    lines = [head, quote_untrusted(title + chart.to_markdown())]
    return "\n".join([*lines, *_doubts(chart.confidence, chart.engine, chart.notes)])


def ocr_text(result: OCRResult) -> str:
    """The text that was read."""
    if not result.text.strip():
        return "No printed text was found in the image."
    head = f"Text read by {result.engine} (confidence {result.confidence:.0%}):"
    return f"{head}\n{quote_untrusted(result.text)}"


def search_text(result: ImageSearch) -> str:
    """The images found, by rank."""
    if not result.matches:
        return "No images were found."
    lines = [f"Answer: {result.answer}"] if result.answer else []
    for rank, match in enumerate(result.matches, start=1):
        score = "" if match.score is None else f" (score {match.score:.3f})"
        lines.append(f"{rank}. {match.caption or 'no caption'}{score}, id {match.id}")
    return quote_untrusted("\n".join(lines))


def _doubts(confidence: float, engine: str, notes: list[str]) -> list[str]:
    lines = [] if engine == OFFLINE else [f"Confidence: {confidence:.0%}."]
    return [*lines, *(f"Note: {note}" for note in notes)]
