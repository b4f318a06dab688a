"""Threads for functions that may never return."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

_SPARE = 64


class DaemonExecutor(ThreadPoolExecutor):
    """A pool in which a call that hangs holds up neither later calls nor the process's end.

    Python cannot stop a thread. A call that was given up goes on in its own, and a spare thread
    takes the next call; once all spare ones hang too, calls wait until a thread is free. The
    standard pool has no spare ones, and the interpreter waits for its threads before it exits.

    Args:
        calls: How many calls somebody waits for at once.
        spare: Further threads, in place of those that hang.

    Example:
        >>> with DaemonExecutor(2) as threads:
        ...     threads.submit(pow, 2, 10).result()
        1024
    """

    def __init__(self, calls: int, *, spare: int = _SPARE) -> None:
        super().__init__(calls + spare)
        self._limit = calls + spare
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._started = self._idle = 0
        self._closed = False

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Have a thread call `fn`; as long as none does, cancelling the future prevents it.

        Raises:
            RuntimeError: The pool is shut down.
        """
        future: Future[Any] = Future()
        with self._changed:
            if self._closed:
                msg = "cannot schedule new futures after shutdown"
                raise RuntimeError(msg)
            self._waiting.append((future, partial(fn, *args, **kwargs)))
            if self._idle >= len(self._waiting):
                self._changed.notify()
            elif self._started < self._limit:
                self._started += 1
                name = f"evaluation-{self._started}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 - the standard library's signature
        """Let threads end when they are done; nobody waits for them, whatever `wait` says."""
        with self._changed:
            self._closed = True
            while cancel_futures and self._waiting:
                self._waiting.popleft()[0].cancel()
            self._changed.notify_all()

    def _work(self) -> None:
        while self._call_next():
            pass

    def _call_next(self) -> bool:
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._waiting or self._closed)
            self._idle -= 1
            if not self._waiting:
                return False
            future, call = self._waiting.popleft()
        if future.set_running_or_notify_cancel():
            try:
                answer = call()
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever asked
                future.set_exception(error)
            else:
                future.set_result(answer)
        return True
