"""How many tools to offer so that the wanted one is among them."""

import math
from collections import deque
from threading import Lock

_MAX_SAMPLES = 1_000
_FIRST_GUESS = 0.35


class GapCalibration:
    """How far below the best score the wanted tool still is, with a stated chance.

    The gaps of tools that were called with success are a sample of where the wanted tool is. Their
    quantile, with the correction for a finite sample, holds the next one with at least that chance
    as long as questions keep coming alike (split conformal prediction; Vovk et al. 2005). Until the
    sample is large enough for that, a gap of 0.35 stands in, and no chance is promised.

    Args:
        coverage: The chance wanted.

    Example:
        >>> calibration = GapCalibration(coverage=0.9)
        >>> for gap in range(20):
        ...     calibration.add(gap / 100)
        >>> calibration.gap
        0.18
    """

    def __init__(self, *, coverage: float) -> None:
        if not 0 < coverage < 1:
            msg = f"coverage must lie between 0 and 1, not be {coverage}"
            raise ValueError(msg)
        self.coverage = coverage
        self._gaps: deque[float] = deque(maxlen=_MAX_SAMPLES)
        self._lock = Lock()

    @property
    def is_calibrated(self) -> bool:
        """Whether there are enough samples to promise the coverage."""
        return self._rank() <= len(self._gaps)

    @property
    def gap(self) -> float:
        """The greatest distance from the best score at which a tool is still offered."""
        with self._lock:
            rank = self._rank()
            return sorted(self._gaps)[rank - 1] if rank <= len(self._gaps) else _FIRST_GUESS

    def add(self, gap: float) -> None:
        """Note how far below the best score the wanted tool was; infinite if out of sight."""
        with self._lock:
            self._gaps.append(gap)

    def _rank(self) -> int:
        return math.ceil(round((len(self._gaps) + 1) * self.coverage, 9))
