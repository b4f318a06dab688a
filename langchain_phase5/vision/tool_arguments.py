"""The arguments of the vision tools, described for the model that fills them in."""

from typing import Literal

from pydantic import BaseModel, Field

IMAGE = (
    "The image: the path of a file, the id of a stored image (64 hex digits), a data URI, "
    "or an http(s) URL where downloading is allowed"
)
EXAMPLES = ["charts/revenue.png", "https://example.com/photo.jpg"]


class AnalyzeImageArguments(BaseModel):
    """Arguments of `analyze_image`."""

    image: str = Field(description=IMAGE, examples=EXAMPLES)
    query: str | None = Field(
        None,
        description="A question about the image; leave out for a general description",
        examples=["How many people are in the picture?"],
    )
    detail: Literal["auto", "low", "high"] = Field(
        "auto", description="'high' for small print and fine structure, 'low' for a quick look"
    )


class CompareImagesArguments(BaseModel):
    """Arguments of `compare_images`."""

    images: list[str] = Field(
        description="Two to 16 images, each a path, stored image id, data URI or URL",
        examples=[["before.png", "after.png"]],
    )
    query: str | None = Field(
        None,
        description="A question about the difference; leave out for a general comparison",
        examples=["Did the button move?"],
    )


class ExtractChartDataArguments(BaseModel):
    """Arguments of `extract_chart_data`."""

    image: str = Field(description=IMAGE, examples=EXAMPLES)


class ReadTextArguments(BaseModel):
    """Arguments of `read_text`."""

    image: str = Field(description=IMAGE, examples=["scans/invoice.pdf"])
    page: int = Field(0, ge=0, description="Page of a PDF or TIFF, counted from 0")


class SearchImagesArguments(BaseModel):
    """Arguments of `search_images`."""

    query: str | None = Field(
        None, description="What the images show, in words", examples=["a red bicycle on a beach"]
    )
    image: str | None = Field(
        None, description="Find images that look like this one. " + IMAGE, examples=EXAMPLES
    )
    top_k: int = Field(5, ge=1, le=50, description="How many images to find")


class UploadImageArguments(BaseModel):
    """Arguments of `upload_image`."""

    image: str = Field(description=IMAGE, examples=EXAMPLES)
    caption: str | None = Field(
        None, description="What the image shows", examples=["Revenue by quarter, 2026"]
    )
