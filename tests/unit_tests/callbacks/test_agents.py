"""What is an agent, and what only looks like one."""

import operator
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, TypedDict

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain.agents.middleware import after_agent, before_agent, before_model
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import create_retriever_tool, tool
from langchain_core.tracers import context
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Send
from metric_samples import counters

from langchain_phase5.callbacks import PrometheusCallbackHandler

HI = {"messages": "Hi"}
PRICES = {"fake-model": {"input": 1.0, "output": 1.0}, "inner": {"input": 1.0, "output": 1.0}}
USAGE = {"input_tokens": 1_000_000, "output_tokens": 0, "total_tokens": 1_000_000}


def answering(**kwargs: Any) -> Any:
    return create_agent(FakeChatModel(), [], **kwargs)


def delegating(inner: Any, **kwargs: Any) -> Any:
    """An agent with another runnable as its tool."""

    @tool
    def delegate(task: str) -> str:
        """Ask another agent."""
        inner.invoke({"messages": task})
        return "done"

    model = FakeChatModel(replies=[call("delegate", task="x"), "done"])
    return create_agent(model, [delegate], **kwargs)


def graph_of(node: Any, name: str = "work") -> Any:
    return StateGraph(MessagesState).add_node(name, node).add_edge(START, name).compile()


async def test_agent_without_a_name(drive, handler, counted):
    await drive(answering(), HI, {"callbacks": [handler]})
    assert counted("agent_requests") == {"agent_requests{agent,success}": 1}


async def test_run_name_is_no_label(drive, handler, counted):
    config = {"callbacks": [handler], "run_name": "request 7f3a of user 12"}
    await drive(answering(name="calc"), HI, config)
    await drive(answering(), HI, config)
    assert counted("agent_requests") == {
        "agent_requests{calc,success}": 1,
        "agent_requests{agent,success}": 1,
    }


async def test_named_agent_as_a_tool(drive, handler, counted):
    await drive(delegating(answering(name="inner"), name="outer"), HI, {"callbacks": [handler]})
    assert counted("agent_requests", "tool_executions", "llm_requests") == {
        "agent_requests{outer,success}": 1,
        "agent_requests{inner,success}": 1,
        "tool_executions{delegate,success}": 1,
        "llm_requests{fake-model,fakechatmodel,success,none}": 3,
    }


async def test_nameless_agent_as_a_tool_of_a_named_one(drive, handler, counted):
    await drive(delegating(answering(), name="outer"), HI, {"callbacks": [handler]})
    assert counted("agent_requests") == {
        "agent_requests{outer,success}": 1,
        "agent_requests{agent,success}": 1,
    }


async def test_agents_of_the_same_name(drive, handler, counted):
    made = delegating(delegating(answering(name="same"), name="same"), name="same")
    await drive(made, HI, {"callbacks": [handler]})
    assert counted("agent_requests") == {"agent_requests{same,success}": 3}


async def test_agent_type_names_the_outermost_agent(registry):
    handler = PrometheusCallbackHandler(registry=registry, agent_type="support")
    made = delegating(answering(name="inner"), name="outer")
    made.invoke(HI, {"callbacks": [handler]})
    for agent_type in ("support", "inner"):
        labels = {"agent_type": agent_type, "status": "success"}
        assert registry.get_sample_value("agent_requests_total", labels) == 1


async def test_plain_graph_inside_an_agent_is_none(drive, handler, counted):
    plain = graph_of(lambda state: {"messages": "done"})
    await drive(delegating(plain, name="outer"), HI, {"callbacks": [handler]})
    assert counted("agent_requests") == {"agent_requests{outer,success}": 1}


async def test_chain_inside_an_agent_is_none(drive, handler, counted):
    chain = RunnableLambda(lambda x: x) | RunnableLambda(lambda x: x)
    await drive(delegating(chain, name="outer"), HI, {"callbacks": [handler]})
    assert counted("agent_requests") == {"agent_requests{outer,success}": 1}


async def test_agent_as_a_node(drive, handler, counted):
    await drive(graph_of(answering(name="inner")), HI, {"callbacks": [handler]})
    assert counted("agent_requests") == {"agent_requests{inner,success}": 1}


async def test_plain_graph_is_no_agent(drive, handler, counted):
    graph = graph_of(lambda state: {"messages": FakeChatModel().invoke("Hi")})
    await drive(graph, HI, {"callbacks": [handler]})
    assert counted("agent_requests", "llm_requests") == {
        "llm_requests{fake-model,fakechatmodel,success,none}": 1
    }


async def test_plain_graph_with_a_node_named_as_an_agents_is_none(drive, handler, counted):
    graph = graph_of(lambda state: {"messages": FakeChatModel().invoke("Hi")}, "model")
    await drive(graph, HI, {"callbacks": [handler]})
    assert counted("agent_requests") == {}


async def test_plain_graph_counts_if_wanted(drive, registry):
    handler = PrometheusCallbackHandler(registry=registry, include_graphs=True)
    graph = graph_of(graph_of(answering(name="inner")))
    graph.name = "pipeline"
    await drive(graph, HI, {"callbacks": [handler]})
    for agent_type in ("pipeline", "inner"):
        labels = {"agent_type": agent_type, "status": "success"}
        assert registry.get_sample_value("agent_requests_total", labels) == 1
    labels = {"agent_type": "LangGraph", "status": "success"}
    assert registry.get_sample_value("agent_requests_total", labels) is None


async def test_plain_graph_in_a_chain_counts_if_wanted(drive, registry):
    handler = PrometheusCallbackHandler(registry=registry, include_graphs=True)
    graph = graph_of(lambda state: {"messages": "ok"})
    graph.name = "pipeline"
    chain = RunnableLambda(lambda text: {"messages": text}) | graph
    await drive(chain, "Hi", {"callbacks": [handler]})
    assert counters(registry, "agent_requests") == {"agent_requests{pipeline,success}": 1}


async def test_agent_in_a_chain(drive, handler, counted):
    chain = RunnableLambda(lambda text: {"messages": text}) | answering(name="calc")
    await drive(chain, "Hi", {"callbacks": [handler]})
    assert counted("agent_requests") == {"agent_requests{calc,success}": 1}


async def test_agent_with_retry(handler, counted):
    model = FakeChatModel(replies=[ConnectionError(), "done"])
    made = create_agent(model, [], name="calc").with_retry(wait_exponential_jitter=False)
    await made.ainvoke(HI, {"callbacks": [handler]})
    assert counted("agent_requests") == {
        "agent_requests{calc,error}": 1,
        "agent_requests{calc,success}": 1,
    }


async def test_middleware_nodes_are_part_of_the_agent(drive, handler, counted):
    @before_agent
    def first(state, runtime):
        return None

    @before_model
    def second(state, runtime):
        return None

    @after_agent
    def last(state, runtime):
        return None

    made = create_agent(FakeChatModel(), [], name="inner", middleware=[first, second, last])
    await drive(delegating(made, name="outer"), HI, {"callbacks": [handler]})
    assert counted("agent_requests") == {
        "agent_requests{outer,success}": 1,
        "agent_requests{inner,success}": 1,
    }


async def test_agent_that_fails_before_its_first_node(drive, handler, counted):
    @before_agent
    def broken(state, runtime):
        raise PermissionError

    made = create_agent(FakeChatModel(), [], name="calc", middleware=[broken])
    with pytest.raises(PermissionError):
        await drive(made, HI, {"callbacks": [handler]})
    assert counted() == {"agent_requests{calc,error}": 1, "agent_errors{calc,other}": 1}


async def test_batches(handler, counted):
    made = answering(name="calc")
    made.batch([HI, HI], {"callbacks": [handler]})
    await made.abatch([HI, HI, HI], {"callbacks": [handler]})
    assert counted("agent_requests") == {"agent_requests{calc,success}": 5}


async def test_parallel_agents_below_one_graph(drive, handler, counted):
    class State(TypedDict):
        done: Annotated[list[int], operator.add]

    inner = answering(name="worker")

    def work(state: Any) -> Any:
        inner.invoke(HI)
        return {"done": [1]}

    graph = StateGraph(State).add_node("work", work)
    graph.add_conditional_edges(START, lambda state: [Send("work", {}) for _ in range(4)])
    await drive(graph.compile(), {"done": []}, {"callbacks": [handler]})
    assert counted("agent_requests") == {"agent_requests{worker,success}": 4}


async def test_costs_add_up_without_counting_nested_ones_twice(drive, registry):
    handler = PrometheusCallbackHandler(registry=registry, prices=PRICES)
    inner = create_agent(FakeChatModel(model_name="inner", usage=USAGE), [], name="inner")
    outer = delegating(inner, name="outer")
    await drive(outer, HI, {"callbacks": [handler]})
    handler.flush(30)
    costs = {
        tuple(sample.labels.values()): sample.value
        for metric in registry.collect()
        if metric.name == "llm_cost_usd"
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.value
    }
    assert costs == {("inner", "inner", "input"): 1.0}


async def test_handler_attached_twice(drive, handler, counted):
    made = delegating(answering(name="inner"), name="outer").with_config(callbacks=[handler])
    await drive(made, HI, {"callbacks": [handler]})
    assert counted("agent_requests", "tool_executions") == {
        "agent_requests{outer,success}": 1,
        "agent_requests{inner,success}": 1,
        "tool_executions{delegate,success}": 1,
    }


async def test_two_handlers_on_one_registry(drive, handler, registry, counted):
    second = PrometheusCallbackHandler(registry=registry)
    await drive(answering(name="calc"), HI, {"callbacks": [handler, second]})
    assert counted("agent_requests", "llm_requests") == {
        "agent_requests{calc,success}": 1,
        "llm_requests{fake-model,fakechatmodel,success,none}": 1,
    }


async def test_handler_attached_inside_an_agent_only(handler, counted):
    """It sees the middle of a run whose beginning it does not know."""
    chain = RunnableLambda(lambda x: x).with_config(callbacks=[handler])
    delegating(chain, name="outer").invoke(HI)
    delegating(answering(name="inner").with_config(callbacks=[handler]), name="outer").invoke(HI)
    assert counted("agent_requests") == {"agent_requests{inner,success}": 1}


@pytest.fixture
def everywhere(handler):
    hooks = list(context._configure_hooks)
    handler.install()
    yield handler
    context._configure_hooks[:] = hooks


async def test_installed_handler_sees_every_run_once(drive, everywhere, counted):
    await drive(answering(name="calc"), HI)
    await drive(answering(name="calc"), HI, {"callbacks": [everywhere]})
    assert counted("agent_requests") == {"agent_requests{calc,success}": 2}


def test_installed_handler_sees_other_threads(everywhere, counted):
    thread = threading.Thread(target=answering(name="calc").invoke, args=(HI,))
    thread.start()
    thread.join()
    assert counted("agent_requests") == {"agent_requests{calc,success}": 1}


def test_many_threads_share_a_handler(handler, counted):
    made = delegating(answering(name="inner"), name="outer")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: made.invoke(HI, {"callbacks": [handler]}), range(40)))
    ended = counted("agent_requests", "tool_executions")
    assert ended["agent_requests{outer,success}"] == 40
    assert sum(ended.values()) >= 40


class Finder(BaseRetriever):
    fails: bool = False

    def _get_relevant_documents(self, query, *, run_manager):
        if self.fails:
            raise TimeoutError
        return [Document(page_content=query)]


async def test_retriever(drive, handler, counted, observed):
    await Finder().ainvoke("x", {"callbacks": [handler]})
    with pytest.raises(TimeoutError):
        Finder(fails=True).invoke("x", {"callbacks": [handler]})
    assert counted() == {
        "retriever_requests{Finder,success}": 1,
        "retriever_requests{Finder,error}": 1,
    }
    assert observed("retriever_request_duration_seconds") == {"Finder": 2}


async def test_retriever_as_a_tool(drive, handler, counted):
    model = FakeChatModel(replies=[call("find", query="x"), "done"])
    made = create_agent(model, [create_retriever_tool(Finder(), "find", "Find.")], name="calc")
    await drive(made, HI, {"callbacks": [handler]})
    assert counted("agent_requests", "tool_executions", "retriever_requests") == {
        "agent_requests{calc,success}": 1,
        "tool_executions{find,success}": 1,
        "retriever_requests{Finder,success}": 1,
    }


async def test_agents_that_stand_in_for_each_other_are_both_outermost(drive, registry):
    handler = PrometheusCallbackHandler(registry=registry, agent_type="support")
    second = create_agent(FakeChatModel(), [], name="second")
    first = create_agent(FakeChatModel(replies=[ConnectionError()]), [], name="first")
    await drive(first.with_fallbacks([second]), HI, {"callbacks": [handler]})
    assert counters(registry, "agent_requests") == {
        "agent_requests{support,error}": 1,
        "agent_requests{support,success}": 1,
    }
