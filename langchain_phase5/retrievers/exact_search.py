"""Exact nearest neighbors by inner product, on FAISS, straight from the mapped file."""

from typing import Any

import numpy as np

from langchain_phase5.retrievers.row_set import Rows, RowSet

Vectors = np.ndarray[Any, np.dtype[np.float32]]


def exact_search(
    vectors: Vectors, query: Vectors, k: int, *, allowed: RowSet | None = None
) -> tuple[Rows, Vectors]:
    """Return the rows of the `k` largest inner products with `query`, and those, best first.

    Args:
        vectors: Shape (n, d).
        query: Shape (d,).
        k: At most this many; fewer if there are not as many rows.
        allowed: Rows that may be returned; None allows all.
    """
    k = min(k, len(vectors) if allowed is None else len(allowed))
    if k <= 0:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    faiss = import_faiss()
    rows, scores = np.empty(k, np.int64), np.empty(k, np.float32)
    query = np.ascontiguousarray(query, dtype=np.float32)
    selector = () if allowed is None else (faiss.IDSelectorBitmap(allowed.bits),)
    faiss.knn_inner_product(
        faiss.swig_ptr(query),
        faiss.swig_ptr(vectors),
        vectors.shape[1],
        1,
        len(vectors),
        k,
        faiss.swig_ptr(scores),
        faiss.swig_ptr(rows),
        *selector,
    )
    return rows, scores


def rank(rows: Rows, vectors: Vectors, query: Vectors, k: int) -> tuple[Rows, Vectors]:
    """Return the best `k` of `rows`, whose `vectors` are given, with their inner products."""
    scores = vectors @ query
    order = (-scores).argsort(kind="stable")[: max(k, 0)]
    return rows[order], scores[order]


def import_faiss() -> Any:
    """Import FAISS, or say which extra brings it."""
    try:
        import faiss
    except ImportError as error:
        msg = "the image index needs FAISS: pip install 'langchain-phase5[clip]'"
        raise ImportError(msg) from error
    return faiss
