"""Run a target over a dataset and grade its answers."""

import asyncio
import contextvars
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler, adispatch_custom_event
from langchain_core.runnables import RunnableConfig, RunnableLambda

from langchain_phase5.evaluation.attempt import attempt
from langchain_phase5.evaluation.dataset import Dataset, Example, as_example
from langchain_phase5.evaluation.dataset_manager import TestDatasetManager
from langchain_phase5.evaluation.journal import Journal
from langchain_phase5.evaluation.metric import BoundMetric, Metric, bind_metrics
from langchain_phase5.evaluation.progress import Tick, progress_bar
from langchain_phase5.evaluation.report import EvaluationReport
from langchain_phase5.evaluation.result import ExampleResult
from langchain_phase5.evaluation.target import AsyncTarget, Target, as_async_target, target_name
from langchain_phase5.storage.database import Database
from langchain_phase5.storage.runs import RunStore

AnyDataset = Dataset | str | Iterable[Example | Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class _Work:
    """What every worker needs."""

    target: AsyncTarget
    metrics: Sequence[BoundMetric]
    timeout: float | None
    retries: int
    journal: Journal | None
    tick: Tick


class AgentEvaluator:
    """Runs examples through a target, a few at a time, and grades every answer.

    Nothing leaves the machine: LangSmith tracing is off while a run lasts, whatever the
    environment says, unless `upload_traces` asks for it. Errors of the target are results of their
    own; they never count as wrong answers.

    Args:
        storage: A database or its URL; where given, dataset names are looked up there and every
            report is kept in the history.
        concurrency: Examples in flight at once.
        timeout: Seconds one try may take.
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
        ...     lambda inputs: str(eval(inputs["query"])), dataset, metrics=["exact_match"]
        ... )
        >>> report.accuracy.value
        1.0
    """

    def __init__(
        self,
        *,
        storage: Database | str | None = None,
        concurrency: int = 8,
        timeout: float | None = None,
        retries: int = 5,
        callbacks: Sequence[BaseCallbackHandler] = (),
        upload_traces: bool = False,
        progress: bool | None = None,
    ) -> None:
        self._database = Database(storage) if isinstance(storage, str) else storage
        self._concurrency = _at_least_one(concurrency, "concurrency")
        self._timeout = timeout
        self._retries = retries
        self._callbacks = list(callbacks)
        self._upload_traces = upload_traces
        self._progress = progress

    async def run_evaluation(
        self,
        test_dataset: AnyDataset,
        target: Target,
        metrics: Sequence[Metric] | Metric = ("exact_match",),
        *,
        repeats: int = 1,
        concurrency: int | None = None,
        version: str = "",
        journal: Path | str | None = None,
        fsync: bool = False,
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
            journal: File to which every finished example is written at once. If it already holds
                part of this very run, only the rest is run.
            fsync: Have the journal survive power loss too.

        Returns:
            The report, its results in the dataset's order.

        Raises:
            ValueError: Something given makes no sense, or the journal belongs to another run.
            RuntimeError: Another run is writing to the journal.
        """
        dataset = self._dataset(test_dataset)
        bound = bind_metrics(metrics)
        workers = _at_least_one(concurrency or self._concurrency, "concurrency")
        header = {
            "run_id": uuid.uuid4().hex,
            "dataset": dataset.name,
            "version": dataset.version,
            "repeats": _at_least_one(repeats, "repeats"),
            "metrics": [metric.name for metric in bound],
            "target": target_name(target),
            "target_version": version,
            "started_at": time.time(),
        }
        with (
            _open(journal, header, fsync=fsync) as (kept, finished, header),
            ThreadPoolExecutor(workers, thread_name_prefix="evaluation") as threads,
            self._tracing(),
            progress_bar(
                len(dataset) * repeats,
                title=dataset.name,
                done=len(finished),
                show=self._progress,
            ) as tick,
        ):
            work = _Work(
                target=as_async_target(target, callbacks=self._callbacks, threads=threads),
                metrics=bound,
                timeout=self._timeout,
                retries=self._retries,
                journal=kept,
                tick=tick,
            )
            await _run(_todo(dataset, repeats, finished), work, workers, finished)
        report = EvaluationReport(dataset=dataset, results=finished, **_facts(header))
        await self._publish(report)
        return report

    def evaluate(
        self,
        target: Target,
        dataset: AnyDataset,
        metrics: Sequence[Metric] | Metric = ("exact_match",),
        **options: Any,
    ) -> EvaluationReport:
        """Do the same as `run_evaluation`, synchronously; also inside a running event loop."""
        run = self.run_evaluation(dataset, target, metrics, **options)
        return _in_thread(run) if _inside_loop() else asyncio.run(run)

    def _dataset(self, given: AnyDataset) -> Dataset:
        if isinstance(given, Dataset):
            return given
        if isinstance(given, str):
            if self._database is None:
                msg = f"to look up the dataset {given!r}, give AgentEvaluator a storage"
                raise ValueError(msg)
            return TestDatasetManager(self._database).get_dataset(given)
        return Dataset(name="examples", examples=[as_example(each) for each in given])

    @contextmanager
    def _tracing(self) -> Iterator[None]:
        """Turn LangSmith off for everything that happens inside, threads included."""
        if self._upload_traces:
            yield
            return
        from langsmith.run_helpers import tracing_context

        with tracing_context(enabled=False):
            yield

    async def _publish(self, report: EvaluationReport) -> None:
        """Keep the report and tell the callbacks the score of every metric."""
        if self._database is not None:
            RunStore(self._database).save(report.as_dict())
        if self._callbacks:
            config = RunnableConfig(callbacks=self._callbacks, run_name="evaluation")
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


async def _run(
    todo: Sequence[tuple[Example, int]],
    work: _Work,
    workers: int,
    finished: list[ExampleResult],
) -> None:
    queue = iter(todo)

    async def worker() -> None:
        for example, repeat in queue:
            result = await _grade(example, repeat, work)
            if work.journal:
                work.journal.append(result)
            finished.append(result)
            work.tick(result.error is not None)

    tasks = [asyncio.create_task(worker()) for _ in range(min(workers, len(todo)))]
    try:
        await asyncio.gather(*tasks)
    finally:  # a full disk or a cancelled run: stop the others, keep what is written
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _grade(example: Example, repeat: int, work: _Work) -> ExampleResult:
    result = ExampleResult(example_id=example.id, repeat=repeat)
    await attempt(work.target, example.inputs, result, timeout=work.timeout, retries=work.retries)
    if result.error is None:
        for metric in work.metrics:
            await metric.score(example, result)
    return result


def _todo(
    dataset: Dataset, repeats: int, finished: Sequence[ExampleResult]
) -> list[tuple[Example, int]]:
    """List what is not finished, all first runs before the second ones."""
    done = {(result.example_id, result.repeat) for result in finished}
    return [
        (example, repeat)
        for repeat in range(repeats)
        for example in dataset
        if (example.id, repeat) not in done
    ]


@contextmanager
def _open(
    path: Path | str | None, header: dict[str, Any], *, fsync: bool
) -> Iterator[tuple[Journal | None, list[ExampleResult], dict[str, Any]]]:
    if path is None:
        yield None, [], header
        return
    with Journal(path, header=header, fsync=fsync) as journal:
        yield journal, journal.finished, journal.header


def _facts(header: Mapping[str, Any]) -> dict[str, Any]:
    names = ("run_id", "metrics", "target", "target_version", "repeats", "started_at")
    return {name: header[name] for name in names}


def _inside_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _in_thread(run: Any) -> EvaluationReport:
    """Run a coroutine to its end beside the loop that this thread is running."""
    outcome: list[EvaluationReport] = []
    failure: list[BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(run))
        except BaseException as error:  # noqa: BLE001  # raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(work,))
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _at_least_one(value: int, name: str) -> int:
    if value < 1:
        msg = f"{name} must be at least 1, not {value}"
        raise ValueError(msg)
    return value
