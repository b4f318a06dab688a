"""Interrupts, hand-offs and cancellations are no errors."""

import asyncio
import gc
import threading
from typing import Any

import pytest
from fakes import FakeChatModel, call
from langchain.agents import AgentState, create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.messages import AIMessageChunk, ToolMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphDrained
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command, interrupt

HI = {"messages": "Hi"}
USAGE = {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}
ENDS = ("agent_requests", "agent_errors", "tool_executions", "tool_errors", "llm_requests")
CALLED = "llm_requests{fake-model,fakechatmodel,success,none}"
CANCELLED = "llm_requests{fake-model,fakechatmodel,cancelled,none}"


@tool
def ask(question: str) -> str:
    """Ask a human."""
    return interrupt(question)


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def config(handler: Any, thread: str = "1") -> dict[str, Any]:
    return {"callbacks": [handler], "configurable": {"thread_id": thread}}


def agent(*replies: Any, tools: Any = (ask, add), **kwargs: Any) -> Any:
    model = FakeChatModel(replies=[*replies, "done"])
    return create_agent(model, tools, name="calc", checkpointer=InMemorySaver(), **kwargs)


async def test_tool_interrupts_and_is_resumed(drive, handler, counted):
    made = agent(call("ask", question="ok?"))
    await drive(made, HI, config(handler))
    assert counted(*ENDS) == {
        "agent_requests{calc,interrupted}": 1,
        "tool_executions{ask,interrupted}": 1,
        CALLED: 1,
    }
    await drive(made, Command(resume="yes"), config(handler))
    assert counted(*ENDS) == {
        "agent_requests{calc,interrupted}": 1,
        "agent_requests{calc,success}": 1,
        "tool_executions{ask,interrupted}": 1,
        "tool_executions{ask,success}": 1,
        CALLED: 2,
    }


async def test_human_in_the_loop_middleware(drive, handler, counted):
    made = agent(
        call("add", a=1, b=2), middleware=[HumanInTheLoopMiddleware(interrupt_on={"add": True})]
    )
    await drive(made, HI, config(handler))
    assert counted(*ENDS) == {"agent_requests{calc,interrupted}": 1, CALLED: 1}
    await drive(made, Command(resume={"decisions": [{"type": "approve"}]}), config(handler))
    assert counted(*ENDS) == {
        "agent_requests{calc,interrupted}": 1,
        "agent_requests{calc,success}": 1,
        "tool_executions{add,success}": 1,
        CALLED: 2,
    }


async def test_breakpoint_before_a_node(drive, handler, counted):
    made = agent(call("add", a=1, b=2), interrupt_before=["tools"])
    await drive(made, HI, config(handler))
    assert counted(*ENDS) == {"agent_requests{calc,interrupted}": 1, CALLED: 1}
    await drive(made, None, config(handler))
    assert counted("agent_requests", "tool_executions") == {
        "agent_requests{calc,interrupted}": 1,
        "agent_requests{calc,success}": 1,
        "tool_executions{add,success}": 1,
    }


async def test_breakpoint_after_a_node(drive, handler, counted):
    await drive(agent(call("add", a=1, b=2), interrupt_after=["model"]), HI, config(handler))
    assert counted(*ENDS) == {"agent_requests{calc,interrupted}": 1, CALLED: 1}


async def test_sub_agent_in_a_tool_interrupts(handler, counted):
    inner = create_agent(FakeChatModel(replies=[call("ask", question="ok?"), "done"]), [ask])

    @tool
    def delegate(task: str) -> str:
        """Ask another agent."""
        return inner.invoke({"messages": task})["messages"][-1].text

    made = agent(call("delegate", task="x"), tools=[delegate])
    made.invoke(HI, config(handler))
    assert counted("agent_requests", "tool_executions") == {
        "agent_requests{calc,interrupted}": 1,
        "agent_requests{agent,interrupted}": 1,
        "tool_executions{ask,interrupted}": 1,
        "tool_executions{delegate,interrupted}": 1,
    }


async def test_one_of_two_parallel_tools_interrupts(drive, handler, counted):
    message = call("ask", "c1", question="ok?")
    message.tool_calls += call("add", "c2", a=1, b=2).tool_calls
    await drive(agent(message), HI, config(handler))
    assert counted(*ENDS) == {
        "agent_requests{calc,interrupted}": 1,
        "tool_executions{ask,interrupted}": 1,
        "tool_executions{add,success}": 1,
        CALLED: 1,
    }


def team() -> Any:
    """Agent `front` hands over to agent `back`."""

    @tool
    def hand_over() -> Command:
        """Hand over."""
        message = ToolMessage("handed over", tool_call_id="call_1")
        return Command(goto="back", graph=Command.PARENT, update={"messages": [message]})

    front = create_agent(FakeChatModel(replies=[call("hand_over")]), [hand_over], name="front")
    back = create_agent(FakeChatModel(replies=["done"]), [], name="back")
    graph = StateGraph(MessagesState).add_node("front", front).add_node("back", back)
    return graph.add_edge(START, "front").compile()


async def test_hand_off(drive, handler, counted):
    await drive(team(), HI, {"callbacks": [handler]})
    assert counted(*ENDS) == {
        "agent_requests{front,handoff}": 1,
        "agent_requests{back,success}": 1,
        "tool_executions{hand_over,success}": 1,
        CALLED: 2,
    }


async def test_drained_run_can_be_resumed_and_is_no_error(handler, counted):
    def node(state: MessagesState) -> dict[str, Any]:
        raise GraphDrained

    made = create_agent(FakeChatModel(answer=lambda m: node({})), [], name="calc")
    with pytest.raises(GraphDrained):
        made.invoke(HI, {"callbacks": [handler]})
    assert counted("agent_requests", "agent_errors", "llm_requests") == {
        "agent_requests{calc,interrupted}": 1,
        "llm_requests{fake-model,fakechatmodel,interrupted,none}": 1,
    }


# Cancellation


class Hanging(FakeChatModel):
    """Never answers on asynchronous paths; streams one token first."""

    entered: Any = None

    def _get_ls_params(self, stop=None, **kwargs):
        return super()._get_ls_params(stop=stop, **kwargs) | {"ls_provider": "fakechatmodel"}

    async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
        self.entered.set()
        await asyncio.sleep(3600)

    async def _astream(self, messages, stop=None, run_manager=None, **kwargs):
        yield ChatGenerationChunk(message=AIMessageChunk(content="one "))
        self.entered.set()
        await asyncio.sleep(3600)


async def cancel_when_entered(task: asyncio.Task[Any], entered: asyncio.Event) -> None:
    waiter = asyncio.create_task(entered.wait())
    await asyncio.wait({waiter, task}, return_when=asyncio.FIRST_COMPLETED, timeout=60)
    waiter.cancel()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_bare_model_is_cancelled(handler, counted):
    """LangChain fires no event at all."""
    entered = asyncio.Event()
    model = Hanging(entered=entered)
    task = asyncio.create_task(model.ainvoke("Hi", {"callbacks": [handler]}))
    await cancel_when_entered(task, entered)
    assert counted() == {CANCELLED: 1}


async def test_bare_model_times_out_in_wait_for(handler, counted, observed, loop_clock):
    class Late(asyncio.Event):
        def set(self):
            loop_clock.let_pass(1)

    model = Hanging(entered=Late())
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(model.ainvoke("Hi", {"callbacks": [handler]}), 0.1)
    await asyncio.sleep(0)
    assert counted() == {CANCELLED: 1}
    assert observed("llm_request_duration_seconds") == {}


async def test_agent_is_cancelled_in_its_model(handler, counted):
    entered = asyncio.Event()
    made = create_agent(Hanging(entered=entered), [], name="calc")
    task = asyncio.create_task(made.ainvoke(HI, {"callbacks": [handler]}))
    await cancel_when_entered(task, entered)
    assert counted() == {"agent_requests{calc,cancelled}": 1, CANCELLED: 1}


async def test_agent_is_cancelled_in_its_tool(handler, counted):
    entered = asyncio.Event()

    @tool
    async def wait() -> str:
        """Wait for ever."""
        entered.set()
        await asyncio.sleep(3600)
        return ""

    made = agent(call("wait"), tools=[wait])
    task = asyncio.create_task(made.ainvoke(HI, config(handler)))
    await cancel_when_entered(task, entered)
    assert counted(*ENDS) == {
        "agent_requests{calc,cancelled}": 1,
        "tool_executions{wait,cancelled}": 1,
        CALLED: 1,
    }


async def test_streaming_agent_is_cancelled(handler, counted, observed):
    entered = asyncio.Event()
    made = create_agent(Hanging(entered=entered), [], name="calc")

    async def consume() -> None:
        async for _ in made.astream(HI, {"callbacks": [handler]}, stream_mode="messages"):
            pass

    await cancel_when_entered(asyncio.create_task(consume()), entered)
    assert counted() == {"agent_requests{calc,cancelled}": 1, CANCELLED: 1}
    assert observed("llm_time_to_first_token_seconds") == {"fake-model": 1}
    assert observed("llm_request_duration_seconds") == {}
    assert observed("agent_request_duration_seconds") == {}


async def test_bare_stream_is_cancelled(handler, counted):
    entered = asyncio.Event()
    model = Hanging(entered=entered)

    async def consume() -> None:
        async for _ in model.astream("Hi", {"callbacks": [handler]}):
            pass

    await cancel_when_entered(asyncio.create_task(consume()), entered)
    assert counted() == {CANCELLED: 1}


async def test_async_stream_is_closed_by_its_reader(handler, counted):
    model = FakeChatModel(replies=["one two three"])
    stream = model.astream("Hi", {"callbacks": [handler]})
    await anext(stream)
    await stream.aclose()
    assert counted() == {CANCELLED: 1}


def test_stream_is_closed_by_its_reader(handler, counted):
    stream = FakeChatModel(replies=["one two three"]).stream("Hi", {"callbacks": [handler]})
    next(stream)
    stream.close()
    assert counted() == {CANCELLED: 1}


def test_agent_stream_is_closed_by_its_reader(handler, counted):
    stream = agent(call("add", a=1, b=2)).stream(HI, config(handler))
    next(stream)
    stream.close()
    assert counted("agent_requests", "agent_errors") == {"agent_requests{calc,cancelled}": 1}


async def test_async_agent_stream_is_dropped(handler, counted):
    async for _ in agent(call("add", a=1, b=2)).astream(HI, config(handler)):
        break
    for _ in range(500):
        if counted("agent_requests"):
            break
        gc.collect()
        await asyncio.sleep(0.01)
    assert counted("agent_requests", "agent_errors") == {"agent_requests{calc,cancelled}": 1}


def test_step_timeout(handler, counted):
    released = threading.Event()

    def answer(messages: Any) -> str:
        released.wait(60)
        return "late"

    made = create_agent(FakeChatModel(answer=answer), [], name="calc")
    made.step_timeout = 2
    timer = threading.Timer(7, released.set)  # later than any machine sees that 2 s are over
    timer.start()
    with pytest.raises(TimeoutError):
        made.invoke(HI, {"callbacks": [handler]})
    timer.join()
    ended = counted("agent_requests", "agent_errors", "llm_requests")
    assert ended.pop("agent_requests{calc,error}") == 1
    assert ended.pop("agent_errors{calc,timeout}") == 1
    assert list(ended.values()) == [1]


def test_bill_of_a_call_that_outlives_its_agent(handler, counted):
    """The call counts as cancelled when its agent ends, and yet it has to be paid."""
    released = threading.Event()
    threads = []

    def answer(messages: Any) -> str:
        released.wait(60)
        return "late"

    model = FakeChatModel(answer=answer, usage=USAGE)

    @tool
    def start_research(config: RunnableConfig) -> str:
        """Start something and do not wait for it."""
        thread = threading.Thread(target=lambda: model.invoke("Hi", config))
        threads.append(thread)
        thread.start()
        while not model.seen:
            threading.Event().wait(0.001)
        return "started"

    agent(call("start_research"), tools=[start_research]).invoke(HI, config(handler))
    assert counted(CANCELLED.partition("{")[0]) == {CALLED: 2, CANCELLED: 1}
    released.set()
    threads[0].join()
    assert counted("llm_requests", "agent_tokens", "llm_cost_unknown") == {
        CALLED: 2,
        CANCELLED: 1,
        "agent_tokens{fake-model,input}": 7,
        "agent_tokens{fake-model,output}": 3,
        "llm_cost_unknown{fake-model}": 1,
    }


def test_keyboard_interrupt_is_a_cancellation(handler, counted):
    def answer(messages: Any) -> str:
        raise KeyboardInterrupt

    made = create_agent(FakeChatModel(answer=answer), [], name="calc")
    with pytest.raises(KeyboardInterrupt):
        made.invoke(HI, {"callbacks": [handler]})
    assert counted("agent_requests", "agent_errors", "llm_requests") == {
        "agent_requests{calc,cancelled}": 1,
        CANCELLED: 1,
    }


def test_parallel_branch_that_fails_ends_the_graph_once(handler, counted):
    class State(AgentState):
        pass

    def bad(state: Any) -> Any:
        raise ValueError("boom")

    good = create_agent(FakeChatModel(), [], name="good")
    graph = StateGraph(State).add_node("good", good).add_node("bad", bad)
    graph.add_edge(START, "good").add_edge(START, "bad")
    with pytest.raises(ValueError, match="boom"):
        graph.compile().invoke(HI, {"callbacks": [handler]})
    ended = counted("agent_requests")
    assert sum(ended.values()) == 1
