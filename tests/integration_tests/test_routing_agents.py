"""Routing with the offline embedding model: agents, plain graphs, databases, many at once."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool, StructuredTool, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition

from langchain_phase5.routing import LocalEmbeddings, ToolHistory, ToolRouter, ToolRouterMiddleware

TOOLS = {
    "get_forecast": "Say what the weather will be like in a city.",
    "send_mail": "Send an e-mail to somebody.",
    "convert_currency": "Convert an amount of money into another currency.",
    "play_music": "Play a song or an album.",
    "book_table": "Reserve a table in a restaurant.",
    "find_flight": "Search for flights between two airports.",
    "translate": "Translate a text into another language.",
    "set_alarm": "Ring at a time of the day.",
}
QUESTIONS = {
    "Will I need an umbrella in Bergen?": "get_forecast",
    "How much is 30 dollars in euros?": "convert_currency",
    "I would like to hear some Beethoven": "play_music",
    "We are hungry, dinner for four tonight please": "book_table",
    "How do I get from Oslo to Lisbon by plane?": "find_flight",
    "What is 'good morning' in Spanish?": "translate",
    "Wake me up at seven": "set_alarm",
}

both_ways = pytest.mark.parametrize("asynchronous", [False, True], ids=["sync", "async"])


def make_tools() -> list[BaseTool]:
    return [
        StructuredTool.from_function(
            lambda text="", name=name: f"{name} done", name=name, description=description
        )
        for name, description in TOOLS.items()
    ]


def make_router(**arguments: Any) -> ToolRouter:
    return ToolRouter(LocalEmbeddings(), **arguments)


def call_first_offered(model: FakeChatModel) -> None:
    """Let a model call the tool it is offered first, then answer."""

    def answer(messages: list[BaseMessage]) -> AIMessage | str:
        if isinstance(messages[-1], ToolMessage):
            return "done"
        return call(model.bound[-1][0])

    model.answer = answer


@both_ways
def test_questions_that_share_no_word_with_the_tool(asynchronous):
    model = FakeChatModel()
    agent = create_agent(model, make_tools(), middleware=[ToolRouterMiddleware(make_router())])

    for question, wanted in QUESTIONS.items():
        messages = {"messages": [HumanMessage(question)]}
        result = asyncio.run(agent.ainvoke(messages)) if asynchronous else agent.invoke(messages)
        assert wanted in result["routed_tools"]["offered"], question
        assert len(model.bound[-1]) == 3


def test_a_short_second_question_is_understood_from_the_first():
    middleware = ToolRouterMiddleware(make_router(), top_k=2)
    agent = create_agent(
        FakeChatModel(), make_tools(), middleware=[middleware], checkpointer=InMemorySaver()
    )
    thread = {"configurable": {"thread_id": "1"}}

    agent.invoke({"messages": [HumanMessage("What is the weather in Bergen today?")]}, thread)
    result = agent.invoke({"messages": [HumanMessage("And in Oslo?")]}, thread)

    assert "get_forecast" in result["routed_tools"]["offered"]


def test_one_agent_serves_many_threads_at_once():
    agent = create_agent(
        FakeChatModel(), make_tools(), middleware=[ToolRouterMiddleware(make_router())]
    )

    def ask(question: str) -> list[str]:
        return agent.invoke({"messages": [HumanMessage(question)]})["routed_tools"]["offered"]

    alone = {question: ask(question) for question in QUESTIONS}
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(ask, [*QUESTIONS] * 10))

    assert together == [alone[question] for question in [*QUESTIONS] * 10]


async def test_one_agent_serves_many_tasks_at_once():
    agent = create_agent(
        FakeChatModel(), make_tools(), middleware=[ToolRouterMiddleware(make_router())]
    )

    async def ask(question: str) -> list[str]:
        result = await agent.ainvoke({"messages": [HumanMessage(question)]})
        return result["routed_tools"]["offered"]

    alone = [await ask(question) for question in QUESTIONS]
    together = await asyncio.gather(*(ask(question) for question in [*QUESTIONS] * 10))

    assert together == alone * 10


@both_ways
def test_what_an_agent_learns_survives_in_the_database(tmp_path, asynchronous):
    url = f"sqlite:///{tmp_path}/outcomes.db"
    question = "Please take care of the usual thing"

    def ask(history: ToolHistory, text: str) -> list[str]:
        """Make everything anew, as after a restart."""
        model = FakeChatModel(replies=[call("set_alarm"), "done"])
        middleware = ToolRouterMiddleware(make_router(history=history), top_k=1)
        agent = create_agent(model, make_tools(), middleware=[middleware])
        messages = {"messages": [HumanMessage(text)]}
        result = asyncio.run(agent.ainvoke(messages)) if asynchronous else agent.invoke(messages)
        return [scored["name"] for scored in result["routed_tools"]["scores"]]

    first = ToolHistory(url)
    before = ask(first, question)
    for _ in range(4):
        ask(first, question)
    first.close()
    second = ToolHistory(url)
    after = ask(second, "please take care of the usual things")
    second.close()

    assert before != ["set_alarm"]
    assert after == ["set_alarm"]


async def test_the_choice_is_among_the_streamed_events():
    agent = create_agent(
        FakeChatModel(), make_tools(), middleware=[ToolRouterMiddleware(make_router())]
    )
    question = {"messages": [HumanMessage("Wake me up at seven")]}

    events = [event async for event in agent.astream_events(question, version="v2")]

    (routing,) = [event["data"] for event in events if event["event"] == "on_custom_event"]
    assert routing["available"] == len(TOOLS)
    assert "set_alarm" in [offered["name"] for offered in routing["offered"]]


@both_ways
def test_in_a_plain_graph(asynchronous):
    """No agent: the router as a `Runnable`, its tools bound by hand, outcomes recorded."""
    model = FakeChatModel()
    call_first_offered(model)
    tools = make_tools()
    router = make_router(top_k=1)
    choose = router.as_runnable(tools)
    middleware = ToolRouterMiddleware(router)

    def ask_model(state: MessagesState) -> dict[str, Any]:
        bound = model.bind_tools(choose.invoke(state["messages"]))
        return {"messages": [bound.invoke(state["messages"])]}

    async def aask_model(state: MessagesState) -> dict[str, Any]:
        bound = model.bind_tools(await choose.ainvoke(state["messages"]))
        return {"messages": [await bound.ainvoke(state["messages"])]}

    builder = StateGraph(MessagesState)
    builder.add_node("model", aask_model if asynchronous else ask_model)
    builder.add_node(
        "tools",
        ToolNode(
            tools,
            wrap_tool_call=middleware.wrap_tool_call,
            awrap_tool_call=middleware.awrap_tool_call,
        ),
    )
    builder.add_edge(START, "model")
    builder.add_conditional_edges("model", tools_condition)
    builder.add_edge("tools", "model")
    graph = builder.compile()
    question = {"messages": [HumanMessage("Wake me up at seven")]}

    result = asyncio.run(graph.ainvoke(question)) if asynchronous else graph.invoke(question)

    assert model.bound == [["set_alarm"], ["set_alarm"]]
    assert result["messages"][-2].content == "set_alarm done"
    learned = [(each.tool_name, each.success) for each in router.history.since(0)[0]]
    assert learned == [("set_alarm", True)]


def test_an_agent_as_a_tool_has_offers_of_its_own():
    inner_model = FakeChatModel(replies=[call("play_music"), "la la la"])
    inner = create_agent(
        inner_model, make_tools(), middleware=[ToolRouterMiddleware(make_router(), top_k=1)]
    )

    @tool
    def entertain(wish: str) -> str:
        """Hand over to the agent for pastimes, such as music."""
        return inner.invoke({"messages": [HumanMessage(wish)]})["messages"][-1].text

    outer_model = FakeChatModel(replies=[call("entertain", wish="a song please"), "done"])
    tools = [entertain, *make_tools()]
    middleware = ToolRouterMiddleware(
        make_router(), top_k=1, always_include=["entertain"], hidden_tool_policy="deny"
    )
    outer = create_agent(outer_model, tools, middleware=[middleware])

    result = outer.invoke({"messages": [HumanMessage("Wake me up at seven")]})

    assert result["messages"][-2].content == "la la la"
    assert inner_model.bound == [["play_music"], ["play_music"]]
    assert result["routed_tools"]["offered"] == ["entertain", "set_alarm"]
