"""A number with its interval and what it was counted from."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

CONFIDENCE = 0.95
_EPSILON = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value, its two-sided interval, and `n`, the number of independent units behind it.

    `value` is `None` where nothing could be measured; it is never NaN.

    Example:
        >>> from langchain_phase5.evaluation import Estimate
        >>> print(Estimate(value=0.9, low=0.6, high=0.98, n=10))
        0.900 [0.600, 0.980] n=10
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0

    def __str__(self) -> str:
        if self.value is None:
            return "unknown"
        if self.low is None or self.high is None:
            return f"{self.value:.3f} n={self.n}"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}] n={self.n}"

    def as_dict(self) -> dict[str, float | int | None]:
        """Return the JSON form."""
        return {"value": self.value, "low": self.low, "high": self.high, "n": self.n}


def mean_estimate(
    values: "Sequence[float] | np.ndarray",
    *,
    clusters: Sequence[str] | None = None,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Mean of one value per example, with an interval that respects clusters.

    Pass/fail values without clusters get Wilson's interval; anything else Student's t on the
    cluster-robust standard error (Miller, "Adding Error Bars to Evals", 2024, section 2.2), kept
    within 0..1 for scores. Scores that are all equal, where t would claim certainty, get Wilson's.

    Args:
        values: One number per example (repeats already averaged).
        clusters: A cluster key per example; an empty key is a cluster of its own.
        confidence: Two-sided coverage.
    """
    import numpy as np  # noqa: PLC0415 - importing the package shall not wait for it

    data = np.asarray(values, dtype=float)
    if not len(data):
        return Estimate()
    mean = float(data.mean())
    sums = cluster_sums(data - mean, clusters)
    units = len(sums)
    scores = bool(((data >= 0) & (data <= 1)).all())
    pass_fail = units == len(data) and bool(np.isin(data, (0.0, 1.0)).all())
    spread = float(np.abs(data - mean).max())
    if scores and (pass_fail or spread < _EPSILON):
        low, high = wilson(mean, units, confidence=confidence)
        return Estimate(value=mean, low=low, high=high, n=units)
    if units == 1:
        return Estimate(value=mean, n=1)
    error = math.sqrt(float((sums**2).sum()) * units / (units - 1)) / len(data)
    margin = t_quantile(0.5 + confidence / 2, units - 1) * error
    low, high = mean - margin, mean + margin
    if scores:
        low, high = max(low, 0.0), min(high, 1.0)
    return Estimate(value=mean, low=low, high=high, n=units)


def quantile_estimate(
    values: "Sequence[float] | np.ndarray", q: float, *, confidence: float = CONFIDENCE
) -> Estimate:
    """Quantile with the distribution-free interval of order statistics.

    The interval's ends are the values at ranks `nq -+ z sqrt(nq(1-q))` (Conover, "Practical
    Nonparametric Statistics", 1999, section 3.2); where the ranks fall outside the sample, which
    happens for p99 of fewer than some 400 values, the end is the smallest or largest value seen.
    """
    import numpy as np  # noqa: PLC0415 - importing the package shall not wait for it

    data = np.sort(np.asarray(values, dtype=float))
    if not len(data):
        return Estimate()
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    half = z * math.sqrt(len(data) * q * (1 - q))
    low = max(math.floor(len(data) * q - half) - 1, 0)
    high = min(math.ceil(len(data) * q + half), len(data) - 1)
    return Estimate(
        value=float(np.quantile(data, q)),
        low=float(data[low]),
        high=float(data[high]),
        n=len(data),
    )


def wilson(share: float, n: int, *, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval for a share of `n` (E. B. Wilson, 1927)."""
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    center = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(center - half, 0.0), min(center + half, 1.0)


def cluster_sums(values: "np.ndarray", clusters: Sequence[str] | None) -> "np.ndarray":
    """Sum `values` within each cluster; without clusters every value is its own."""
    if clusters is None or not any(clusters):
        return values
    import numpy as np  # noqa: PLC0415 - importing the package shall not wait for it

    keys = [key or f"\0{index}" for index, key in enumerate(clusters)]
    _, index = np.unique(keys, return_inverse=True)
    return np.bincount(index, weights=values)


@cache
def t_quantile(p: float, df: int) -> float:
    """Quantile of Student's t for `p` >= 0.5, by bisection on the exact distribution function.

    The distribution function for whole degrees of freedom is a finite sum (Abramowitz and Stegun
    26.7.3 and 26.7.4), so no scipy is needed; beyond 200 degrees Cornish and Fisher's expansion
    (26.7.5) is exact to 1e-9.
    """
    z = NormalDist().inv_cdf(p)
    if df > 200:  # noqa: PLR2004
        z3, z5, z7 = z**3, z**5, z**7
        return (
            z
            + (z3 + z) / (4 * df)
            + (5 * z5 + 16 * z3 + 3 * z) / (96 * df**2)
            + (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * df**3)
        )
    low, high = 0.0, 1.0
    while _t_cdf(high, df) < p:
        high *= 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if _t_cdf(middle, df) < p else (low, middle)
    return (low + high) / 2


def _t_cdf(t: float, df: int) -> float:
    theta = math.atan2(t, math.sqrt(df))
    sine, cosine = math.sin(theta), math.cos(theta)
    odd = df % 2
    term = total = cosine if odd and df > 1 else float(not odd)
    for k in range(3 if odd else 2, df - 1, 2):
        term *= cosine**2 * (k - 1) / k
        total += term
    two_sided = 2 / math.pi * (theta + sine * total) if odd else sine * total
    return 0.5 + two_sided / 2
