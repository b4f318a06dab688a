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
    """Dot products of one vector with many rows.

    Beyond 4,096 rows, all rows are compared in their 64 main directions (principal components of a
    sample of the rows), and the 512 best of these in full. That reads a sixth of the memory.

    Args:
        rows: Unit vectors, shape (rows, dimensions).

    Example:
        >>> VectorTable(np.eye(3, dtype=np.float32)).products(np.ones(3, np.float32)).tolist()
        [1.0, 1.0, 1.0]
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

    def products(self, vector: Floats, *, added: Floats | None = None) -> Floats:
        """Return the product with every row plus `added`, exact for the highest sums."""
        if self._short is None or self._basis is None:
            sums = self._rows @ vector
            return sums if added is None else sums + added
        sums = self._short @ (vector @ self._basis)
        if added is not None:
            sums += added
        best = highest(sums, _EXACT)
        sums[best] = self._rows[best] @ vector
        if added is not None:
            sums[best] += added[best]
        return sums


def highest(values: Floats, count: int) -> Places:
    """Places of the `count` highest values, in no order."""
    if count >= len(values):
        return np.arange(len(values))
    return np.argpartition(values, len(values) - count)[len(values) - count :]
