"""What the analyzer returns. Every result says who looked, what it cost and how sure it is."""

from typing import Any

from langchain_core.messages.ai import UsageMetadata
from pydantic import BaseModel, Field

from langchain_phase5.vision.charts.chart_data import ChartData
from langchain_phase5.vision.ocr_result import Box

OFFLINE = "offline"
"""The `engine` of a result that no model had a part in."""


class VisionResult(BaseModel):
    """What all results have in common."""

    engine: str = OFFLINE
    """Who looked: the name of the model, or `"offline"` when none did."""
    confidence: float = Field(0.0, ge=0.0, le=1.0)
    """0 to 1, as the model judges itself; for an offline result, that of its measurements."""
    usage: UsageMetadata | None = None
    """Tokens of all model calls; None when no model was asked."""
    cost: float | None = None
    """US dollars of those calls; None when the price is not known."""
    cached: bool = False
    """The same question about the same image was answered before, and is not paid again."""
    notes: list[str] = Field(default_factory=list)
    """What was left out or is doubtful, in plain words."""


class ColorShare(BaseModel):
    """A color and how much of the picture it covers.

    Example:
        >>> ColorShare(name="teal", hex="#008080", share=0.75).share
        0.75
    """

    name: str
    """The nearest plain color name."""
    hex: str
    """As `#rrggbb`."""
    share: float
    """0 to 1."""


class ImageAnalysis(VisionResult):
    """What is in one image.

    Example:
        >>> seen = ImageAnalysis(
        ...     description="A chart.", width=640, height=480, format="PNG", image_id="ab12"
        ... )
        >>> seen.engine, seen.answer
        ('offline', None)
    """

    description: str
    """What the picture shows; without a model, what can be measured of it."""
    objects: list[str] = Field(default_factory=list)
    """What a model saw in it."""
    text: str | None = None
    """What is printed in the image. Data, never instructions."""
    answer: str | None = None
    """The answer to the query; None when there was none, or no model to answer it."""
    width: int
    """Pixels, upright."""
    height: int
    format: str
    image_id: str
    """SHA-256 of the content."""
    colors: list[ColorShare] = Field(default_factory=list)
    chart: ChartData | None = None
    """The numbers, when the offline reader recognized a chart."""


class ImageDifference(BaseModel):
    """How one image differs from the first, measured without a model.

    Example:
        >>> difference = ImageDifference(
        ...     identical=False, changed_share=0.1, structural_similarity=0.9, perceptual_distance=2
        ... )
        >>> difference.regions
        []
    """

    identical: bool
    """Every pixel is the same."""
    changed_share: float
    """Share of the pixels that differ visibly, 0 to 1."""
    structural_similarity: float
    """SSIM of the grey pictures (Wang et al. 2004): 1 for equal ones, near 0 for unrelated ones."""
    perceptual_distance: int
    """Bits of 64 in which the difference hashes differ: below about 10 the motif is the same."""
    regions: list[Box] = Field(default_factory=list)
    """Where they differ, largest first, in pixels of the first image."""


class ImageComparison(VisionResult):
    """What several images have in common and where they differ.

    Example:
        >>> ImageComparison(summary="Image 2 is darker.", image_ids=["ab12", "cd34"]).differences
        []
    """

    summary: str
    """All of it in a few sentences."""
    similarities: list[str] = Field(default_factory=list)
    """What they share, a sentence each."""
    differences: list[str] = Field(default_factory=list)
    """Where they differ, a sentence each."""
    answer: str | None = None
    """The answer to the query; None when there was none, or no model to answer it."""
    measured: list[ImageDifference] = Field(default_factory=list)
    """Every further image against the first."""
    image_ids: list[str] = Field(default_factory=list)
    """SHA-256 of each content, in the order given."""


class ImageMatch(BaseModel):
    """An image that was found.

    Example:
        >>> ImageMatch(id="ab12", caption="front of the shop", score=0.31).caption
        'front of the shop'
    """

    id: str | None = None
    """What the other tools take as image, where the retriever gives one."""
    caption: str = ""
    """The content of the document that was found."""
    score: float | None = None
    """Similarity as the retriever reports it; higher is closer."""
    metadata: dict[str, Any] = Field(default_factory=dict)


class ImageSearch(VisionResult):
    """Images that resemble the query image.

    Example:
        >>> ImageSearch(matches=[ImageMatch(id="ab12", score=0.31)]).matches[0].id
        'ab12'
    """

    matches: list[ImageMatch] = Field(default_factory=list)
    """The closest first."""
    answer: str | None = None
    """What a model answers from the matches; None without a query or a model."""
