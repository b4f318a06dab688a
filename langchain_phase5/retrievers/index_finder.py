"""Find documents in an index while others change it."""

import time

import numpy as np
from langchain_core.documents import Document

from langchain_phase5.retrievers.exact_search import Vectors
from langchain_phase5.retrievers.index_errors import StaleSnapshotError
from langchain_phase5.retrievers.index_storage import IndexStorage
from langchain_phase5.retrievers.metadata_filter import MetadataFilter
from langchain_phase5.retrievers.nearest import nearest
from langchain_phase5.retrievers.row_set import Rows, RowSet
from langchain_phase5.retrievers.snapshot import Snapshot
from langchain_phase5.retrievers.vector_search import Condition, Found

_PATIENCE = 20


class IndexFinder:
    """Finds the nearest rows in a snapshot of the index, then their documents.

    The documents may have been replaced, or their rows renumbered, between the two: then it looks
    again, so that what comes back never mixes two states; in the end while others wait.

    Args:
        storage: The index.
    """

    def __init__(self, storage: IndexStorage) -> None:
        self._storage = storage
        self._filter = 0, MetadataFilter(storage.documents.metadata_from)

    def find(self, query: Vectors, k: int, condition: Condition) -> Found:
        """Find the nearest `k` among the documents that fulfil the condition.

        Args:
            query: Shape (d,), of length one.
            k: How many.
            condition: See `MetadataFilter`; or a function of the document, or None.

        Raises:
            ValueError: The query is of another dimension, or the filter is none.
        """
        for _ in range(_PATIENCE):
            snapshot = self._storage.snapshot()
            try:
                return self._find_in(snapshot, query, k, condition, self._filter_of(snapshot))
            except StaleSnapshotError:
                time.sleep(0.001)
        with self._storage.standstill() as snapshot:
            # Whoever holds the shared filter may wait for the documents that we hold.
            own = MetadataFilter(self._storage.documents.metadata_from)
            return self._find_in(snapshot, query, k, condition, own)

    def _find_in(
        self,
        snapshot: Snapshot,
        query: Vectors,
        k: int,
        condition: Condition,
        fields: MetadataFilter,
    ) -> Found:
        if not len(snapshot.vectors):
            return Found([], lambda: np.empty((0, len(query)), np.float32))
        if len(query) != snapshot.vectors.shape[1]:
            msg = f"the query has {len(query)} numbers; this index has {snapshot.vectors.shape[1]}"
            raise ValueError(msg)
        rows, scores = nearest(
            snapshot, query, k, allowed=self._allowed(snapshot, condition, fields)
        )
        documents = self._documents(snapshot, rows)
        pairs = zip(rows.tolist(), scores.tolist(), strict=True)
        found = [(documents[row], score) for row, score in pairs]
        return Found(found, lambda: snapshot.read(rows))

    def _documents(self, snapshot: Snapshot, rows: Rows) -> dict[int, Document]:
        found = self._storage.documents.by_rows(rows.tolist(), generation=snapshot.generation)
        if len(found) < len(rows):
            raise StaleSnapshotError
        return found

    def _allowed(
        self, snapshot: Snapshot, condition: Condition, fields: MetadataFilter
    ) -> RowSet | None:
        """Return the rows that a search may find, or None for all."""
        total = len(snapshot.alive)
        if condition is None:
            return snapshot.allowed
        if callable(condition):
            documents = self._documents(snapshot, np.flatnonzero(snapshot.alive))
            rows = sorted(row for row, document in documents.items() if condition(document))
            return RowSet(np.array(rows, dtype=np.int64), total)
        matching = fields.rows(condition, alive=snapshot.alive)
        if self._storage.documents.generation() != snapshot.generation:
            self._filter = 0, MetadataFilter(self._storage.documents.metadata_from)
            raise StaleSnapshotError
        return RowSet(matching[snapshot.alive[matching]], total)

    def _filter_of(self, snapshot: Snapshot) -> MetadataFilter:
        """Return the filter that knows the rows by the numbers they have in the snapshot."""
        generation, known = self._filter
        if generation != snapshot.generation:
            known = MetadataFilter(self._storage.documents.metadata_from)
            self._filter = snapshot.generation, known
        return known
