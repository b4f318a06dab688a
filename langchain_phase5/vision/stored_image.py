"""What an image store knows about one of its images."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class StoredImage(BaseModel):
    """The record of one stored image, kept beside it.

    Example:
        ```python
        from PIL import Image

        from langchain_phase5.vision import ImageStore

        stored = ImageStore("memory://").put(Image.new("RGB", (640, 480), "navy"))
        print(stored.width, stored.mime_type)
        ```
    """

    model_config = ConfigDict(frozen=True)

    image_id: str
    """SHA-256 of the stored bytes, in hexadecimal. It is also the key, so a name cannot lie."""
    mime_type: str
    size: int
    """In bytes."""
    width: int
    """In pixels."""
    height: int
    stored_at: datetime
    """When it was last uploaded."""
    thumbnail_sha256: str
    metadata: dict[str, str] = Field(default_factory=dict)
    """Whatever the uploader wrote about it."""
