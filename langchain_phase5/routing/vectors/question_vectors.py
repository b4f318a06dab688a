"""The vectors of past questions, searched in two steps once they are many."""

import numpy as np
import numpy.typing as npt

from langchain_phase5.routing.vectors.vector_table import highest

Floats = npt.NDArray[np.float32]

_LARGE = 4_096
_SHORT = 64
_SAMPLE = 2_000
_EXACT = 512


class QuestionVectors:
    """A matrix of unit vectors by place that grows and whose rows may be overwritten.

    Beyond 4,096 rows, all are compared in their 64 main directions (principal components of a
    sample) and the 512 best of these in full, as in `VectorTable`. The directions are found anew
    whenever the rows have doubled.

    Args:
        max_rows: Places end here.

    Example:
        >>> vectors = QuestionVectors(max_rows=10)
        >>> vectors.put(0, np.array([1, 0], np.float32))
        >>> vectors.put(1, np.array([0, 1], np.float32))
        >>> vectors.nearest(np.array([0, 1], np.float32), count=1)
        [(1, 1.0)]
    """

    def __init__(self, *, max_rows: int) -> None:
        self._max = max_rows
        self._used = 0
        self._rows: Floats = np.zeros((0, 0), dtype=np.float32)
        self._basis: Floats | None = None
        self._short: Floats = np.zeros((0, 0), dtype=np.float32)
        self._next_basis = _LARGE

    @property
    def dimensions(self) -> int:
        """Length of the vectors, 0 before the first one."""
        return int(self._rows.shape[1])

    def __getitem__(self, place: int) -> Floats:
        if place >= self._used:
            return np.zeros(self.dimensions, dtype=np.float32)
        found: Floats = self._rows[place].copy()
        return found

    def put(self, place: int, vector: Floats | None) -> None:
        """Set the vector of a place; None is alike to nothing. A new length drops all others."""
        if vector is not None and self.dimensions != len(vector):
            self._rows = np.zeros((0, len(vector)), dtype=np.float32)
            self._used, self._basis, self._next_basis = 0, None, _LARGE
        self._rows = _grown(self._rows, place, most=self._max)
        self._rows[place] = 0.0 if vector is None else vector
        self._used = max(self._used, place + 1)
        if self._used > self._next_basis and self.dimensions > _SHORT:
            self._find_basis()
        elif self._basis is not None:
            self._short = _grown(self._short, place, most=self._max)
            self._short[place] = self._rows[place] @ self._basis

    def nearest(self, vector: Floats, *, count: int) -> list[tuple[int, float]]:
        """Find the places with the highest cosines, in no order."""
        rows = self._rows[: self._used]
        if self._basis is None:
            cosines = rows @ vector
            best = highest(cosines, count)
            return list(zip(best.tolist(), cosines[best].tolist(), strict=True))
        rough = self._short[: self._used] @ (vector @ self._basis)
        candidates = highest(rough, _EXACT)
        cosines = rows[candidates] @ vector
        best = highest(cosines, count)
        return list(zip(candidates[best].tolist(), cosines[best].tolist(), strict=True))

    def _find_basis(self) -> None:
        rows = self._rows[: self._used]
        sample = rows[:: 1 + self._used // _SAMPLE].astype(np.float64)
        _, directions = np.linalg.eigh(sample.T @ sample)
        self._basis = directions[:, -_SHORT:].astype(np.float32)
        self._short = np.zeros((len(self._rows), _SHORT), dtype=np.float32)
        self._short[: self._used] = rows @ self._basis
        self._next_basis = 2 * self._used


def _grown(rows: Floats, place: int, *, most: int) -> Floats:
    """Make room for `place`, doubling, so that growing stays cheap."""
    if place < len(rows):
        return rows
    grown = np.zeros((min(most, max(64, 2 * place + 1)), rows.shape[1]), dtype=np.float32)
    grown[: len(rows)] = rows
    return grown
