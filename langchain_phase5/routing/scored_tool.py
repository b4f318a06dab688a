"""What the router hands back: a tool and how well it fits."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from langchain_core.tools import BaseTool

Tool = BaseTool | dict[str, Any] | Callable[..., Any]
"""Whatever `BaseChatModel.bind_tools` takes: a tool, a provider's dict, a class or a function."""


@dataclass(frozen=True, kw_only=True)
class ScoredTool:
    """A tool with the score that it got for one question.

    Scores of one router can be compared between questions and between tool lists: about 0 means
    "has nothing to do with the question", 1 and above a clear match. They are not probabilities.

    Example:
        >>> ScoredTool(tool={"name": "get_weather"}, score=0.9).name
        'get_weather'
    """

    tool: Tool
    """The caller's own object, untouched."""

    score: float
    """How well it fits; higher is better."""

    @property
    def name(self) -> str:
        """The name that a model calls the tool by."""
        return tool_name(self.tool)


def tool_name(tool: Tool) -> str:
    """Read the name of a tool, whichever of LangChain's shapes it comes in.

    Provider dicts such as `{"type": "web_search"}` have no name; their type stands in for it.
    """
    if isinstance(tool, dict):
        function = tool.get("function")
        inner = function if isinstance(function, dict) else tool
        return str(inner.get("name") or inner.get("title") or tool.get("type") or "")
    return str(getattr(tool, "name", None) or getattr(tool, "__name__", "") or "")
