"""Choose the tools to offer, and go on where the router fails."""

import logging
from collections import Counter
from functools import partial
from time import perf_counter
from typing import Any, Literal

from langchain.agents.middleware import ModelResponse
from langchain_core.messages import AIMessage, HumanMessage

from langchain_phase5.routing.custom_event import report
from langchain_phase5.routing.routed_tools import (
    FoundTool,
    RoutedTools,
    found_tool,
    scored_names,
)
from langchain_phase5.routing.search_tools import search_tools
from langchain_phase5.routing.tool_menu import ToolMenu
from langchain_phase5.routing.tool_router import ToolRouter
from langchain_phase5.sync_or_async import Call, Steps

logger = logging.getLogger(__name__)

_FOUND = 5
_SEARCHES = 4


class ToolChooser:
    """Asks the router for one model request; whatever fails is counted and never raised.

    Args:
        router: Ranks the tools.
        top_k: How many tools to choose, or "auto"; None leaves it to the router.
        max_fallback_tools: How many tools to offer if routing fails.
    """

    def __init__(
        self,
        router: ToolRouter,
        *,
        top_k: int | Literal["auto"] | None,
        max_fallback_tools: int,
    ) -> None:
        self._router = router
        self._top_k = top_k
        self._max_fallback_tools = max_fallback_tools
        self.failures: Counter[str] = Counter()

    @property
    def max_tools(self) -> int:
        """The most tools that the router may choose."""
        if self._top_k is None:
            return self._router.top_k
        return self._router.max_k if self._top_k == "auto" else self._top_k

    def decide(self, menu: ToolMenu) -> Steps[RoutedTools]:
        """Choose for a question, and report the choice if there was one."""
        if menu.missing:
            logger.warning("No tool has these names of always_include: %s", menu.missing)
        if menu.all_fit:
            return menu.everything()
        start = perf_counter()
        routed = yield from self._choose(menu)
        yield from report(
            "tool_routing",
            {
                "available": len(menu.candidates),
                "offered": scored_names(routed),
                "seconds": perf_counter() - start,
                "fallback": routed["decision"] == "fallback",
            },
        )
        return routed

    def search(
        self, menu: ToolMenu, routed: RoutedTools, response: ModelResponse[Any]
    ) -> Steps[dict[str, list[FoundTool]]]:
        """Answer the `search_tools` calls of the model, among the tools of this request."""
        calls = [
            call
            for message in response.result
            if menu.can_search and isinstance(message, AIMessage)
            for call in message.tool_calls
            if call["name"] == search_tools.name
        ]
        offered = set(routed["offered"])
        searches: dict[str, list[FoundTool]] = {}
        for call in calls[:_SEARCHES]:
            query = str(call["args"].get("query", ""))
            try:
                ranked = yield self._rank(query, menu, top_k=_FOUND + len(offered))
                new = [scored for scored in ranked if scored.name not in offered]
                searches[str(call["id"])] = [found_tool(scored) for scored in new[:_FOUND]]
            except Exception as error:  # noqa: BLE001 - whatever it is, the agent goes on
                self.count_failure("search", error)
        return searches

    def count_failure(self, what: str, error: object) -> None:
        """Count that something was missing and log why."""
        self.failures[what] += 1
        logger.warning("Tool routing has no %s, the agent goes on: %r", what, error)

    def _choose(self, menu: ToolMenu) -> Steps[RoutedTools]:
        """Ask the router; offer the first tools if it fails or there is nothing to ask."""
        messages = menu.request.messages
        if any(isinstance(m, HumanMessage) and m.text.strip() for m in messages):
            try:
                return menu.routed((yield self._rank(messages, menu, top_k=self._top_k)))
            except Exception as error:  # noqa: BLE001 - whatever it is, the agent goes on
                self.count_failure("routing", error)
        else:
            self.count_failure("question", "the messages hold no text of a user")
        return menu.fallback(self._max_fallback_tools)

    def _rank(self, query: Any, menu: ToolMenu, *, top_k: int | Literal["auto"] | None) -> Call:
        router = self._router
        return Call(
            now=partial(router.route, query, menu.candidates, top_k=top_k),
            later=partial(router.aroute, query, menu.candidates, top_k=top_k),
        )
