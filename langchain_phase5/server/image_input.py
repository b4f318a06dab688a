"""The ways in which a request may give an image."""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    WithJsonSchema,
)

from langchain_phase5.vision import ImageSource


def _decoded(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        msg = "no base64; encode the bytes of the file"
        raise ValueError(msg) from None


class InlineImage(BaseModel):
    """The image's file itself: PNG, JPEG, WebP, GIF, TIFF, BMP, HEIF, AVIF or PDF."""

    model_config = ConfigDict(extra="forbid")

    base64: Annotated[
        bytes,
        BeforeValidator(_decoded),
        WithJsonSchema({"type": "string", "format": "byte", "minLength": 4}),
    ]
    """The file in base64; in Python its bytes."""

    @property
    def source(self) -> ImageSource:
        """As the features take it."""
        return self.base64


class ImageAtUrl(BaseModel):
    """An image on the public internet, where the operator lets the service download."""

    model_config = ConfigDict(extra="forbid")

    url: str = Field(
        pattern=r"^https?://[^\s/]+[^\s]*$",
        max_length=2048,
        examples=["https://example.com/photo.jpg"],
    )

    @property
    def source(self) -> ImageSource:
        """As the features take it."""
        return self.url


class KeptImage(BaseModel):
    """An image uploaded before."""

    model_config = ConfigDict(extra="forbid")

    id: str = Field(pattern=r"^[0-9a-f]{64}$", description="What POST /api/v1/images returned")

    @property
    def source(self) -> ImageSource:
        """As the features take it."""
        return self.id


def _kind(value: Any) -> Literal["base64", "url", "id"] | None:
    if isinstance(value, InlineImage):
        return "base64"
    if not isinstance(value, dict):
        return None
    return next((kind for kind in ("base64", "url", "id") if kind in value), None)


ImageInput = Annotated[
    Annotated[InlineImage, Tag("base64")]
    | Annotated[ImageAtUrl, Tag("url")]
    | Annotated[KeptImage, Tag("id")],
    Discriminator(
        _kind,
        custom_error_type="image_input",
        custom_error_message='give an image as {"base64": ...}, {"url": ...} or {"id": ...}',
    ),
]
"""An image in a request: by value, by address or by id. A path is none of these."""
