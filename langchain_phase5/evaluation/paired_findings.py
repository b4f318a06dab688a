"""Test what differs between two runs, and correct for testing many things."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from langchain_phase5.evaluation.regression import Kind, Regression
from langchain_phase5.evaluation.report import EvaluationReport
from langchain_phase5.evaluation.result import ExampleResult

if TYPE_CHECKING:
    from langchain_phase5.evaluation.paired_test import Verdict

_PRIMARY_SHARE = 0.9


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What counts as a regression; see `ComparisonReport`."""

    threshold: float
    ratio_threshold: float
    latency_floor: float
    alpha: float
    seed: int


class PairedFindings:
    """The tests behind a `ComparisonReport`, whose docstring says how they share `alpha`.

    Args:
        baseline: The run before.
        candidate: The run to judge.
        ids: The examples that are the same in both.
        metrics: The metrics that both have, the one that matters most first.
        limits: What counts as a regression.
    """

    def __init__(
        self,
        baseline: EvaluationReport,
        candidate: EvaluationReport,
        *,
        ids: Sequence[str],
        metrics: Sequence[str],
        limits: Limits,
    ) -> None:
        self._baseline, self._candidate = baseline, candidate
        self._ids = ids
        self._metrics = metrics
        self._limits = limits

    def quality(self) -> list[Regression]:
        """Test every metric, the first one for every category too, and the error rate."""
        found = [self._score(metric) for metric in self._metrics]
        if self._metrics and len(self._baseline.categories) > 1:
            found += [
                self._score(self._metrics[0], category=category)
                for category in self._baseline.categories
            ]
        found.append(self._compare("error_rate", "errors", _error, worse=1.0))
        return self._corrected([each for each in found if each is not None])

    def operations(self) -> list[Regression]:
        """Test latency and cost."""
        from langchain_phase5.evaluation.paired_test import holm  # noqa: PLC0415 - NumPy

        found = [
            self._compare("latency", "latency", _seconds, worse=1.0),
            self._compare("cost", "cost", _dollars, worse=1.0),
        ]
        known = [each for each in found if each is not None]
        adjusted = holm([each.p_value or 0.0 for each in known])
        return [
            self._decided(*pair, alpha=self._limits.alpha)
            for pair in zip(known, adjusted, strict=True)
        ]

    def _score(self, metric: str, *, category: str = "") -> Regression | None:
        def value(result: ExampleResult) -> float | None:
            return result.scores.get(metric)

        return self._compare(metric, "score", value, worse=-1.0, category=category)

    def _compare(
        self,
        metric: str,
        kind: Kind,
        value: Callable[[ExampleResult], float | None],
        *,
        worse: float,
        category: str = "",
    ) -> Regression | None:
        """Test one thing; `worse` is the sign of a change for the worse."""
        from langchain_phase5.evaluation.paired_test import paired_test  # noqa: PLC0415 - NumPy

        before, after = self._paired(value, category)
        if not before:
            return None
        ids = list(before)
        differences = [worse * (after[i] - before[i]) for i in ids]
        ratio = kind in {"latency", "cost"}
        test = paired_test(
            differences,
            clusters=self._baseline.clusters(ids),
            bounded=not ratio and _within_unit(before, after),
            alpha=self._limits.alpha,
            seed=self._limits.seed,
        )
        earlier, now = _center(before, ratio=ratio), _center(after, ratio=ratio)
        threshold = self._tolerated(kind, earlier)
        return Regression(
            metric=metric,
            kind=kind,
            category=category,
            verdict=test.verdict(threshold, alpha=self._limits.alpha),
            baseline=earlier,
            current=now,
            drop=test.drop,
            low=test.low,
            high=test.high,
            p_value=test.p_value,
            adjusted_p=test.p_value,
            n=test.n,
            threshold=threshold,
            minimum_detectable_drop=test.minimum_detectable_drop,
            needed=_needed(test.units_needed, threshold, self._limits.alpha),
        )

    def _tolerated(self, kind: Kind, baseline: float) -> float:
        if kind not in {"latency", "cost"}:
            return self._limits.threshold
        floor = self._limits.latency_floor / baseline if kind == "latency" else 0.0
        return math.log1p(max(self._limits.ratio_threshold, floor))

    def _paired(
        self, value: Callable[[ExampleResult], float | None], category: str
    ) -> tuple[dict[str, float], dict[str, float]]:
        before, after = self._baseline.by_example(value), self._candidate.by_example(value)
        examples = self._baseline.dataset.by_id
        shared = [
            i
            for i in self._ids
            if i in before and i in after and category in {"", examples[i].category}
        ]
        return {i: before[i] for i in shared}, {i: after[i] for i in shared}

    def _corrected(self, found: list[Regression]) -> list[Regression]:
        """Keep the chance of any false alarm at alpha: first metric first, the rest by Holm."""
        from langchain_phase5.evaluation.paired_test import holm  # noqa: PLC0415 - NumPy

        if len(found) <= 1:
            return found
        first, *rest = found
        alone = self._limits.alpha * _PRIMARY_SHARE
        first = self._decided(
            first, (first.p_value or 0.0) / _PRIMARY_SHARE, alpha=self._limits.alpha
        )
        share = self._limits.alpha if first.verdict == "regression" else self._limits.alpha - alone
        adjusted = holm([each.p_value or 0.0 for each in rest])
        scale = self._limits.alpha / share
        return [first] + [
            self._decided(each, p * scale, alpha=self._limits.alpha)
            for each, p in zip(rest, adjusted, strict=True)
        ]

    def _decided(self, found: Regression, adjusted: float, *, alpha: float) -> Regression:
        adjusted = min(adjusted, 1.0)
        slower = found.current - found.baseline
        matters = found.kind != "latency" or slower >= self._limits.latency_floor
        if adjusted < alpha and matters:
            verdict: Verdict = "regression"
        else:
            sure = found.high is not None and found.high < found.threshold
            verdict = "pass" if sure else "inconclusive"
        return replace(found, adjusted_p=adjusted, verdict=verdict)


def _error(result: ExampleResult) -> float:
    return float(result.error is not None)


def _seconds(result: ExampleResult) -> float | None:
    return math.log(result.seconds) if result.seconds and not result.error else None


def _dollars(result: ExampleResult) -> float | None:
    return math.log(result.cost) if result.cost else None


def _center(values: Mapping[str, float], *, ratio: bool) -> float:
    mean = math.fsum(values.values()) / len(values)
    return math.exp(mean) if ratio else mean


def _within_unit(*sides: Mapping[str, float]) -> bool:
    return all(0 <= value <= 1 for side in sides for value in side.values())


def _needed(count: Callable[..., int], threshold: float, alpha: float) -> int | None:
    try:
        return count(threshold, alpha=alpha)
    except (OverflowError, ZeroDivisionError, ValueError):
        return None
