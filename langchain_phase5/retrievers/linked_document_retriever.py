"""Ask documents with a picture: the texts that belong to images like it."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import Field

from langchain_phase5.retrievers.clip_image_retriever import CLIPImageRetriever


class LinkedDocumentRetriever(BaseRetriever):
    """Find similar images first, then the text chunks and pages that are linked to them.

    An image is linked by a list of document ids in its metadata, given when it is added. The
    documents come in the order of their best image, each once, with that image's `source` and
    `score` as `image_source` and `image_score`.

    Example:
        ```python
        from pathlib import Path

        from langchain_core.documents import Document
        from langchain_core.stores import InMemoryStore

        from langchain_phase5.retrievers import CLIPImageRetriever, LinkedDocumentRetriever

        texts = InMemoryStore()
        page = Document("How to change the filter: ...", id="manual-p7")
        texts.mset([("manual-p7", page)])
        images = CLIPImageRetriever()
        images.add_images(["filter.png"], metadatas=[{"document_ids": ["manual-p7"]}])
        retriever = LinkedDocumentRetriever(images=images, lookup=texts.mget)
        retriever.invoke(Path("photo-of-my-filter.jpg"))
        ```
    """

    images: CLIPImageRetriever
    """Finds the images; takes the same queries."""
    lookup: Callable[[Sequence[str]], Sequence[Document | None]]
    """Returns documents by id: a vector store's `get_by_ids` or a document store's `mget`."""
    link_key: str = "document_ids"
    """Where an image's metadata names its documents: an id or a list of ids."""
    k: int = Field(default=4, ge=1)
    """At most this many documents."""

    def _get_relevant_documents(
        self, query: Any, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        found = self.images.invoke(query, {"callbacks": run_manager.get_child()})
        return self._linked(found, k or self.k)

    async def _aget_relevant_documents(
        self, query: Any, *, run_manager: AsyncCallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        found = await self.images.ainvoke(query, {"callbacks": run_manager.get_child()})
        return self._linked(found, k or self.k)

    def _linked(self, images: Sequence[Document], k: int) -> list[Document]:
        best: dict[str, Document] = {}
        for image in images:
            links = image.metadata.get(self.link_key, [])
            for document_id in [links] if isinstance(links, str) else links:
                best.setdefault(document_id, image)
        found = {d.id: d for d in self.lookup(list(best)) if d is not None} if best else {}
        return [
            _with_image(found[document_id], image)
            for document_id, image in best.items()
            if document_id in found
        ][:k]


def _with_image(document: Document, image: Document) -> Document:
    about = {
        "image_source": image.metadata.get("source"),
        "image_score": image.metadata.get("score"),
    }
    return document.model_copy(update={"metadata": {**document.metadata, **about}})
