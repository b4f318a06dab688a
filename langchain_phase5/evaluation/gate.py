"""What a build should do about a comparison."""

from enum import IntEnum

from langchain_phase5.evaluation.comparison import ComparisonReport
from langchain_phase5.evaluation.report import EvaluationReport


class ExitCode(IntEnum):
    """How `langchain-phase5 eval` ends.

    Example:
        >>> ExitCode(2).name
        'INCONCLUSIVE'
    """

    PASS = 0
    REGRESSION = 1
    INCONCLUSIVE = 2
    ERRORS = 3


def gate(comparison: ComparisonReport, *, max_error_rate: float = 0.1) -> ExitCode:
    """Return the exit code for a comparison.

    Too many errors on either side come first: what is left then is no fair sample of the dataset.

    Args:
        comparison: Baseline and candidate.
        max_error_rate: Share of runs without an answer from which on nothing is concluded.

    Example:
        >>> int(ExitCode.REGRESSION)
        1
    """
    sides = (comparison.baseline, comparison.candidate)
    if any(error_exit(side, max_error_rate=max_error_rate) for side in sides):
        return ExitCode.ERRORS
    codes = {"pass": ExitCode.PASS, "regression": ExitCode.REGRESSION}
    return codes.get(comparison.verdict, ExitCode.INCONCLUSIVE)


def error_exit(report: EvaluationReport, *, max_error_rate: float = 0.1) -> ExitCode:
    """Return `ERRORS` for a run with too many errors or without any score, else `PASS`."""
    failed = (report.error_rate.value or 0.0) > max_error_rate
    unscored = bool(report.results) and report.accuracy.value is None
    return ExitCode.ERRORS if failed or unscored else ExitCode.PASS


def assert_no_regression(
    current: EvaluationReport,
    baseline: EvaluationReport,
    *,
    threshold: float = 0.05,
    max_error_rate: float = 0.1,
    allow_inconclusive: bool = True,
) -> ComparisonReport:
    """Fail a test where a run is worse than its baseline; return the comparison otherwise.

    Args:
        current: The run to judge.
        baseline: The run to compare with.
        threshold: A drop that would be tolerated.
        max_error_rate: Share of runs without an answer from which on the test fails.
        allow_inconclusive: Whether a small dataset, which can show little, may pass.

    Raises:
        AssertionError: With a sentence on each finding.
    """
    comparison = ComparisonReport(baseline=baseline, candidate=current, threshold=threshold)
    code = gate(comparison, max_error_rate=max_error_rate)
    allowed = {ExitCode.PASS} | ({ExitCode.INCONCLUSIVE} if allow_inconclusive else set())
    if code not in allowed:
        told = comparison.regressions or comparison.findings[:1]
        lines = "\n".join(f"- {each.message}" for each in told)
        errors = f"error rate {current.error_rate}, before {baseline.error_rate}"
        msg = f"{code.name.lower()}: {errors}\n{lines}"
        raise AssertionError(msg)
    return comparison
