"""What comes back from a tool call, and what comes back instead of one."""

from typing import Any

from langchain.tools.tool_node import ToolCallRequest
from langchain_core.messages import ToolMessage
from langgraph.types import Command

from langchain_phase5.routing.routed_tools import RoutedTools

ToolAnswer = ToolMessage | Command[Any]


def refusal(request: ToolCallRequest, routed: RoutedTools | None) -> ToolMessage:
    """Tell the model that a tool is not there for it, and which are."""
    offered = ", ".join(routed["offered"]) if routed else ""
    return ToolMessage(
        f"Error: the tool {request.tool_call['name']!r} is not offered for this question. "
        f"Offered are: {offered or 'none'}.",
        name=request.tool_call["name"],
        tool_call_id=request.tool_call["id"],
        status="error",
    )


def is_success(answer: ToolAnswer | list[Any]) -> bool:
    """Look for an error among the messages that a tool returned, however it returned them."""
    answers = answer if isinstance(answer, list) else [answer]
    messages: list[Any] = []
    for each in answers:
        update = each.update if isinstance(each, Command) else None
        messages += update.get("messages", []) if isinstance(update, dict) else [each]
    return not any(
        isinstance(message, ToolMessage) and message.status == "error" for message in messages
    )
