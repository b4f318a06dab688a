"""A small picture of something that an image search found."""

import io
from pathlib import Path

from langchain_core.retrievers import BaseRetriever

from langchain_phase5.retrievers import CLIPImageRetriever, ImageIndex
from langchain_phase5.retrievers.image_source import UnreadableImageError, decode, read_source

_SIDE = 128


def found_thumbnail(retriever: BaseRetriever | None, document_id: str) -> bytes | None:
    """A JPEG of at most 128 by 128 pixels; None where there is no picture to show.

    Only files that the operator has indexed are read, and only as images.
    """
    if not isinstance(retriever, CLIPImageRetriever):
        return None
    index = retriever.vectorstore
    documents = index.get_by_ids([document_id]) if isinstance(index, ImageIndex) else []
    if not documents or "source" not in documents[0].metadata:
        return None
    try:
        source = read_source(Path(str(documents[0].metadata["source"])))
        picture = decode(source, at_least=_SIDE).image.convert("RGB")
    except UnreadableImageError:
        return None
    picture.thumbnail((_SIDE, _SIDE))
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=82)
    return file.getvalue()
