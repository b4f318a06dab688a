"""What happened inside a target: its model, tool and retriever calls, in order."""

from contextvars import ContextVar
from threading import Lock
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from langchain_core.tracers.context import register_configure_hook

from langchain_phase5.callbacks.collector import RunCollector
from langchain_phase5.callbacks.labels import UNKNOWN
from langchain_phase5.callbacks.run import Run
from langchain_phase5.evaluation.plain import plain

_LONGEST_TEXT = 4_000
_first_use = Lock()
_KINDS = {"llm": "model", "tool": "tool", "retriever": "retriever"}


class StepRecorder(RunCollector):
    """Collects the calls of one example, wherever in the target they happen, with their texts.

    It is found through a context variable, so it also sees what a plain function does with
    LangChain inside. Chains are skipped: they hold the same texts once more.

    Attributes:
        steps: Every model, tool and retriever call as plain JSON, in the order of their starts.
        used: Whether there was any.
    """

    ignore_chain = True
    ignore_custom_event = True
    used = False

    steps: list[dict[str, Any]]
    _steps_of: dict[int, dict[str, Any]]

    def __init__(self) -> None:
        """Make nothing yet: most examples' cost would be that of tables that stay empty."""

    def __getattr__(self, name: str) -> Any:
        with _first_use:
            if not self.used:
                super().__init__()
                self.steps, self._steps_of = [], {}
                self.used = True
        return super().__getattribute__(name)

    def _run_started(self, run: Run, payload: Any) -> None:
        super()._run_started(run, payload)
        # The tracker names a model that does not tell its name `unknown`.
        name = run.provider if run.kind == "llm" and run.name == UNKNOWN else run.name
        step = {"kind": _KINDS[run.kind], "name": name, "input": _asked(run, payload)}
        self._steps_of[run.key] = step
        self.steps.append(step)

    def _run_ended(self, run: Run, payload: Any) -> None:
        super()._run_ended(run, payload)
        step = self._steps_of.pop(run.key)
        if run.error is not None:
            step["error"] = f"{type(run.error).__qualname__}: {run.error}"
        elif run.status != "success":
            step["error"] = run.status
        if payload is not None:
            step |= _answer(run, payload)
        step["seconds"] = round(run.seconds, 6)


current_recorder: ContextVar[StepRecorder | None] = ContextVar("step_recorder", default=None)
register_configure_hook(current_recorder, inheritable=True)


def _asked(run: Run, payload: Any) -> Any:
    """What a call was given; of a conversation the newest message, the others are before it."""
    if run.kind != "llm" or not payload:
        return _short(plain(payload))
    newest = payload[0][-1] if isinstance(payload[0], list) and payload[0] else None
    if isinstance(newest, BaseMessage):
        return _short(plain(newest.content))
    return _short("\n".join(map(str, payload)))


def _answer(run: Run, payload: Any) -> dict[str, Any]:
    if run.kind == "retriever":
        return {"output": [_short(each.page_content) for each in payload]}
    if run.kind == "tool":
        return {"output": _short(plain(getattr(payload, "content", payload)))}
    message = _message(payload)
    if message is None:
        return {"output": _short(str(payload.generations))}
    said = plain(message)
    calls = {"tool_calls": said["tool_calls"]} if "tool_calls" in said else {}
    return {"output": _short(said["content"])} | calls


def _message(response: LLMResult) -> AIMessage | None:
    try:
        generation = response.generations[0][0]
    except IndexError:
        return None
    if isinstance(generation, ChatGeneration) and isinstance(generation.message, AIMessage):
        return generation.message
    return None


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else str(value)
    if len(text) <= _LONGEST_TEXT:
        return value
    return f"{text[:_LONGEST_TEXT]}... ({len(text)} characters)"
