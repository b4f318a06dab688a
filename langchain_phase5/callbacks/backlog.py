"""Counting that waits until there is a batch of it, or until somebody looks."""

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock

from langchain_phase5.callbacks.run import Run

_LOG = logging.getLogger(__name__)

Job = Callable[[Run], None]


class Backlog:
    """Jobs in the order they came, done `size` at a time and before the metrics are read.

    Between two events of an agent run other code pushes the counters, and the code that counts,
    out of the processor's caches: done piece by piece, the same work takes four times as long.

    Args:
        size: Jobs that may wait; 1 does each at once.
        on_failure: Called with the job's name when it raised.
    """

    def __init__(self, size: int, on_failure: Callable[[str], None]) -> None:
        self._size = size
        self._on_failure = on_failure
        self._jobs: deque[tuple[Job, Run]] = deque()
        self._lock = Lock()

    def add(self, job: Job, run: Run) -> None:
        """Do `job(run)` sooner or later, after everything that was added before."""
        jobs = self._jobs
        jobs.append((job, run))
        # Whoever is at work already takes this job too: nobody waits.
        while len(jobs) >= self._size and self._lock.acquire(blocking=False):
            try:
                self._work()
            finally:
                self._lock.release()

    def settle(self, *, first: Callable[[], None]) -> None:
        """Call `first` while no job is being done, then do everything that was added so far."""
        with self._lock:
            first()
            self._work()

    def _work(self) -> None:
        jobs = self._jobs
        while jobs:
            job, run = jobs.popleft()
            try:
                job(run)
            except Exception:  # noqa: BLE001  (the next run must be counted all the same)
                _LOG.exception("Counting a run failed")
                self._on_failure(job.__name__.lstrip("_"))
