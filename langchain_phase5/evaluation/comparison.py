"""Two runs over the same examples, side by side."""

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_phase5.evaluation.dataset import DatasetDiff
from langchain_phase5.evaluation.paired_findings import Limits, PairedFindings
from langchain_phase5.evaluation.regression import Regression
from langchain_phase5.evaluation.report import EvaluationReport
from langchain_phase5.written import write_whole

if TYPE_CHECKING:
    from langchain_phase5.evaluation.paired_test import Verdict


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
        limits = Limits(
            threshold=self.threshold,
            ratio_threshold=self.ratio_threshold,
            latency_floor=self.latency_floor,
            alpha=self.alpha,
            seed=self.seed,
        )
        tests = PairedFindings(
            self.baseline,
            self.candidate,
            ids=self.paired_ids,
            metrics=self.metrics,
            limits=limits,
        )
        self.findings = tests.quality() + tests.operations()

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


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
