"""An agent's record as a row for the database: text out of messages, sums out of calls."""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage

from langchain_phase5.callbacks.payloads import messages_in
from langchain_phase5.callbacks.records import AgentRecord, ToolCall
from langchain_phase5.storage.interactions import Interaction, ToolUse

_LONGEST_TEXT = 20_000
_LONGEST_NAME = 255


def to_interaction(
    record: AgentRecord, *, agent_version: str | None, tags: Sequence[str], content: bool
) -> Interaction:
    """Turn a record into an interaction; without `content` only names and numbers are kept."""
    usage = record.usage
    models = Counter(call.response_model or call.model for call in record.model_calls)
    return Interaction(
        id=record.id,
        parent_id=record.parent_id,
        agent_type=record.name[:_LONGEST_NAME],
        agent_version=agent_version,
        started_at=record.started_at,
        status=record.status,
        error_type=record.error_type,
        seconds=record.seconds,
        input=_question(record.input) if content else "",
        output=_answer(record.output) if content else "",
        tools=tuple(_tool_use(call, content=content) for call in record.tool_calls),
        model=models.most_common(1)[0][0][:_LONGEST_NAME] if models else None,
        model_calls=len(record.model_calls),
        input_tokens=usage.input,
        output_tokens=usage.output,
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        reasoning_tokens=usage.reasoning,
        cost_usd=record.cost_usd,
        quality=record.quality,
        tags=tuple(dict.fromkeys((*tags, *record.tags))),
    )


def _tool_use(call: ToolCall, *, content: bool) -> ToolUse:
    return ToolUse(
        name=call.name[:_LONGEST_NAME],
        status=call.status,
        error_type=call.error_type,
        seconds=call.seconds,
        arguments=_json(call.arguments) if content else "",
        output=_tool_output(call.output) if content else "",
    )


def _question(given: Any) -> str:
    """The last thing the user said; graphs with another state are kept as JSON."""
    messages = given.get("messages") if isinstance(given, dict) else given
    if isinstance(messages, str):
        return messages[:_LONGEST_TEXT]
    for message in reversed(list(messages_in(messages))):
        if isinstance(message, HumanMessage):
            return message.text[:_LONGEST_TEXT]
    return _last_pair(messages) or _json(given)


def _last_pair(messages: Any) -> str:
    """Read `("user", "Hi")` and `{"role": "user", "content": "Hi"}`."""
    last = messages[-1] if isinstance(messages, list) and messages else None
    text = last[1] if isinstance(last, tuple) and len(last) > 1 else None
    if isinstance(last, dict):
        text = last.get("content")
    return text[:_LONGEST_TEXT] if isinstance(text, str) else ""


def _answer(made: Any) -> str:
    if isinstance(made, dict) and made.get("structured_response") is not None:
        return _json(made["structured_response"])
    for message in reversed(list(messages_in(made))):
        if isinstance(message, AIMessage):
            return message.text[:_LONGEST_TEXT]
    return _json(made) if made is not None else ""


def _tool_output(output: Any) -> str:
    texts = [message.text for message in messages_in(output)]
    if texts:
        return "\n".join(texts)[:_LONGEST_TEXT]
    return output[:_LONGEST_TEXT] if isinstance(output, str) else _json(output)


def _json(value: Any) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)[:_LONGEST_TEXT]


def _plain(value: Any) -> Any:
    if isinstance(value, BaseMessage):
        return {"type": value.type, "content": value.text}
    dump = getattr(value, "model_dump", None)
    return dump(mode="json") if callable(dump) and not isinstance(value, type) else str(value)
