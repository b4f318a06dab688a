"""A linear map from questions to tools, learned online."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

_RIDGE = 3.0
_MAX_DIMENSIONS = 512
_BATCH = 32


class ToolDirections:
    """Ridge regression from an embedded question to the tools that answered it.

    With Q the past questions and Y their tools (0 or 1), the score is `q (Q'Q + 3 I)^-1 Q'Y`: every
    tool gets the direction that sets its questions apart from those of all others. Thin history
    gives small scores by itself. A question is added or removed by the Sherman-Morrison formula,
    in the time of a few matrix-vector products, so an outcome counts at once. Embeddings of more
    than 512 dimensions are projected at random to that many.

    Example:
        >>> directions = ToolDirections()
        >>> directions.change([np.eye(4, dtype=np.float32)[0]], tools=[[1]])
        >>> directions.scores(np.eye(4, dtype=np.float32)[0], size=2).astype(float).round(
        ...     2
        ... ).tolist()
        [0.0, 0.25]
    """

    def __init__(self) -> None:
        self._dimensions = 0
        self._projection: Floats | None = None
        self._moments: Doubles = np.zeros((0, 0))
        self._inverse: Doubles = np.zeros((0, 0))
        self._sums: Floats = np.zeros((0, 0), dtype=np.float32)

    def change(
        self,
        vectors: Sequence[Floats],
        *,
        tools: Sequence[Sequence[int]],
        new: bool = True,
        remove: bool = False,
    ) -> None:
        """Add questions with the places of their tools, or remove them again.

        Args:
            vectors: One per question; a change of dimension starts afresh.
            tools: For each question, the tools to add to (or take from) it.
            new: Whether the questions are new, not only their tools.
            remove: Take away instead of adding.
        """
        if not len(vectors):
            return
        projected = self._project(np.stack(vectors))
        sign = -1.0 if remove else 1.0
        self._reserve(max((max(places, default=-1) for places in tools), default=-1) + 1)
        for vector, places in zip(projected, tools, strict=True):
            for place in places:
                self._sums[place] += np.float32(sign) * vector
        if new:
            self._update(projected.astype(np.float64), sign)

    def scores(self, vector: Floats, *, size: int) -> Floats:
        """Score the first `size` tools, shape (size,); zeros before anything was learned."""
        scores = np.zeros(size, dtype=np.float32)
        if self._dimensions != len(vector) or not len(self._sums):
            return scores
        question = self._project(vector[None])[0]
        known = min(size, len(self._sums))
        weights = (self._inverse @ question).astype(np.float32)
        scores[:known] = self._sums[:known] @ weights
        return scores

    def _update(self, vectors: Doubles, sign: float) -> None:
        self._moments += sign * vectors.T @ vectors
        if len(vectors) > _BATCH:
            ridge = _RIDGE * np.eye(len(self._moments))
            self._inverse = np.linalg.inv(self._moments + ridge).astype(np.float64)
            return
        for vector in vectors:
            moved = self._inverse @ vector
            self._inverse -= np.outer(moved, moved) * (sign / (1 + sign * float(vector @ moved)))

    def _project(self, vectors: Floats) -> Floats:
        if vectors.shape[1] != self._dimensions:
            self._start(vectors.shape[1])
        return vectors if self._projection is None else vectors @ self._projection

    def _start(self, dimensions: int) -> None:
        kept = min(dimensions, _MAX_DIMENSIONS)
        self._dimensions = dimensions
        self._projection = None
        if kept < dimensions:
            gaussian = np.random.default_rng(0).standard_normal((dimensions, kept))
            self._projection = (gaussian / np.sqrt(kept)).astype(np.float32)
        self._moments = np.zeros((kept, kept))
        self._inverse = np.eye(kept) / _RIDGE
        self._sums = np.zeros((0, kept), dtype=np.float32)

    def _reserve(self, tools: int) -> None:
        if tools > len(self._sums):
            grown = np.zeros((max(tools, 2 * len(self._sums)), self._sums.shape[1]), np.float32)
            grown[: len(self._sums)] = self._sums
            self._sums = grown
