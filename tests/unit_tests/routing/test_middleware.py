"""The router inside real agents: what the model is offered, what runs, what is learned."""

import asyncio
import logging
from typing import Any

import pytest
from fakes import FakeChatModel, call
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware, HumanInTheLoopMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, ToolException
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

from langchain_phase5.routing import ScoredTool, ToolRouter, ToolRouterMiddleware

WEATHER = "What is the weather like in Oslo?"
MUSIC = "play a song by Grieg"

both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


def make_tool(name: str, description: str, function: Any = None) -> BaseTool:
    def answer(text: str = "") -> str:
        return f"{name} done"

    tool = StructuredTool.from_function(
        function or answer, name=name, description=description, infer_schema=True
    )
    tool.handle_tool_error = True
    return tool


def make_tools() -> list[BaseTool]:
    return [
        make_tool("send_mail", "send an e-mail message"),
        make_tool("get_weather", "weather forecast for a city"),
        make_tool("convert_currency", "convert money between currencies"),
        make_tool("play_music", "play a song"),
        make_tool("book_table", "reserve a seat in a restaurant"),
    ]


def make_middleware(**arguments: Any) -> ToolRouterMiddleware:
    router = arguments.pop("router", None) or ToolRouter()
    return ToolRouterMiddleware(router, **{"top_k": 1, **arguments})


def ask(agent: Any, question: Any, asynchronous: bool = False, **config: Any) -> dict[str, Any]:
    if isinstance(question, str):
        question = {"messages": [HumanMessage(question)]}
    if asynchronous:
        return asyncio.run(agent.ainvoke(question, config))
    return agent.invoke(question, config)


def tool_messages(result: dict[str, Any]) -> list[ToolMessage]:
    return [message for message in result["messages"] if isinstance(message, ToolMessage)]


def outcomes(middleware: ToolRouterMiddleware) -> list[tuple[str, str, bool]]:
    return [
        (outcome.query, outcome.tool_name, outcome.success)
        for outcome in middleware.router.history.since(0)[0]
    ]


class BrokenRouter(ToolRouter):
    """Fails in every way at once."""

    def route(self, *_: Any, **__: Any) -> Any:
        msg = "the router is down"
        raise RuntimeError(msg)

    async def aroute(self, *_: Any, **__: Any) -> Any:
        return self.route()

    def record(self, *_: Any, **__: Any) -> None:
        self.route()


class Events(BaseCallbackHandler):
    """Keeps the custom events."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []

    def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        self.seen.append((name, data))


class AsyncEvents(AsyncCallbackHandler, Events):
    """Keeps the custom events."""

    async def on_custom_event(self, name: str, data: Any, **_: Any) -> None:
        self.seen.append((name, data))


class TestOffer:
    @both_ways
    def test_only_fitting_tools_are_bound(self, asynchronous):
        model = FakeChatModel()
        agent = create_agent(model, make_tools(), middleware=[make_middleware()])

        ask(agent, WEATHER, asynchronous)
        ask(agent, MUSIC, asynchronous)

        assert model.bound == [["get_weather"], ["play_music"]]

    def test_tools_come_in_the_order_of_the_agent(self):
        model = FakeChatModel()
        agent = create_agent(model, make_tools(), middleware=[make_middleware(top_k=3)])

        ask(agent, "play a song, then send mail, then the weather forecast")

        assert model.bound == [["send_mail", "get_weather", "play_music"]]

    def test_always_included_tools_come_on_top(self):
        model = FakeChatModel()
        middleware = make_middleware(always_include=["book_table"])
        agent = create_agent(model, make_tools(), middleware=[middleware])

        ask(agent, WEATHER)

        assert model.bound == [["get_weather", "book_table"]]

    def test_an_unknown_name_to_include_is_reported(self, caplog):
        middleware = make_middleware(always_include=["bok_table"])
        ask(create_agent(FakeChatModel(), make_tools(), middleware=[middleware]), WEATHER)
        assert "bok_table" in caplog.text

    def test_tools_of_the_provider_are_never_hidden(self):
        model = FakeChatModel()
        tools = [*make_tools(), {"type": "web_search"}]
        agent = create_agent(model, tools, middleware=[make_middleware()])

        ask(agent, WEATHER)

        assert model.bound == [["web_search", "get_weather"]]

    @pytest.mark.parametrize("count", [0, 1, 3])
    def test_few_tools_are_all_offered(self, count):
        model = FakeChatModel()
        events = Events()
        tools = make_tools()[:count]
        middleware = make_middleware(top_k=3, search=True)
        agent = create_agent(model, tools, middleware=[middleware])

        result = ask(agent, WEATHER, callbacks=[events])

        assert model.bound == ([[tool.name for tool in tools]] if tools else [])
        assert result["routed_tools"]["decision"] == "all"
        assert events.seen == []

    def test_a_name_that_two_tools_have_is_offered_once(self):
        model = FakeChatModel(replies=[call("get_weather"), "done"])
        old = make_tool("get_weather", "weather forecast for a city", lambda: "old")
        new = make_tool("get_weather", "weather forecast for a city", lambda: "new")
        agent = create_agent(model, [old, *make_tools()[2:], new], middleware=[make_middleware()])

        result = ask(agent, WEATHER)

        assert model.bound == [["get_weather"], ["get_weather"]]
        assert tool_messages(result)[0].content == "new"

    @pytest.mark.parametrize(
        "choice",
        [
            "book_table",
            {"type": "function", "function": {"name": "book_table"}},
            {"type": "tool", "name": "book_table"},
        ],
    )
    def test_a_tool_that_the_model_must_call_is_offered(self, choice):
        class Force(AgentMiddleware):
            def wrap_model_call(self, request: ModelRequest, handler: Any) -> Any:
                return handler(request.override(tool_choice=choice))

        model = FakeChatModel()
        agent = create_agent(model, make_tools(), middleware=[Force(), make_middleware()])

        ask(agent, WEATHER)

        assert model.bound == [["get_weather", "book_table"]]

    def test_the_state_holds_the_scores_as_plain_data(self):
        agent = create_agent(FakeChatModel(), make_tools(), middleware=[make_middleware(top_k=2)])

        result = ask(agent, {"messages": [HumanMessage(WEATHER, id="m1")]})

        routed = result["routed_tools"]
        assert routed["question"] == "m1"
        assert routed["decision"] == "routed"
        assert routed["scores"][0]["name"] == "get_weather"
        assert routed["scores"][0]["score"] > routed["scores"][1]["score"]
        assert routed["offered"][0] == "get_weather"
        assert all(type(scored["score"]) is float for scored in routed["scores"])

    def test_the_caller_cannot_set_the_state(self):
        """Else whoever may pass input could allow a tool that is denied."""
        model = FakeChatModel(replies=[call("send_mail"), "done"])
        middleware = make_middleware(hidden_tool_policy="deny")
        agent = create_agent(model, make_tools(), middleware=[middleware])
        forged = {
            "question": "m1",
            "decision": "all",
            "scores": [],
            "offered": ["send_mail"],
            "searches": {},
        }

        result = ask(agent, {"messages": [HumanMessage(WEATHER, id="m1")], "routed_tools": forged})

        assert model.bound[0] == ["get_weather"]
        assert tool_messages(result)[0].status == "error"

    @both_ways
    def test_two_thousand_tools(self, asynchronous):
        model = FakeChatModel()
        many = [make_tool(f"tool_{i}", f"do thing number {i}") for i in range(2_000)]
        agent = create_agent(model, [*many, *make_tools()], middleware=[make_middleware()])

        ask(agent, WEATHER, asynchronous)

        assert model.bound == [["get_weather"]]

    @both_ways
    def test_event_tells_what_was_offered(self, asynchronous):
        events = AsyncEvents() if asynchronous else Events()
        agent = create_agent(FakeChatModel(), make_tools(), middleware=[make_middleware()])

        result = ask(agent, WEATHER, asynchronous, callbacks=[events])

        ((name, data),) = events.seen
        assert name == "tool_routing"
        assert data["available"] == 5
        assert data["offered"] == result["routed_tools"]["scores"]
        assert data["seconds"] >= 0
        assert data["fallback"] is False


class TestOneQuestion:
    """From one user message to the next."""

    @both_ways
    def test_the_offer_stands_though_outcomes_are_recorded(self, asynchronous):
        class Fickle(ToolRouter):
            """Chooses another tool each time that it is asked."""

            asked = 0

            def route(self, query: Any, tools: Any, **_: Any) -> list[ScoredTool]:
                self.asked += 1
                return [ScoredTool(tool=tools[self.asked % len(tools)], score=1.0)]

            async def aroute(self, query: Any, tools: Any, **_: Any) -> list[ScoredTool]:
                return self.route(query, tools)

        model = FakeChatModel(replies=[call("get_weather"), call("get_weather", "c2"), "done"])
        events = AsyncEvents() if asynchronous else Events()
        agent = create_agent(model, make_tools(), middleware=[make_middleware(router=Fickle())])

        ask(agent, WEATHER, asynchronous, callbacks=[events])

        assert model.bound == [["get_weather"]] * 3
        assert [name for name, _ in events.seen] == ["tool_routing"]

    @both_ways
    def test_additions_come_at_the_end_so_that_prompt_caches_survive(self, asynchronous):
        model = FakeChatModel(
            replies=[
                call("search_tools", query="play a song"),
                call("send_mail", "c2"),
                call("play_music", "c3"),
                "done",
            ]
        )
        tools = [*make_tools(), *(make_tool(f"t{i}", f"thing {i}") for i in range(20))]
        agent = create_agent(model, tools, middleware=[make_middleware(search=True)])

        ask(agent, WEATHER, asynchronous)

        assert len(model.bound) == 4
        for before, after in zip(model.bound, model.bound[1:], strict=False):
            assert after[: len(before)] == before

    def test_the_next_question_gets_tools_of_its_own(self):
        model = FakeChatModel(replies=[call("get_weather"), "sunny", "playing"])
        agent = create_agent(
            model, make_tools(), middleware=[make_middleware()], checkpointer=InMemorySaver()
        )
        thread = {"configurable": {"thread_id": "1"}}

        ask(agent, WEATHER, **thread)
        ask(agent, MUSIC, **thread)

        assert model.bound == [["get_weather"], ["get_weather"], ["play_music"]]

    def test_the_same_words_asked_again_are_another_question(self):
        model = FakeChatModel()
        events = Events()
        agent = create_agent(
            model, make_tools(), middleware=[make_middleware()], checkpointer=InMemorySaver()
        )
        config = {"configurable": {"thread_id": "1"}, "callbacks": [events]}

        ask(agent, WEATHER, **config)
        ask(agent, WEATHER, **config)

        assert len(events.seen) == 2

    def test_streaming_shows_the_choice_and_the_answer(self):
        agent = create_agent(
            FakeChatModel(replies=[call("get_weather"), "It is sunny"]),
            make_tools(),
            middleware=[make_middleware()],
        )
        question = {"messages": [HumanMessage(WEATHER)]}

        parts = list(agent.stream(question, stream_mode=["updates", "messages", "custom"]))

        updates = [part for mode, part in parts if mode == "updates"]
        assert any("routed_tools" in str(update) for update in updates)
        chunks = [part[0] for mode, part in parts if mode == "messages"]
        said = [chunk.content for chunk in chunks if isinstance(chunk, AIMessage)]
        assert "".join(said) == "It is sunny"


class ToolServer(AgentMiddleware):
    """Offers and runs tools that the agent was not made with, as a client of MCP servers may."""

    def __init__(self, *turns: list[BaseTool]) -> None:
        super().__init__()
        self.turns = list(turns)
        self.current: list[BaseTool] = []

    def wrap_model_call(self, request: ModelRequest, handler: Any) -> Any:
        self.current = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        return handler(request.override(tools=[*request.tools, *self.current]))

    async def awrap_model_call(self, request: ModelRequest, handler: Any) -> Any:
        self.current = self.turns.pop(0) if len(self.turns) > 1 else self.turns[0]
        return await handler(request.override(tools=[*request.tools, *self.current]))

    def wrap_tool_call(self, request: Any, handler: Any) -> Any:
        return handler(self._with_tool(request))

    async def awrap_tool_call(self, request: Any, handler: Any) -> Any:
        return await handler(self._with_tool(request))

    def _with_tool(self, request: Any) -> Any:
        known = {tool.name: tool for tool in self.current}
        name = request.tool_call["name"]
        return request.override(tool=known[name]) if name in known else request


class TestChangingTools:
    @both_ways
    def test_tools_that_come_with_the_request_are_routed_and_run(self, asynchronous):
        model = FakeChatModel(replies=[call("get_weather"), "done"])
        middleware = make_middleware()
        agent = create_agent(model, [], middleware=[ToolServer(make_tools()), middleware])

        result = ask(agent, WEATHER, asynchronous)

        assert model.bound == [["get_weather"], ["get_weather"]]
        assert tool_messages(result)[0].content == "get_weather done"
        assert outcomes(middleware) == [(WEATHER, "get_weather", True)]

    def test_tools_run_by_an_inner_middleware_are_learned_too(self):
        model = FakeChatModel(replies=[call("get_weather"), "done"])
        middleware = make_middleware()

        class Offer(AgentMiddleware):
            def wrap_model_call(self, request: ModelRequest, handler: Any) -> Any:
                return handler(request.override(tools=make_tools()))

        class Run(AgentMiddleware):
            def wrap_tool_call(self, request: Any, handler: Any) -> Any:
                return handler(request.override(tool=make_tools()[1]))

        agent = create_agent(model, [], middleware=[Offer(), middleware, Run()])

        ask(agent, WEATHER)

        assert outcomes(middleware) == [(WEATHER, "get_weather", True)]

    @both_ways
    def test_found_tools_may_come_with_the_request(self, asynchronous):
        model = FakeChatModel(
            replies=[call("search_tools", query="play a song"), call("play_music", "c2"), "done"]
        )
        middleware = make_middleware(search=True, hidden_tool_policy="deny")
        agent = create_agent(model, [], middleware=[ToolServer(make_tools()), middleware])

        result = ask(agent, WEATHER, asynchronous)

        assert [message.status for message in tool_messages(result)] == ["success", "success"]

    def test_a_choice_that_went_away_is_made_again(self):
        first = make_tools()
        second = [tool for tool in first if tool.name != "get_weather"]
        second.append(make_tool("forecast", "weather forecast for a city"))
        model = FakeChatModel(replies=[call("get_weather"), "done"])
        middleware = make_middleware()
        agent = create_agent(model, [], middleware=[ToolServer(first, second), middleware])

        ask(agent, WEATHER)

        assert model.bound == [["get_weather"], ["forecast"]]

    def test_a_tool_beside_the_choice_that_went_away_is_dropped(self):
        first = make_tools()
        second = [tool for tool in first if tool.name != "send_mail"]
        model = FakeChatModel(replies=[call("send_mail"), call("get_weather", "c2"), "done"])
        middleware = make_middleware()
        agent = create_agent(model, [], middleware=[ToolServer(first, first, second), middleware])

        ask(agent, WEATHER)

        assert model.bound == [["get_weather"], ["get_weather", "send_mail"], ["get_weather"]]

    def test_many_tools_joining_few_are_routed(self):
        few = make_tools()[:1]
        model = FakeChatModel(replies=[call("send_mail"), "done"])
        middleware = make_middleware(record_outcomes=False)
        agent = create_agent(model, [], middleware=[ToolServer(few, make_tools()), middleware])

        ask(agent, WEATHER)

        assert model.bound == [["send_mail"], ["send_mail", "get_weather"]]


class TestHiddenTools:
    @both_ways
    def test_allowed_they_run_are_reported_and_stay(self, asynchronous):
        model = FakeChatModel(replies=[call("send_mail"), "done"])
        events = AsyncEvents() if asynchronous else Events()
        agent = create_agent(model, make_tools(), middleware=[make_middleware()])

        result = ask(agent, WEATHER, asynchronous, callbacks=[events])

        assert tool_messages(result)[0].content == "send_mail done"
        assert model.bound == [["get_weather"], ["get_weather", "send_mail"]]
        assert events.seen[1:] == [
            ("tool_routing_miss", {"tool_name": "send_mail", "policy": "allow"})
        ]

    @both_ways
    def test_denied_they_do_not_run_however_often_they_are_called(self, asynchronous):
        runs = []
        tools = make_tools()
        tools[0] = make_tool("send_mail", "send an e-mail message", lambda: runs.append(1))
        model = FakeChatModel(replies=[call("send_mail"), call("send_mail", "c2"), "done"])
        events = AsyncEvents() if asynchronous else Events()
        middleware = make_middleware(hidden_tool_policy="deny")
        agent = create_agent(model, tools, middleware=[middleware])

        result = ask(agent, WEATHER, asynchronous, callbacks=[events])

        assert runs == []
        assert model.bound == [["get_weather"]] * 3
        refusals = tool_messages(result)
        assert [refusal.status for refusal in refusals] == ["error", "error"]
        assert "Offered are: get_weather." in refusals[0].content
        assert "book_table" not in refusals[0].content
        miss = ("tool_routing_miss", {"tool_name": "send_mail", "policy": "deny"})
        assert events.seen[1:] == [miss, miss]
        assert outcomes(middleware) == []

    def test_denied_offered_tools_run_beside_refused_ones(self):
        both = AIMessage(
            "", tool_calls=[*call("get_weather", "c1").tool_calls, *call("send_mail").tool_calls]
        )
        middleware = make_middleware(hidden_tool_policy="deny")
        agent = create_agent(
            FakeChatModel(replies=[both, "done"]), make_tools(), middleware=[middleware]
        )

        result = ask(agent, WEATHER)

        assert [message.status for message in tool_messages(result)] == ["success", "error"]

    def test_denied_nothing_runs_for_a_call_from_before_the_middleware(self):
        """A checkpoint of an agent without the middleware holds no offer."""
        agent = create_agent(
            FakeChatModel(),
            make_tools(),
            middleware=[make_middleware(hidden_tool_policy="deny")],
            checkpointer=InMemorySaver(),
        )
        thread = {"configurable": {"thread_id": "1"}}
        pending = {"messages": [HumanMessage(WEATHER), call("send_mail")]}
        agent.update_state(thread, pending, as_node="model")

        result = agent.invoke(None, thread)

        assert tool_messages(result)[0].status == "error"

    def test_a_tool_the_model_made_up_is_neither_a_miss_nor_learned(self):
        events = Events()
        middleware = make_middleware()
        model = FakeChatModel(replies=[call("teleport"), "done"])
        agent = create_agent(model, make_tools(), middleware=[middleware])

        result = ask(agent, WEATHER, callbacks=[events])

        assert tool_messages(result)[0].status == "error"
        assert [name for name, _ in events.seen] == ["tool_routing"]
        assert outcomes(middleware) == []


class TestLearning:
    @both_ways
    def test_outcomes_reach_the_router(self, asynchronous):
        def fail(text: str = "") -> str:
            msg = "no such city"
            raise ToolException(msg)

        tools = [make_tool("get_weather", "weather forecast for a city", fail), *make_tools()[2:]]
        middleware = make_middleware(top_k=2)
        model = FakeChatModel(
            replies=[call("get_weather"), call("play_music", "c2"), call("get_weather", "c3"), "."]
        )
        agent = create_agent(model, tools, middleware=[middleware])

        ask(agent, WEATHER, asynchronous)

        assert outcomes(middleware) == [
            (WEATHER, "get_weather", False),
            (WEATHER, "play_music", True),
            (WEATHER, "get_weather", False),
        ]

    @both_ways
    def test_parallel_calls_are_told_apart(self, asynchronous):
        def fail(text: str = "") -> str:
            msg = "no network"
            raise ToolException(msg)

        tools = [make_tool("get_weather", "weather forecast for a city", fail), *make_tools()[2:]]
        calls = [call(tool.name, f"c{i}").tool_calls[0] for i, tool in enumerate(tools)]
        middleware = make_middleware(top_k=4)
        model = FakeChatModel(replies=[AIMessage("", tool_calls=calls), "done"])

        ask(create_agent(model, tools, middleware=[middleware]), WEATHER, asynchronous)

        assert sorted(outcomes(middleware)) == sorted(
            (WEATHER, tool.name, tool.name != "get_weather") for tool in tools
        )

    @both_ways
    def test_an_exception_is_a_failure_and_still_raised(self, asynchronous):
        def crash(text: str = "") -> str:
            msg = "bug in the tool"
            raise ZeroDivisionError(msg)

        middleware = make_middleware()
        tools = [make_tool("get_weather", "weather forecast for a city", crash), *make_tools()]
        del tools[2]
        model = FakeChatModel(replies=[call("get_weather"), "done"])
        agent = create_agent(model, tools, middleware=[middleware])

        with pytest.raises(ZeroDivisionError, match="bug in the tool"):
            ask(agent, WEATHER, asynchronous)

        assert outcomes(middleware) == [(WEATHER, "get_weather", False)]

    @pytest.mark.parametrize("status", ["success", "error"])
    def test_a_command_is_judged_by_the_message_in_it(self, status):
        def answer(text: str = "") -> Command:
            message = ToolMessage("here", tool_call_id="call_1", status=status)
            return Command(update={"messages": [message]})

        tools = [make_tool("get_weather", "weather forecast for a city", answer), *make_tools()[2:]]
        middleware = make_middleware()
        model = FakeChatModel(replies=[call("get_weather"), "done"])

        ask(create_agent(model, tools, middleware=[middleware]), WEATHER)

        assert outcomes(middleware) == [(WEATHER, "get_weather", status == "success")]

    def test_learning_can_be_switched_off(self):
        middleware = make_middleware(record_outcomes=False)
        model = FakeChatModel(replies=[call("get_weather"), "done"])
        ask(create_agent(model, make_tools(), middleware=[middleware]), WEATHER)
        assert outcomes(middleware) == []


class TestInterrupts:
    @both_ways
    def test_an_interrupt_in_a_tool_is_no_outcome_until_it_is_answered(self, asynchronous):
        def confirm(text: str = "") -> str:
            return f"the user said {interrupt('Really?')}"

        tools = [make_tool("send_mail", "send an e-mail message", confirm), *make_tools()[1:]]
        model = FakeChatModel(replies=[call("send_mail"), "done"])
        middleware = make_middleware()
        agent = create_agent(model, tools, middleware=[middleware], checkpointer=InMemorySaver())
        thread = {"configurable": {"thread_id": "1"}}

        stopped = ask(agent, "send an e-mail message", asynchronous, **thread)
        before = outcomes(middleware)
        result = ask(agent, Command(resume="yes"), asynchronous, **thread)

        assert stopped["__interrupt__"][0].value == "Really?"
        assert before == []
        assert outcomes(middleware) == [("send an e-mail message", "send_mail", True)]
        assert tool_messages(result)[0].content == "the user said yes"
        assert model.bound == [["send_mail"], ["send_mail"]]

    @both_ways
    @pytest.mark.parametrize("policy", ["allow", "deny"])
    @pytest.mark.parametrize("decision", ["approve", "reject"])
    def test_a_person_decides_and_the_offer_stands(self, asynchronous, policy, decision):
        model = FakeChatModel(replies=[call("get_weather"), "done"])
        checkpointer = InMemorySaver()

        def agent_and_middleware() -> tuple[Any, ToolRouterMiddleware]:
            """As a second process would make it from the same code."""
            middleware = make_middleware(hidden_tool_policy=policy)
            person = HumanInTheLoopMiddleware(interrupt_on={"get_weather": True})
            agent = create_agent(
                model, make_tools(), middleware=[person, middleware], checkpointer=checkpointer
            )
            return agent, middleware

        thread = {"configurable": {"thread_id": "1"}}
        first, _ = agent_and_middleware()
        second, middleware = agent_and_middleware()

        assert "__interrupt__" in ask(first, WEATHER, asynchronous, **thread)
        resume = Command(resume={"decisions": [{"type": decision}]})
        result = ask(second, resume, asynchronous, **thread)

        is_approved = decision == "approve"
        assert (tool_messages(result)[0].status == "success") == is_approved
        assert outcomes(middleware) == ([(WEATHER, "get_weather", True)] if is_approved else [])
        assert model.bound == [["get_weather"], ["get_weather"]]


class TestFailure:
    @both_ways
    def test_a_broken_router_leaves_an_agent_with_its_tools(self, asynchronous, caplog):
        model = FakeChatModel(replies=[call("get_weather"), "done"])
        events = AsyncEvents() if asynchronous else Events()
        middleware = make_middleware(router=BrokenRouter(), max_fallback_tools=3)
        agent = create_agent(model, make_tools(), middleware=[middleware])

        with caplog.at_level(logging.WARNING):
            result = ask(agent, WEATHER, asynchronous, callbacks=[events])

        names = ["send_mail", "get_weather", "convert_currency"]
        assert model.bound == [names, names]
        assert result["routed_tools"]["decision"] == "fallback"
        assert middleware.failures == {"routing": 1, "recording": 1}
        assert "the router is down" in caplog.text
        ((_, data),) = events.seen
        assert data["fallback"] is True
        assert [offered["name"] for offered in data["offered"]] == names

    def test_the_fallback_keeps_what_is_always_included(self):
        model = FakeChatModel()
        middleware = make_middleware(
            router=BrokenRouter(), max_fallback_tools=1, always_include=["book_table"]
        )
        ask(create_agent(model, make_tools(), middleware=[middleware]), WEATHER)
        assert model.bound == [["send_mail", "book_table"]]

    @both_ways
    def test_a_broken_search_finds_nothing(self, asynchronous):
        class Once(ToolRouter):
            def route(self, query: Any, tools: Any, **arguments: Any) -> Any:
                if query == "play a song":
                    msg = "the router is down"
                    raise RuntimeError(msg)
                return super().route(query, tools, **arguments)

            async def aroute(self, query: Any, tools: Any, **arguments: Any) -> Any:
                return self.route(query, tools, **arguments)

        model = FakeChatModel(replies=[call("search_tools", query="play a song"), "done"])
        middleware = make_middleware(router=Once(), search=True)
        result = ask(
            create_agent(model, make_tools(), middleware=[middleware]), WEATHER, asynchronous
        )

        assert tool_messages(result)[0].content == "There is no further tool for 'play a song'."
        assert middleware.failures == {"search": 1}

    @pytest.mark.parametrize(
        "messages",
        [
            [AIMessage("Hello!")],
            [HumanMessage("")],
            [HumanMessage([{"type": "image", "url": "https://example.com/cat.png"}])],
        ],
    )
    def test_without_words_of_a_user_there_is_nothing_to_route_by(self, messages):
        model = FakeChatModel(replies=[call("get_weather"), "done"])
        middleware = make_middleware()
        ask(create_agent(model, make_tools(), middleware=[middleware]), {"messages": messages})
        assert len(model.bound[0]) == 5
        assert middleware.failures == {"question": 1}

    def test_a_router_that_knows_no_such_tool_offers_none(self):
        class Odd(ToolRouter):
            def route(self, *_: Any, **__: Any) -> Any:
                return [ScoredTool(tool=make_tool("stranger", "who?"), score=1.0)]

        model = FakeChatModel()
        middleware = make_middleware(router=Odd(), always_include=["book_table"])
        ask(create_agent(model, make_tools(), middleware=[middleware]), WEATHER)
        assert model.bound == [["book_table"]]

    @pytest.mark.parametrize("nonsense", [None, 7, ["get_weather"]])
    def test_a_router_that_returns_nonsense_has_failed(self, nonsense):
        class Odd(ToolRouter):
            def route(self, *_: Any, **__: Any) -> Any:
                return nonsense

        model = FakeChatModel(replies=[call("search_tools", query="play a song"), "done"])
        middleware = make_middleware(router=Odd(), search=True)
        ask(create_agent(model, make_tools(), middleware=[middleware]), WEATHER)
        assert len(model.bound[0]) == 6
        assert middleware.failures == {"routing": 1, "search": 1}

    @both_ways
    def test_a_failing_model_still_fails(self, asynchronous):
        agent = create_agent(
            FakeChatModel(replies=[ConnectionError("no model")]),
            make_tools(),
            middleware=[make_middleware()],
        )
        with pytest.raises(ConnectionError, match="no model"):
            ask(agent, WEATHER, asynchronous)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"top_k": 0}, "top_k must be at least 1"),
        ({"top_k": "many"}, "top_k must be at least 1"),
        ({"max_fallback_tools": 0}, "max_fallback_tools must be at least 1"),
        ({"always_include": "book_table"}, "always_include takes a list"),
        ({"hidden_tool_policy": "maybe"}, "must be 'allow' or 'deny'"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        make_middleware(**arguments)


def test_the_number_of_tools_is_that_of_the_router_by_default():
    model = FakeChatModel()
    middleware = ToolRouterMiddleware(ToolRouter(top_k=2))
    ask(create_agent(model, make_tools(), middleware=[middleware]), WEATHER)
    assert len(model.bound[0]) == 2


def test_the_number_of_tools_may_adapt():
    model = FakeChatModel()
    middleware = ToolRouterMiddleware(ToolRouter(max_k=4), top_k="auto")
    ask(create_agent(model, make_tools(), middleware=[middleware]), WEATHER)
    assert "get_weather" in model.bound[0]
    assert len(model.bound[0]) <= 4


def test_works_without_a_router_of_ones_own(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    model = FakeChatModel()
    middleware = ToolRouterMiddleware(top_k=1)
    ask(create_agent(model, make_tools(), middleware=[middleware]), WEATHER)
    assert model.bound == [["get_weather"]]


@both_ways
def test_works_outside_of_a_run_where_nobody_listens(asynchronous):
    bound = []
    request = ModelRequest(
        model=FakeChatModel(), messages=[HumanMessage(WEATHER)], tools=make_tools()
    )

    def answer(request: ModelRequest) -> ModelResponse:
        bound.extend(tool.name for tool in request.tools)
        return ModelResponse(result=[AIMessage("sunny")])

    async def aanswer(request: ModelRequest) -> ModelResponse:
        return answer(request)

    if asynchronous:
        result = asyncio.run(make_middleware().awrap_model_call(request, aanswer))
    else:
        result = make_middleware().wrap_model_call(request, answer)

    assert bound == ["get_weather"]
    assert result.model_response.result[0].content == "sunny"
    assert len(request.tools) == 5, "the request itself is not changed"


TOOLS = make_tools()
NAMES = [tool.name for tool in TOOLS] + ["unheard_of"]


@settings(deadline=None, max_examples=50)
@given(
    called=st.lists(st.lists(st.sampled_from(NAMES), max_size=3), max_size=5),
    always_include=st.lists(st.sampled_from(NAMES), max_size=2),
    policy=st.sampled_from(["allow", "deny"]),
    top_k=st.integers(1, 6),
)
def test_whatever_the_model_calls_the_offer_only_grows_at_its_end(
    called, always_include, policy, top_k
):
    middleware = make_middleware(
        top_k=top_k, always_include=always_include, hidden_tool_policy=policy, search=True
    )
    messages: list[Any] = [HumanMessage(WEATHER, id="m1")]
    state: dict[str, Any] = {}
    offers: list[list[str]] = []

    def answer(request: ModelRequest) -> ModelResponse:
        offers.append([tool.name for tool in request.tools])
        return ModelResponse(result=[AIMessage("")])

    for step, names in enumerate([*called, []]):
        request = ModelRequest(
            model=FakeChatModel(),
            messages=[*messages],
            tools=[*middleware.tools, *TOOLS],
            state={"messages": messages, **state},
        )
        state = middleware.wrap_model_call(request, answer).command.update
        for i, name in enumerate(names):
            messages.append(call(name, f"{step}-{i}"))
            messages.append(ToolMessage("done", tool_call_id=f"{step}-{i}"))

    known = {tool.name for tool in TOOLS}
    for offer, later in zip(offers, [*offers[1:], offers[-1]], strict=True):
        assert later[: len(offer)] == offer
        assert len(set(offer)) == len(offer)
        assert known & set(always_include) <= set(offer)
    if policy == "deny":
        assert offers[0] == offers[-1]
    else:
        assert known & {name for names in called for name in names} <= set(offers[-1])
