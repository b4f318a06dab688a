"""The runs that are open now, bounded in number and in age."""

import contextlib
from collections import deque

from langchain_phase5.callbacks.run import Run

_KEPT_LATE = 1_000
_SWEEPS_PER_TTL = 60


class RunTable:
    """Open runs by the number of their id, which hashes five times faster than the id itself.

    Several handlers may share a table, so that each run is counted once.

    Without locks: a `dict` hands each entry to exactly one of the threads that `pop` it, and
    whoever gets the run reports its end.

    Args:
        max_roots: Number of outermost runs; the oldest makes room for a new one.
        ttl: Seconds without a sign of life after which a run counts as abandoned.
    """

    def __init__(self, *, max_roots: int = 10_000, ttl: float = 3600.0) -> None:
        self.runs: dict[int, Run] = {}
        self.ttl = ttl
        self._max_roots = max_roots
        self._roots: dict[int, Run] = {}
        self._abandoned: deque[Run] = deque()
        self._late: dict[int, Run] = {}
        self._next_sweep = 0.0

    def add(self, run: Run) -> None:
        """Enter a run."""
        self.runs[run.key] = run
        if run.parent is None:
            run.touched = run.started
            self._roots[run.key] = run

    def take(self, key: int) -> Run | None:
        """Remove a run and return it, or `None` if it is not open (any more)."""
        run = self.runs.pop(key, None)
        if run is not None:
            parent = run.parent
            siblings = self._roots if parent is None else parent.children
            if siblings is not None:
                siblings.pop(key, None)
        return run

    def abandon(self, run: Run, _id: object = None) -> None:
        """Note that nobody waits for a root any more; safe to call while garbage is collected."""
        self._abandoned.append(run)

    def surplus(self, now: float) -> list[Run]:
        """Return the roots that must go: abandoned, too old, or one too many."""
        gone = []
        while self._abandoned:
            with contextlib.suppress(IndexError):  # another thread was faster
                gone.append(self._abandoned.popleft())
        if len(self._roots) > self._max_roots:
            gone.append(next(iter(list(self._roots.values()))))
        if now >= self._next_sweep:
            self._next_sweep = now + self.ttl / _SWEEPS_PER_TTL
            oldest = now - self.ttl
            gone += [run for run in list(self._roots.values()) if run.touched < oldest]
        return gone

    def expect_late(self, run: Run) -> None:
        """Remember a model call that was given up: its bill may still arrive."""
        self._late[run.key] = run
        if len(self._late) > _KEPT_LATE:
            self._late.pop(next(iter(list(self._late))), None)

    def take_late(self, key: int) -> Run | None:
        """Return a model call that was given up, once."""
        return self._late.pop(key, None)
