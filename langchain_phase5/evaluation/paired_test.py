"""Did it really get worse? A paired test with three honest answers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from langchain_phase5.evaluation.estimate import cluster_sums, t_quantile

Verdict = Literal["regression", "pass", "inconclusive"]

_RESAMPLES = 9_999
_LARGEST_DENOMINATOR = 60
_LONGEST_LATTICE = 2_000_000
_TINY = 1e-9
_POWER = 0.8
_SIGNS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTest:
    """What paired differences say about a drop.

    Attributes:
        drop: Mean of baseline minus candidate; positive means worse.
        low: One-sided lower 95 % bound of the drop (at `alpha` 0.05).
        high: One-sided upper bound; together they are a 90 % interval.
        p_value: Of "no worse than the baseline".
        p_improved: Of "no better than the baseline".
        n: Independent units: examples, or clusters where they have keys.
        minimum_detectable_drop: The true drop that this test would call a regression in 80 % of
            repetitions.
        spread: Standard deviation of one unit's difference, per example.
    """

    drop: float
    low: float
    high: float
    p_value: float
    p_improved: float
    n: int
    minimum_detectable_drop: float
    spread: float

    def verdict(self, threshold: float, *, alpha: float = 0.05) -> Verdict:
        """Decide: `regression` if the drop is real, `pass` if it surely stays under `threshold`."""
        if self.p_value < alpha:
            return "regression"
        return "pass" if self.high < threshold else "inconclusive"

    def units_needed(self, threshold: float, *, alpha: float = 0.05) -> int:
        """How many examples (or clusters) would see a drop of `threshold` in 80 % of cases."""
        return math.ceil((_z_total(alpha) * self.spread / threshold) ** 2)


def paired_test(
    differences: Sequence[float] | np.ndarray,
    *,
    clusters: Sequence[str] | None = None,
    bounded: bool = True,
    alpha: float = 0.05,
    seed: int = 0,
) -> PairedTest:
    """Test whether baseline minus candidate is above zero, by flipping signs.

    If nothing changed, each pair's difference is as likely to have the other sign (Fisher 1935,
    section 21). Whole clusters are flipped where keys are given. The p-value is the mid-p, because
    pass/fail differences have few distinct sums and the plain one is too shy. It is exact where
    the differences are multiples of some 1/q (pass/fail with repeats), and otherwise from 9,999
    seeded resamples.

    The bounds are Student's t on the same units. For scores one difference of +1 and one of -1 is
    added first (Bonett and Price 2012; Agresti and Min 2005), so that a handful of examples that
    all agree does not look like certainty.

    Args:
        differences: One per example, repeats averaged: baseline minus candidate.
        clusters: A cluster key per example.
        bounded: Whether the differences are of scores in 0..1.
        alpha: Level of the test and, one-sided, of both bounds.
        seed: Of the resampling.

    Raises:
        ValueError: There is no difference at all to test.
    """
    data = np.asarray(differences, dtype=float)
    if not len(data):
        msg = "nothing to compare: no example was scored on both sides"
        raise ValueError(msg)
    sums = cluster_sums(data, clusters)
    above, below = _sign_flip(sums, seed=seed)
    drop = float(data.mean())
    error, units = _error(sums, len(data), bounded=bounded)
    margin = t_quantile(1 - alpha, max(units - 1, 1)) * error
    reach = 1.0 if bounded else math.inf
    return PairedTest(
        drop=drop,
        low=max(drop - margin, -reach),
        high=min(drop + margin, reach),
        p_value=above,
        p_improved=below,
        n=len(sums),
        minimum_detectable_drop=_z_total(alpha) * error,
        spread=error * math.sqrt(units),
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values so that the whole family keeps its level (Holm 1979)."""
    order = sorted(range(len(p_values)), key=lambda i: p_values[i])
    adjusted, running = [0.0] * len(p_values), 0.0
    for rank, index in enumerate(order):
        running = max(running, (len(p_values) - rank) * p_values[index])
        adjusted[index] = min(running, 1.0)
    return adjusted


def _z_total(alpha: float) -> float:
    return NormalDist().inv_cdf(1 - alpha) + NormalDist().inv_cdf(_POWER)


def _error(sums: np.ndarray, examples: int, *, bounded: bool) -> tuple[float, int]:
    """Standard error of the mean difference per example, and the number of units behind it."""
    per_unit = examples / len(sums)
    if bounded:
        sums = np.concatenate([sums, [per_unit, -per_unit]])
        examples = round(examples + 2 * per_unit)
    if len(sums) == 1:
        return math.inf, 1
    return float(sums.std(ddof=1)) * math.sqrt(len(sums)) / examples, len(sums)


def _sign_flip(sums: np.ndarray, *, seed: int) -> tuple[float, float]:
    """Mid-p values of the sum being above and below zero."""
    moved = sums[np.abs(sums) > _TINY]
    if not len(moved):
        return 0.5, 0.5
    lattice = _lattice(moved)
    if lattice is not None:
        return _exact(lattice)
    return _resampled(moved, np.random.default_rng(seed))


def _lattice(values: np.ndarray) -> np.ndarray | None:
    """`values` times the smallest q that makes them whole numbers, if there is a small one."""
    for q in range(1, _LARGEST_DENOMINATOR + 1):
        scaled = values * q
        whole = np.rint(scaled)
        if np.abs(scaled - whole).max() < _TINY * q:
            return whole.astype(np.int64) if np.abs(whole).sum() < _LONGEST_LATTICE else None
    return None


def _exact(values: np.ndarray) -> tuple[float, float]:
    """Exact mid-p values for whole numbers: the distribution of the sum of randomly signed ones.

    Its characteristic function is the product of cosines, and an inverse FFT gives the rest.
    """
    sizes, counts = np.unique(np.abs(values), return_counts=True)
    divisor = int(np.gcd.reduce(sizes))
    sizes, total = sizes // divisor, int(values.sum()) // divisor
    reach = int((sizes * counts).sum())
    length = 1 << (2 * reach + 1).bit_length()
    angles = 2 * np.pi / length * np.arange(length // 2 + 1)
    transform = np.ones(len(angles))
    for size, count in zip(sizes.tolist(), counts.tolist(), strict=True):
        transform *= np.cos(size * angles) ** count
    # Position i of the distribution is the sum i, and -i wraps around to `length - i`.
    chances = np.clip(np.fft.irfft(transform), 0, None)
    at = float(chances[total % length])
    above = float(np.roll(chances, length // 2)[length // 2 + total + 1 :].sum()) + at / 2
    above = min(above, 1.0)  # rounding adds up
    return above, 1 - above


def _resampled(values: np.ndarray, random: np.random.Generator) -> tuple[float, float]:
    observed = float(values.sum())
    magnitudes = np.abs(values).astype(np.float32)
    rows = max(_SIGNS_AT_ONCE // len(values), 1)
    above = equal = done = 0
    while done < _RESAMPLES:
        count = min(rows, _RESAMPLES - done)
        packed = random.integers(0, 256, (count, -(-len(values) // 8)), dtype=np.uint8)
        bits = np.unpackbits(packed, axis=1, count=len(values))
        flipped = 2 * (bits.astype(np.float32) @ magnitudes) - magnitudes.sum()
        slack = 1e-5 * float(magnitudes.sum())
        above += int((flipped > observed + slack).sum())
        equal += int((np.abs(flipped - observed) <= slack).sum())
        done += count
    share = (0.5 + above + equal / 2) / (_RESAMPLES + 1)
    return share, 1 - share
