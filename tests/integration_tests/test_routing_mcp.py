"""Routing over the tools of an MCP server that runs as a process of its own."""

import sys
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain_core.messages import HumanMessage, ToolMessage
from routing_fakes import WordEmbeddings, names

from langchain_phase5.routing import ToolRouter, ToolRouterMiddleware

pytest.importorskip("langchain_mcp_adapters", reason="langchain-mcp-adapters is not installed")

SERVER = Path(__file__).parents[1] / "mcp_office.py"


@asynccontextmanager
async def office():
    """Connect to a new server and say how to list its tools."""
    from langchain_mcp_adapters.client import MultiServerMCPClient  # noqa: PLC0415 - optional
    from langchain_mcp_adapters.tools import load_mcp_tools  # noqa: PLC0415 - optional

    connection = {"transport": "stdio", "command": sys.executable, "args": [str(SERVER)]}
    async with MultiServerMCPClient({"office": connection}).session("office") as session:

        async def list_tools():
            return await load_mcp_tools(session)

        yield list_tools


async def answers_to(question, tool_call, tools, router):
    model = FakeChatModel(replies=[tool_call, "done"])
    agent = create_agent(model, tools=tools, middleware=[ToolRouterMiddleware(router)])
    result = await agent.ainvoke({"messages": [HumanMessage(question)]})
    (answer,) = [m for m in result["messages"] if isinstance(m, ToolMessage)]
    return model, answer


async def test_the_model_sees_few_of_the_servers_tools_and_can_call_them():
    router = ToolRouter(WordEmbeddings(), top_k=3)
    async with office() as list_tools:
        tools = await list_tools()
        model, answer = await answers_to(
            "What will the weather be like in the city of Bergen?",
            call("get_forecast", city="Bergen"),
            tools,
            router,
        )

    assert len(tools) > 60
    assert {len(bound) for bound in model.bound} == {3}
    assert "get_forecast" in model.bound[0]
    assert "Rain in Bergen" in answer.text
    (outcome,) = router.history.since(0)[0]
    assert (outcome.tool_name, outcome.success) == ("get_forecast", True)


async def test_a_fault_that_the_server_reports_is_learned_as_one():
    router = ToolRouter(WordEmbeddings(), top_k=3)
    async with office() as list_tools:
        _, answer = await answers_to(
            "Convert money into another currency",
            call("convert_currency", amount=3, currency="doubloons"),
            await list_tools(),
            router,
        )

    assert "no rate for doubloons" in answer.text
    (outcome,) = router.history.since(0)[0]
    assert (outcome.tool_name, outcome.success) == ("convert_currency", False)


async def test_a_tool_that_the_server_adds_is_found_and_alone_embedded():
    model = WordEmbeddings()
    router = ToolRouter(model, top_k=1)
    question = "Put postage stamps on my letters"
    async with office() as list_tools:
        before = await list_tools()
        await router.aroute(question, before)
        model.documents.clear()
        (opening,) = [tool for tool in before if tool.name == "open_branch"]
        await opening.ainvoke({"number": 1})

        found = await router.aroute(question, await list_tools())

    assert names(found) == ["frank_letters_1"]
    assert len(model.documents) == 2
    assert all("frank letters 1" in text for text in model.documents)
