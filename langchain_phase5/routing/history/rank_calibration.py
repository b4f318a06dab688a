"""How many tools to offer so that the wanted one is among them."""

import math
from collections import deque
from threading import Lock

from langchain_phase5.routing.history.tool_history import ToolHistory

_MAX_SAMPLES = 1_000
_FIRST_GUESS = 5


class RankCalibration:
    """The number of tools that holds the wanted one with a stated chance.

    The ranks of tools that were called with success are a sample of where the wanted tool stands.
    Their quantile, with the correction for a finite sample, holds the next one with at least that
    chance as long as questions keep coming alike (split conformal prediction; Vovk et al. 2005).
    Until the sample is large enough for that, 5 tools stand in, and no chance is promised.

    Measured against a cut at a distance from the best score, which adapts to every single question,
    the rank needed fewer tools for the same coverage.

    Args:
        coverage: The chance wanted.

    Example:
        >>> calibration = RankCalibration(coverage=0.9)
        >>> for rank in [1, 1, 1, 2, 1, 3, 1, 2, 1, 1, 4, 1, 1, 2, 1, 1, 1, 2, 1]:
        ...     calibration.add(rank)
        >>> calibration.k(10)
        3
    """

    def __init__(self, *, coverage: float) -> None:
        if not 0 < coverage < 1:
            msg = f"coverage must lie between 0 and 1, not be {coverage}"
            raise ValueError(msg)
        self.coverage = coverage
        self._ranks: deque[float] = deque(maxlen=_MAX_SAMPLES)
        self._outcomes_read = 0
        self._lock = Lock()

    @property
    def is_calibrated(self) -> bool:
        """Whether there are enough samples to promise the coverage."""
        return self._place() <= len(self._ranks)

    def k(self, max_k: int) -> int:
        """Return how many tools to offer, at most `max_k`."""
        with self._lock:
            place = self._place()
            known = place <= len(self._ranks)
            return int(min(max_k, sorted(self._ranks)[place - 1] if known else _FIRST_GUESS))

    def add(self, rank: float) -> None:
        """Note the rank of a wanted tool, 1 for the first; infinite if it was out of sight."""
        with self._lock:
            self._ranks.append(rank)

    def learn_from(self, history: ToolHistory) -> None:
        """Note the ranks of tools that worked, from all outcomes not seen before."""
        with self._lock:
            new, self._outcomes_read = history.since(self._outcomes_read)
        for outcome in new:
            if outcome.success and outcome.routed_rank is not None:
                self.add(outcome.routed_rank or math.inf)

    def _place(self) -> int:
        return math.ceil(round((len(self._ranks) + 1) * self.coverage, 9))
