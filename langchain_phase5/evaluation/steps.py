"""What happened inside a target: its model, tool and retriever calls, in order."""

import threading
import time
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, LLMResult
from langchain_core.tracers.context import register_configure_hook

from langchain_phase5.evaluation.plain import plain

_LONGEST_TEXT = 4_000


class CallUsage(NamedTuple):
    """Tokens of one model call."""

    model: str
    provider: str | None
    usage: UsageMetadata


class StepRecorder(BaseCallbackHandler):
    """Records the calls of one example, wherever in the target they happen.

    It is found through a context variable, so it also sees what a plain function does with
    LangChain inside. Chains are skipped: they hold the same texts once more.
    """

    run_inline = True
    ignore_chain = True
    ignore_custom_event = True
    ignore_retry = True

    def __init__(self) -> None:
        self.steps: list[dict[str, Any]] = []
        self.usages: list[CallUsage] = []
        self.uncounted = 0
        """Model calls that reported no usage, so that the cost is unknown."""
        self._open: dict[UUID, tuple[dict[str, Any], float]] = {}
        self._providers: dict[UUID, str | None] = {}
        self._lock = threading.Lock()

    def on_chat_model_start(
        self, serialized: Any, messages: list[list[BaseMessage]], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Note a chat model's call."""
        self._providers[run_id] = (kwargs.get("metadata") or {}).get("ls_provider")
        self._begin(run_id, kind="model", name=_name(serialized, kwargs), input=_last(messages))

    def on_llm_start(
        self, serialized: Any, prompts: list[str], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Note a text model's call."""
        text = "\n".join(prompts)
        self._begin(run_id, kind="model", name=_name(serialized, kwargs), input=_short(text))

    def on_llm_end(self, response: LLMResult, *, run_id: UUID, **kwargs: Any) -> None:
        """Note a model's answer and what it used."""
        message = _message(response)
        if message is None:
            self._end(run_id, output=_short(str(response.generations)))
            self.uncounted += 1
            return
        self._count(message, self._providers.pop(run_id, None))
        output = plain(message)
        self._end(run_id, output=_short(output["content"]), tool_calls=output.get("tool_calls"))

    def on_tool_start(
        self, serialized: Any, input_str: str, *, run_id: UUID, inputs: Any = None, **kwargs: Any
    ) -> None:
        """Note a tool call."""
        asked = plain(inputs) if inputs else input_str
        self._begin(run_id, kind="tool", name=_name(serialized, kwargs), input=_short(asked))

    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """Note a tool's answer."""
        content = getattr(output, "content", output)
        failed = getattr(output, "status", "") == "error"
        self._end(run_id, output=_short(plain(content)), error="error" if failed else None)

    def on_retriever_start(
        self, serialized: Any, query: str, *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Note a search."""
        self._begin(run_id, kind="retriever", name=_name(serialized, kwargs), input=_short(query))

    def on_retriever_end(
        self, documents: Sequence[Document], *, run_id: UUID, **kwargs: Any
    ) -> None:
        """Note what a search found."""
        self._end(run_id, output=[_short(each.page_content) for each in documents])

    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Note a failed model call."""
        self._end(run_id, error=f"{type(error).__qualname__}: {error}")

    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Note a failed tool call."""
        self._end(run_id, error=f"{type(error).__qualname__}: {error}")

    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """Note a failed search."""
        self._end(run_id, error=f"{type(error).__qualname__}: {error}")

    def _begin(self, run_id: UUID, **step: Any) -> None:
        with self._lock:
            self.steps.append(step)
            self._open[run_id] = step, time.perf_counter()

    def _end(self, run_id: UUID, **result: Any) -> None:
        with self._lock:
            step, started = self._open.pop(run_id, ({}, time.perf_counter()))
            step |= {key: value for key, value in result.items() if value}
            step["seconds"] = round(time.perf_counter() - started, 6)

    def _count(self, message: AIMessage, provider: str | None) -> None:
        model = message.response_metadata.get("model_name")
        if message.usage_metadata and model:
            self.usages.append(CallUsage(model, provider, message.usage_metadata))
        else:
            self.uncounted += 1


current_recorder: ContextVar[StepRecorder | None] = ContextVar("step_recorder", default=None)
register_configure_hook(current_recorder, inheritable=True)


def _message(response: LLMResult) -> AIMessage | None:
    try:
        generation = response.generations[0][0]
    except IndexError:
        return None
    if isinstance(generation, ChatGeneration) and isinstance(generation.message, AIMessage):
        return generation.message
    return None


def _name(serialized: Any, kwargs: dict[str, Any]) -> str:
    name = kwargs.get("name") or (serialized or {}).get("name")
    return str(name or "unnamed")


def _last(messages: list[list[BaseMessage]]) -> Any:
    """Only the newest message: the earlier ones are in the steps before."""
    return _short(plain(messages[0][-1].content)) if messages and messages[0] else ""


def _short(value: Any) -> Any:
    text = value if isinstance(value, str) else str(value)
    if len(text) <= _LONGEST_TEXT:
        return value
    return f"{text[:_LONGEST_TEXT]}... ({len(text)} characters)"
