"""The tools of one model request: which of them were, are and could be offered."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from langchain.agents.middleware import ModelRequest
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from langchain_phase5.routing.routed_tools import RoutedTools
from langchain_phase5.routing.scored_tool import ScoredTool
from langchain_phase5.routing.search_tools import search_tools
from langchain_phase5.routing.tool_catalog import ToolCatalog


class ToolMenu:
    """Reads a request and works out offers; touches nothing.

    One question is everything from a user message up to the next. While it lasts, names are only
    added to the end of the offer, so that the provider's prompt cache stays valid.

    Args:
        request: What the agent is about to ask the model.
        catalog: The tools of the request.
        always_include: Names that are offered whatever the router chooses.
        max_tools: With no more candidates than this, all are offered.
    """

    def __init__(
        self,
        request: ModelRequest[Any],
        *,
        catalog: ToolCatalog,
        always_include: Collection[str],
        max_tools: int,
    ) -> None:
        self.request = request
        self._max_tools = max_tools
        start = _last_question(request.messages)
        self._since_question = request.messages[start:]
        self._question = _identity(request.messages[start]) if start < len(request.messages) else ""
        self._catalog = catalog
        kept = {*always_include, search_tools.name, _forced_name(request.tool_choice) or ""}
        self._kept = catalog.in_order(kept)
        self.candidates = catalog.without(kept)
        """What the router may choose from."""
        self.missing = sorted(name for name in always_include if name not in catalog)
        """Names in `always_include` that the request has no tool for."""
        routed: RoutedTools | None = request.state.get("routed_tools")  # type: ignore[assignment] # RoutedState
        self.last_routed = routed if routed and routed["question"] == self._question else None

    @property
    def all_fit(self) -> bool:
        """Whether there is nothing to choose."""
        return len(self.candidates) <= self._max_tools

    @property
    def can_search(self) -> bool:
        """Whether a tool is hidden, and our own `search_tools` is there to find it."""
        return self._catalog.get(search_tools.name) is search_tools and not self.all_fit

    @property
    def standing(self) -> RoutedTools | None:
        """What was decided earlier for this question, unless the tools have changed too much."""
        routed = self.last_routed
        if routed is None or (routed["decision"] == "all" and not self.all_fit):
            return None
        if any(scored["name"] not in self._catalog for scored in routed["scores"]):
            return None
        return routed

    def routed(self, scored: Sequence[ScoredTool]) -> RoutedTools:
        """Offer what the router chose."""
        chosen = {
            tool.name: float(tool.score)
            for tool in scored
            if tool.name in self._catalog and tool.name not in self._kept
        }
        return {
            **self._offer(chosen),
            "decision": "routed",
            "scores": [{"name": name, "score": score} for name, score in chosen.items()],
        }

    def everything(self) -> RoutedTools:
        """Offer all tools because they are few."""
        return self._offer(tool.name for tool in self.candidates)

    def fallback(self, max_fallback_tools: int) -> RoutedTools:
        """Offer the first tools because the router failed."""
        first = self.candidates[:max_fallback_tools]
        return {**self._offer(tool.name for tool in first), "decision": "fallback"}

    def extended(self, routed: RoutedTools, *, with_called: bool) -> RoutedTools:
        """Add to an offer: what was offered before, what was found, and maybe what was called."""
        before = self.last_routed["offered"] if self.last_routed else []
        called = self._called() if with_called else ()
        names = dict.fromkeys([*before, *routed["offered"], *self._kept, *self._found(), *called])
        return {
            **routed,
            "offered": [
                name for name in names if name in self._catalog and not self._is_needless(name)
            ],
        }

    def narrowed(self, routed: RoutedTools) -> ModelRequest[Any]:
        """Bind the offered tools, after the provider's own (dicts), which are never hidden."""
        offered = [tool for name in routed["offered"] if (tool := self._catalog.get(name))]
        return self.request.override(tools=[*self._catalog.provider_tools, *offered])

    def _offer(self, chosen: Iterable[str]) -> RoutedTools:
        """Offer what is chosen or kept, in the agent's own order."""
        return {
            "question": self._question,
            "decision": "all",
            "scores": [],
            "offered": self._catalog.in_order({*chosen, *self._kept}),
            "searches": {},
        }

    def _is_needless(self, name: str) -> bool:
        """Say whether this is our search tool while there is nothing to find."""
        return self.all_fit and self._catalog.get(name) is search_tools

    def _called(self) -> list[str]:
        return [
            call["name"]
            for message in self._since_question
            if isinstance(message, AIMessage)
            for call in message.tool_calls
        ]

    def _found(self) -> list[str]:
        """Names found by searches that were carried out."""
        searches = self.last_routed["searches"] if self.last_routed else {}
        done = {
            message.tool_call_id
            for message in self._since_question
            if isinstance(message, ToolMessage) and message.status != "error"
        }
        return [tool["name"] for call in searches if call in done for tool in searches[call]]


def _last_question(messages: Sequence[AnyMessage]) -> int:
    """Find the user's last message; where there is none, the end."""
    for i in range(len(messages) - 1, -1, -1):
        if isinstance(messages[i], HumanMessage):
            return i
    return len(messages)


def _identity(message: AnyMessage) -> str:
    return message.id or message.text


def _forced_name(tool_choice: Any) -> str | None:
    """Read the tool that the request makes the model call, which must not be hidden."""
    if not isinstance(tool_choice, dict):
        return tool_choice if isinstance(tool_choice, str) else None
    function = tool_choice.get("function")
    inner = function if isinstance(function, dict) else tool_choice
    name = inner.get("name")
    return name if isinstance(name, str) else None
