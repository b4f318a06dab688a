"""Past outcomes, prepared for search: what worked for questions like this one."""

from collections.abc import Sequence
from threading import RLock

import numpy as np
import numpy.typing as npt

from langchain_phase5.storage.outcomes import ToolOutcome

Floats = npt.NDArray[np.float32]

_NEIGHBORS = 24
_GATE = 0.5
_SHARPNESS = 4


class OutcomeIndex:
    """Nearest past questions and the tools that answered them.

    A past question counts only above a cosine of 0.5 to the present one, so that a history of other
    matters adds nothing and a tool without history is not pushed down.
    """

    def __init__(self, *, max_outcomes: int) -> None:
        self._max_outcomes = max_outcomes
        self._vectors: list[Floats] = []
        self._tools: list[str] = []
        self._signs: list[float] = []
        self._matrix: Floats | None = None
        self._lock = RLock()

    def add(self, outcomes: Sequence[ToolOutcome], vectors: Sequence[Floats]) -> None:
        """Take in outcomes with their embedded questions."""
        with self._lock:
            self._vectors.extend(vectors)
            self._tools.extend(outcome.tool_name for outcome in outcomes)
            self._signs.extend(1.0 if outcome.success else -1.0 for outcome in outcomes)
            del self._vectors[: -self._max_outcomes]
            del self._tools[: -self._max_outcomes]
            del self._signs[: -self._max_outcomes]
            self._matrix = None

    def votes(self, vector: Floats) -> dict[str, float]:
        """Score the tools that similar questions led to, from -1 to 1; others are left out."""
        with self._lock:
            if not self._vectors:
                return {}
            if self._matrix is None:
                self._matrix = np.stack(self._vectors)
            matrix, tools, signs = self._matrix, self._tools, self._signs
        similarity = matrix @ vector
        count = min(_NEIGHBORS, len(similarity))
        nearest = np.argpartition(-similarity, count - 1)[:count]
        closeness = np.clip((similarity[nearest] - _GATE) / (1 - _GATE), 0, 1)
        weights = closeness**_SHARPNESS
        total = float(weights.sum())
        if total <= 0:
            return {}
        votes: dict[str, float] = {}
        for position, weight in zip(nearest.tolist(), weights.tolist(), strict=True):
            share = weight / total * float(closeness.max()) * signs[position]
            votes[tools[position]] = votes.get(tools[position], 0.0) + share
        return votes
