"""Turn LangChain's callback events into runs that start once and end once."""

from collections.abc import Sequence
from copy import copy
from time import perf_counter
from typing import Any
from uuid import UUID, uuid4

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, GenerationChunk, LLMResult
from langgraph.callbacks import GraphInterruptEvent

from langchain_phase5.callbacks.errors import Ending
from langchain_phase5.callbacks.guards import end_event, guarded, start_event
from langchain_phase5.callbacks.labels import UNKNOWN
from langchain_phase5.callbacks.lifecycle import RunLifecycle
from langchain_phase5.callbacks.payloads import (
    has_content,
    invented_tool_calls,
    is_failed_tool_output,
    is_structured_output_retry,
    read_answer,
)
from langchain_phase5.callbacks.run import Run
from langchain_phase5.callbacks.run_table import RunTable

_AGENT = "agent"
_SUCCESS = Ending("success")
_TOOL_ERROR = Ending("error", "tool")
_INVENTED = Ending("error", "validation")


class RunTracker(RunLifecycle):
    """The one place that knows what LangChain's events mean; handlers say what to do about runs.

    Subclasses override `_run_started`, `_run_ended` and the other hooks of `RunLifecycle`.
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
        super().__init__(table or RunTable())
        self._include_graphs = include_graphs

    # Graphs, their nodes, and plain chains

    @start_event
    def on_chain_start(
        self,
        inputs: dict[str, Any],
        run_id: UUID,
        parent_run_id: UUID | None,
        facts: dict[str, Any],
        details: dict[str, Any],
    ) -> None:
        """Open a run, and find out whether it is an agent."""
        run = self._open("chain", details.get("name") or "", run_id, parent_run_id)
        if run is None:
            return
        run.facts = facts
        tags = details.get("tags") or ()
        for tag in tags:
            if tag.startswith("graph:step:"):
                run.node = facts.get("langgraph_node")
                if run.node == "model":
                    self._confirm_agent(run)
                return
        in_graph = facts.get("ls_integration") == "langgraph"
        if run.in_agent or (in_graph and self._include_graphs):
            run.tags = tuple(tag for tag in tags if not tag.startswith("seq:step:"))
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
        if graph and graph.kind == "chain" and graph.in_agent:
            own_name = graph.agent_name if graph.name == graph.agent_name else None
            self._promote(graph, own_name)
            node.agent = graph

    def _promote(self, run: Run, name: str | None) -> None:
        inputs, run.inputs = run.inputs, None
        run.kind = "agent"
        run.name = name or _AGENT
        self._run_started(run, inputs)

    @end_event
    def on_chain_end(self, outputs: dict[str, Any], run_id: UUID) -> None:
        """Close a run; a graph that was interrupted ends like any other."""
        run = self._table.runs.get(run_id.int)
        if run is None:
            return
        if run.node is not None:
            self._read_node(run, outputs)
        self._close(run_id.int, Ending("interrupted") if run.interrupted else _SUCCESS, outputs)

    def _read_node(self, node: Run, outputs: Any) -> None:
        if node.node != "model":
            for message in invented_tool_calls(outputs):
                self._add_invented_tool(node, message)
        elif node.agent and is_structured_output_retry(outputs):
            self._structured_output_retried(node.agent)

    def _add_invented_tool(self, node: Run, message: ToolMessage) -> None:
        run = self._open("tool", UNKNOWN, uuid4(), node.id)
        if run is not None:
            run.tool_call_id = message.tool_call_id
            self._run_started(run, {})
            self._close(run.key, _INVENTED, message)

    @end_event
    def on_chain_error(self, error: BaseException, run_id: UUID) -> None:
        """Close a run as what the exception means."""
        self._fail(run_id, error)

    @guarded
    def on_interrupt(self, event: GraphInterruptEvent) -> None:
        """Remember that a graph pauses: its run is going to end normally."""
        run = self._table.runs.get(event.run_id.int) if event.run_id else None
        if run is not None:
            run.interrupted = True

    # Model calls

    @start_event
    def on_chat_model_start(
        self,
        messages: list[list[BaseMessage]],
        run_id: UUID,
        parent_run_id: UUID | None,
        facts: dict[str, Any],
        details: dict[str, Any],
    ) -> None:
        """Open a model call."""
        self._open_model_call(run_id, parent_run_id, facts, messages)

    @start_event
    def on_llm_start(
        self,
        prompts: list[str],
        run_id: UUID,
        parent_run_id: UUID | None,
        facts: dict[str, Any],
        details: dict[str, Any],
    ) -> None:
        """Open a call of a text completion model."""
        self._open_model_call(run_id, parent_run_id, facts, prompts)

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

    @guarded
    def on_llm_new_token(
        self,
        token: str | list[str | dict[str, Any]],
        *,
        chunk: GenerationChunk | ChatGenerationChunk | None = None,
        run_id: UUID,
        **kwargs: Any,
    ) -> None:
        """Note when the first content arrived."""
        run = self._table.runs.get(run_id.int)
        if run is not None and not run.first_token and has_content(token, chunk):
            run.first_token = perf_counter()

    @end_event
    def on_stream_event(self, event: Any, run_id: UUID) -> None:
        """Note when the first content arrived, in the protocol that replaces token events."""
        run = self._table.runs.get(run_id.int)
        if run is not None and not run.first_token and event["event"] == "content-block-delta":
            run.first_token = perf_counter()

    @end_event
    def on_llm_end(self, response: LLMResult, run_id: UUID) -> None:
        """Close a model call with what it used; also one that was given up too early."""
        run = self._table.runs.get(run_id.int)
        if run is not None:
            read_answer(run, response)
            self._close(run_id.int, _SUCCESS, response)
            return
        late = self._table.take_late(run_id.int)
        if late is not None:
            # A copy: whoever has yet to count the run must not find a bill in it.
            late = copy(late)
            read_answer(late, response)
            self._usage_arrived_late(late)

    @guarded
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Close a model call; what it streamed before may tell its usage."""
        run = self._table.runs.get(run_id.int)
        response = kwargs.get("response")
        if run is not None and isinstance(response, LLMResult):
            read_answer(run, response)
        self._fail(run_id, error)

    # Tools and retrievers

    @start_event
    def on_tool_start(
        self,
        input_str: str,
        run_id: UUID,
        parent_run_id: UUID | None,
        facts: dict[str, Any],
        details: dict[str, Any],
    ) -> None:
        """Open a tool call."""
        name = (details["serialized"] or {}).get("name") or details.get("name") or UNKNOWN
        run = self._open("tool", name, run_id, parent_run_id)
        if run is None:
            return
        run.facts = facts
        run.tool_call_id = details.get("tool_call_id")
        run.retried = self._failed_before(run, run.tool_call_id or run.name) is not None
        inputs = details.get("inputs")
        self._run_started(run, inputs if inputs is not None else input_str)

    @end_event
    def on_tool_end(self, output: Any, run_id: UUID) -> None:
        """Close a tool call; a failure may hide in the message it returned."""
        self._close(run_id.int, _TOOL_ERROR if is_failed_tool_output(output) else _SUCCESS, output)

    @end_event
    def on_tool_error(self, error: BaseException, run_id: UUID) -> None:
        """Close a tool call that raised."""
        self._fail(run_id, error)

    @start_event
    def on_retriever_start(
        self,
        query: str,
        run_id: UUID,
        parent_run_id: UUID | None,
        facts: dict[str, Any],
        details: dict[str, Any],
    ) -> None:
        """Open a retrieval."""
        name = details.get("name") or (details["serialized"] or {}).get("name") or UNKNOWN
        run = self._open("retriever", name, run_id, parent_run_id)
        if run is not None:
            self._run_started(run, query)

    @end_event
    def on_retriever_end(self, documents: Sequence[Document], run_id: UUID) -> None:
        """Close a retrieval."""
        self._close(run_id.int, _SUCCESS, documents)

    @end_event
    def on_retriever_error(self, error: BaseException, run_id: UUID) -> None:
        """Close a retrieval that raised."""
        self._fail(run_id, error)

    @guarded
    def on_custom_event(self, name: str, data: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Pass on what other parts of the package report about themselves."""
        self._custom_event(name, data, self._table.runs.get(run_id.int))
