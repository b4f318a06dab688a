"""What got worse between two runs, or two sets of bare numbers."""

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_phase5.evaluation.agent_evaluator import AgentEvaluator
from langchain_phase5.evaluation.comparison import ComparisonReport
from langchain_phase5.evaluation.metric import Metric
from langchain_phase5.evaluation.regression import Regression
from langchain_phase5.evaluation.report import EvaluationReport
from langchain_phase5.evaluation.target import Target


def detect_regressions(
    current_metrics: EvaluationReport | Mapping[str, float],
    baseline: EvaluationReport | Mapping[str, float],
    threshold: float = 0.05,
    *,
    include_passes: bool = False,
    adaptive: bool = False,
    **options: Any,
) -> list[Regression]:
    """List what got worse, or could have, the first metric first.

    From two reports every finding is the paired test of a `ComparisonReport`, with one of three
    verdicts; an empty list means that everything was shown to be no worse within the threshold.
    From bare numbers there is nothing to test, so a drop by more than `threshold` is called a
    regression and the finding's `rule` says `threshold`.

    Args:
        current_metrics: The run to judge, or its scores by metric (higher is better).
        baseline: What to compare with, in the same form.
        threshold: A drop that would be tolerated.
        include_passes: List also what passed.
        adaptive: While the verdict is inconclusive, and only then, run every example again, up to
            five times in all, as `AgentEvaluator.run_until_clear` does; what `current_metrics`
            holds counts as the first runs.
        options: Passed to `ComparisonReport`: `alpha`, `ratio_threshold`, `latency_floor` (by
            default a millisecond: less is noise, whatever share it is), `seed`. With `adaptive`
            instead `target` and `metrics`, which gave `current_metrics`, an `evaluator` if not
            `AgentEvaluator()`, and what `run_until_clear` takes: `plan`, `journal`, `seed`.

    Raises:
        ValueError: The two share nothing that could be compared, or `adaptive` lacks something.

    Example:
        >>> [found] = detect_regressions({"accuracy": 0.8}, {"accuracy": 0.9})
        >>> found.verdict, found.rule
        ('regression', 'threshold')
    """
    if isinstance(current_metrics, EvaluationReport) and isinstance(baseline, EvaluationReport):
        compare = _repeated if adaptive else _compared
        found = compare(current_metrics, baseline, threshold=threshold, **options).findings
    elif adaptive:
        msg = "adaptive=True needs the reports of two runs; bare numbers have no examples to repeat"
        raise ValueError(msg)
    else:
        found = _by_threshold(_numbers(current_metrics), _numbers(baseline), threshold)
    return [each for each in found if include_passes or each.verdict != "pass"]


def _compared(
    current: EvaluationReport, baseline: EvaluationReport, **options: Any
) -> ComparisonReport:
    return ComparisonReport(baseline=baseline, candidate=current, **options)


def _repeated(
    current: EvaluationReport,
    baseline: EvaluationReport,
    *,
    target: Target | None = None,
    metrics: Sequence[Metric] | Metric = (),
    evaluator: AgentEvaluator | None = None,
    **options: Any,
) -> ComparisonReport:
    if target is None or not metrics:
        msg = "adaptive=True runs examples again: give the target and the metrics too"
        raise ValueError(msg)
    again = evaluator or AgentEvaluator()
    return again.evaluate_until_clear(
        current.dataset, target, baseline, metrics, begun=current, **options
    )


def _numbers(given: EvaluationReport | Mapping[str, float]) -> dict[str, float]:
    if isinstance(given, EvaluationReport):
        scores = {metric: given.score(metric).value for metric in given.metrics}
        return {metric: value for metric, value in scores.items() if value is not None}
    return dict(given)


def _by_threshold(
    current: Mapping[str, float], baseline: Mapping[str, float], threshold: float
) -> list[Regression]:
    shared = [metric for metric in baseline if metric in current]
    if not shared:
        msg = f"no metric in common: {sorted(current)} now, {sorted(baseline)} before"
        raise ValueError(msg)
    return [
        Regression(
            metric=metric,
            # A drop of exactly the threshold is tolerated, whatever the last binary digit says.
            verdict="regression" if _drop(metric, current, baseline) > threshold else "pass",
            baseline=baseline[metric],
            current=current[metric],
            drop=_drop(metric, current, baseline),
            threshold=threshold,
            rule="threshold",
        )
        for metric in shared
    ]


def _drop(metric: str, current: Mapping[str, float], baseline: Mapping[str, float]) -> float:
    return round(baseline[metric] - current[metric], 12)
