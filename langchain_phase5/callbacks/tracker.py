"""Turn LangChain's callback events into runs that start once and end once."""

import functools
from asyncio import Task, current_task
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any, TypeVar, cast
from uuid import UUID, uuid4

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk, LLMResult
from langgraph.callbacks import GraphCallbackHandler, GraphInterruptEvent

from langchain_phase5.callbacks.errors import Ending, ending_of
from langchain_phase5.callbacks.labels import UNKNOWN
from langchain_phase5.callbacks.payloads import (
    has_content,
    invented_tool_calls,
    is_failed_tool_output,
    is_structured_output_retry,
    read_answer,
)
from langchain_phase5.callbacks.run import Kind, Run
from langchain_phase5.callbacks.run_table import RunTable

_AGENT = "agent"
_SUCCESS = Ending("success")
_CANCELLED = Ending("cancelled")
_TOOL_ERROR = Ending("error", "tool")
_INVENTED = Ending("error", "validation")
_GRACE_SECONDS = 60.0

_Method = TypeVar("_Method", bound=Callable[..., None])


def _guarded(method: _Method) -> _Method:
    """Report a fault of our own before LangChain swallows it."""

    @functools.wraps(method)
    def guarded(self: "RunTracker", *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception:
            self._event_failed(method.__name__)
            raise

    return cast("_Method", guarded)


class RunTracker(GraphCallbackHandler):
    """The one place that knows what LangChain's events mean; handlers say what to do about runs.

    Subclasses override `_run_started`, `_run_ended` and the other methods at the end of the class.
    They are called once per run, whatever happens: the same handler attached twice, events after
    the end, parallel threads, runs that are cancelled without an event (closed as `cancelled` when
    the run around them ends, when their task is cancelled, or after `ttl` seconds of silence).

    An agent is a graph made by `create_agent`, the outermost one or nested; a plain graph inside
    an agent is not, even though it inherits the agent's metadata.

    Args:
        table: Where open runs are kept; share one between handlers that count the same thing.
        include_graphs: Treat outermost LangGraph graphs of any kind as agents, by their name.
    """

    run_inline = True
    """Called in place on async paths: a thread per event would cost 50 times the work."""

    def __init__(self, *, table: RunTable | None = None, include_graphs: bool = False) -> None:
        super().__init__()
        self._table = table or RunTable()
        self._include_graphs = include_graphs

    # Graphs, their nodes, and plain chains

    @_guarded
    def on_chain_start(
        self,
        serialized: dict[str, Any],
        inputs: dict[str, Any],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        """Open a run, and find out whether it is an agent."""
        run = self._open("chain", name or "", run_id, parent_run_id)
        if run is None:
            return
        facts = metadata or {}
        integration = facts.get("ls_integration")
        run.in_agent = integration == "langchain_create_agent"
        run.agent_name = facts.get("lc_agent_name")
        for tag in tags or ():
            if tag.startswith("graph:step:"):
                run.node = facts.get("langgraph_node")
                self._confirm_agent(run)
                return
        if run.in_agent or (self._include_graphs and integration == "langgraph"):
            run.tags = tuple(tag for tag in tags or () if not tag.startswith("seq:step:"))
            run.inputs = inputs
            inherits = parent_run_id is not None or "langgraph_step" in facts
            if self._is_surely_agent(run, inherits=inherits):
                own_name = run.agent_name if run.in_agent else run.name
                self._promote(run, own_name)

    @staticmethod
    def _is_surely_agent(run: Run, *, inherits: bool) -> bool:
        """Metadata is inherited: only where it changes does it say what this run is."""
        parent = run.parent
        if parent is None:
            return not inherits
        if not run.in_agent:
            return parent.agent is None and parent.kind != "agent" and parent.node is None
        return not parent.in_agent or parent.agent_name != run.agent_name

    def _confirm_agent(self, node: Run) -> None:
        """A graph with a node named `model` and an agent's metadata is a nested agent."""
        graph = node.parent
        if node.node == "model" and graph and graph.kind == "chain" and graph.in_agent:
            own_name = graph.agent_name if graph.name == graph.agent_name else None
            self._promote(graph, own_name)
            node.agent = graph

    def _promote(self, run: Run, name: str | None) -> None:
        inputs, run.inputs = run.inputs, None
        run.kind = "agent"
        run.name = name or _AGENT
        self._run_started(run, inputs)

    @_guarded
    def on_chain_end(self, outputs: dict[str, Any], *, run_id: UUID, **kwargs: Any) -> None:
        """Close a run; a graph that was interrupted ends like any other."""
        run = self._table.runs.get(run_id)
        if run is None:
            return
        if run.node is not None:
            self._read_node(run, outputs)
        self._close(run_id, Ending("interrupted") if run.interrupted else _SUCCESS, outputs)

    def _read_node(self, node: Run, outputs: Any) -> None:
        for message in invented_tool_calls(outputs):
            self._add_invented_tool(node, message)
        if node.node == "model" and node.agent and is_structured_output_retry(outputs):
            self._structured_output_retried(node.agent)

    def _add_invented_tool(self, node: Run, message: ToolMessage) -> None:
        run = self._open("tool", UNKNOWN, uuid4(), node.id)
        if run is not None:
            run.tool_call_id = message.tool_call_id
            self._run_started(run, {})
            self._close(run.id, _INVENTED, message)

    @_guarded
    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Close a run as what the exception means."""
        self._fail(run_id, error)

    @_guarded
    def on_interrupt(self, event: GraphInterruptEvent) -> None:
        """Remember that a graph pauses: its run is going to end normally."""
        run = self._table.runs.get(event.run_id) if event.run_id else None
        if run is not None:
            run.interrupted = True

    # Model calls

    @_guarded
    def on_chat_model_start(
        self,
        serialized: dict[str, Any],
        messages: list[list[BaseMessage]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Open a model call."""
        self._open_model_call(run_id, parent_run_id, metadata or {}, messages)

    @_guarded
    def on_llm_start(
        self,
        serialized: dict[str, Any],
        prompts: list[str],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Open a call of a text completion model."""
        self._open_model_call(run_id, parent_run_id, metadata or {}, prompts)

    def _open_model_call(
        self, run_id: UUID, parent_run_id: UUID | None, facts: dict[str, Any], payload: Any
    ) -> None:
        model = facts.get("ls_model_name") or UNKNOWN
        run = self._open("llm", model, run_id, parent_run_id)
        if run is None:
            return
        run.provider = facts.get("ls_provider") or UNKNOWN
        run.source = facts.get("lc_source") or ""
        failed = self._failed_before(run, None)
        if failed is not None:
            run.retried = failed == model
            run.fallback_from = failed if failed != model else None
        self._run_started(run, payload)

    @_guarded
    def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        """Note when the first content arrived."""
        run = self._table.runs.get(run_id)
        if run is not None and not run.first_token and has_content(token, chunk):
            run.first_token = perf_counter()

    @_guarded
    def on_stream_event(self, event: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Note when the first content arrived, in the protocol that replaces token events."""
        run = self._table.runs.get(run_id)
        if run is not None and not run.first_token and event["event"] == "content-block-delta":
            run.first_token = perf_counter()

    @_guarded
    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Close a model call with what it used; also one that was given up too early."""
        run = self._table.runs.get(run_id)
        if run is not None:
            read_answer(run, response)
            self._close(run_id, _SUCCESS, response)
            return
        late = self._table.take_late(run_id)
        if late is not None:
            read_answer(late, response)
            self._usage_arrived_late(late)

    @_guarded
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Close a model call; what it streamed before may tell its usage."""
        run = self._table.runs.get(run_id)
        response = kwargs.get("response")
        if run is not None and isinstance(response, LLMResult):
            read_answer(run, response)
        self._fail(run_id, error)
        if run is not None and run.status == "error":
            self._expect_retry(run, None)

    # Tools and retrievers

    @_guarded
    def on_tool_start(
        self,
        serialized: dict[str, Any],
        input_str: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Open a tool call."""
        name = (serialized or {}).get("name") or kwargs.get("name") or UNKNOWN
        run = self._open("tool", name, run_id, parent_run_id)
        if run is None:
            return
        facts = metadata or {}
        run.in_agent = facts.get("ls_integration") == "langchain_create_agent"
        run.agent_name = facts.get("lc_agent_name")
        run.tool_call_id = kwargs.get("tool_call_id")
        run.retried = self._failed_before(run, run.tool_call_id or run.name) is not None
        self._run_started(run, inputs if inputs is not None else input_str)

    @_guarded
    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Close a tool call; a failure may hide in the message it returned."""
        self._close(run_id, _TOOL_ERROR if is_failed_tool_output(output) else _SUCCESS, output)

    @_guarded
    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Close a tool call that raised."""
        run = self._fail(run_id, error)
        if run is not None and run.status == "error":
            self._expect_retry(run, run.tool_call_id or run.name)

    @_guarded
    def on_retriever_start(
        self,
        serialized: dict[str, Any],
        query: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Open a retrieval."""
        name = kwargs.get("name") or (serialized or {}).get("name") or UNKNOWN
        run = self._open("retriever", name, run_id, parent_run_id)
        if run is not None:
            self._run_started(run, query)

    @_guarded
    def on_retriever_end(
        self, documents: Sequence[Document], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Close a retrieval."""
        self._close(run_id, _SUCCESS, documents)

    @_guarded
    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Close a retrieval that raised."""
        self._fail(run_id, error)

    @_guarded
    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Pass on what other parts of the package report about themselves."""
        self._custom_event(name, data, self._table.runs.get(run_id))

    # Opening and closing

    def _open(self, kind: Kind, name: str, run_id: UUID, parent_run_id: UUID | None) -> Run | None:
        table = self._table
        if run_id in table.runs:
            return None  # the same handler, attached twice
        parent = table.runs.get(parent_run_id) if parent_run_id else None
        run = Run(run_id, kind, name, parent, perf_counter())
        table.add(run)
        if parent is None:
            self._watch_task(run)
            for surplus in table.surplus(run.started):
                self._close(surplus.id, _CANCELLED)
        return run

    def _fail(self, run_id: UUID, error: BaseException) -> Run | None:
        run = self._table.runs.get(run_id)
        if run is None:
            return None
        if run.caught is not None and run.caught[0] is error:
            ending = run.caught[1]
        else:
            ending = ending_of(error, unknown="tool" if run.kind == "tool" else "other")
        if run.parent is not None:
            run.parent.caught = (error, ending)
        run.error = error
        self._close(run_id, ending)
        return run

    def _close(self, run_id: UUID, ending: Ending, payload: Any = None) -> None:
        run = self._table.take(run_id)
        if run is None:
            return
        for child in list(run.children.values()):
            # Nothing else will tell that they were cancelled.
            self._close(child.id, _CANCELLED)
        run.ended = perf_counter()
        run.status, run.error_type = ending
        if run.unwatch is not None:
            run.unwatch()
        if ending is _CANCELLED and run.kind == "llm":
            self._table.expect_late(run)
        if run.kind != "chain":
            self._run_ended(run, payload)

    def _watch_task(self, run: Run) -> None:
        """Cancelling `model.ainvoke` fires no callback at all; its task knows."""
        try:
            task = current_task()
        except RuntimeError:
            return
        if task is not None:
            listener = functools.partial(self._task_done, run)
            task.add_done_callback(listener)
            run.unwatch = functools.partial(task.remove_done_callback, listener)

    def _task_done(self, run: Run, task: Task[Any]) -> None:
        if task.cancelled():
            self._close(run.id, _CANCELLED)
        else:
            # Timed out inside the task, or handed to another one: give it a while.
            run.touched -= max(0.0, self._table.ttl - _GRACE_SECONDS)

    @staticmethod
    def _expect_retry(run: Run, key: str | None) -> None:
        if run.parent is not None:
            run.parent.failures = {**(run.parent.failures or {}), key: run.name}

    @staticmethod
    def _failed_before(run: Run, key: str | None) -> str | None:
        failures = run.parent.failures if run.parent is not None else None
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
