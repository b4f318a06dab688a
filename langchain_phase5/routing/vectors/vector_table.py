"""A matrix of vectors that is searched in two steps once it is large."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.intp]

_LARGE = 4_096
_SHORT = 64
_SAMPLE = 2_000
_EXACT = 512


class VectorTable:
    """Dot products of a few vectors with many rows.

    Beyond 4,096 rows, all rows are compared in their 64 main directions (principal components of a
    sample of the rows), and the 512 best of these in full. That reads a sixth of the memory.

    Args:
        rows: Unit vectors, shape (rows, dimensions).

    Example:
        >>> table = VectorTable(np.eye(3, dtype=np.float32))
        >>> table.products(np.ones((1, 3), np.float32), added=np.zeros((1, 3), np.float32)).tolist()
        [[1.0, 1.0, 1.0]]
    """

    def __init__(self, rows: Floats) -> None:
        self._rows = rows
        self._basis: Floats | None = None
        self._short: Floats | None = None
        if len(rows) > _LARGE and rows.shape[1] > _SHORT:
            step = 1 + len(rows) // _SAMPLE
            sample = rows[::step].astype(np.float64)
            _, directions = np.linalg.eigh(sample.T @ sample)
            self._basis = directions[:, -_SHORT:].astype(np.float32)
            self._short = np.ascontiguousarray(rows @ self._basis)

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return int(self._rows.shape[1])

    def products(self, vectors: Floats, *, added: Floats) -> Floats:
        """Multiply every vector with every row, and add; exact for each vector's highest sums.

        All vectors together cost little more than one, as the rows are read once.

        Args:
            vectors: Shape (vectors, dimensions).
            added: Shape (vectors, rows).
        """
        if self._short is None or self._basis is None:
            sums: Floats = vectors @ self._rows.T
            sums += added
            return sums
        short: Floats = vectors @ self._basis
        sums = short @ self._short.T
        sums += added
        for vector, row, extra in zip(vectors, sums, added, strict=True):
            best = highest(row, _EXACT)
            row[best] = self._rows[best] @ vector + extra[best]
        return sums


def highest(values: Floats, count: int) -> Places:
    """Places of the `count` highest values, in no order."""
    if count >= len(values):
        return np.arange(len(values))
    return np.argpartition(values, len(values) - count)[len(values) - count :]
