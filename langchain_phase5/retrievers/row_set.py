"""The rows that a search may return."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

Rows = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class RowSet:
    """Some of the rows 0 to `total` - 1.

    Attributes:
        rows: The rows, sorted.
        total: How many rows there are in all.
    """

    rows: Rows
    total: int

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def bits(self) -> np.ndarray[Any, np.dtype[np.uint8]]:
        """One bit per row, least significant first, as FAISS's selectors take them."""
        mask = np.zeros(self.total, dtype=bool)
        mask[self.rows] = True
        return np.packbits(mask, bitorder="little")

    def from_row(self, first: int) -> "RowSet":
        """Return what remains from row `first` on, counted from there."""
        tail = self.rows[np.searchsorted(self.rows, first) :]
        return RowSet(tail - first, max(0, self.total - first))
