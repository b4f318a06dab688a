"""The state of an index that one search works on."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from langchain_phase5.retrievers.coded_index import CodedIndex
from langchain_phase5.retrievers.exact_search import Vectors
from langchain_phase5.retrievers.row_set import Rows, RowSet
from langchain_phase5.retrievers.vector_file import VectorFile


@dataclass(frozen=True)
class Snapshot:
    """What one search sees from its beginning to its end.

    Attributes:
        vectors: Every row ever added, mapped from the file.
        file: Where they are; None as long as there are none.
        alive: Which rows are not deleted.
        coded: Covers the first rows, if there are many; the others are searched exactly.
        version: The document table's when this was read.
        generation: How often the rows had been numbered by then.
    """

    vectors: Vectors
    alive: np.ndarray[Any, np.dtype[np.bool_]]
    file: VectorFile | None = None
    coded: CodedIndex | None = None
    version: int = 0
    generation: int = 1

    @property
    def deleted(self) -> float:
        """Share of the rows that are deleted."""
        return 1 - float(self.alive.mean()) if len(self.alive) else 0.0

    def read(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows."""
        return self.vectors[:0] if self.file is None else self.file.read(rows, self.vectors)

    def release(self) -> None:
        """Stop counting the vectors as resident memory, after all of them were looked at."""
        if self.file is not None:
            self.file.release()

    @cached_property
    def allowed(self) -> RowSet | None:
        """The rows a search may return; None is all of them."""
        if self.alive.all():
            return None
        return RowSet(np.flatnonzero(self.alive), len(self.alive))
