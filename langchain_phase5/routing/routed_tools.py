"""What the tool router leaves in an agent's state."""

from typing import Annotated, Any, Literal, NotRequired

from langchain.agents import AgentState
from langchain.agents.middleware.types import OmitFromInput
from langchain_core.tools import BaseTool
from typing_extensions import TypedDict  # pydantic cannot read that of `typing` before 3.12

from langchain_phase5.routing.scored_tool import ScoredTool

_DESCRIPTION = 300


class ScoredName(TypedDict):
    """A tool that was chosen, by name."""

    name: str
    score: float


class FoundTool(ScoredName):
    """A tool that a search found."""

    description: str


class RoutedTools(TypedDict):
    """Which tools the model was offered for one question: plain data that any checkpointer keeps.

    Example:
        >>> routed: RoutedTools = {
        ...     "question": "message-1",
        ...     "decision": "routed",
        ...     "scores": [{"name": "get_weather", "score": 1.2}],
        ...     "offered": ["get_weather"],
        ...     "searches": {},
        ... }
    """

    question: str
    """The `id` of the user's message."""

    decision: Literal["routed", "all", "fallback"]
    """Chosen by the router; no more tools than it may choose; or it failed."""

    scores: list[ScoredName]
    """What the router chose, best first."""

    offered: list[str]
    """The names bound to the model, in that order; only ever added to for one question."""

    searches: dict[str, list[FoundTool]]
    """What the `search_tools` calls of the latest answer found, by the id of the call."""


class RoutedState(AgentState[Any]):
    """Agent state with the router's record; callers cannot set it."""

    routed_tools: NotRequired[Annotated[RoutedTools, OmitFromInput]]


def scored_names(routed: RoutedTools) -> list[ScoredName]:
    """List what was chosen; in a fallback all that was offered, with the score 0."""
    if routed["decision"] == "fallback":
        return [{"name": name, "score": 0.0} for name in routed["offered"]]
    return routed["scores"]


def found_tool(scored: ScoredTool) -> FoundTool:
    """Keep what a model needs to know of a tool that it searched for."""
    description = scored.tool.description if isinstance(scored.tool, BaseTool) else ""
    return {
        "name": scored.name,
        "score": float(scored.score),
        "description": description[:_DESCRIPTION],
    }
