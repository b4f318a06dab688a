"""Every way in which a tool call can go, on real agents."""

from typing import Annotated, Any

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain.agents.middleware import (
    LLMToolEmulator,
    ToolErrorMiddleware,
    ToolRetryMiddleware,
    wrap_tool_call,
)
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import InjectedToolCallId, ToolException, tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command

HI = {"messages": "Hi"}
FAMILIES = ("agent_requests", "agent_errors", "tool_executions", "tool_errors", "tool_retries")


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool
def explode(a: int) -> int:
    """Raise."""
    return a // 0


@tool
async def aexplode(a: int) -> int:
    """Raise, but only on asynchronous paths."""
    return a // 0


@tool
def refuse(a: int) -> int:
    """Raise what the model may mend."""
    raise ToolException("no")


@tool
def complain(tool_call_id: Annotated[str, InjectedToolCallId]) -> ToolMessage:
    """Return an error message."""
    return ToolMessage("bad", tool_call_id=tool_call_id, status="error")


@tool
def complain_in_command(tool_call_id: Annotated[str, InjectedToolCallId]) -> Command:
    """Return an error message inside a command."""
    message = ToolMessage("bad", tool_call_id=tool_call_id, status="error")
    return Command(update={"messages": [message]})


@tool
def update_state(tool_call_id: Annotated[str, InjectedToolCallId]) -> Command:
    """Return a command that reports success."""
    return Command(update={"messages": [ToolMessage("ok", tool_call_id=tool_call_id)]})


def agent(*replies: Any, tools: list[Any], **kwargs: Any) -> Any:
    model = FakeChatModel(replies=[*replies, "done"])
    return create_agent(model, tools, name="calc", **kwargs)


def both(first: AIMessage, second: AIMessage) -> AIMessage:
    return AIMessage(content="", tool_calls=[*first.tool_calls, *second.tool_calls])


async def test_one_tool_call(drive, handler, counted, observed):
    await drive(agent(call("add", a=1, b=2), tools=[add]), HI, {"callbacks": [handler]})
    assert counted() == {
        "agent_requests{calc,success}": 1,
        "tool_executions{add,success}": 1,
        "llm_requests{fake-model,fakechatmodel,success,none}": 2,
        "llm_usage_missing{fake-model}": 2,
    }
    assert observed("agent_request_duration_seconds") == {"calc": 1}
    assert observed("tool_execution_duration_seconds") == {"add": 1}
    assert observed("llm_request_duration_seconds") == {"fake-model": 2}


async def test_parallel_tool_calls(drive, handler, counted):
    calls = [call("add", f"call_{i}", a=i, b=i) for i in range(5)]
    message = AIMessage(content="", tool_calls=[each.tool_calls[0] for each in calls])
    await drive(agent(message, tools=[add]), HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == {
        "agent_requests{calc,success}": 1,
        "tool_executions{add,success}": 5,
    }


@pytest.mark.parametrize("failing", [explode, aexplode])
async def test_tool_raises_and_nobody_handles_it(failing, handler, counted):
    made = agent(call(failing.name, a=1), tools=[failing])
    with pytest.raises(ZeroDivisionError):
        await made.ainvoke(HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == {
        "agent_requests{calc,error}": 1,
        "agent_errors{calc,tool}": 1,
        f"tool_executions{{{failing.name},error}}": 1,
        f"tool_errors{{{failing.name},tool}}": 1,
    }


async def test_tool_raises_in_each_way_of_running(drive, handler, counted):
    with pytest.raises(ZeroDivisionError):
        await drive(agent(call("explode", a=1), tools=[explode]), HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == {
        "agent_requests{calc,error}": 1,
        "agent_errors{calc,tool}": 1,
        "tool_executions{explode,error}": 1,
        "tool_errors{explode,tool}": 1,
    }


HANDLED = {
    "agent_requests{calc,success}": 1,
    "tool_executions{explode,error}": 1,
    "tool_errors{explode,tool}": 1,
}


async def test_middleware_turns_the_exception_into_a_message(drive, handler, counted):
    made = agent(
        call("explode", a=1),
        tools=[explode],
        middleware=[ToolErrorMiddleware(lambda error, request: "sorry")],
    )
    await drive(made, HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == HANDLED


async def test_own_wrapper_turns_the_exception_into_a_message(handler, counted):
    @wrap_tool_call
    def shield(request, run):
        try:
            return run(request)
        except ZeroDivisionError:
            return ToolMessage("sorry", tool_call_id=request.tool_call["id"], status="error")

    made = agent(call("explode", a=1), tools=[explode], middleware=[shield])
    made.invoke(HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == HANDLED


async def test_tool_exception_that_the_tool_handles(drive, handler, counted):
    handled = refuse.model_copy(update={"handle_tool_error": True})
    await drive(agent(call("refuse", a=1), tools=[handled]), HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == {
        "agent_requests{calc,success}": 1,
        "tool_executions{refuse,error}": 1,
        "tool_errors{refuse,tool}": 1,
    }


@pytest.mark.parametrize("failing", [complain, complain_in_command])
async def test_tool_returns_an_error_message(failing, drive, handler, counted):
    await drive(agent(call(failing.name), tools=[failing]), HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == {
        "agent_requests{calc,success}": 1,
        f"tool_executions{{{failing.name},error}}": 1,
        f"tool_errors{{{failing.name},tool}}": 1,
    }


async def test_tool_returns_a_command(drive, handler, counted):
    await drive(agent(call("update_state"), tools=[update_state]), HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == {
        "agent_requests{calc,success}": 1,
        "tool_executions{update_state,success}": 1,
    }


async def test_wrong_arguments(drive, handler, counted):
    await drive(agent(call("add", a="one"), tools=[add]), HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == {
        "agent_requests{calc,success}": 1,
        "tool_executions{add,error}": 1,
        "tool_errors{add,validation}": 1,
    }


async def test_invented_tool_name_does_not_become_a_label(drive, handler, counted, observed):
    await drive(agent(call("launch_rocket"), tools=[add]), HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == {
        "agent_requests{calc,success}": 1,
        "tool_executions{unknown,error}": 1,
        "tool_errors{unknown,validation}": 1,
    }
    assert observed("tool_execution_duration_seconds") == {}


async def test_invented_and_existing_tool_in_one_message(drive, handler, counted):
    message = both(call("launch_rocket", "c1"), call("add", "c2", a=1, b=2))
    await drive(agent(message, tools=[add]), HI, {"callbacks": [handler]})
    assert counted("tool_executions") == {
        "tool_executions{unknown,error}": 1,
        "tool_executions{add,success}": 1,
    }


async def test_invented_tool_of_a_sub_agent_counts_once(drive, handler, counted):
    """The outer node passes the whole conversation on, with the failure in it."""
    inner = agent(call("launch_rocket"), tools=[add])
    outer = StateGraph(MessagesState).add_node("helper", inner).add_edge(START, "helper").compile()
    await drive(outer, HI, {"callbacks": [handler]})
    assert counted("tool_executions") == {"tool_executions{unknown,error}": 1}


async def test_tool_is_tried_again(drive, handler, counted):
    tries = []

    @tool
    def flaky(a: int) -> int:
        """Fail twice."""
        tries.append(a)
        if len(tries) < 3:
            raise ConnectionError
        return a

    retry = ToolRetryMiddleware(max_retries=3, initial_delay=0, jitter=False)
    await drive(
        agent(call("flaky", a=1), tools=[flaky], middleware=[retry]), HI, {"callbacks": [handler]}
    )
    assert counted(*FAMILIES) == {
        "agent_requests{calc,success}": 1,
        "tool_executions{flaky,error}": 2,
        "tool_executions{flaky,success}": 1,
        "tool_errors{flaky,server}": 2,
        "tool_retries{flaky}": 2,
    }


async def test_tool_retries_run_out(drive, handler, counted):
    retry = ToolRetryMiddleware(max_retries=1, initial_delay=0, jitter=False)
    made = agent(call("explode", a=1), tools=[explode], middleware=[retry])
    await drive(made, HI, {"callbacks": [handler]})
    assert counted(*FAMILIES) == {
        "agent_requests{calc,success}": 1,
        "tool_executions{explode,error}": 2,
        "tool_errors{explode,tool}": 2,
        "tool_retries{explode}": 1,
    }


async def test_second_call_of_a_failed_tool_is_no_retry(handler, counted):
    """The model asked again, with another call id."""
    made = agent(
        call("explode", "c1", a=1),
        call("explode", "c2", a=1),
        tools=[explode],
        middleware=[ToolErrorMiddleware(lambda error, request: "sorry")],
    )
    made.invoke(HI, {"callbacks": [handler]})
    assert counted("tool_executions", "tool_retries") == {"tool_executions{explode,error}": 2}


async def test_emulated_tool_was_not_executed(handler, counted):
    emulator = LLMToolEmulator(tools=["add"], model=FakeChatModel(replies=["3"]))
    made = agent(call("add", a=1, b=2), tools=[add], middleware=[emulator])
    made.invoke(HI, {"callbacks": [handler]})
    assert counted("tool_executions", "llm_requests") == {
        "llm_requests{fake-model,fakechatmodel,success,none}": 3
    }


async def test_wrapper_answers_in_place_of_the_tool(handler, counted):
    @wrap_tool_call
    def deny(request, run):
        return ToolMessage("denied", tool_call_id=request.tool_call["id"], status="error")

    made = agent(call("add", a=1, b=2), tools=[add], middleware=[deny])
    made.invoke(HI, {"callbacks": [handler]})
    assert counted("tool_executions") == {}


async def test_tool_outside_any_agent(drive, handler, counted):
    await drive(add, {"a": 1, "b": 2}, {"callbacks": [handler]})
    assert counted() == {"tool_executions{add,success}": 1}


async def test_tool_that_calls_a_model(drive, handler, counted):
    model = FakeChatModel(
        replies=["inner"], usage={"input_tokens": 5, "output_tokens": 1, "total_tokens": 6}
    )

    @tool
    def ask(question: str) -> str:
        """Ask another model."""
        return model.invoke(question).text

    made = agent(call("ask", question="why"), tools=[ask])
    await drive(made, HI, {"callbacks": [handler]})
    assert counted("agent_requests", "llm_requests", "agent_tokens") == {
        "agent_requests{calc,success}": 1,
        "llm_requests{fake-model,fakechatmodel,success,none}": 3,
        "agent_tokens{fake-model,input}": 5,
        "agent_tokens{fake-model,output}": 1,
    }


async def test_tool_calls_another_tool(handler, counted):
    @tool
    def twice(a: int) -> int:
        """Add a number to itself."""
        return add.invoke({"a": a, "b": a})

    made = agent(call("twice", a=2), tools=[twice])
    made.invoke(HI, {"callbacks": [handler]})
    assert counted("tool_executions") == {
        "tool_executions{twice,success}": 1,
        "tool_executions{add,success}": 1,
    }


async def test_tool_node_without_an_agent(handler, counted):
    graph = StateGraph(MessagesState).add_node("act", ToolNode([add])).add_edge(START, "act")
    message = both(call("add", "c1", a=1, b=2), call("launch_rocket", "c2"))
    await graph.compile().ainvoke({"messages": [message]}, {"callbacks": [handler]})
    assert counted() == {
        "tool_executions{add,success}": 1,
        "tool_executions{unknown,error}": 1,
        "tool_errors{unknown,validation}": 1,
    }
