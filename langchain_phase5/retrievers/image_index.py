"""A LangChain vector store for images on FAISS, whose files cannot execute anything."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings

from langchain_phase5.retrievers.exact_search import Vectors
from langchain_phase5.retrievers.index_finder import IndexFinder
from langchain_phase5.retrievers.index_identity import IndexIdentity
from langchain_phase5.retrievers.index_storage import IndexStorage
from langchain_phase5.retrievers.vector_search import (
    Condition,
    Found,
    VectorSearch,
    model_name,
    normalized,
    unit,
)


class ImageIndex(VectorSearch):
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
        super().__init__(embeddings)
        self._storage = IndexStorage(
            None if path is None else Path(path),
            identity=IndexIdentity(_fingerprint(embeddings), model_name(embeddings)),
            read_only=read_only,
            verify=verify,
            exact_up_to=exact_up_to,
        )
        self._finder = IndexFinder(self._storage)

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
            self._storage.append(normalized(vectors)[last], documents)
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
        with self._storage.changing:
            vector = self._storage.vector_of(document_id)
            if vector is None:
                msg = f"there is no document {document_id!r} to update"
                raise ValueError(msg)
            (document,) = self.get_by_ids([document_id])
            self.add_embeddings(
                [document.page_content if page_content is None else page_content],
                vector,
                [{**document.metadata, **(metadata or {})}],
                ids=[document_id],
            )

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents that exist, in the order asked for."""
        found = self._storage.documents.by_ids(ids)
        return [found[name] for name in ids if name in found]

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

    def compact(self) -> None:
        """Give back the room of deleted and replaced documents, on the disk and in searches.

        This happens by itself once more than half of more than 20,000 documents are deleted, and
        in `optimize` once a fifth is. Readers go on meanwhile, in this process and in others; a
        process killed in the midst of it leaves the index as it was.

        Raises:
            OSError: The disk is full, for as long as it takes there are two copies of the vectors.
        """
        self._check_writable()
        self._storage.compact()

    def close(self) -> None:
        """Give the folder back. Calling it twice is fine."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _find(self, embedding: Sequence[float] | Vectors, k: int, condition: Condition) -> Found:
        return self._finder.find(unit(np.asarray(embedding, dtype=np.float32)), k, condition)

    def _check_writable(self) -> None:
        if self._storage.read_only:
            msg = "this index was opened with read_only=True"
            raise ValueError(msg)


def _fingerprint(embeddings: Embeddings) -> str:
    """Return what identifies the model; its name where it has no fingerprint of its own."""
    return str(getattr(embeddings, "fingerprint", model_name(embeddings)))
