"""What a run showed, every number with its interval."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from langchain_phase5.evaluation.dataset import Dataset
from langchain_phase5.evaluation.estimate import Estimate, mean_estimate, quantile_estimate
from langchain_phase5.evaluation.report_form import fields_in, report_form, without_timings
from langchain_phase5.evaluation.result import ExampleResult
from langchain_phase5.written import write_whole


@dataclass(kw_only=True)
class EvaluationReport:
    """Results of a run and everything that can be counted from them.

    Errors are a rate of their own and never enter a mean. Repeats are averaged inside an example
    first, and `n` counts examples (clusters, where the dataset has them), so more repeats do not
    pretend to be more evidence.

    Attributes:
        dataset: What was asked.
        results: One per example and repeat, in the dataset's order.
        metrics: Names; the first one is the `accuracy`.
        target: Name of what was graded.
        target_version: The version the caller gave it.
        repeats: Runs of each example.
        run_id: Unique.
        started_at: Unix time.

    Example:
        >>> from langchain_phase5.evaluation import AgentEvaluator
        >>> report = AgentEvaluator().evaluate(
        ...     lambda inputs: "Paris",
        ...     [{"inputs": {"query": "Capital of France?"}, "outputs": {"answer": "Paris"}}],
        ... )
        >>> str(report.accuracy)
        '1.000 [0.207, 1.000] n=1'
    """

    dataset: Dataset
    results: Sequence[ExampleResult]
    metrics: Sequence[str]
    target: str = ""
    target_version: str = ""
    repeats: int = 1
    run_id: str = ""
    started_at: float = 0.0
    _order: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._order = {example.id: index for index, example in enumerate(self.dataset)}
        known = (result for result in self.results if result.example_id in self._order)
        self.results = sorted(known, key=lambda r: (self._order[r.example_id], r.repeat))
        self.metrics = self._metrics()

    @property
    def accuracy(self) -> Estimate:
        """Mean of the first metric."""
        return self.score(self.metrics[0]) if self.metrics else Estimate()

    @property
    def name(self) -> str:
        """The target with its version."""
        return f"{self.target} {self.target_version}".strip() or "target"

    @property
    def failed(self) -> list[ExampleResult]:
        """Runs in which the target gave no answer."""
        return [result for result in self.results if result.error]

    @property
    def categories(self) -> list[str]:
        """The dataset's categories, in order of appearance."""
        return list(dict.fromkeys(example.category for example in self.dataset if example.category))

    @cached_property
    def error_rate(self) -> Estimate:
        """Share of runs without an answer."""
        return self._mean(self.by_example(lambda result: float(result.error is not None)))

    def score(self, metric: str, *, category: str | None = None) -> Estimate:
        """Mean of a metric over all answers, or over those of one category."""
        return self._mean(self.example_scores(metric, category=category))

    def by_category(self, metric: str | None = None) -> dict[str, Estimate]:
        """Mean of a metric (the first one by default) in each category."""
        chosen = metric or (self.metrics[0] if self.metrics else "")
        return {category: self.score(chosen, category=category) for category in self.categories}

    def latency(self, q: float) -> Estimate:
        """Quantile of the seconds an answer took, e.g. `latency(0.95)`; errors left out."""
        taken = (r.seconds for r in self.results if r.error is None)
        return quantile_estimate([seconds for seconds in taken if seconds is not None], q)

    @property
    def cost(self) -> Estimate:
        """Mean US dollars of a run, over those whose price is known (`n`; see `unpriced`)."""
        return self._mean(self.by_example(lambda result: result.cost))

    @property
    def total_cost(self) -> float | None:
        """US dollars of all runs with a known price; `None` where there is none."""
        known = [result.cost for result in self.results if result.cost is not None]
        return math.fsum(known) if known else None

    @property
    def unpriced(self) -> int:
        """Runs that called a model, but at an unknown price."""
        return sum(
            result.cost is None and any(step.get("kind") == "model" for step in result.steps)
            for result in self.results
        )

    @property
    def tokens(self) -> tuple[int, int]:
        """Tokens read and written, as far as they were reported."""
        return (
            sum(result.input_tokens or 0 for result in self.results),
            sum(result.output_tokens or 0 for result in self.results),
        )

    def pass_at(self, k: int, *, metric: str | None = None) -> Estimate:
        """Chance that at least one of `k` runs passes (Chen et al. 2021, unbiased)."""
        return self._of_k(k, metric, lambda n, c: 1 - math.comb(n - c, k) / math.comb(n, k))

    def pass_all(self, k: int, *, metric: str | None = None) -> Estimate:
        """Chance that all of `k` runs pass: pass^k (Yao et al., tau-bench, 2024, unbiased)."""
        return self._of_k(k, metric, lambda n, c: math.comb(c, k) / math.comb(n, k))

    def example_scores(self, metric: str, *, category: str | None = None) -> dict[str, float]:
        """Mean score of each example that has one, by id."""
        means = self.by_example(lambda result: result.scores.get(metric))
        if category is None:
            return means
        return {i: v for i, v in means.items() if self.dataset.by_id[i].category == category}

    def by_example(self, value: Any) -> dict[str, float]:
        """Average `value(result)` over the repeats of each example; `None` is left out."""
        sums: dict[str, list[float]] = {}
        for result in self.results:
            number = value(result)
            if number is not None:
                sums.setdefault(result.example_id, []).append(number)
        return {key: math.fsum(values) / len(values) for key, values in sums.items()}

    def clusters(self, ids: Sequence[str]) -> list[str]:
        """Return the cluster keys of examples."""
        return [self.dataset.by_id[each].cluster for each in ids]

    def as_dict(self) -> dict[str, Any]:
        """Return everything, as JSON knows it."""
        return report_form(self)

    def summary(self) -> dict[str, Any]:
        """Return the headline numbers."""
        read, written = self.tokens
        return {
            "scores": {metric: self.score(metric).as_dict() for metric in self.metrics},
            "error_rate": self.error_rate.as_dict(),
            "latency_seconds": {
                f"p{round(q * 100)}": self.latency(q).as_dict() for q in (0.5, 0.95, 0.99)
            },
            "cost_usd": {"total": self.total_cost, "unpriced_runs": self.unpriced}
            | {"per_run": self.cost.as_dict()},
            "tokens": {"input": read, "output": written},
        }

    @classmethod
    def from_dict(cls, form: Mapping[str, Any]) -> Self:
        """Read what `as_dict` wrote."""
        return cls(**fields_in(form))

    def to_json(self, path: Path | str | None = None, *, timings: bool = True) -> str:
        """Write JSON to `path`, if given, and return it.

        Without `timings` the same answers and scores give the same bytes.
        """
        form = self.as_dict() if timings else without_timings(self.as_dict())
        text = json.dumps(form, ensure_ascii=False, indent=1, allow_nan=False)
        return write_whole(path, text)

    def to_markdown(self, path: Path | str | None = None) -> str:
        """Write a summary for a pull request."""
        from langchain_phase5.evaluation.tables import report_markdown  # noqa: PLC0415

        return write_whole(path, report_markdown(self))

    def to_junit(self, path: Path | str | None = None, *, pass_mark: float = 1.0) -> str:
        """Write JUnit XML: scores below `pass_mark` are failures, missing answers are errors."""
        from langchain_phase5.evaluation.junit import junit_xml  # noqa: PLC0415

        return write_whole(path, junit_xml(self, pass_mark=pass_mark))

    def to_html(self, path: Path | str | None = None) -> str:
        """Write one page that needs nothing else: plots, examples, the trace of each failure."""
        from langchain_phase5.evaluation.page import render_page  # noqa: PLC0415

        return write_whole(path, render_page([self]))

    def to_dataframe(self) -> Any:
        """Return a pandas DataFrame, one row per example and repeat.

        Raises:
            ImportError: pandas is missing.
        """
        try:
            import pandas as pd
        except ImportError as error:
            msg = "data frames need pandas: pip install 'langchain-phase5[eval]'"
            raise ImportError(msg) from error
        return pd.DataFrame([self._row(result) for result in self.results])

    def print(self) -> None:
        """Print a summary to the terminal."""
        from rich.console import Console  # noqa: PLC0415

        Console().print(self)

    def __repr__(self) -> str:
        # asyncio formats a finished task's result, so this has to be cheap.
        return f"<EvaluationReport {self.name} on {self.dataset.name}: {len(self.results)} results>"

    def __rich__(self) -> Any:
        from langchain_phase5.evaluation.tables import report_table  # noqa: PLC0415

        return report_table(self)

    def _repr_html_(self) -> str:
        from langchain_phase5.evaluation.tables import report_html  # noqa: PLC0415

        return report_html(self)

    def _row(self, result: ExampleResult) -> dict[str, Any]:
        example = self.dataset.by_id[result.example_id]
        scores = {metric: result.scores.get(metric) for metric in self.metrics}
        return {
            "example_id": result.example_id,
            "repeat": result.repeat,
            "category": example.category,
            "inputs": example.inputs,
            "reference_outputs": example.reference_outputs,
            "outputs": result.outputs,
            **scores,
            "error": f"{result.error.type}: {result.error.message}" if result.error else None,
            "seconds": result.seconds,
            "cost": result.cost,
        }

    def _mean(self, values: Mapping[str, float]) -> Estimate:
        return mean_estimate(list(values.values()), clusters=self.clusters(list(values)))

    def _of_k(self, k: int, metric: str | None, chance: Any) -> Estimate:
        """Average an unbiased estimate over the examples that have at least `k` scored runs."""
        chosen = metric or self.metrics[0]
        runs: dict[str, list[bool]] = {}
        for result in self.results:
            if chosen in result.scores:
                runs.setdefault(result.example_id, []).append(result.scores[chosen] >= 1)
        values = {i: chance(len(p), sum(p)) for i, p in runs.items() if len(p) >= k}
        return self._mean(values)

    def _metrics(self) -> list[str]:
        """Name the metrics by the keys they answered with, which may not be their own names."""
        scored = dict.fromkeys(key for result in self.results for key in result.scores)
        broken = dict.fromkeys(key for result in self.results for key in result.metric_errors)
        given = [name for name in self.metrics if name in scored or name in broken or not scored]
        return list(dict.fromkeys([*given, *scored]))
