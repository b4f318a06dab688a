"""Find images by text, by example, or by both, as a LangChain retriever."""

import time
from collections.abc import Callable, Iterator
from typing import Any, Literal, Self

from langchain_core.callbacks import (
    AsyncCallbackManagerForRetrieverRun,
    CallbackManagerForRetrieverRun,
    dispatch_custom_event,
)
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import run_in_executor
from langchain_core.vectorstores import VectorStore
from pydantic import Field, model_validator

from langchain_phase5.retrievers.add_report import AddReport
from langchain_phase5.retrievers.image_adder import Described, ImageAdder
from langchain_phase5.retrievers.image_files import ImageSources, StoredImages, find_images
from langchain_phase5.retrievers.image_index import ImageIndex
from langchain_phase5.retrievers.image_query import ImageQuery
from langchain_phase5.retrievers.open_clip_embeddings import OpenCLIPEmbeddings
from langchain_phase5.retrievers.vector_store_access import TO_COSINE, ScoreKind, search_vectors


class CLIPImageRetriever(BaseRetriever):
    """Search images by what they show.

    A query is a text, an image, or both: see `ImageQuery.parse`. The documents that come back hold
    the image's caption as content, so that a model without eyes can use them too, and `source`,
    `score` (cosine similarity), `id`, `width`, `height` and `size` (bytes) as metadata.

    Everything below can be set here and overridden in a call: `retriever.invoke(query, k=1)`.

    Example:
        ```python
        from pathlib import Path

        from langchain_phase5.retrievers import CLIPImageRetriever

        retriever = CLIPImageRetriever(k=3)
        print(retriever.add_images("photos/"))
        retriever.invoke("a red car")
        retriever.invoke(Path("car.jpg"))
        retriever.invoke({"text": "at night", "image": Path("car.jpg")})
        ```
    """

    embeddings: OpenCLIPEmbeddings = Field(default_factory=OpenCLIPEmbeddings)
    """The model; by default that of the vector store if one is given, else ViT-B-32."""
    vectorstore: VectorStore = Field(default_factory=lambda data: ImageIndex(data["embeddings"]))
    """Where the vectors are: an `ImageIndex` in memory by default, or any other vector store that
    was made with the same embeddings."""
    score_kind: ScoreKind = "cosine"
    """What that store's scores are. Qdrant and `ImageIndex` give cosines; PGVector gives cosine
    distances, FAISS squared distances."""
    k: int = Field(default=4, ge=1)
    """How many documents to return."""
    score_threshold: float | None = None
    """Return only what is at least this similar. Texts and images are rarely above 0.35."""
    filter: dict[str, Any] | None = None
    """Which metadata may be found, see `MetadataFilter`."""
    search_type: Literal["similarity", "mmr"] = "similarity"
    """`"mmr"` trades similarity for variety."""
    fetch_k: int = Field(default=20, ge=1)
    """How many candidates MMR chooses from."""
    lambda_mult: float = Field(default=0.5, ge=0, le=1)
    """MMR: 1 looks only at the similarity to the query, 0 only at the variety."""
    text_weight: float = Field(default=0.5, ge=0, le=1)
    """How much the text counts in a query of text and image."""
    fetch: Callable[[str], bytes] | None = None
    """Reads the web addresses among the images to add; without it they are refused."""

    @model_validator(mode="before")
    @classmethod
    def _share_model(cls, data: Any) -> Any:
        store = data.get("vectorstore") if isinstance(data, dict) else None
        if store is not None and data.get("embeddings") is None and store.embeddings is not None:
            data = {**data, "embeddings": store.embeddings}
        return data

    def add_images(
        self,
        sources: ImageSources,
        *,
        captions: Described = None,
        metadatas: Described = None,
        progress: bool = False,
    ) -> AddReport:
        """Add images, each content once; unreadable ones are reported, not raised.

        Calling it again with the same images costs reading them and adds nothing, so a run that
        was interrupted is resumed by repeating it.

        Args:
            sources: A folder, a file, a pattern such as `"photos/**/*.jpg"`, a list of paths,
                bytes, PIL images or content blocks, a mapping of names to those, or an
                `ImageStore`, whose ids are the names then.
            captions: What the images show: a list in their order, or a mapping by path, file name
                or stem. The file name stands in where there is none.
            metadatas: More metadata, given like captions.
            progress: Show a progress bar.
        """
        adder = ImageAdder(
            self.embeddings,
            self.vectorstore,
            captions=captions,
            metadatas=metadatas,
            fetch=self.fetch,
        )
        if not progress:
            return adder.add(sources)
        from rich.progress import Progress  # noqa: PLC0415 - only where somebody looks

        once = isinstance(sources, Iterator | StoredImages)
        total = None if once else sum(1 for _ in find_images(sources))
        with Progress() as bar:
            task = bar.add_task("embedding images", total=total)
            return adder.add(sources, advance=lambda count: bar.advance(task, count))

    def delete(self, ids: list[str]) -> bool | None:
        """Remove images by id; ids that do not exist are ignored."""
        return self.vectorstore.delete(ids)

    def update(
        self,
        image_id: str,
        *,
        caption: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Change an image's caption, or add to its metadata.

        Raises:
            TypeError: The vector store is not an `ImageIndex`.
            ValueError: There is no such image.
        """
        if not isinstance(self.vectorstore, ImageIndex):
            msg = f"{type(self.vectorstore).__name__} cannot update; delete and add the image"
            raise TypeError(msg)
        self.vectorstore.update(image_id, page_content=caption, metadata=metadata)

    def search_by_image(self, image: Any, **kwargs: Any) -> list[Document]:
        """Find images like this one. Unlike in `invoke`, a `str` is the path of a file."""
        return self.invoke({"image": image}, **kwargs)  # type: ignore[arg-type] # parsed below

    def _get_relevant_documents(
        self,
        query: Any,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        **overrides: Any,
    ) -> list[Document]:
        settings = self._with(overrides)
        started = time.perf_counter()
        status = "error"
        try:
            vector = ImageQuery.parse(query).embed(
                self.embeddings, text_weight=settings.text_weight
            )
            found = settings.search(vector)
            status = "success"
        finally:
            self._report(run_manager, seconds=time.perf_counter() - started, status=status)
        return [_with_score(document, score) for document, score in found]

    async def _aget_relevant_documents(
        self,
        query: Any,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        **overrides: Any,
    ) -> list[Document]:
        """Compute in a thread, as a forward pass would hold up the event loop."""
        return await run_in_executor(
            None,
            self._get_relevant_documents,
            query,
            run_manager=run_manager.get_sync(),
            **overrides,
        )

    def _with(self, overrides: dict[str, Any]) -> Self:
        """Apply the arguments of one call, checked like those of the constructor."""
        if not overrides:
            return self
        unknown = overrides.keys() - _OVERRIDABLE
        if unknown:
            msg = f"unknown search arguments {sorted(unknown)}; there are {sorted(_OVERRIDABLE)}"
            raise ValueError(msg)
        kept = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self)(**{**kept, **overrides})

    def search(self, vector: list[float]) -> list[tuple[Document, float]]:
        """Search with a ready vector; returns documents with their scores, best first."""
        arguments: dict[str, Any] = {} if self.filter is None else {"filter": self.filter}
        store: Any = self.vectorstore
        if self.search_type == "mmr":
            found = store.max_marginal_relevance_search_with_score_by_vector(
                vector,
                k=self.k,
                fetch_k=max(self.fetch_k, self.k),
                lambda_mult=self.lambda_mult,
                **arguments,
            )
        else:
            found = search_vectors(store, vector, self.k, **arguments)
        to_cosine = TO_COSINE[self.score_kind]
        threshold = -2 if self.score_threshold is None else self.score_threshold
        scored = [(document, to_cosine(score)) for document, score in found]
        return [(document, score) for document, score in scored if score >= threshold]

    def _report(
        self, run_manager: CallbackManagerForRetrieverRun, *, seconds: float, status: str
    ) -> None:
        event = {
            "operation": "image_search",
            "engine": self.embeddings.model_name,
            "seconds": seconds,
            "status": status,
        }
        dispatch_custom_event("vision", event, config={"callbacks": run_manager.get_child()})


_OVERRIDABLE = {
    "k",
    "score_threshold",
    "filter",
    "search_type",
    "fetch_k",
    "lambda_mult",
    "text_weight",
}


def _with_score(document: Document, score: float) -> Document:
    metadata = {**document.metadata, "score": float(score)}
    return Document(id=document.id, page_content=document.page_content, metadata=metadata)
