"""Run a target over a dataset and grade its answers."""

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.callbacks import BaseCallbackHandler, adispatch_custom_event
from langchain_core.runnables import RunnableConfig, RunnableLambda

from langchain_phase5.evaluation.comparison import ComparisonReport
from langchain_phase5.evaluation.daemon_executor import DaemonExecutor
from langchain_phase5.evaluation.dataset import Dataset, Example, as_example
from langchain_phase5.evaluation.dataset_manager import TestDatasetManager
from langchain_phase5.evaluation.journal import OpenJournal
from langchain_phase5.evaluation.metric import Metric, bind_metrics
from langchain_phase5.evaluation.opened import opened
from langchain_phase5.evaluation.ray_target import RayTarget
from langchain_phase5.evaluation.report import EvaluationReport
from langchain_phase5.evaluation.sequential_test import SequentialTest
from langchain_phase5.evaluation.session import Settings, open_session
from langchain_phase5.evaluation.target import Target

if TYPE_CHECKING:
    from langchain_phase5.storage.database import Database

_Report = TypeVar("_Report")
AnyDataset = Dataset | str | Iterable[Example | Mapping[str, Any]]


class AgentEvaluator:
    """Runs examples through a target, a few at a time, and grades every answer.

    Nothing leaves the machine: LangSmith tracing is off while a run lasts, whatever the
    environment says, unless `upload_traces` asks for it. Errors of the target are results of their
    own; they never count as wrong answers.

    Args:
        storage: A database or its URL; where given, dataset names are looked up there and every
            report is kept in the history.
        concurrency: Examples in flight at once.
        timeout: Seconds one try may take. Python cannot stop a thread: a sync function that is cut
            off goes on in its own, its answer is dropped, and another thread takes its place (64
            times in a run). `evaluate` and the end of the process do not wait for it; in a loop of
            one's own, the loop's default executor waits for sync functions inside Runnables.
        retries: Further tries after a rate limit, with growing waits that count for no latency.
        callbacks: Handed to the target; they also get one `"evaluation"` event per metric.
        upload_traces: Let LangSmith tracing follow the environment.
        progress: Whether to show a bar; `None` shows it on a terminal and in notebooks.

    Example:
        >>> from langchain_phase5.evaluation import AgentEvaluator
        >>> dataset = [
        ...     {"inputs": {"query": "2 + 2"}, "outputs": {"answer": "4"}},
        ...     {"inputs": {"query": "2 + 3"}, "outputs": {"answer": "5"}},
        ... ]
        >>> report = AgentEvaluator().evaluate(
        ...     lambda inputs: str(sum(map(int, inputs["query"].split(" + ")))), dataset
        ... )
        >>> report.accuracy.value
        1.0
    """

    def __init__(
        self,
        *,
        storage: "Database | str | None" = None,
        concurrency: int = 8,
        timeout: float | None = None,
        retries: int = 5,
        callbacks: Sequence[BaseCallbackHandler] = (),
        upload_traces: bool = False,
        progress: bool | None = None,
    ) -> None:
        self._database = None if storage is None else opened(storage)
        self._settings = Settings(
            concurrency=_at_least_one(concurrency, "concurrency"),
            timeout=timeout,
            retries=retries,
            callbacks=list(callbacks),
            upload_traces=upload_traces,
            progress=progress,
        )

    async def run_evaluation(
        self,
        test_dataset: AnyDataset,
        target: Target | RayTarget,
        metrics: Sequence[Metric] | Metric = ("exact_match",),
        *,
        repeats: int = 1,
        concurrency: int | None = None,
        version: str = "",
        journal: Path | str | OpenJournal | None = None,
        fsync: bool = False,
        stop: threading.Event | None = None,
    ) -> EvaluationReport:
        """Run every example `repeats` times and grade the answers.

        Args:
            test_dataset: A dataset, the name of one in storage, or examples.
            target: A Runnable, a LangGraph agent, the arguments of `create_agent` as a dict, or a
                function of the inputs dict, sync or async. Agents and language models receive the
                query as messages.
            metrics: By name, as LangSmith-shaped evaluators, or as evaluation chains. The first is
                the report's `accuracy`.
            repeats: Runs of each example, for targets that do not always answer alike.
            concurrency: Examples in flight at once, if not the evaluator's.
            version: What is being graded, for comparisons: a tag, a commit, a model.
            journal: File to which every finished example is written at once, or what opens another
                place for them. If it already holds part of this very run, only the rest is run.
            fsync: Have the journal survive power loss too.
            stop: Once it is set, no further example is begun.

        Returns:
            The report, its results in the dataset's order.

        Raises:
            ValueError: Something given makes no sense, or the journal belongs to another run.
            RuntimeError: Another run is writing to the journal, or (`RunStoppedError`) the run was
                stopped before its end.
        """
        with open_session(
            self._dataset(test_dataset),
            target,
            bind_metrics(metrics),
            settings=self._limited(concurrency, stop),
            repeats=_at_least_one(repeats, "repeats"),
            version=version,
            journal=journal,
            fsync=fsync,
        ) as session:
            await session.run(repeats)
            report = session.report(repeats)
        await self._publish(report)
        return report

    async def run_until_clear(
        self,
        test_dataset: AnyDataset,
        target: Target | RayTarget,
        baseline: EvaluationReport,
        metrics: Sequence[Metric] | Metric = ("exact_match",),
        *,
        begun: EvaluationReport | None = None,
        plan: SequentialTest | None = None,
        threshold: float = 0.05,
        version: str = "",
        journal: Path | str | None = None,
        seed: int = 0,
    ) -> ComparisonReport:
        """Compare with a baseline, and run examples again only while nothing is clear.

        Args:
            test_dataset: A dataset, the name of one in storage, or examples.
            target: What to run.
            baseline: The run to compare with; the more repeats it has, the sooner it is clear.
            metrics: The first one decides.
            begun: A run of the same target with the same metrics, whose answers count as the first
                ones.
            plan: After how many runs to look, and at which level.
            threshold: A drop that would be tolerated.
            version: What is being graded.
            journal: File for finished examples, as in `run_evaluation`.
            seed: Of resampling, where a test needs it.

        Returns:
            The comparison after the last look that was needed.
        """
        plan = plan or SequentialTest()
        with open_session(
            self._dataset(test_dataset),
            target,
            bind_metrics(metrics),
            settings=self._settings,
            repeats=plan.looks[-1],
            version=version or (begun.target_version if begun else ""),
            journal=journal,
            fsync=False,
        ) as session:
            session.adopt(begun.results if begun else ())
            for runs in plan.looks:
                await session.run(runs)
                comparison = ComparisonReport(
                    baseline=baseline,
                    candidate=session.report(runs),
                    threshold=threshold,
                    alpha=plan.level,
                    seed=seed,
                )
                if plan.decided(comparison.verdict, runs, comparison.findings[0].p_value):
                    break
        await self._publish(comparison.candidate)
        return comparison

    def evaluate(
        self,
        target: Target | RayTarget,
        dataset: AnyDataset,
        metrics: Sequence[Metric] | Metric = ("exact_match",),
        **options: Any,
    ) -> EvaluationReport:
        """Do the same as `run_evaluation`, synchronously; also inside a running event loop."""
        concurrency = options.get("concurrency") or self._settings.concurrency
        return _finished(self.run_evaluation(dataset, target, metrics, **options), concurrency)

    def evaluate_until_clear(
        self,
        test_dataset: AnyDataset,
        target: Target | RayTarget,
        baseline: EvaluationReport,
        metrics: Sequence[Metric] | Metric = ("exact_match",),
        **options: Any,
    ) -> ComparisonReport:
        """Do the same as `run_until_clear`, synchronously; also inside a running event loop."""
        run = self.run_until_clear(test_dataset, target, baseline, metrics, **options)
        return _finished(run, self._settings.concurrency)

    def _dataset(self, given: AnyDataset) -> Dataset:
        if isinstance(given, Dataset):
            return given
        if isinstance(given, str):
            if self._database is None:
                msg = f"to look up the dataset {given!r}, give AgentEvaluator a storage"
                raise ValueError(msg)
            return TestDatasetManager(self._database).get_dataset(given)
        return Dataset(name="examples", examples=[as_example(each) for each in given])

    def _limited(self, concurrency: int | None, stop: threading.Event | None) -> Settings:
        if concurrency is None:
            concurrency = self._settings.concurrency
        limit = _at_least_one(concurrency, "concurrency")
        return replace(self._settings, concurrency=limit, stop=stop)

    async def _publish(self, report: EvaluationReport) -> None:
        """Keep the report and tell the callbacks the score of every metric."""
        if self._database is not None:
            from langchain_phase5.storage.runs import RunStore  # noqa: PLC0415 - SQLAlchemy

            RunStore(self._database).save(report.as_dict())
        if self._settings.callbacks:
            config = RunnableConfig(callbacks=list(self._settings.callbacks), run_name="evaluation")
            await RunnableLambda(_announce).ainvoke(report, config)


async def _announce(report: EvaluationReport, config: RunnableConfig) -> None:
    for metric in report.metrics:
        value = report.score(metric).value
        if value is not None:
            event = {
                "dataset": report.dataset.name,
                "version": report.target_version,
                "metric": metric,
                "score": value,
            }
            await adispatch_custom_event("evaluation", event, config=config)


def _finished(run: Coroutine[Any, Any, _Report], concurrency: int) -> _Report:
    """Run a coroutine to its end in a loop of its own."""

    async def on_daemons() -> _Report:
        # So that Runnables, too, call sync functions in threads that nobody needs to wait for.
        asyncio.get_running_loop().set_default_executor(DaemonExecutor(concurrency))
        return await run

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(on_daemons())
    return _in_thread(lambda: asyncio.run(on_daemons()))


def _in_thread(work: Callable[[], _Report]) -> _Report:
    """Do something beside the loop that this thread is running, and wait for it."""
    done: Future[_Report] = Future()

    def call() -> None:
        try:
            done.set_result(work())
        except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
            done.set_exception(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(call,))
    thread.start()
    thread.join()
    return done.result()


def _at_least_one(value: int, name: str) -> int:
    if value < 1:
        msg = f"{name} must be at least 1, not {value}"
        raise ValueError(msg)
    return value
