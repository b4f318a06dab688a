"""One finding of a comparison."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from langchain_phase5.evaluation.counted import counted

if TYPE_CHECKING:
    from langchain_phase5.evaluation.paired_test import Verdict

Kind = Literal["score", "errors", "latency", "cost"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Regression:
    """How one metric changed from baseline to current, and what may be said about it.

    Attributes:
        metric: Its name; `error_rate`, `latency` or `cost` for those.
        kind: What the numbers are. Scores: higher is better. The others: lower is better, and for
            latency and cost `drop`, its bounds and `threshold` are log ratios.
        category: The part of the dataset it is about; empty for all of it.
        verdict: `regression`, `pass` or `inconclusive`.
        baseline: Mean before (geometric for latency and cost).
        current: Mean now.
        drop: How much worse; negative means better.
        low: Lower one-sided 95 % bound of the drop; `None` for the bare threshold rule.
        high: Upper one-sided bound.
        p_value: Of no drop, before correction for testing several things.
        adjusted_p: After it.
        n: Examples compared, or clusters.
        threshold: What drop would be tolerated.
        minimum_detectable_drop: The drop that would be seen in 80 % of repetitions.
        needed: Examples (or clusters) that would show a drop of `threshold` as often.
        rule: `paired test`, or `threshold` where only bare numbers were given.

    Example:
        >>> found = Regression(
        ...     metric="exact_match",
        ...     verdict="regression",
        ...     baseline=0.9,
        ...     current=0.8,
        ...     drop=0.1,
        ...     threshold=0.05,
        ... )
        >>> found.change
        '-10.0 points'
    """

    metric: str
    verdict: "Verdict"
    baseline: float
    current: float
    drop: float
    threshold: float
    kind: Kind = "score"
    category: str = ""
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    adjusted_p: float | None = None
    n: int = 0
    minimum_detectable_drop: float | None = None
    needed: int | None = None
    rule: Literal["paired test", "threshold"] = "paired test"

    @property
    def label(self) -> str:
        """The metric, and the category where it is about one."""
        return f"{self.metric} / {self.category}" if self.category else self.metric

    @property
    def improved(self) -> bool:
        """Whether the whole interval is on the good side.

        Never claimed of a category: its interval is not corrected for there being several.
        """
        return self.high is not None and self.high < 0 and not self.category

    @property
    def change(self) -> str:
        """The change for people: points for scores, percent for latency and cost."""
        if self.kind in {"latency", "cost"}:
            return f"{math.expm1(self.drop):+.1%}"
        sign = -1 if self.kind == "score" else 1
        points = f"{sign * self.drop * 100:+.1f}"
        return f"{'0.0' if points[1:] == '0.0' else points} points"

    @property
    def message(self) -> str:
        """One sentence on what was found."""
        name = f"{self.label} went from {self.baseline:.4g} to {self.current:.4g} ({self.change})"
        if self.rule == "threshold":
            return f"{name}: {self.verdict} by the bare threshold of {self.threshold:g}"
        if self.verdict == "regression":
            small = self.high is not None and self.high < self.threshold
            note = ", though surely by less than the threshold" if small else ""
            return f"{name}: a regression (p = {self.adjusted_p:.2g}, n = {self.n}){note}"
        if self.verdict == "pass":
            better = "an improvement" if self.improved else "no worse within the threshold"
            return f"{name}: {better} (n = {self.n})"
        return (
            f"{name}: inconclusive; {counted(self.n, 'example')} would show {self._shown()}, "
            f"and one of {self._size(self.threshold)} needs about {self.needed}"
        )

    def _shown(self) -> str:
        smallest = self.minimum_detectable_drop
        shares = 0 <= self.baseline <= 1 and 0 <= self.current <= 1
        if self.kind in {"score", "errors"} and shares and 1 < (smallest or 0.0) < math.inf:
            return "no drop, however large"
        return f"a drop of {self._size(smallest)}"

    def _size(self, drop: float | None) -> str:
        if drop is None or not math.isfinite(drop):
            return "unknown size"
        if self.kind in {"latency", "cost"}:
            return f"{math.expm1(drop):.0%}"
        return f"{drop * 100:.1f} points"
