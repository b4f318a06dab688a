"""How often each tool works."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_PRIOR_CALLS = 4.0
_PRIOR_RATE = 0.9
_WEIGHT = 0.25


class SuccessRates:
    """Smoothed success rate of every tool, old calls fading.

    A Beta prior worth four calls stands at the rate of all tools together, so a tool never tried is
    taken as average, not as bad. The rate moves a score by at most a quarter: enough to prefer the
    better of two alike tools, too little to hide a failing tool that alone fits.

    Example:
        >>> rates = SuccessRates(half_life_seconds=3600)
        >>> for i in range(20):
        ...     _ = rates.add("flaky", success=False, time=i)
        ...     _ = rates.add("solid", success=True, time=i)
        >>> rates.adjustments().round(1).tolist()
        [-0.1, 0.1]
    """

    def __init__(self, *, half_life_seconds: float) -> None:
        self.tools: list[str] = []
        self._ids: dict[str, int] = {}
        self._half_life = half_life_seconds
        self._successes: list[float] = []
        self._calls: list[float] = []
        self._times: list[float] = []
        self._adjustments: Floats | None = None

    def add(self, tool_name: str, *, success: bool, time: float) -> int:
        """Count a call at `time` (seconds, in any order); return the tool's place in `tools`."""
        place = self._ids.setdefault(tool_name, len(self.tools))
        if place == len(self.tools):
            self.tools.append(tool_name)
            self._successes.append(0.0)
            self._calls.append(0.0)
            self._times.append(time)
        newest = max(time, self._times[place])
        fading = 0.5 ** ((newest - self._times[place]) / self._half_life)
        weight = 0.5 ** ((newest - time) / self._half_life)
        self._successes[place] = self._successes[place] * fading + weight * success
        self._calls[place] = self._calls[place] * fading + weight
        self._times[place] = newest
        self._adjustments = None
        return place

    def adjustments(self) -> Floats:
        """Return what to add to the score of every tool: its rate against that of all tools."""
        if self._adjustments is None:
            times = np.array(self._times)
            fading = 0.5 ** ((times.max(initial=0.0) - times) / self._half_life)
            successes, calls = np.array(self._successes) * fading, np.array(self._calls) * fading
            usual = (successes.sum() + _PRIOR_CALLS * _PRIOR_RATE) / (calls.sum() + _PRIOR_CALLS)
            rates = (successes + _PRIOR_CALLS * usual) / (calls + _PRIOR_CALLS)
            self._adjustments = _WEIGHT * (rates - usual)
        return self._adjustments
