"""Open runs, close each of them once, and tell the handler."""

import functools
import weakref
from asyncio import Task, _get_running_loop, current_task
from time import perf_counter
from typing import Any
from uuid import UUID

from langchain_core.runnables.config import var_child_runnable_config
from langgraph.callbacks import GraphCallbackHandler

from langchain_phase5.callbacks.errors import Ending, ending_of
from langchain_phase5.callbacks.run import Kind, Run
from langchain_phase5.callbacks.run_table import RunTable

CANCELLED = Ending("cancelled")
_GRACE_SECONDS = 60.0


class RunLifecycle(GraphCallbackHandler):
    """What every kind of run has in common; `RunTracker` says which events open and close them.

    Args:
        table: Where open runs are kept.
    """

    def __init__(self, table: RunTable) -> None:
        super().__init__()
        self._table = table

    def sweep(self) -> None:
        """Close what was abandoned, and what has been silent for too long."""
        for run in self._table.surplus(perf_counter()):
            self._close(run.key, CANCELLED)

    def _open(self, kind: Kind, name: str, run_id: UUID, parent_run_id: UUID | None) -> Run | None:
        table = self._table
        key = run_id.int
        if key in table.runs:
            return None  # the same handler, attached twice
        if parent_run_id is not None:
            parent = table.runs.get(parent_run_id.int)
        else:
            parent = self._parent_in_context()
        run = Run(key, kind, name, parent, perf_counter())
        table.add(run)
        if parent is None:
            self._watch_task(run, run_id)
            self.sweep()
        return run

    def _parent_in_context(self) -> Run | None:
        """`with_fallbacks` forgets to tell its attempts whose they are; their context knows."""
        config = var_child_runnable_config.get()
        manager = config.get("callbacks") if config else None
        parent_id = getattr(manager, "parent_run_id", None)
        parent = self._table.runs.get(parent_id.int) if parent_id is not None else None
        return parent if parent is not None and parent.kind == "chain" else None

    def _fail(self, run_id: UUID, error: BaseException) -> None:
        run = self._table.runs.get(run_id.int)
        if run is None:
            return
        if run.caught is not None and run.caught[0] is error:
            ending = run.caught[1]
        else:
            ending = ending_of(error, unknown="tool" if run.kind == "tool" else "other")
        parent = run.parent  # which another thread may close, and the run with it
        if parent is not None:
            parent.caught = (error, ending)
            if ending.status == "error" and run.kind in ("llm", "tool"):
                key = None if run.kind == "llm" else run.tool_call_id or run.name
                parent.failures = {**(parent.failures or {}), key: run.name}
        run.error = error
        self._close(run_id.int, ending)

    def _close(self, key: int, ending: Ending, payload: Any = None) -> None:
        run = self._table.take(key)
        if run is None:
            return
        if run.children:
            for child in list(run.children.values()):
                # Nothing else will tell that they were cancelled.
                self._close(child.key, CANCELLED)
        if run.watch is not None:
            task, listener, _ = run.watch
            task.remove_done_callback(listener)
            run.watch = None
        if run.kind == "chain":
            return
        run.ended = perf_counter()
        run.status, run.error_type = ending
        if ending is CANCELLED and run.kind == "llm":
            self._table.expect_late(run)
        self._run_ended(run, payload)
        # Whoever keeps the run on must not keep its exceptions, and the frames they hold.
        run.parent = run.root = run.caught = run.error = run.inputs = None

    def _watch_task(self, run: Run, run_id: UUID) -> None:
        """Cancelling `model.ainvoke` fires no callback at all.

        Its task knows, where the task was cancelled. After a timeout inside the task, the id tells:
        LangChain keeps it as long as the call lasts.
        """
        if _get_running_loop() is None:
            return
        task = current_task()
        if task is not None:
            listener = functools.partial(self._task_done, run)
            task.add_done_callback(listener)
            abandon = functools.partial(self._table.abandon, run)
            run.watch = (task, listener, weakref.ref(run_id, abandon))

    def _task_done(self, run: Run, task: Task[Any]) -> None:
        if task.cancelled():
            self._close(run.key, CANCELLED)
        else:
            # Timed out inside the task, or handed to another one: give it a while.
            run.touched -= max(0.0, self._table.ttl - _GRACE_SECONDS)

    @staticmethod
    def _failed_before(run: Run, key: str | None) -> str | None:
        parent = run.parent
        failures = parent.failures if parent is not None else None
        return failures.pop(key, None) if failures else None

    # For handlers to override

    def _run_started(self, run: Run, payload: Any) -> None:
        """An agent, model call, tool call or retrieval started with `payload`."""

    def _run_ended(self, run: Run, payload: Any) -> None:
        """It ended; `payload` is what it returned, `None` if it did not return."""

    def _usage_arrived_late(self, run: Run) -> None:
        """A model call that was closed as cancelled did finish, and has a bill."""

    def _structured_output_retried(self, agent: Run) -> None:
        """The model's structured answer was rejected, and it is asked again."""

    def _custom_event(self, name: str, data: Any, run: Run | None) -> None:
        """Somebody dispatched a custom event inside `run`."""

    def _event_failed(self, event: str) -> None:
        """Handling an event raised; LangChain logs it and goes on."""
