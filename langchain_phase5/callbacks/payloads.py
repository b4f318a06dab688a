"""What callback payloads say: the usage in a model's answer, the failures in a tool's output."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGenerationChunk, LLMResult
from langgraph.types import Command

from langchain_phase5.callbacks.run import Run
from langchain_phase5.prices import TokenCounts

# The answer of LangGraph's ToolNode to a tool name that the model made up.
_INVENTED_TOOL = re.compile(r"Error: .* is not a valid tool, try one of \[", re.DOTALL)


def read_answer(run: Run, response: LLMResult) -> None:
    """Note usage, the model's full name and whether LangChain's cache answered."""
    generations = response.generations
    if not generations or not generations[0]:
        return
    message = getattr(generations[0][0], "message", None)
    if not isinstance(message, AIMessage):
        _read_text_model(run, response)
        return
    metadata = message.response_metadata
    run.response_model = _name(metadata.get("model_name")) or _name(metadata.get("model"))
    usage: Any = message.usage_metadata
    if not usage:
        return
    if usage.get("total_cost") == 0:
        run.cached = True
        return
    run.usage = _finite_counts(TokenCounts.from_usage, usage)
    tier = _name(metadata.get("service_tier"))
    if tier and run.usage is not None and run.usage.service_tier is None:
        run.usage = run.usage._replace(service_tier=tier)


def _read_text_model(run: Run, response: LLMResult) -> None:
    """Text completion models have no message: their usage stands beside the generations."""
    output = response.llm_output or {}
    run.response_model = _name(output.get("model_name"))
    usage = output.get("token_usage")
    if usage:
        run.usage = _finite_counts(_text_model_counts, usage)


def _text_model_counts(usage: Mapping[str, Any]) -> TokenCounts:
    return TokenCounts(
        input=usage.get("prompt_tokens") or 0, output=usage.get("completion_tokens") or 0
    )


def _name(given: Any) -> str:
    """Take nothing but text for a name: it is a key later on, and a label."""
    return given if isinstance(given, str) else ""


def _finite_counts(
    read: Callable[[Mapping[str, Any]], TokenCounts], usage: Mapping[str, Any]
) -> TokenCounts | None:
    """Read a usage; one that is not made of numbers is no usage."""
    try:
        counts = read(usage)
        return counts if math.isfinite(sum(counts[:-1])) else None
    except (AttributeError, TypeError):
        return None


def has_content(token: Any, chunk: Any) -> bool:
    """Tell whether a streamed chunk carries anything: the first is often an empty greeting."""
    if token:
        return True
    if not isinstance(chunk, ChatGenerationChunk):
        return False
    message = chunk.message
    return bool(
        message.content
        or getattr(message, "tool_call_chunks", None)
        or message.additional_kwargs.get("reasoning_content")
    )


def messages_in(output: Any) -> list[BaseMessage]:
    """Return the messages of a node's or tool's output, also inside lists and commands."""
    found: list[BaseMessage] = []
    parts = [output]
    for part in parts:  # grows while it is read
        # Asking a pydantic model whether something is its instance is slow: that comes last.
        if part.__class__ is ToolMessage:
            found.append(part)
        elif isinstance(part, dict):
            parts.append(part.get("messages"))
        elif isinstance(part, (list, tuple)):
            parts.extend(part)
        elif isinstance(part, Command):
            parts.append(part.update)
        elif isinstance(part, BaseMessage):
            found.append(part)
    return found


def is_failed_tool_output(output: Any) -> bool:
    """Tell whether a tool that returned normally reported a failure in its message."""
    if output.__class__ is ToolMessage:
        return bool(output.status == "error")
    for message in messages_in(output):
        if isinstance(message, ToolMessage) and message.status == "error":
            return True
    return False


def invented_tool_calls(output: Any) -> list[ToolMessage]:
    """Return a tool node's answers to calls of tools that do not exist.

    No tool event fires for those. An outer node that passes a whole conversation on is left
    alone, or its sub-agent's calls would count twice.
    """
    invented = []
    for message in messages_in(output):
        if not isinstance(message, ToolMessage):
            return []
        if (
            message.status == "error"
            and isinstance(message.content, str)
            and _INVENTED_TOOL.match(message.content)
        ):
            invented.append(message)
    return invented


def is_structured_output_retry(output: Any) -> bool:
    """Tell whether a model node rejected the model's structured answer and will ask again."""
    parts = output if isinstance(output, list) else [output]
    for part in parts:
        update = part.update if isinstance(part, Command) else part
        if isinstance(update, dict) and update.get("structured_response") is None:
            messages = update.get("messages")
            if messages and isinstance(messages[-1], ToolMessage):
                return True
    return False
