"""How a model finds a tool that it was not offered."""

import asyncio
from typing import Any

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool
from langchain_tests.unit_tests import ToolsUnitTests
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langchain_phase5.routing import ToolRouter, ToolRouterMiddleware

WEATHER = "What is the weather like in Oslo?"

both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


def make_tool(name: str, description: str) -> BaseTool:
    def answer(text: str = "") -> str:
        return f"{name} done"

    return StructuredTool.from_function(answer, name=name, description=description)


def make_tools() -> list[BaseTool]:
    return [
        make_tool("get_weather", "weather forecast for a city"),
        make_tool("play_music", "play a song"),
        *(make_tool(f"tool_{i}", f"do the unrelated thing number {i}") for i in range(20)),
    ]


def run(
    replies: list[Any], asynchronous: bool = False, tools: list[BaseTool] | None = None, **arguments
) -> tuple[FakeChatModel, ToolRouterMiddleware, list[ToolMessage]]:
    model = FakeChatModel(replies=[*replies, "done"])
    middleware = ToolRouterMiddleware(ToolRouter(), top_k=1, search=True, **arguments)
    agent = create_agent(model, tools or make_tools(), middleware=[middleware])
    question = {"messages": [HumanMessage(WEATHER)]}
    result = asyncio.run(agent.ainvoke(question)) if asynchronous else agent.invoke(question)
    return model, middleware, [m for m in result["messages"] if isinstance(m, ToolMessage)]


class TestStandard(ToolsUnitTests):
    @property
    def tool_constructor(self) -> BaseTool:
        return ToolRouterMiddleware(ToolRouter(), search=True).tools[0]

    @property
    def tool_invoke_params_example(self) -> dict:
        return {"query": "play a song"}


@both_ways
@pytest.mark.parametrize("policy", ["allow", "deny"])
def test_a_found_tool_can_be_called_next(asynchronous, policy):
    model, middleware, answers = run(
        [call("search_tools", query="play a song"), call("play_music", "c2")],
        asynchronous,
        hidden_tool_policy=policy,
    )

    assert model.bound[0] == ["search_tools", "get_weather"]
    assert model.bound[1][:3] == ["search_tools", "get_weather", "play_music"]
    assert answers[0].content.startswith("You can now call these tools:\n- play_music: play a song")
    assert answers[1].content == "play_music done"
    learned = [outcome.tool_name for outcome in middleware.router.history.since(0)[0]]
    assert learned == ["play_music"], "the router learns the tool, not the search"


def test_the_model_sees_the_question_only():
    (tool,) = ToolRouterMiddleware(ToolRouter(), search=True).tools
    assert list(tool.tool_call_schema.model_json_schema()["properties"]) == ["query"]


def test_a_search_leaves_out_what_is_offered_already():
    _, _, answers = run([call("search_tools", query="weather forecast")])
    assert "get_weather" not in answers[0].content


def test_a_found_tool_called_in_the_same_breath_is_too_early():
    both = AIMessage(
        "",
        tool_calls=[
            *call("search_tools", "c1", query="play a song").tool_calls,
            *call("play_music", "c2").tool_calls,
        ],
    )
    _, _, answers = run([both], hidden_tool_policy="deny")
    assert [answer.status for answer in answers] == ["success", "error"]


@both_ways
def test_several_searches_at_once_each_get_their_own_answer(asynchronous):
    both = AIMessage(
        "",
        tool_calls=[
            *call("search_tools", "c1", query="play a song").tool_calls,
            *call("search_tools", "c2", query="unrelated thing number 7").tool_calls,
        ],
    )
    model, _, answers = run([both], asynchronous)

    first_found = [answer.content.split("\n")[1] for answer in answers]
    assert first_found[0].startswith("- play_music")
    assert first_found[1].startswith("- tool_7")
    assert {"play_music", "tool_7"} <= set(model.bound[1])


@pytest.mark.parametrize("arguments", [{}, {"query": None}, {"query": ["play", "a song"]}])
def test_a_malformed_call_does_no_harm(arguments):
    model, _, answers = run([call("search_tools", **arguments)])
    assert answers[0].status == "error"
    assert model.bound[1] == model.bound[0]


def test_many_searches_at_once_are_bounded():
    calls = [
        call("search_tools", f"c{i}", query=f"unrelated thing number {i}").tool_calls[0]
        for i in range(20)
    ]
    _, _, answers = run([AIMessage("", tool_calls=calls)])
    assert sum(answer.content.startswith("You can now call") for answer in answers) < 10


def test_a_search_that_a_person_refuses_offers_nothing():
    model = FakeChatModel(replies=[call("search_tools", query="play a song"), "done"])
    middleware = ToolRouterMiddleware(ToolRouter(), top_k=1, search=True)
    person = HumanInTheLoopMiddleware(interrupt_on={"search_tools": True})
    agent = create_agent(
        model, make_tools(), middleware=[person, middleware], checkpointer=InMemorySaver()
    )
    thread = {"configurable": {"thread_id": "1"}}

    agent.invoke({"messages": [HumanMessage(WEATHER)]}, thread)
    agent.invoke(Command(resume={"decisions": [{"type": "reject"}]}), thread)

    assert model.bound[1] == model.bound[0]


def test_nothing_found_is_said():
    model = FakeChatModel(replies=[call("search_tools", query="play a song"), "done"])
    middleware = ToolRouterMiddleware(ToolRouter(min_score=1_000.0), top_k=1, search=True)
    agent = create_agent(model, make_tools(), middleware=[middleware])

    result = agent.invoke({"messages": [HumanMessage(WEATHER)]})

    assert result["messages"][-2].content == "There is no further tool for 'play a song'."
    assert model.bound == [["search_tools"], ["search_tools"]]


def test_long_descriptions_are_cut_in_the_answer():
    tools = [*make_tools(), make_tool("essay", "write an essay " * 10_000)]
    _, _, answers = run([call("search_tools", query="write an essay")], tools=tools)
    assert "- essay: write an essay" in answers[0].content
    assert len(answers[0].content) < 2_000


def test_a_tool_of_the_same_name_of_ones_own_is_used_instead():
    own = make_tool("search_tools", "search the tool shed")
    model, _, answers = run([call("search_tools")], tools=[*make_tools(), own])
    assert answers[0].content == "search_tools done"
    assert model.bound[1] == model.bound[0]
