"""Measured values and their intervals."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]

_RESAMPLES = 1_000


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured value."""

    dataset: str
    measure: str
    value: float

    low: float
    """Of the 95 % interval; for times, the 5th percentile."""

    high: float
    """Of the 95 % interval; for times, the 95th percentile."""

    unit: Literal["%", "ms"] = "%"


def share_figure(dataset: str, measure: str, shares: Values) -> Figure:
    """Average shares, one per request."""
    return bootstrapped_figure(
        dataset, measure, shares[None], lambda drawn: float(100 * drawn.mean())
    )


def bootstrapped_figure(
    dataset: str, measure: str, values: Values, statistic: Callable[[Values], float]
) -> Figure:
    """Take a statistic with its percentile bootstrap interval (Efron 1979).

    Args:
        dataset: What was measured on.
        measure: What was measured.
        values: One column per request, resampled together.
        statistic: From such columns to a number.
    """
    draws = np.random.default_rng(0).integers(values.shape[1], size=(_RESAMPLES, values.shape[1]))
    low, high = np.percentile([statistic(values[:, draw]) for draw in draws], [2.5, 97.5])
    return Figure(
        dataset=dataset,
        measure=measure,
        value=statistic(values),
        low=float(low),
        high=float(high),
    )
