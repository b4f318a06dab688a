"""Counting that waits until there is a batch of it, or until somebody looks."""

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock

from langchain_phase5.callbacks.run import Run

_LOG = logging.getLogger(__name__)

Job = Callable[[list[Run]], None]


class Backlog:
    """Jobs for single runs, done for `size` runs at a time and before the metrics are read.

    Between two events of an agent run other code pushes the counters, and the code that counts,
    out of the processor's caches: done piece by piece, the same work takes four times as long.

    Args:
        size: Runs that may wait; 1 has the job of each done at once.
        on_failure: Called with the job's name, and with the number of its runs, when it raised.
    """

    def __init__(self, size: int, on_failure: Callable[[str, int], None]) -> None:
        self._size = size
        self._on_failure = on_failure
        self._waiting: deque[tuple[Job, Run]] = deque()
        self._lock = Lock()

    def add(self, job: Job, run: Run) -> None:
        """Do `job` for `run` sooner or later, together with the others that wait for it."""
        waiting = self._waiting
        waiting.append((job, run))
        # Whoever is at work already takes this run too: nobody waits.
        while len(waiting) >= self._size and self._lock.acquire(blocking=False):
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
        waiting = self._waiting
        while waiting:
            together: dict[Job, list[Run]] = {}
            for _ in range(len(waiting)):
                job, run = waiting.popleft()
                together.setdefault(job, []).append(run)
            for job, runs in together.items():
                try:
                    job(runs)
                except Exception:  # noqa: BLE001  (the other runs must be counted all the same)
                    _LOG.exception("Counting %d runs failed", len(runs))
                    self._on_failure(job.__name__.lstrip("_"), len(runs))
