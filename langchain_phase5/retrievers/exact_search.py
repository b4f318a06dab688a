"""Exact nearest neighbors by inner product, on FAISS, straight from the mapped file."""

from typing import Any

import numpy as np

Vectors = np.ndarray[Any, np.dtype[np.float32]]
Rows = np.ndarray[Any, np.dtype[np.int64]]

_GATHER_BELOW = 0.1


def exact_search(
    vectors: Vectors, query: Vectors, k: int, *, allowed: Rows | None = None
) -> tuple[Rows, Vectors]:
    """Return the rows of the `k` largest inner products with `query`, and those, best first.

    Args:
        vectors: Shape (n, d).
        query: Shape (d,).
        k: At most this many; fewer if there are not as many rows.
        allowed: Rows that may be returned, sorted; None allows all.
    """
    candidates = len(vectors) if allowed is None else len(allowed)
    k = min(k, candidates)
    if k <= 0:
        return np.empty(0, np.int64), np.empty(0, np.float32)
    if allowed is not None and len(allowed) < _GATHER_BELOW * len(vectors):
        return rank(vectors, query, k, rows=allowed)
    return _scan(vectors, query, k, allowed)


def rank(vectors: Vectors, query: Vectors, k: int, *, rows: Rows) -> tuple[Rows, Vectors]:
    """Score just `rows` exactly and return the best `k` of them."""
    scores = np.asarray(vectors[rows]) @ query
    order = np.argsort(-scores, kind="stable")[:k]
    return rows[order], scores[order]


def _scan(vectors: Vectors, query: Vectors, k: int, allowed: Rows | None) -> tuple[Rows, Vectors]:
    faiss = import_faiss()
    rows, scores = np.empty(k, np.int64), np.empty(k, np.float32)
    query = np.ascontiguousarray(query, dtype=np.float32)
    pointers = (faiss.swig_ptr(query), faiss.swig_ptr(vectors))
    outputs = (faiss.swig_ptr(scores), faiss.swig_ptr(rows))
    selector = None
    if allowed is not None:
        bits = selected_bits(allowed, len(vectors))
        selector = faiss.IDSelectorBitmap(len(vectors), faiss.swig_ptr(bits))
    faiss.knn_inner_product(
        *pointers, vectors.shape[1], 1, len(vectors), k, *outputs, *filter(None, [selector])
    )
    return rows, scores


def selected_bits(rows: Rows, total: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """Pack `rows` as the bitmap that FAISS's selectors take."""
    mask = np.zeros(total, dtype=bool)
    mask[rows] = True
    return np.packbits(mask, bitorder="little")


def import_faiss() -> Any:
    """Import FAISS, or say which extra brings it."""
    try:
        import faiss
    except ImportError as error:
        msg = "the image index needs FAISS: pip install 'langchain-phase5[clip]'"
        raise ImportError(msg) from error
    return faiss
