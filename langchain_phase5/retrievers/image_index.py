"""A LangChain vector store for images on FAISS, whose files cannot execute anything."""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from langchain_phase5.retrievers.document_table import DamagedIndexError, DocumentTable, Written
from langchain_phase5.retrievers.exact_search import Rows, Vectors, exact_search
from langchain_phase5.retrievers.image_source import ImageSource
from langchain_phase5.retrievers.metadata_filter import Filter, MetadataFilter
from langchain_phase5.retrievers.vector_file import VectorFile
from langchain_phase5.retrievers.writer_lock import WriterLock

_FORMAT = "1"


@dataclass(frozen=True)
class _Snapshot:
    """What one search sees from its beginning to its end."""

    vectors: Vectors
    alive: np.ndarray[Any, np.dtype[np.bool_]]
    version: int = 0

    @property
    def deleted(self) -> bool:
        return not bool(self.alive.all())


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
    ) -> None:
        self._embeddings = embeddings
        self.path = None if path is None else Path(path)
        self.read_only = read_only
        self._writing = threading.RLock()
        self._lock = self._acquire()
        try:
            self._open(verify=verify)
        except BaseException:
            self.close()
            raise

    def _acquire(self) -> WriterLock | None:
        self._documents: DocumentTable | None = None
        if self.path is None:
            return None
        if self.read_only:
            if not (self.path / "documents.sqlite").is_file():
                msg = f"there is no image index in {self.path}"
                raise ValueError(msg)
            return None
        self.path.mkdir(parents=True, exist_ok=True)
        return WriterLock(self.path / "writer.lock")

    def _open(self, *, verify: bool) -> None:
        file = None if self.path is None else self.path / "documents.sqlite"
        self._documents = DocumentTable(file, read_only=self.read_only)
        if verify and file is not None:
            self._documents.verify()
        self._file: VectorFile | None = None
        properties = self._documents.properties()
        self._check_properties(properties)
        if "dimension" in properties:
            self._file = self._vector_file(int(properties["dimension"]))
        self._filter = MetadataFilter(self._table.metadata_from)
        self._snapshot = self._load_snapshot()
        if verify:
            self._verify_vectors()

    def _check_properties(self, properties: Mapping[str, str]) -> None:
        if properties.get("format", _FORMAT) != _FORMAT:
            msg = f"{self.path} was written by a newer version of langchain-phase5"
            raise ValueError(msg)
        if "fingerprint" in properties and properties["fingerprint"] != self._fingerprint():
            msg = (
                f"{self.path} was filled by the model {properties['model']}, whose vectors cannot "
                f"be compared with those of {_name(self._embeddings)}; open it with the former, or "
                "index the images anew into another folder"
            )
            raise ValueError(msg)

    @property
    def embeddings(self) -> Embeddings:
        """What embeds texts and queries."""
        return self._embeddings

    def __len__(self) -> int:
        return int(self._current().alive.sum())

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
            self._append(_normalized(vectors)[last], documents)
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
        with self._writing:
            with self._table.transaction():
                rows = self._table.remove(list(self._table.ids()) if ids is None else ids)
            alive = self._snapshot.alive.copy()
            alive[rows] = False
            self._snapshot = replace(self._snapshot, alive=alive)
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents that exist, in the order asked for."""
        found = self._table.by_ids(ids)
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
        found, vectors = self._find(embedding, fetch_k, kwargs.get("filter"))
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

    def close(self) -> None:
        """Give the folder back. Calling it twice is fine."""
        if self._documents is not None:
            self._documents.close()
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _append(self, vectors: Vectors, documents: list[Document]) -> None:
        with self._writing:
            file = self._file or self._vector_file(vectors.shape[1])
            if vectors.shape[1] != file.dimension:
                msg = f"vectors have {vectors.shape[1]} numbers; this index has {file.dimension}"
                raise ValueError(msg)
            rows = len(self._snapshot.alive)
            file.write(rows, vectors)
            written = Written(rows, len(vectors), hashlib.sha256(vectors.tobytes()).digest())
            with self._table.transaction():
                if self._file is None:
                    self._describe(vectors.shape[1])
                replaced = self._table.add(written, documents)
            alive = np.append(self._snapshot.alive, np.ones(len(vectors), dtype=bool))
            alive[replaced] = False
            self._file = file
            self._snapshot = replace(
                self._snapshot, vectors=file.view(rows + len(vectors)), alive=alive
            )

    def _describe(self, dimension: int) -> None:
        self._table.set_property("format", _FORMAT)
        self._table.set_property("dimension", str(dimension))
        self._table.set_property("fingerprint", self._fingerprint())
        self._table.set_property("model", _name(self._embeddings))

    def _find(
        self,
        embedding: Sequence[float] | Vectors,
        k: int,
        condition: Filter | Callable[[Document], bool] | None,
    ) -> tuple[list[tuple[Document, float]], Vectors]:
        """Return documents with scores, and their vectors."""
        snapshot = self._current()
        if not len(snapshot.vectors):
            return [], snapshot.vectors
        query = _normalized(np.asarray(embedding, dtype=np.float32)[None])[0]
        if len(query) != snapshot.vectors.shape[1]:
            msg = f"the query has {len(query)} numbers; this index has {snapshot.vectors.shape[1]}"
            raise ValueError(msg)
        allowed = self._allowed(snapshot, condition)
        rows, scores = exact_search(snapshot.vectors, query, k, allowed=allowed)
        documents = self._table.by_rows(rows.tolist())
        kept = [i for i, row in enumerate(rows.tolist()) if row in documents]
        found = [(documents[int(rows[i])], float(scores[i])) for i in kept]
        return found, np.asarray(snapshot.vectors[rows[kept]])

    def _allowed(
        self, snapshot: _Snapshot, condition: Filter | Callable[[Document], bool] | None
    ) -> Rows | None:
        """Return the rows that a search may find, or None for all."""
        total = len(snapshot.alive)
        if condition is None:
            return np.flatnonzero(snapshot.alive) if snapshot.deleted else None
        if callable(condition):
            alive = np.flatnonzero(snapshot.alive)
            documents = self._table.by_rows(alive.tolist())
            return np.array([row for row in alive.tolist() if condition(documents[row])], np.int64)
        rows = self._filter.rows(condition, total=total)
        return rows[snapshot.alive[rows]]

    def _current(self) -> _Snapshot:
        """Return what is committed now; looks at the disk only if another process may write."""
        if self.read_only and self._table.version() != self._snapshot.version:
            with self._writing:
                self._snapshot = self._load_snapshot()
        return self._snapshot

    def _load_snapshot(self) -> _Snapshot:
        version, rows = self._table.version(), self._table.rows()
        if self._file is None and rows:
            self._file = self._vector_file(int(self._table.properties()["dimension"]))
        alive = np.ones(rows, dtype=bool)
        alive[[row for row in self._table.deleted_rows() if row < rows]] = False
        vectors = np.empty((0, 0), np.float32) if self._file is None else self._file.view(rows)
        return _Snapshot(vectors, alive, version)

    def _verify_vectors(self) -> None:
        for part in self._table.written():
            rows = self._snapshot.vectors[part.first_row : part.first_row + part.rows]
            if hashlib.sha256(rows.data).digest() != part.checksum:
                msg = f"{self.path} is damaged: vectors from {part.first_row} on have changed"
                raise DamagedIndexError(msg)

    def _vector_file(self, dimension: int) -> VectorFile:
        path = None if self.path is None else self.path / "vectors.f32"
        return VectorFile(path, dimension=dimension)

    @property
    def _table(self) -> DocumentTable:
        if self._documents is None:
            msg = "the index is closed"
            raise ValueError(msg)
        return self._documents

    def _check_writable(self) -> None:
        if self.read_only:
            msg = "this index was opened with read_only=True"
            raise ValueError(msg)

    def _fingerprint(self) -> str:
        return str(getattr(self._embeddings, "fingerprint", type(self._embeddings).__qualname__))

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
