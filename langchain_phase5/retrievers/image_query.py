"""What a caller asks the retriever: a text, an image, or both."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from langchain_phase5.retrievers.image_source import ImageSource
from langchain_phase5.retrievers.open_clip_embeddings import OpenCLIPEmbeddings

_TEXT_TYPES = {"text", "input_text"}


@dataclass(frozen=True)
class ImageQuery:
    """A text, an image, or both; at least one of them.

    Attributes:
        text: What to look for in words.
        image: What to look for by example.
    """

    text: str | None = None
    image: ImageSource | None = None

    @classmethod
    def parse(cls, query: Any) -> "ImageQuery":
        """Understand what was handed to `invoke`.

        A `str` is always a text, never a file name, so that a model that writes queries cannot
        read files. Images come as `Path`, `bytes`, PIL image or content block; both together as
        `{"text": ..., "image": ...}` or as a list of content blocks, i.e. a message's content.

        Raises:
            ValueError: It is none of these, or empty.
        """
        if isinstance(query, str) and query.strip():
            return cls(text=query)
        if isinstance(query, Path | bytes | Image.Image):
            return cls(image=query)
        if isinstance(query, Mapping):
            return cls._parse_mapping(query)
        if isinstance(query, list) and query:
            parts = [cls.parse(part) for part in query]
            texts = [part.text for part in parts if part.text]
            images = [part.image for part in parts if part.image is not None]
            if len(images) <= 1:
                return cls(text=" ".join(texts) or None, image=images[0] if images else None)
        msg = (
            "a query is a text, an image (Path, bytes, PIL image or content block), or "
            "{'text': ..., 'image': ...} with one image"
        )
        raise ValueError(msg)

    @classmethod
    def _parse_mapping(cls, query: Mapping[str, Any]) -> "ImageQuery":
        if query.get("type") in _TEXT_TYPES:
            return cls.parse(query.get("text"))
        if "type" in query or "base64" in query or "url" in query:
            return cls(image=query)
        text, image = query.get("text"), query.get("image")
        if text is None and image is None:
            msg = "the query has neither `text` nor `image`"
            raise ValueError(msg)
        return cls(text=text, image=image)

    def embed(self, embeddings: OpenCLIPEmbeddings, *, text_weight: float) -> list[float]:
        """Return the query's vector; of text and image the weighted mean of their directions."""
        parts = []
        if self.text is not None:
            weight = 1.0 if self.image is None else text_weight
            parts.append(weight * np.array(embeddings.embed_query(self.text)))
        if self.image is not None:
            weight = 1.0 if self.text is None else 1 - text_weight
            parts.append(weight * np.array(embeddings.embed_images([self.image])[0]))
        return [float(value) for value in np.sum(parts, axis=0)]
