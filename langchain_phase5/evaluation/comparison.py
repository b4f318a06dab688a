"""Two runs over the same examples, side by side."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_phase5.evaluation.dataset import DatasetDiff
from langchain_phase5.evaluation.regression import Kind, Regression
from langchain_phase5.evaluation.report import EvaluationReport
from langchain_phase5.evaluation.result import ExampleResult
from langchain_phase5.written import write_whole

if TYPE_CHECKING:
    from langchain_phase5.evaluation.paired_test import Verdict

_PRIMARY_SHARE = 0.9


@dataclass(kw_only=True)
class ComparisonReport:
    """What changed between two runs, paired by example.

    Only examples whose content is the same on both sides are compared; `unpaired` says which are
    not. The first metric over the whole dataset is tested at 0.9 `alpha`, everything else about
    quality (other metrics, categories, errors) shares the rest by Holm's method, and all of
    `alpha` once the first test has found a regression (Wiens 2003): the chance of any false alarm
    stays at `alpha`. Latency and cost are a family of their own and do not touch the verdict.

    Attributes:
        baseline: The run before.
        candidate: The run to judge.
        threshold: A drop of a score that would be tolerated.
        ratio_threshold: A growth of latency or cost that would be tolerated, as a share.
        latency_floor: Seconds by which an answer must be slower on average to be a regression, and
            which are tolerated whatever share they are: among microseconds any share is noise.
        alpha: Chance of a false alarm.
        seed: Of resampling, where a test needs it.
        findings: What was found, the first metric first.

    Raises:
        ValueError: No example is the same in both runs.

    Example:
        >>> from langchain_phase5.evaluation import AgentEvaluator, compare_versions
        >>> examples = [
        ...     {"inputs": {"query": str(i)}, "outputs": {"answer": str(i)}} for i in range(50)
        ... ]
        >>> before = AgentEvaluator().evaluate(lambda inputs: inputs["query"], examples)
        >>> after = AgentEvaluator().evaluate(lambda inputs: "?", examples)
        >>> compare_versions(before, after).verdict
        'regression'
    """

    baseline: EvaluationReport
    candidate: EvaluationReport
    threshold: float = 0.05
    ratio_threshold: float = 0.1
    latency_floor: float = 0.001
    alpha: float = 0.05
    seed: int = 0
    findings: list[Regression] = field(init=False)
    paired_ids: list[str] = field(init=False)

    def __post_init__(self) -> None:
        before, after = self.baseline.dataset.by_id, self.candidate.dataset.by_id
        self.paired_ids = [
            i for i in before if i in after and before[i].content == after[i].content
        ]
        if not self.paired_ids:
            msg = "the two runs share no example with the same content, so nothing can be compared"
            raise ValueError(msg)
        self.findings = self._quality() + self._operations()

    @property
    def verdict(self) -> "Verdict":
        """`regression` if any score or the error rate fell, else what the first metric says."""
        quality = [each for each in self.findings if each.kind in {"score", "errors"}]
        if any(each.verdict == "regression" for each in quality):
            return "regression"
        return quality[0].verdict if quality else "inconclusive"

    @property
    def metrics(self) -> list[str]:
        """The metrics that both runs have."""
        return [metric for metric in self.baseline.metrics if metric in self.candidate.metrics]

    @property
    def unpaired(self) -> DatasetDiff:
        """Examples that could not be compared, by why."""
        return self.baseline.dataset.diff(self.candidate.dataset)

    @property
    def regressions(self) -> list[Regression]:
        """The findings that are regressions."""
        return [each for each in self.findings if each.verdict == "regression"]

    def flipped(self, metric: str | None = None) -> dict[str, tuple[float, float]]:
        """Examples whose score changed, the worst losses first: id to (before, after)."""
        chosen = metric or (self.metrics[0] if self.metrics else "")
        before = self.baseline.example_scores(chosen)
        after = self.candidate.example_scores(chosen)
        pairs = {i: (before[i], after[i]) for i in self.paired_ids if i in before and i in after}
        changed = {i: pair for i, pair in pairs.items() if pair[0] != pair[1]}
        return dict(sorted(changed.items(), key=lambda item: item[1][1] - item[1][0]))

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form, with both runs' headline numbers."""
        names = Regression.__dataclass_fields__
        return {
            "verdict": self.verdict,
            "threshold": self.threshold,
            "alpha": self.alpha,
            "paired": len(self.paired_ids),
            "findings": [
                {name: _finite(getattr(each, name)) for name in names} | {"message": each.message}
                for each in self.findings
            ],
            "flipped": {i: list(pair) for i, pair in self.flipped().items()},
            "baseline": {"name": self.baseline.name} | self.baseline.summary(),
            "candidate": {"name": self.candidate.name} | self.candidate.summary(),
        }

    def to_html(self, path: Path | str | None = None) -> str:
        """Write one page with both runs, their differences and every example side by side."""
        from langchain_phase5.evaluation.page import render_page  # noqa: PLC0415

        return write_whole(path, render_page([self.baseline, self.candidate], comparison=self))

    def to_markdown(self, path: Path | str | None = None) -> str:
        """Write a summary for a pull request."""
        from langchain_phase5.evaluation.tables import comparison_markdown  # noqa: PLC0415

        return write_whole(path, comparison_markdown(self))

    def to_json(self, path: Path | str | None = None) -> str:
        """Write JSON to `path`, if given, and return it."""
        import json  # noqa: PLC0415

        text = json.dumps(self.as_dict(), ensure_ascii=False, indent=1, allow_nan=False)
        return write_whole(path, text)

    def print(self) -> None:
        """Print the findings to the terminal."""
        from rich.console import Console  # noqa: PLC0415

        Console().print(self)

    def __repr__(self) -> str:
        return f"<ComparisonReport {self.verdict}: {self.candidate!r} against {self.baseline!r}>"

    def __rich__(self) -> Any:
        from langchain_phase5.evaluation.tables import comparison_table  # noqa: PLC0415

        return comparison_table(self)

    def _repr_html_(self) -> str:
        from langchain_phase5.evaluation.tables import comparison_html  # noqa: PLC0415

        return comparison_html(self)

    def _quality(self) -> list[Regression]:
        found = [self._score(metric) for metric in self.metrics]
        if self.metrics and len(self.baseline.categories) > 1:
            found += [
                self._score(self.metrics[0], category=category)
                for category in self.baseline.categories
            ]
        found.append(self._compare("error_rate", "errors", _error, worse=1.0))
        return self._corrected([each for each in found if each is not None])

    def _operations(self) -> list[Regression]:
        from langchain_phase5.evaluation.paired_test import holm  # noqa: PLC0415 - NumPy

        found = [
            self._compare("latency", "latency", _seconds, worse=1.0),
            self._compare("cost", "cost", _dollars, worse=1.0),
        ]
        known = [each for each in found if each is not None]
        adjusted = holm([each.p_value or 0.0 for each in known])
        return [
            self._decided(*pair, alpha=self.alpha) for pair in zip(known, adjusted, strict=True)
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
            clusters=self.baseline.clusters(ids),
            bounded=not ratio and _within_unit(before, after),
            alpha=self.alpha,
            seed=self.seed,
        )
        earlier, now = _center(before, ratio=ratio), _center(after, ratio=ratio)
        threshold = self._tolerated(kind, earlier)
        return Regression(
            metric=metric,
            kind=kind,
            category=category,
            verdict=test.verdict(threshold, alpha=self.alpha),
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
            needed=_needed(test.units_needed, threshold, self.alpha),
        )

    def _tolerated(self, kind: Kind, baseline: float) -> float:
        if kind not in {"latency", "cost"}:
            return self.threshold
        floor = self.latency_floor / baseline if kind == "latency" else 0.0
        return math.log1p(max(self.ratio_threshold, floor))

    def _paired(
        self, value: Callable[[ExampleResult], float | None], category: str
    ) -> tuple[dict[str, float], dict[str, float]]:
        before, after = self.baseline.by_example(value), self.candidate.by_example(value)
        examples = self.baseline.dataset.by_id
        shared = [
            i
            for i in self.paired_ids
            if i in before and i in after and category in {"", examples[i].category}
        ]
        return {i: before[i] for i in shared}, {i: after[i] for i in shared}

    def _corrected(self, found: list[Regression]) -> list[Regression]:
        """Keep the chance of any false alarm at alpha: first metric first, the rest by Holm."""
        from langchain_phase5.evaluation.paired_test import holm  # noqa: PLC0415 - NumPy

        if len(found) <= 1:
            return found
        first, *rest = found
        alone = self.alpha * _PRIMARY_SHARE
        first = self._decided(first, (first.p_value or 0.0) / _PRIMARY_SHARE, alpha=self.alpha)
        share = self.alpha if first.verdict == "regression" else self.alpha - alone
        adjusted = holm([each.p_value or 0.0 for each in rest])
        scale = self.alpha / share
        return [first] + [
            self._decided(each, p * scale, alpha=self.alpha)
            for each, p in zip(rest, adjusted, strict=True)
        ]

    def _decided(self, found: Regression, adjusted: float, *, alpha: float) -> Regression:
        adjusted = min(adjusted, 1.0)
        slower = found.current - found.baseline
        matters = found.kind != "latency" or slower >= self.latency_floor
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


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
