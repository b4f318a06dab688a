"""The many ways in which LangChain searches a vector store, all by one way of finding."""

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.vectorstores import VectorStore
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from langchain_phase5.retrievers.exact_search import Vectors
from langchain_phase5.retrievers.image_source import ImageSource
from langchain_phase5.retrievers.metadata_filter import Filter

Condition = Filter | Callable[[Document], bool] | None


@dataclass(frozen=True)
class Found:
    """What a search found, best first.

    Attributes:
        documents: Documents with their cosine similarity.
        vectors: Reads their vectors.
    """

    documents: list[tuple[Document, float]]
    vectors: Callable[[], Vectors]


class VectorSearch(VectorStore):
    """A vector store that finds by text, image or vector, by similarity or for variety.

    Subclasses say how to find by a vector.

    Args:
        embeddings: Embeds the queries.
    """

    def __init__(self, embeddings: Embeddings) -> None:
        self._embeddings = embeddings

    @property
    def embeddings(self) -> Embeddings:
        """What embeds texts and queries."""
        return self._embeddings

    @abstractmethod
    def _find(self, embedding: Sequence[float] | Vectors, k: int, condition: Condition) -> Found:
        """Find the nearest `k` among the documents that fulfil the condition."""

    def similarity_search_with_score_by_vector(
        self,
        embedding: Sequence[float] | Vectors,
        k: int = 4,
        *,
        filter: Condition = None,  # noqa: A002 - LangChain's name
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
        return self._find(embedding, k, filter).documents

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
            msg = f"{model_name(self._embeddings)} cannot embed images; use OpenCLIPEmbeddings"
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
        found = self._find(embedding, fetch_k, kwargs.get("filter"))
        query = np.asarray(embedding, dtype=np.float32)
        vectors = list(found.vectors())
        chosen = maximal_marginal_relevance(query, vectors, lambda_mult=lambda_mult, k=k)
        return [found.documents[i] for i in chosen]

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

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return lambda cosine: (1 + cosine) / 2


def normalized(vectors: Vectors) -> Vectors:
    """Bring rows to length one.

    Raises:
        ValueError: They are no rows of finite numbers.
    """
    if vectors.ndim != 2 or not np.isfinite(vectors).all():  # noqa: PLR2004 - rows and columns
        msg = "vectors must be rows of finite numbers, all of one dimension"
        raise ValueError(msg)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def unit(vector: Vectors) -> Vectors:
    """Bring one vector to length one, in a third of the time that `normalized` takes.

    Raises:
        ValueError: It is no row of finite numbers.
    """
    length = math.sqrt(float(vector @ vector)) if vector.ndim == 1 else math.nan
    if not math.isfinite(length):
        # It complains, or copes with squares that overflow.
        return np.asarray(normalized(vector[None])[0], dtype=np.float32)
    scaled: Vectors = vector / np.float32(length or 1.0)
    return scaled


def model_name(embeddings: Embeddings) -> str:
    """Name a model for people."""
    model = getattr(embeddings, "model_name", None) or getattr(embeddings, "model", "")
    return f"{type(embeddings).__name__} {model}".strip()
