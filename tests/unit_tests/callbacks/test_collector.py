"""Attach to one run, then ask what it did."""

import asyncio

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain_core.callbacks import dispatch_custom_event
from langchain_core.tools import tool

from langchain_phase5.callbacks import RunCollector

HI = {"messages": "Hi"}
USAGE = {
    "input_tokens": 100,
    "output_tokens": 20,
    "total_tokens": 120,
    "input_token_details": {"cache_read": 40},
}
PRICES = {"fake-model": {"input": 1.0, "output": 2.0, "cache_read": 0.5}}


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    dispatch_custom_event("quality", {"score": 0.5})
    return a + b


def agent(**kwargs):
    model = FakeChatModel(replies=[call("add", a=1, b=2), call("nope"), "done"], **kwargs)
    return create_agent(model, [add], name="calc")


async def test_agent_run(drive):
    collector = RunCollector(prices=PRICES)
    await drive(agent(usage=USAGE), HI, {"callbacks": [collector], "tags": ["nightly"]})
    assert (collector.usage.input, collector.usage.output) == (300, 60)
    assert collector.usage.cache_read == 120
    assert collector.cost_usd == pytest.approx(3 * (60 * 1 + 40 * 0.5 + 20 * 2) / 1e6)
    assert [(c.name, c.arguments, c.status, c.error_type) for c in collector.tool_calls] == [
        ("add", {"a": 1, "b": 2}, "success", "none"),
        ("unknown", {}, "error", "validation"),
    ]
    (record,) = collector.agents
    assert (record.name, record.status, record.parent_id) == ("calc", "success", None)
    assert record.tags == ("nightly",)
    assert record.quality == 0.5
    assert record.usage == collector.usage
    assert record.cost_usd == collector.cost_usd
    assert record.seconds >= sum(each.seconds for each in record.model_calls)
    assert record.started_at.tzinfo is not None
    assert record.input == HI
    assert record.output["messages"][-1].text == "done"


async def test_a_call_of_a_tool_that_does_not_exist_is_the_agents_as_any_other(drive):
    collector = RunCollector()
    made = create_agent(FakeChatModel(replies=[call("nope", "call_7"), "done"]), [add], name="calc")
    await drive(made, HI, {"callbacks": [collector]})
    (invented,) = collector.tool_calls
    assert collector.agents[0].tool_calls == [invented]
    assert (invented.name, invented.id, invented.arguments) == ("unknown", "call_7", {})
    assert "nope is not a valid tool" in invented.output.content


async def test_tool_that_raises(drive):
    @tool
    def explode() -> None:
        """Raise."""
        raise PermissionError

    collector = RunCollector()
    made = create_agent(FakeChatModel(replies=[call("explode")]), [explode], name="calc")
    with pytest.raises(PermissionError):
        await drive(made, HI, {"callbacks": [collector]})
    (failed,) = collector.tool_calls
    assert (failed.status, failed.error_type, failed.output) == ("error", "tool", None)
    assert (collector.agents[0].status, collector.agents[0].output) == ("error", None)


@pytest.mark.parametrize("names", [("outer", "inner"), ("same", "same")])
async def test_nested_agents_have_records_of_their_own(drive, names):
    inner = create_agent(FakeChatModel(usage=USAGE), [], name=names[1])

    @tool
    def delegate(task: str) -> str:
        """Ask another agent."""
        return inner.invoke({"messages": task})["messages"][-1].text

    model = FakeChatModel(replies=[call("delegate", task="x"), "done"], usage=USAGE)
    collector = RunCollector(prices=PRICES)
    await drive(create_agent(model, [delegate], name=names[0]), HI, {"callbacks": [collector]})
    first, last = collector.agents
    assert (last.name, first.name) == names
    assert first.input == {"messages": "x"}
    assert first.parent_id == last.id
    assert (first.usage.input, last.usage.input, collector.usage.input) == (100, 200, 300)


async def test_a_call_with_callbacks_of_its_own_stands_by_itself(drive):
    """They take the place of those it would have inherited, and with them of what is around it."""
    collector = RunCollector()

    @tool
    def ask(text: str) -> str:
        """Ask somebody else."""
        return FakeChatModel(model_name="aside").invoke(text, {"callbacks": [collector]}).text

    model = FakeChatModel(replies=[call("ask", text="x"), "done"])
    await drive(create_agent(model, [ask], name="calc"), HI, {"callbacks": [collector]})
    (record,) = collector.agents
    assert [each.model for each in record.model_calls] == ["fake-model"] * 2
    assert [each.model for each in collector.model_calls] == ["fake-model", "aside", "fake-model"]


async def test_bare_model_and_chain(drive):
    collector = RunCollector(prices=PRICES)
    await drive(FakeChatModel(usage=USAGE) | str, "Hi", {"callbacks": [collector]})
    assert collector.agents == []
    assert collector.cost_usd == pytest.approx(120 / 1e6)


def test_unknown_price_makes_the_total_unknown():
    collector = RunCollector(prices=PRICES)
    FakeChatModel(usage=USAGE).invoke("Hi", {"callbacks": [collector]})
    FakeChatModel(model_name="free", usage=USAGE).invoke("Hi", {"callbacks": [collector]})
    assert collector.model_calls[1].cost_usd is None
    assert collector.cost_usd is None


def test_call_without_usage_makes_the_total_unknown():
    collector = RunCollector(prices=PRICES)
    FakeChatModel().invoke("Hi", {"callbacks": [collector]})
    assert collector.model_calls[0].cost_usd is None
    assert collector.cost_usd is None


def test_failed_call_costs_nothing():
    collector = RunCollector(prices=PRICES)
    with pytest.raises(ConnectionError):
        FakeChatModel(replies=[ConnectionError()]).invoke("Hi", {"callbacks": [collector]})
    assert collector.cost_usd == 0


def test_details_that_exceed_their_total_have_no_price():
    collector = RunCollector(prices=PRICES)
    usage = {**USAGE, "input_token_details": {"cache_read": 500}}
    FakeChatModel(usage=usage).invoke("Hi", {"callbacks": [collector]})
    assert collector.cost_usd is None


def test_first_token_is_timed():
    collector = RunCollector()
    list(FakeChatModel(replies=["one two"]).stream("Hi", {"callbacks": [collector]}))
    FakeChatModel().invoke("Hi", {"callbacks": [collector]})
    streamed, whole = collector.model_calls
    assert 0 < streamed.seconds_to_first_token <= streamed.seconds
    assert whole.seconds_to_first_token is None


async def test_collectors_of_concurrent_runs_do_not_mix():
    collectors = [RunCollector() for _ in range(10)]
    made = agent(usage=USAGE)
    made = create_agent(FakeChatModel(usage=USAGE), [], name="calc")
    await asyncio.gather(*(made.ainvoke(HI, {"callbacks": [each]}) for each in collectors))
    assert [each.usage.input for each in collectors] == [100] * 10
