"""A tracker that assembles what each agent run did."""

from datetime import UTC, datetime, timedelta
from time import perf_counter
from typing import Any

from langchain_phase5.callbacks.records import AgentRecord, ModelCall, ToolCall
from langchain_phase5.callbacks.run import Run
from langchain_phase5.callbacks.tracker import RunTracker
from langchain_phase5.prices import Overrides


class RecordKeeper(RunTracker):
    """Assembles an `AgentRecord` per agent run; subclasses say where finished ones go.

    Args:
        prices: Own prices in USD per million tokens, see `langchain_phase5.prices`.
    """

    def __init__(self, *, prices: Overrides | None = None, include_graphs: bool = False) -> None:
        super().__init__(include_graphs=include_graphs)
        self._prices = prices

    def _run_started(self, run: Run, payload: Any) -> None:
        if run.kind == "agent":
            age = timedelta(seconds=perf_counter() - run.started)
            run.note = AgentRecord(
                id=str(run.id),
                parent_id=str(run.agent.id) if run.agent is not None else None,
                name=run.name,
                started_at=datetime.now(UTC) - age,
                input=payload,
                tags=run.tags,
            )
        elif run.kind == "tool":
            run.note = ToolCall(name=run.name, id=run.tool_call_id, arguments=payload)

    def _run_ended(self, run: Run, payload: Any) -> None:
        if run.kind == "agent":
            self._agent_ended(run, payload)
        elif run.kind == "tool":
            self._tool_ended(run, payload)
        elif run.kind == "llm":
            self._model_call_ended(run)

    def _agent_ended(self, run: Run, payload: Any) -> None:
        record: AgentRecord = run.note
        run.note = None
        record.output = payload
        record.status, record.error_type = run.status, run.error_type
        record.seconds = run.seconds
        self._agent_recorded(record)

    def _tool_ended(self, run: Run, payload: Any) -> None:
        call: ToolCall = run.note
        call.output = payload
        call.status, call.error_type = run.status, run.error_type
        call.seconds = run.seconds
        if run.agent is not None:
            run.agent.note.tool_calls.append(call)
        self._call_recorded(call)

    def _model_call_ended(self, run: Run) -> None:
        call = run.note = ModelCall(
            model=run.name,
            response_model=run.response_model,
            provider=run.provider,
            status=run.status,
            error_type=run.error_type,
            seconds=run.seconds,
            seconds_to_first_token=run.seconds_to_first_token,
            usage=run.usage,
            cached=run.cached,
            source=run.source,
            prices=self._prices,
        )
        if run.agent is not None:
            run.agent.note.model_calls.append(call)
        self._call_recorded(call)

    def _usage_arrived_late(self, run: Run) -> None:
        run.note.usage = run.usage

    def _custom_event(self, name: str, data: Any, run: Run | None) -> None:
        agent = run if run is None or run.kind == "agent" else run.agent
        if name == "quality" and agent is not None:
            agent.note.quality = float(data["score"])

    def _agent_recorded(self, record: AgentRecord) -> None:
        """An agent run ended."""

    def _call_recorded(self, call: ModelCall | ToolCall) -> None:
        """A model or tool call ended, inside an agent or not."""
