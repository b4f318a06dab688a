"""Runs the evaluations that requests asked for, beside the requests."""

import asyncio
import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

from langchain_core.callbacks import BaseCallbackHandler
from sqlalchemy.exc import SQLAlchemyError

from langchain_phase5.evaluation.metric import Metric
from langchain_phase5.evaluation.session import RunStoppedError
from langchain_phase5.server.evaluations.job_evaluation import evaluate_job
from langchain_phase5.storage import Database, Job, JobLease, JobStore, LeaseLostError

logger = logging.getLogger(__name__)

_MAX_ATTEMPTS = 3
_LAST_SECONDS = 5.0
"""For a cancelled task to say so in the store, before it is given up."""


@dataclass(kw_only=True)
class _Running:
    """A job that this process is working on."""

    lease: JobLease
    stop: threading.Event = field(default_factory=threading.Event)
    reason: Literal["cancelled", "lost", "shutdown"] | None = None
    """Why its task is being cancelled."""
    task: asyncio.Task[None] | None = None
    ended: bool = False

    def cancel(self) -> None:
        """Cancel the task; called in its loop."""
        if self.task is not None:
            self.task.cancel()


class JobRunner:
    """Takes jobs from the store, a few at a time, and evaluates in a thread of its own.

    One thread supervises: it takes up jobs, renews their leases and sees who was cancelled. Another
    has the event loop in which every target runs, so that a target that blocks holds up neither
    requests nor leases. Any number of processes may share one database; what a killed one had
    finished is kept, and another goes on from there.

    Args:
        storage: Where jobs, datasets and runs are kept.
        agents: What may be evaluated, by the name that a job asks for. Jobs for others are left to
            workers that have them.
        metrics: Metrics of the operator's own, by the name that a job asks for.
        callbacks: Handed to every target.
        concurrent_jobs: Jobs at a time.
        lease_seconds: How long this process may be silent before others take its jobs.
        poll_seconds: Between two looks at the store; far less than `lease_seconds`.
        shutdown_seconds: How long examples that were begun may take to finish at the end.

    Example:
        >>> from langchain_phase5.evaluation import TestDatasetManager
        >>> database = Database("sqlite://")
        >>> data = TestDatasetManager(database).create_dataset("sums", ["1 + 1"], ["2"])
        >>> asked = {"agent": "two", "dataset": {"name": "sums", "version": data.version}}
        >>> with JobRunner(database, agents={"two": lambda inputs: "2"}) as runner:
        ...     job = runner.submit(asked, total=1)
        ...     while runner.store.get(job.id).state in {"queued", "running"}:
        ...         time.sleep(0.01)
        >>> runner.store.get(job.id).state
        'succeeded'
    """

    def __init__(
        self,
        storage: Database,
        *,
        agents: Mapping[str, Any],
        metrics: Mapping[str, Metric] | None = None,
        callbacks: Sequence[BaseCallbackHandler] = (),
        concurrent_jobs: int = 2,
        lease_seconds: float = 30.0,
        poll_seconds: float = 1.0,
        shutdown_seconds: float = 20.0,
    ) -> None:
        self.store = JobStore(storage, lease_seconds=lease_seconds)
        self.agents = dict(agents)
        self.metrics = dict(metrics or {})
        self._storage = storage
        self._callbacks = list(callbacks)
        self._slots = concurrent_jobs
        self._poll_seconds = poll_seconds
        self._shutdown_seconds = shutdown_seconds
        self._running: list[_Running] = []
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._threads: tuple[threading.Thread, threading.Thread]

    def submit(self, payload: Mapping[str, Any], *, total: int, **options: Any) -> Job:
        """Queue an evaluation; `options` are those of `JobStore.submit`."""
        job = self.store.submit(payload, target=payload["agent"], total=total, **options)
        self._wake.set()
        return job

    def cancel(self, job_id: str) -> Job | None:
        """Cancel a job, whichever worker has it; `None` if there is none of that id."""
        job = self.store.cancel(job_id)
        self._wake.set()
        return job

    def resume(self, job_id: str) -> Job | None:
        """Queue a failed or cancelled job again; what it had finished is not done again."""
        job = self.store.resume(job_id)
        self._wake.set()
        return job

    def start(self) -> None:
        """Begin to take up jobs."""
        self._stopping.clear()
        self._loop = asyncio.new_event_loop()
        self._threads = (
            threading.Thread(target=self._run_targets, name="evaluations", daemon=True),
            threading.Thread(target=self._supervise, name="jobs", daemon=True),
        )
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Begin no further example, let those begun finish, and give unfinished jobs back."""
        targets, supervisor = self._threads
        self._stopping.set()
        self._wake.set()
        supervisor.join()
        self._loop.call_soon_threadsafe(self._loop.stop)
        targets.join(_LAST_SECONDS)
        if not targets.is_alive():
            self._loop.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def _run_targets(self) -> None:
        asyncio.set_event_loop(self._loop)
        while True:
            try:
                self._loop.run_forever()
            except (SystemExit, KeyboardInterrupt):
                logger.exception("an agent under evaluation tried to end the process")
            else:
                return

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            self._attend(take_up=True)
            self._pause()
        for each in self._running:
            each.stop.set()
        self._wait_for_running(self._shutdown_seconds)
        for each in self._running:
            self._leave(each, "shutdown")
        self._wait_for_running(_LAST_SECONDS)
        for each in self._running:  # their loop hangs in some target
            self._settle(each.lease.release)

    def _wait_for_running(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._attend(take_up=False) and time.monotonic() < deadline:
            self._pause()

    def _pause(self) -> None:
        self._wake.wait(self._poll_seconds)
        self._wake.clear()

    def _attend(self, *, take_up: bool) -> bool:
        """Look after the jobs that run, maybe begin others, and return whether any runs."""
        self._running = [each for each in self._running if not each.ended]
        try:
            for each in self._running:
                self._renew(each)
            while take_up and len(self._running) < self._slots and self._take_up():
                pass
        except Exception:  # whatever it is: without this thread every lease would run out
            logger.exception("jobs could not be looked after; trying again")
        return bool(self._running)

    def _renew(self, each: _Running) -> None:
        try:
            asked = each.lease.renew().cancel_requested
        except LeaseLostError:
            self._leave(each, "lost")
        else:
            if asked and each.reason is None:
                self._leave(each, "cancelled")

    def _leave(self, each: _Running, reason: Literal["cancelled", "lost", "shutdown"]) -> None:
        each.reason = reason
        self._loop.call_soon_threadsafe(each.cancel)

    def _take_up(self) -> bool:
        lease = self.store.claim(self.agents)
        if lease is None:
            return False
        if lease.job.cancel_requested:
            self._settle(lease.finish, "cancelled")
        elif lease.job.attempts > _MAX_ATTEMPTS:
            msg = f"{_MAX_ATTEMPTS} times its worker died before it finished another example"
            self._settle(lease.finish, "failed", error=msg)
        else:
            each = _Running(lease=lease)
            self._running.append(each)
            self._loop.call_soon_threadsafe(self._begin, each)
        return True

    def _begin(self, each: _Running) -> None:
        each.task = self._loop.create_task(self._work(each))

    async def _work(self, each: _Running) -> None:
        lease = each.lease
        try:
            run_id = await evaluate_job(
                lease,
                storage=self._storage,
                agents=self.agents,
                metrics=self.metrics,
                callbacks=self._callbacks,
                stop=each.stop,
            )
            lease.finish("succeeded", run_id=run_id)
        except (asyncio.CancelledError, RunStoppedError):
            if each.reason == "cancelled":
                self._settle(lease.finish, "cancelled")
            elif each.reason != "lost":
                self._settle(lease.release)
        except (LeaseLostError, SQLAlchemyError):
            logger.warning("job %s is left to whoever takes it next", lease.job.id, exc_info=True)
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            logger.warning("job %s failed", lease.job.id, exc_info=True)
            self._settle(lease.finish, "failed", error=f"{type(error).__name__}: {error}")
        finally:
            each.ended = True
            self._wake.set()

    def _settle(self, settle: Any, *arguments: Any, **options: Any) -> None:
        """Write how a job stands; where that fails, its lease runs out and another one has it."""
        try:
            settle(*arguments, **options)
        except (LeaseLostError, SQLAlchemyError):
            logger.warning("a job is left to whoever takes it next", exc_info=True)
