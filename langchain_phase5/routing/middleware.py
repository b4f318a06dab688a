"""Let an agent see, for each question, only the few of its tools that fit."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial
from typing import Any, Literal

from langchain.agents.middleware import (
    AgentMiddleware,
    ExtendedModelResponse,
    ModelRequest,
    ModelResponse,
)
from langchain.tools.tool_node import ToolCallRequest
from langchain_core.tools import BaseTool
from langgraph.errors import GraphBubbleUp
from langgraph.types import Command

from langchain_phase5.routing.custom_event import report
from langchain_phase5.routing.routed_tools import RoutedState, RoutedTools
from langchain_phase5.routing.search_tools import search_tools
from langchain_phase5.routing.tool_answer import ToolAnswer, is_success, refusal
from langchain_phase5.routing.tool_catalog import ToolCatalog
from langchain_phase5.routing.tool_chooser import ToolChooser
from langchain_phase5.routing.tool_menu import ToolMenu
from langchain_phase5.routing.tool_router import ToolRouter
from langchain_phase5.sync_or_async import Call, Steps, arun_steps, run_steps


class ToolRouterMiddleware(AgentMiddleware[Any, Any, Any]):
    """Offers the model the tools that fit the question, and learns from what they achieve.

    Before each model call the agent's tools are narrowed to the `top_k` that the router ranks
    highest, plus `always_include`, plus whatever was called or found since the question. Tools of
    the provider (dicts, such as `{"type": "web_search"}`) stay. The tools may be thousands and may
    differ from call to call.

    **Stable offers.** The choice is made once per user message, in the agent's own tool order.
    Until the next one tools are only added at the end, so that prompt caches stay valid, also
    after an interrupt and in another process: the choice is kept in the state as `routed_tools`,
    with its scores.

    **Recovery.** With `search=True` the model gets a further tool, `search_tools`, to ask for what
    the router missed; what it finds can be called from the next step on.

    **Routing is not access control.** A hidden tool that the model calls anyway, by a name from an
    earlier turn or from a prompt injection, still runs, is counted as a miss and stays offered.
    With `hidden_tool_policy="deny"` it is refused. Even so the router decides by fit, not by right,
    and `search_tools` will find any tool for whoever asks well: leave out what a user must not
    call.

    **Failure.** If the router fails, or the messages hold no text of a user, the first
    `max_fallback_tools` tools are offered; a warning is logged and `failures` counts it. An
    exception of the router never reaches the agent.

    For handlers of LangChain's custom events it reports every choice as `tool_routing` and every
    call of a hidden tool as `tool_routing_miss`.

    Args:
        router: Ranks the tools. By default a new one with the embeddings that this machine has.
        top_k: How many tools to choose, or "auto". By default what the router is set to.
        always_include: Names of tools to offer always, on top of `top_k`.
        search: Whether to add `search_tools`.
        hidden_tool_policy: Whether a tool runs that was not offered.
        max_fallback_tools: How many tools to offer if routing fails.
        record_outcomes: Whether to tell the router which calls worked.

    Raises:
        ValueError: An argument is out of range.

    Example:
        ```python
        from langchain.agents import create_agent

        from langchain_phase5.demo import ScriptedChatModel
        from langchain_phase5.demo.business import all_tools
        from langchain_phase5.routing import ToolRouter, ToolRouterMiddleware

        agent = create_agent(
            ScriptedChatModel(),  # a stand-in that needs no key; yours: "openai:gpt-5-mini"
            tools=all_tools(),
            middleware=[ToolRouterMiddleware(ToolRouter("auto"), top_k=5, search=True)],
        )
        state = agent.invoke({"messages": "Where is order A-1001?"})
        print(state["routed_tools"]["offered"])
        ```
    """

    state_schema = RoutedState

    def __init__(
        self,
        router: ToolRouter | None = None,
        *,
        top_k: int | Literal["auto"] | None = None,
        always_include: Collection[str] = (),
        search: bool = False,
        hidden_tool_policy: Literal["allow", "deny"] = "allow",
        max_fallback_tools: int = 128,
        record_outcomes: bool = True,
    ) -> None:
        super().__init__()
        if top_k is not None and top_k != "auto":
            _check_positive("top_k", top_k)
        _check_positive("max_fallback_tools", max_fallback_tools)
        if isinstance(always_include, str):
            msg = f"always_include takes a list of names: [{always_include!r}]"
            raise ValueError(msg)  # noqa: TRY004 - the package reports bad values by one type
        if hidden_tool_policy not in ("allow", "deny"):
            msg = f"hidden_tool_policy must be 'allow' or 'deny', not {hidden_tool_policy!r}"
            raise ValueError(msg)
        self.router = router or ToolRouter("auto")
        self.always_include = frozenset(always_include)
        self.hidden_tool_policy = hidden_tool_policy
        self.record_outcomes = record_outcomes
        self.tools: Sequence[BaseTool] = [search_tools] if search else []
        self._catalog = ToolCatalog([])
        self._chooser = ToolChooser(self.router, top_k=top_k, max_fallback_tools=max_fallback_tools)
        self.failures = self._chooser.failures
        """How often something was missing: `routing`, `question`, `search` or `recording`."""

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ExtendedModelResponse[Any]:
        """Ask the model with fewer tools."""
        return run_steps(self._ask_model(request, handler))

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ExtendedModelResponse[Any]:
        """Ask the model with fewer tools."""
        return await arun_steps(self._ask_model(request, handler))

    def wrap_tool_call(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], ToolAnswer]
    ) -> ToolAnswer:
        """Run a tool if it may run, and learn from the outcome."""
        return run_steps(self._call_tool(request, handler))

    async def awrap_tool_call(
        self,
        request: ToolCallRequest,
        handler: Callable[[ToolCallRequest], Awaitable[ToolAnswer]],
    ) -> ToolAnswer:
        """Run a tool if it may run, and learn from the outcome."""
        return await arun_steps(self._call_tool(request, handler))

    def _ask_model(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], Any]
    ) -> Steps[ExtendedModelResponse[Any]]:
        menu = self._read(request)
        decided = menu.standing or (yield from self._chooser.decide(menu))
        routed = menu.extended(decided, with_called=self.hidden_tool_policy == "allow")
        response: ModelResponse[Any] = yield _same(partial(handler, menu.narrowed(routed)))
        searches = yield from self._chooser.search(menu, routed, response)
        update: RoutedTools = {**routed, "searches": searches}
        return ExtendedModelResponse(response, Command(update={"routed_tools": update}))

    def _read(self, request: ModelRequest[Any]) -> ToolMenu:
        catalog = self._catalog  # most often the next request has the same tools
        if not catalog.is_for(request.tools):
            catalog = self._catalog = ToolCatalog(request.tools)
        return ToolMenu(
            request,
            catalog=catalog,
            always_include=self.always_include,
            max_tools=self._chooser.max_tools,
        )

    def _call_tool(
        self, request: ToolCallRequest, handler: Callable[[ToolCallRequest], Any]
    ) -> Steps[ToolAnswer]:
        routed = _routed(request.state)
        name = request.tool_call["name"]
        if routed is None or name not in routed["offered"]:
            if routed is not None and request.tool is not None:
                miss = {"tool_name": name, "policy": self.hidden_tool_policy}
                yield from report("tool_routing_miss", miss)
            if self.hidden_tool_policy == "deny":
                return refusal(request, routed)
        try:
            answer: ToolAnswer = yield _same(partial(handler, request))
        except GraphBubbleUp:  # an interrupt: the call is not over
            raise
        except Exception:
            self._record(request, success=False)
            raise
        self._record(request, success=is_success(answer))
        return answer

    def _record(self, request: ToolCallRequest, *, success: bool) -> None:
        routed, name = _routed(request.state), request.tool_call["name"]
        is_made_up = request.tool is None and (routed is None or name not in routed["offered"])
        if not self.record_outcomes or is_made_up or request.tool is search_tools:
            return
        try:
            self.router.record(_messages(request.state), name, success=success)
        except Exception as error:  # noqa: BLE001 - whatever it is, the agent goes on
            self._chooser.count_failure("recording", error)


def _same(call: Callable[[], Any]) -> Call:
    """Wrap a handler, which is plain or awaitable as the hook that got it."""
    return Call(now=call, later=call)


def _routed(state: Any) -> RoutedTools | None:
    return state.get("routed_tools") if isinstance(state, dict) else None


def _messages(state: Any) -> Any:
    return state.get("messages", []) if isinstance(state, dict) else state


def _check_positive(name: str, value: int) -> None:
    if not isinstance(value, int) or value < 1:
        msg = f"{name} must be at least 1, not {value!r}"
        raise ValueError(msg)
