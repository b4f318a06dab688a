"""Add and find ready vectors in any LangChain vector store."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore

from langchain_phase5.retrievers.exact_search import Vectors
from langchain_phase5.retrievers.ready_vectors import ready_vectors

ScoreKind = Literal["cosine", "cosine distance", "distance", "squared distance"]
"""What a store calls a score, for vectors of length one."""

TO_COSINE: dict[ScoreKind, Callable[[float], float]] = {
    "cosine": lambda score: score,
    "cosine distance": lambda score: 1 - score,
    "distance": lambda score: 1 - score**2 / 2,
    "squared distance": lambda score: 1 - score / 2,
}


def add_vectors(
    store: VectorStore,
    vectors: Sequence[Vectors],
    texts: list[str],
    metadatas: list[dict[str, Any]],
    ids: list[str],
) -> list[str]:
    """Add documents with their vectors.

    Raises:
        ValueError: The store was made with other embeddings than `OpenCLIPEmbeddings`.
    """
    with ready_vectors([np.asarray(vector).tolist() for vector in vectors]):
        return list(store.add_texts(texts, metadatas, ids=ids))


def search_vectors(
    store: Any, vector: list[float], k: int, **arguments: Any
) -> list[tuple[Document, float]]:
    """Return documents with what the store calls their score."""
    direct = getattr(store, "similarity_search_with_score_by_vector", None)
    if direct is not None:
        return list(direct(vector, k=k, **arguments))
    with ready_vectors([vector]):
        return list(store.similarity_search_with_score("", k=k, **arguments))


def has_document(store: VectorStore, document_id: str) -> bool:
    """Whether the store has a document of this id; False if it cannot say."""
    try:
        return bool(store.get_by_ids([document_id]))
    except NotImplementedError:
        return _has_primary_key(store, document_id)


def _has_primary_key(store: Any, document_id: str) -> bool:
    """Ask as Milvus wants to be asked, where a store can be asked so."""
    query = getattr(store, "get_pks", None)
    field = getattr(store, "_primary_field", None)
    if query is None or field is None:
        return False
    return bool(query(f"{field} == {json.dumps(document_id)}"))
