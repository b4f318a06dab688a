"""A LangChain vector store for images on FAISS, whose files cannot execute anything."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from langchain_phase5.retrievers.exact_search import Vectors
from langchain_phase5.retrievers.image_source import ImageSource
from langchain_phase5.retrievers.index_storage import IndexStorage, Snapshot
from langchain_phase5.retrievers.metadata_filter import Filter, MetadataFilter
from langchain_phase5.retrievers.nearest import nearest
from langchain_phase5.retrievers.row_set import Rows, RowSet


class ImageIndex(VectorStore):
    """Vectors with their documents, in memory or in a folder, found by cosine similarity.

    It is a full LangChain vector store: ids, upserts, deletion, metadata filters, MMR. With a
    folder it survives being killed at any moment, one process writes while any number read, and
    nothing in the folder is a pickle or a serialized FAISS index: vectors are plain numbers, the
    documents are in SQLite, and both are checked against their digests when the index is opened.

    Args:
        embeddings: Embeds the texts and queries. An index remembers which model filled it and
            refuses another.
        path: The index's folder, created when missing; None keeps everything in memory.
        read_only: Open beside a writer; what it commits is seen by the next search.
        verify: Check every byte against the digests when opening.
        exact_up_to: With more images than this, search 8-bit codes in clusters first and rank what
            they find exactly; see `recall`.

    Raises:
        ValueError: The folder was filled by another model.
        DamagedIndexError: Its files were changed or cut off.
        IndexLockedError: Another process has it open for writing.

    Example:
        ```python
        from langchain_phase5.retrievers import ImageIndex, OpenCLIPEmbeddings

        with ImageIndex(OpenCLIPEmbeddings(), path="photos.index") as index:
            index.add_texts(["a red car"], [{"year": 2024}], ids=["car"])
            index.similarity_search("vehicle", k=1, filter={"year": {"$gte": 2020}})
        ```
    """

    def __init__(
        self,
        embeddings: Embeddings,
        *,
        path: str | Path | None = None,
        read_only: bool = False,
        verify: bool = True,
        exact_up_to: int = 100_000,
    ) -> None:
        self._embeddings = embeddings
        self._storage = IndexStorage(
            None if path is None else Path(path),
            fingerprint=_fingerprint(embeddings),
            model=_name(embeddings),
            read_only=read_only,
            verify=verify,
            exact_up_to=exact_up_to,
        )
        self._filter = MetadataFilter(self._storage.documents.metadata_from)

    @property
    def embeddings(self) -> Embeddings:
        """What embeds texts and queries."""
        return self._embeddings

    def __len__(self) -> int:
        return int(self._storage.snapshot().alive.sum())

    def ids(self) -> list[str]:
        """Every id, in the order the documents were added."""
        return list(self._storage.documents.ids())

    @property
    def recall(self) -> float:
        """Share of the 10 nearest that a search finds: 1, or as measured on the coded part."""
        coded = self._storage.snapshot().coded
        return 1.0 if coded is None else coded.description.recall

    def add_embeddings(
        self,
        texts: Iterable[str],
        embeddings: Sequence[Sequence[float]] | Vectors,
        metadatas: Sequence[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
    ) -> list[str]:
        """Add ready vectors; a document whose id exists is replaced.

        All or nothing: when it returns everything is on the disk, when it raises nothing is.

        Args:
            texts: Content of the documents.
            embeddings: Their vectors, of any length; they are normalized.
            metadatas: What goes with each; must be expressible in JSON.
            ids: Identifiers; made up where missing.

        Returns:
            The ids.

        Raises:
            ValueError: The numbers of items or dimensions differ, or a vector is not finite.
            OSError: The disk is full.
        """
        self._check_writable()
        texts, vectors = list(texts), np.asarray(embeddings, dtype=np.float32)
        names = [name or str(uuid4()) for name in ids or [None] * len(texts)]
        metadatas = list(metadatas or [{} for _ in texts])
        if not len(texts) == len(vectors) == len(metadatas) == len(names):
            msg = "texts, embeddings, metadatas and ids must be equally many"
            raise ValueError(msg)
        if texts:
            last = sorted({name: i for i, name in enumerate(names)}.values())
            documents = [
                Document(id=names[i], page_content=texts[i], metadata=metadatas[i]) for i in last
            ]
            self._storage.append(_normalized(vectors)[last], documents)
        return names

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> list[str]:
        """Embed texts and add them; see `add_embeddings`."""
        texts = list(texts)
        return self.add_embeddings(
            texts, self._embeddings.embed_documents(texts), metadatas, ids=ids
        )

    def delete(self, ids: list[str] | None = None, **kwargs: Any) -> bool:
        """Delete documents by id, ignoring ids that do not exist; without ids, delete all."""
        self._check_writable()
        self._storage.remove(ids)
        return True

    def update(
        self,
        document_id: str,
        *,
        page_content: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Change a document's content or metadata; its vector stays.

        Args:
            document_id: Which.
            page_content: The new content, if it changes.
            metadata: Entries to add or replace.

        Raises:
            ValueError: There is no such document.
        """
        self._check_writable()
        row = self._storage.documents.row_of(document_id)
        if row is None:
            msg = f"there is no document {document_id!r} to update"
            raise ValueError(msg)
        (document,) = self.get_by_ids([document_id])
        self.add_embeddings(
            [document.page_content if page_content is None else page_content],
            self._storage.snapshot().vectors[row : row + 1],
            [{**document.metadata, **(metadata or {})}],
            ids=[document_id],
        )

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents that exist, in the order asked for."""
        found = self._storage.documents.by_ids(ids)
        return [found[name] for name in ids if name in found]

    def similarity_search_with_score_by_vector(
        self,
        embedding: Sequence[float] | Vectors,
        k: int = 4,
        *,
        filter: Filter | Callable[[Document], bool] | None = None,  # noqa: A002 - LangChain's name
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """Return up to `k` documents with their cosine similarity, best first.

        Args:
            embedding: The query's vector.
            k: How many; as many as there are if there are fewer.
            filter: Which documents may be found, see `MetadataFilter`; they are selected before
                the search, so `k` of them come back if there are as many. A function of the
                document works too but has to look at every one.
            **kwargs: Ignored.
        """
        found, _ = self._find(embedding, k, filter)
        return found

    def similarity_search_with_score(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return up to `k` documents for a text, with their cosine similarity, best first."""
        vector = self._embeddings.embed_query(query)
        return self.similarity_search_with_score_by_vector(vector, k, **kwargs)

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Return up to `k` documents for a text, best first."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_by_vector(
        self, embedding: list[float], k: int = 4, **kwargs: Any
    ) -> list[Document]:
        """Return up to `k` documents for a vector, best first."""
        found = self.similarity_search_with_score_by_vector(embedding, k, **kwargs)
        return [document for document, _ in found]

    def similarity_search_by_image(
        self, image: ImageSource, k: int = 4, **kwargs: Any
    ) -> list[Document]:
        """Return up to `k` documents for an image, best first.

        Raises:
            TypeError: The index's embeddings know no images.
        """
        embed = getattr(self._embeddings, "embed_images", None)
        if embed is None:
            msg = f"{_name(self._embeddings)} cannot embed images; use OpenCLIPEmbeddings"
            raise TypeError(msg)
        return self.similarity_search_by_vector(embed([image])[0], k, **kwargs)

    def max_marginal_relevance_search_with_score_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[tuple[Document, float]]:
        """Return `k` of the `fetch_k` nearest documents, chosen to differ from one another.

        Args:
            embedding: The query's vector.
            k: How many.
            fetch_k: How many to choose from.
            lambda_mult: 1 looks only at the similarity to the query, 0 only at the variety.
            **kwargs: `filter`, as for the other searches.
        """
        found, rows = self._find(embedding, fetch_k, kwargs.get("filter"))
        vectors = self._storage.snapshot().read(rows)
        query = np.asarray(embedding, dtype=np.float32)
        chosen = maximal_marginal_relevance(query, list(vectors), lambda_mult=lambda_mult, k=k)
        return [found[i] for i in chosen]

    def max_marginal_relevance_search_by_vector(
        self,
        embedding: list[float],
        k: int = 4,
        fetch_k: int = 20,
        lambda_mult: float = 0.5,
        **kwargs: Any,
    ) -> list[Document]:
        """Like `max_marginal_relevance_search_with_score_by_vector`, without the scores."""
        found = self.max_marginal_relevance_search_with_score_by_vector(
            embedding, k, fetch_k, lambda_mult, **kwargs
        )
        return [document for document, _ in found]

    def max_marginal_relevance_search(
        self, query: str, k: int = 4, fetch_k: int = 20, lambda_mult: float = 0.5, **kwargs: Any
    ) -> list[Document]:
        """Like `max_marginal_relevance_search_by_vector`, for a text."""
        vector = self._embeddings.embed_query(query)
        return self.max_marginal_relevance_search_by_vector(
            vector, k, fetch_k, lambda_mult, **kwargs
        )

    @classmethod
    def from_texts(
        cls,
        texts: list[str],
        embedding: Embeddings,
        metadatas: list[dict[str, Any]] | None = None,
        *,
        ids: list[str] | None = None,
        **kwargs: Any,
    ) -> Self:
        """Make an index and add texts to it."""
        index = cls(embedding, **kwargs)
        index.add_texts(texts, metadatas, ids=ids)
        return index

    def optimize(self) -> None:
        """Bring all images into the coded part, if there are more than `exact_up_to`.

        This happens by itself as images are added, every 20,000 or so; until then the newest ones
        are searched exactly, at a millisecond per 6,000. Call it after a bulk load.
        """
        self._check_writable()
        self._storage.optimize()

    def close(self) -> None:
        """Give the folder back. Calling it twice is fine."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _find(
        self,
        embedding: Sequence[float] | Vectors,
        k: int,
        condition: Filter | Callable[[Document], bool] | None,
    ) -> tuple[list[tuple[Document, float]], Rows]:
        """Return documents with scores, and their rows."""
        snapshot = self._storage.snapshot()
        if not len(snapshot.vectors):
            return [], np.empty(0, np.int64)
        query = _normalized(np.asarray(embedding, dtype=np.float32)[None])[0]
        if len(query) != snapshot.vectors.shape[1]:
            msg = f"the query has {len(query)} numbers; this index has {snapshot.vectors.shape[1]}"
            raise ValueError(msg)
        rows, scores = nearest(snapshot, query, k, allowed=self._allowed(snapshot, condition))
        documents = self._storage.documents.by_rows(rows.tolist())
        # One that another process deleted a moment ago is gone from the table already.
        kept = [i for i, row in enumerate(rows.tolist()) if row in documents]
        found = [(documents[int(rows[i])], float(scores[i])) for i in kept]
        return found, rows[kept]

    def _allowed(
        self, snapshot: Snapshot, condition: Filter | Callable[[Document], bool] | None
    ) -> RowSet | None:
        """Return the rows that a search may find, or None for all."""
        total = len(snapshot.alive)
        if condition is None:
            return snapshot.allowed
        if callable(condition):
            documents = self._storage.documents.by_rows(np.flatnonzero(snapshot.alive).tolist())
            rows = sorted(row for row, document in documents.items() if condition(document))
            return RowSet(np.array(rows, dtype=np.int64), total)
        matching = self._filter.rows(condition, total=total)
        return RowSet(matching[snapshot.alive[matching]], total)

    def _check_writable(self) -> None:
        if self._storage.read_only:
            msg = "this index was opened with read_only=True"
            raise ValueError(msg)

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: (1 + cosine) / 2


def _normalized(vectors: Vectors) -> Vectors:
    if vectors.ndim != 2 or not np.isfinite(vectors).all():  # noqa: PLR2004 - rows and columns
        msg = "vectors must be rows of finite numbers, all of one dimension"
        raise ValueError(msg)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def _name(embeddings: Embeddings) -> str:
    model = getattr(embeddings, "model_name", None) or getattr(embeddings, "model", "")
    return f"{type(embeddings).__name__} {model}".strip()


def _fingerprint(embeddings: Embeddings) -> str:
    """Return what identifies the model; its name where it has no fingerprint of its own."""
    return str(getattr(embeddings, "fingerprint", _name(embeddings)))
