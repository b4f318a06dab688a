"""One background thread that writes what others hand in, in batches."""

import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, Full, Queue
from typing import Any

_LOG = logging.getLogger(__name__)
_BATCH = 200
_ENOUGH_FAILURES = 3


class _Mark(threading.Event):
    """Stands in the queue behind everything that must be written before it is set."""

    def __init__(self, *, stop: bool) -> None:
        super().__init__()
        self.stop = stop


class BackgroundWriter:
    """Calls `write` with batches of what `put` was given, on a daemon thread of its own.

    The thread starts with the first item, and again in a forked child. A batch that cannot be
    written is tried again item by item, so that one bad item does not take others with it.

    Args:
        write: Writes a batch; may raise.
        on_failure: Called with what could not be written.
        queue_size: Items that may wait.
        batch_seconds: How long an item may wait for others to share its batch.
        after_fork: Called in a forked child before its first write.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Any]], None],
        *,
        on_failure: Callable[[Sequence[Any]], None],
        queue_size: int,
        batch_seconds: float,
        after_fork: Callable[[], None],
    ) -> None:
        if queue_size < 1 or batch_seconds < 0:
            msg = f"Give a positive size and wait; got {queue_size=}, {batch_seconds=}"
            raise ValueError(msg)
        self._write = write
        self._on_failure = on_failure
        self._queue_size = queue_size
        self._batch_seconds = batch_seconds
        self._after_fork = after_fork
        self._queue: Queue[Any] = Queue(queue_size)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def put(self, item: Any) -> bool:
        """Hand an item in, without waiting; `False` if the queue is full."""
        self._notice_fork()
        try:
            self._queue.put_nowait(item)
        except Full:
            return False
        else:
            return True
        finally:
            self._ensure_thread()

    def flush(self, timeout: float | None = None) -> None:
        """Wait until everything handed in so far is written or given up.

        Raises:
            TimeoutError: It took longer than `timeout` seconds.
        """
        self._reach(_Mark(stop=False), timeout)

    def close(self, timeout: float | None = None) -> None:
        """Flush and end the thread; a later `put` starts another.

        Raises:
            TimeoutError: It took longer than `timeout` seconds.
        """
        thread = self._thread
        if self._pid == os.getpid() and thread is not None and thread.is_alive():
            self._reach(_Mark(stop=True), timeout)
            thread.join(timeout)

    def _reach(self, mark: _Mark, timeout: float | None) -> None:
        self._notice_fork()
        self._ensure_thread()
        started = time.monotonic()
        try:
            self._queue.put(mark, timeout=timeout)
        except Full:
            reached = False
        else:
            self._ensure_thread()
            spent = time.monotonic() - started
            reached = mark.wait(None if timeout is None else max(0.0, timeout - spent))
        if not reached:
            msg = f"{self._queue.qsize()} items are still waiting after {timeout} s"
            raise TimeoutError(msg)

    def _notice_fork(self) -> None:
        if self._pid != os.getpid():
            # The parent's thread writes what is in the parent's queue; its lock may be held.
            self._lock, self._queue = threading.Lock(), Queue(self._queue_size)
            self._pid, self._thread = os.getpid(), None
            self._after_fork()

    def _ensure_thread(self) -> None:
        """To be called after something was put into the queue: the thread may just end."""
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(
                    target=self._run, name="langchain-phase5-writer", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while True:
            batch, marks = self._next_batch()
            if batch:
                self._write_batch(batch)
            for mark in marks:
                mark.set()
            if any(mark.stop for mark in marks) and self._is_over():
                return

    def _is_over(self) -> bool:
        with self._lock:
            if self._queue.empty():
                self._thread = None
            return self._thread is None

    def _next_batch(self) -> tuple[list[Any], list[_Mark]]:
        """Wait for an item, then a moment for more; whoever waits at a mark ends the moment."""
        batch: list[Any] = []
        deadline: float | None = None
        while len(batch) < _BATCH:
            try:
                wait = None if deadline is None else deadline - time.monotonic()
                item = self._queue.get(timeout=None if wait is None else max(0.0, wait))
            except Empty:
                break
            if isinstance(item, _Mark):
                return batch, [item]
            batch.append(item)
            deadline = deadline or time.monotonic() + self._batch_seconds
        return batch, []

    def _write_batch(self, batch: Sequence[Any]) -> None:
        if self._written(batch):
            return
        failures = 0
        for position, item in enumerate(batch):
            if failures == _ENOUGH_FAILURES:
                # Not the items' fault: nothing can be written now.
                self._on_failure(batch[position:])
                return
            if self._written([item]):
                failures = 0
            else:
                failures += 1
                self._on_failure([item])

    def _written(self, batch: Sequence[Any]) -> bool:
        try:
            self._write(batch)
        except Exception:  # noqa: BLE001  (whatever it is, the next batch must be written)
            _LOG.exception("%d items could not be written", len(batch))
            return False
        return True
