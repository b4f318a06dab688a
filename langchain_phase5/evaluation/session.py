"""A run in progress: its workers, its journal, what is finished."""

import asyncio
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.runnables import Runnable

from langchain_phase5.evaluation.daemon_executor import DaemonExecutor
from langchain_phase5.evaluation.dataset import Dataset, Example
from langchain_phase5.evaluation.journal import Journal, OpenJournal, RunJournal
from langchain_phase5.evaluation.metric import BoundMetric
from langchain_phase5.evaluation.progress import Tick, progress_bar
from langchain_phase5.evaluation.ray_target import RayTarget
from langchain_phase5.evaluation.report import EvaluationReport
from langchain_phase5.evaluation.result import ExampleResult
from langchain_phase5.evaluation.target import Target, as_async_target, target_name
from langchain_phase5.evaluation.tracing import tracing
from langchain_phase5.prices import cost_of

Ask = Callable[..., Awaitable[None]]
"""Gets inputs and a result to fill, and `timeout` and `retries` by name."""

_FACTS = ("run_id", "metrics", "target", "target_version", "started_at")


class RunStoppedError(RuntimeError):
    """A run was asked to stop; what it had finished is in its journal."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How to run, whatever is run."""

    concurrency: int
    timeout: float | None
    retries: int
    callbacks: Sequence[BaseCallbackHandler]
    upload_traces: bool
    progress: bool | None
    stop: threading.Event | None = None


@dataclass(frozen=True, kw_only=True)
class Session:
    """What the workers of one run share."""

    dataset: Dataset
    ask: Ask
    metrics: Sequence[BoundMetric]
    settings: Settings
    header: Mapping[str, Any]
    finished: list[ExampleResult]
    journal: RunJournal | None
    tick: Tick

    async def run(self, repeats: int) -> None:
        """Run what is not finished yet, all first runs of examples before the second ones.

        Raises:
            RunStoppedError: It was asked to stop before everything was finished.
        """
        done = {(result.example_id, result.repeat) for result in self.finished}
        queue = (
            (example, repeat)
            for repeat in range(repeats)
            for example in self.dataset
            if (example.id, repeat) not in done
        )
        workers = min(self.settings.concurrency, len(self.dataset) * repeats)
        tasks = [asyncio.create_task(self._work(queue)) for _ in range(workers)]
        try:
            await asyncio.gather(*tasks)
        finally:  # a full disk or a cancelled run: stop the others, keep what is written
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        left = next(queue, None)
        if left is not None:
            msg = f"stopped after {len(self.finished)} of {len(self.dataset) * repeats} runs"
            raise RunStoppedError(msg)

    def report(self, repeats: int) -> EvaluationReport:
        """Return what the first `repeats` runs of each example showed."""
        return EvaluationReport(
            dataset=self.dataset,
            results=[result for result in self.finished if result.repeat < repeats],
            repeats=repeats,
            **{name: self.header[name] for name in _FACTS},
        )

    async def _work(self, queue: Iterator[tuple[Example, int]]) -> None:
        while not (self.settings.stop and self.settings.stop.is_set()):
            example, repeat = next(queue, (None, 0))
            if example is None:
                return
            result = ExampleResult(example_id=example.id, repeat=repeat)
            await self.ask(
                example.inputs,
                result,
                timeout=self.settings.timeout,
                retries=self.settings.retries,
            )
            if result.error is None:
                for metric in self.metrics:
                    await metric.score(example, result)
            self._keep(result)

    def adopt(self, results: Iterable[ExampleResult]) -> None:
        """Count results of an earlier run as this one's, where it has none of its own."""
        done = {(result.example_id, result.repeat) for result in self.finished}
        for result in results:
            if (result.example_id, result.repeat) not in done:
                self._keep(result)

    def _keep(self, result: ExampleResult) -> None:
        if self.journal:
            self.journal.append(result)
        self.finished.append(result)
        self.tick(result.error is not None)


@contextmanager
def open_session(
    dataset: Dataset,
    target: Target | RayTarget,
    metrics: Sequence[BoundMetric],
    *,
    settings: Settings,
    repeats: int,
    version: str,
    journal: Path | str | OpenJournal | None,
    fsync: bool,
) -> Iterator[Session]:
    """Set everything up for a run of up to `repeats` runs of each example."""
    header: Mapping[str, Any] = {
        "run_id": uuid.uuid4().hex,
        "dataset": dataset.name,
        "version": dataset.version,
        "repeats": repeats,
        "metrics": [metric.name for metric in metrics],
        "target": target_name(target),
        "target_version": version,
        "started_at": time.time(),
    }
    with (
        _opened(journal, header, fsync=fsync) as (kept, finished, header),
        DaemonExecutor(settings.concurrency) as threads,
    ):
        ask = _asking(target, list(settings.callbacks), threads)
        with (
            tracing(upload=settings.upload_traces),
            progress_bar(
                len(dataset) * repeats,
                title=dataset.name,
                done=len(finished),
                show=settings.progress,
            ) as tick,
        ):
            yield Session(
                dataset=dataset,
                ask=ask,
                metrics=metrics,
                settings=settings,
                header=header,
                finished=finished,
                journal=kept,
                tick=tick,
            )


def _asking(
    target: Target | RayTarget, callbacks: list[BaseCallbackHandler], threads: Executor
) -> Ask:
    if isinstance(target, RayTarget):
        return target.ask
    if isinstance(target, Runnable | Mapping):
        cost_of({}, model="gpt-4o-mini")  # loads the price table, which no latency should hold
    from langchain_phase5.evaluation.attempt import attempt  # noqa: PLC0415 - LangGraph

    return partial(attempt, as_async_target(target, callbacks=callbacks, threads=threads))


@contextmanager
def _opened(
    journal: Path | str | OpenJournal | None, header: Mapping[str, Any], *, fsync: bool
) -> Iterator[tuple[RunJournal | None, list[ExampleResult], Mapping[str, Any]]]:
    if journal is None:
        yield None, [], header
        return
    if isinstance(journal, Path | str):
        with Journal(journal, header=header, fsync=fsync) as file:
            yield file, file.finished, file.header
    else:
        with journal(header) as kept:
            yield kept, kept.finished, kept.header
