"""Search a snapshot: the coded part, the exact rest, and one exact ranking of both."""

import numpy as np

from langchain_phase5.retrievers.exact_search import Vectors, exact_search, rank
from langchain_phase5.retrievers.row_set import Rows, RowSet
from langchain_phase5.retrievers.snapshot import Snapshot

_EXACT_BELOW = 30_000
_GATHER_BELOW = 0.1


def nearest(
    snapshot: Snapshot, query: Vectors, k: int, *, allowed: RowSet | None
) -> tuple[Rows, Vectors]:
    """Return up to `k` rows nearest to `query` and their cosines, best first.

    Few allowed rows are scored one by one, so a narrow filter returns all it should. If the coded
    part yields fewer than it could, which happens when the allowed rows are far from the query,
    everything is scanned.
    """
    coded = snapshot.coded
    if coded is None or k <= 0 or (allowed is not None and len(allowed) <= _EXACT_BELOW):
        return _exactly(snapshot, query, k, allowed)
    covered = coded.description.rows
    head = coded.candidates(query, k, allowed=allowed)
    available = len(snapshot.vectors) if allowed is None else len(allowed)
    rows = head
    if covered < len(snapshot.vectors):
        rest = None if allowed is None else allowed.from_row(covered)
        tail, _ = exact_search(snapshot.vectors[covered:], query, k, allowed=rest)
        rows = np.concatenate([head, tail + covered])
    if len(rows) < min(k, available):
        return _exactly(snapshot, query, k, allowed)
    return rank(rows, snapshot.read(rows), query, k)


def _exactly(
    snapshot: Snapshot, query: Vectors, k: int, allowed: RowSet | None
) -> tuple[Rows, Vectors]:
    """Score every allowed row: one by one if they are few, else in one pass over the file."""
    if allowed is not None and len(allowed) < _GATHER_BELOW * len(snapshot.vectors):
        return rank(allowed.rows, snapshot.read(allowed.rows), query, k)
    found = exact_search(snapshot.vectors, query, k, allowed=allowed)
    if snapshot.coded is not None:
        snapshot.release()
    return found
