"""The tool by which a model asks for tools that it was not offered."""

from collections.abc import Sequence
from typing import Any

from langchain.tools import ToolRuntime, tool
from pydantic import BaseModel, Field

from langchain_phase5.routing.routed_tools import FoundTool


class ToolQuery(BaseModel):
    """What `search_tools` takes from the model."""

    query: str = Field(description="What the tool should do, in a few words.")


@tool(args_schema=ToolQuery)
def search_tools(query: str, runtime: ToolRuntime[Any, Any]) -> str:
    """Search for further tools when those you have do not fit. You can call what is found next."""
    # The search itself was made by the middleware when the model asked for it: only there the tools
    # that this request may use are known.
    routed = runtime.state.get("routed_tools")
    return _answer(query, routed["searches"].get(str(runtime.tool_call_id), []) if routed else [])


def _answer(query: str, found: Sequence[FoundTool]) -> str:
    if not found:
        return f"There is no further tool for {query[:200]!r}."
    lines = [f"- {tool['name']}: {tool['description']}" for tool in found]
    return "\n".join(["You can now call these tools:", *lines])
