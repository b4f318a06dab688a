"""The handler's own promises: registries, limits, quality, custom events, faults."""

import asyncio
import contextlib
import gc
import threading
import weakref
from typing import Any
from uuid import uuid4

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain_core.callbacks import dispatch_custom_event
from langchain_core.tools import tool
from metric_samples import counters, in_flight
from prometheus_client import CollectorRegistry, generate_latest

import langchain_phase5
from langchain_phase5 import callbacks
from langchain_phase5.callbacks import PrometheusCallbackHandler
from langchain_phase5.callbacks.run_table import RunTable
from langchain_phase5.callbacks.tracker import RunTracker

HI = {"messages": "Hi"}
USAGE = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}


def reporting(name, data):
    """An agent whose tool dispatches a custom event."""

    @tool
    def report() -> str:
        """Report."""
        dispatch_custom_event(name, data)
        return "ok"

    return create_agent(FakeChatModel(replies=[call("report"), "done"]), [report], name="calc")


def series(registry):
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if not line.startswith("#")]


def test_every_family_is_documented(registry):
    PrometheusCallbackHandler(registry=registry)
    families = {metric._name: metric for metric in registry._names_to_collectors.values()}
    for name, family in families.items():
        full = name + ("_total" if family._type == "counter" else "")
        labels = ", ".join(family._labelnames)
        entry = f"`{full}{{{labels}}}`" if labels else f"`{full}`"
        assert entry in callbacks.__doc__
    listed = callbacks.__doc__.partition("\nAgents:")[2]
    assert listed.count("\n- `") == len(families)


def test_namespace_comes_before_every_name(registry):
    handler = PrometheusCallbackHandler(registry=registry, namespace="shop")
    FakeChatModel().invoke("Hi", {"callbacks": [handler]})
    assert all(metric.name.startswith("shop_") for metric in registry.collect())


def test_namespaces_count_separately(registry):
    one = PrometheusCallbackHandler(registry=registry, namespace="one")
    two = PrometheusCallbackHandler(registry=registry, namespace="two")
    FakeChatModel().invoke("Hi", {"callbacks": [one, two]})
    labels = {
        "model": "fake-model",
        "provider": "fakechatmodel",
        "status": "success",
        "error_type": "none",
    }
    for name in ("one_llm_requests_total", "two_llm_requests_total"):
        assert registry.get_sample_value(name, labels) == 1


def test_build_info(registry):
    PrometheusCallbackHandler(registry=registry)
    (info,) = [m for m in registry.collect() if m.name == "langchain_phase5_build_info"]
    assert info.samples[0].labels["version"] == langchain_phase5.__version__
    assert info.samples[0].value == 1


def test_registry_can_be_forgotten():
    registry = CollectorRegistry()
    PrometheusCallbackHandler(registry=registry)
    gone = weakref.ref(registry)
    del registry
    gc.collect()
    assert gone() is None


# Cost


def test_cost_by_what_was_paid_for(registry):
    usage = {
        "input_tokens": 1_000_000,
        "output_tokens": 1_000_000,
        "total_tokens": 2_000_000,
        "input_token_details": {"cache_read": 400_000, "cache_creation": 100_000},
    }
    price = {"input": 2, "output": 8, "cache_read": 1, "cache_write": 4, "request": 0.5}
    handler = PrometheusCallbackHandler(registry=registry, prices={"fake-model": price})
    create_agent(FakeChatModel(usage=usage), [], name="calc").invoke(HI, {"callbacks": [handler]})
    handler.flush(30)
    expected = {"input": 1.0, "output": 8.0, "cache_read": 0.4, "cache_write": 0.4, "request": 0.5}
    for kind, cost in expected.items():
        labels = {"model": "fake-model", "agent_type": "calc", "kind": kind}
        assert registry.get_sample_value("llm_cost_usd_total", labels) == pytest.approx(cost)


def test_dated_name_of_the_answer_is_priced_first(registry):
    prices = {"fake-model-2026": {"input": 1}, "fake-model": {"input": 100}}
    handler = PrometheusCallbackHandler(registry=registry, prices=prices)

    class Dated(FakeChatModel):
        def _next(self, messages):
            message = super()._next(messages)
            message.response_metadata = {"model_name": "fake-model-2026"}
            return message

    usage = {"input_tokens": 1_000_000, "output_tokens": 0, "total_tokens": 1_000_000}
    Dated(usage=usage).invoke("Hi", {"callbacks": [handler]})
    handler.flush(30)
    labels = {"model": "fake-model", "agent_type": "none", "kind": "input"}
    assert registry.get_sample_value("llm_cost_usd_total", labels) == 1.0


@pytest.mark.parametrize(
    ("source", "label"),
    [
        ("summarization", "summarization"),
        ("tool_selection", "tool_selection"),
        ("tool_emulation", "tool_emulation"),
        ("something of my own", "other"),
    ],
)
def test_middleware_cost_is_told_apart(source, label, registry):
    handler = PrometheusCallbackHandler(registry=registry, prices={"fake-model": {"input": 1000}})
    config = {"callbacks": [handler], "metadata": {"lc_source": source}}
    FakeChatModel(usage=USAGE).invoke("Hi", config)
    handler.flush(30)
    value = registry.get_sample_value
    assert value("llm_middleware_cost_usd_total", {"source": label}) == 1.0


def test_nonsensical_usage_has_no_price(registry, handler, counted):
    usage = {**USAGE, "input_token_details": {"cache_read": 5000}}
    handler._billing._prices = {"fake-model": {"input": 1}}
    FakeChatModel(usage=usage).invoke("Hi", {"callbacks": [handler]})
    assert counted("llm_cost_unknown", "llm_cost_usd") == {"llm_cost_unknown{fake-model}": 1}


def test_calls_of_one_model_are_priced_each_by_itself(registry):
    handler = PrometheusCallbackHandler(registry=registry, prices={"fake-model": {"input": 1000}})
    nonsense = {**USAGE, "input_token_details": {"cache_read": 5000}}
    for _ in range(2):  # at first while the price is looked up, then with a known one
        for usage in (USAGE, nonsense, USAGE):
            FakeChatModel(usage=usage).invoke("Hi", {"callbacks": [handler]})
        handler.flush(30)
    assert counters(registry, "llm_cost_unknown") == {"llm_cost_unknown{fake-model}": 2}
    labels = {"model": "fake-model", "agent_type": "none", "kind": "input"}
    assert registry.get_sample_value("llm_cost_usd_total", labels) == pytest.approx(4)


# Quality and custom events


def test_recorded_quality(registry, handler):
    handler.record_quality(0.25, agent_type="calc")
    handler.record_quality(0.75, agent_type="calc")
    labels = {"agent_type": "calc"}
    assert registry.get_sample_value("agent_quality_score", labels) == 0.75
    assert registry.get_sample_value("agent_quality_ratings_sum", labels) == 1.0
    assert registry.get_sample_value("agent_quality_ratings_count", labels) == 2


def test_quality_goes_to_the_handlers_own_agent_type(registry):
    PrometheusCallbackHandler(registry=registry, agent_type="support").record_quality(0.5)
    labels = {"agent_type": "support"}
    assert registry.get_sample_value("agent_quality_score", labels) == 0.5


@pytest.mark.parametrize("score", [-0.1, 1.1, float("nan")])
def test_quality_out_of_range(score, handler):
    with pytest.raises(ValueError, match="from 0 to 1"):
        handler.record_quality(score)


def test_recorded_evaluation(registry, handler):
    handler.record_evaluation(0.9, dataset="faq", version="v2", metric="accuracy")
    labels = {"dataset": "faq", "version": "v2", "metric": "accuracy"}
    assert registry.get_sample_value("evaluation_score", labels) == 0.9


EVENTS = [
    (
        "quality",
        {"score": 0.5},
        [("agent_quality_score", {"agent_type": "calc"}, 0.5)],
    ),
    (
        "quality",
        {"score": 0.5, "agent_type": "critic"},
        [("agent_quality_score", {"agent_type": "critic"}, 0.5)],
    ),
    (
        "evaluation",
        {"dataset": "faq", "version": "1", "metric": "f1", "score": 0.7},
        [("evaluation_score", {"dataset": "faq", "version": "1", "metric": "f1"}, 0.7)],
    ),
    (
        "tool_routing",
        {
            "available": 40,
            "offered": [{"name": "report", "score": 0.9}, {"name": "search", "score": 0.4}],
            "seconds": 0.002,
            "fallback": False,
        },
        [
            ("routing_decisions_total", {"fallback": "false"}, 1),
            ("routing_tools_available_sum", {}, 40),
            ("routing_tools_offered_sum", {}, 2),
            ("routing_selection_duration_seconds_sum", {}, 0.002),
            ("routing_tool_offers_total", {"tool_name": "search"}, 1),
        ],
    ),
    (
        "tool_routing_miss",
        {"tool_name": "report", "policy": "allow"},
        [("routing_misses_total", {"tool_name": "report", "policy": "allow"}, 1)],
    ),
    (
        "tool_routing_miss",
        {"tool_name": "made up by a model", "policy": "deny"},
        [("routing_misses_total", {"tool_name": "unknown", "policy": "deny"}, 1)],
    ),
    (
        "vision",
        {"operation": "ocr", "engine": "tesseract", "seconds": 0.5, "status": "success"},
        [
            (
                "vision_operations_total",
                {"operation": "ocr", "engine": "tesseract", "status": "success"},
                1,
            ),
            (
                "vision_operation_duration_seconds_sum",
                {"operation": "ocr", "engine": "tesseract"},
                0.5,
            ),
        ],
    ),
    (
        "vision",
        {"operation": "<script>", "engine": "x", "seconds": 1, "status": ["odd"]},
        [
            (
                "vision_operations_total",
                {"operation": "other", "engine": "x", "status": "other"},
                1,
            )
        ],
    ),
    ("something else", None, [("tool_executions_total", {"tool_name": "report"}, None)]),
]


@pytest.mark.parametrize(("name", "data", "expected"), EVENTS)
def test_custom_events(name, data, expected, handler, registry):
    reporting(name, data).invoke(HI, {"callbacks": [handler]})
    for sample, labels, value in expected:
        assert registry.get_sample_value(sample, labels) == value


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("quality", {}),
        ("quality", {"score": 7}),
        ("quality", "good"),
        ("evaluation", {"score": "high"}),
        ("tool_routing", {"available": "many"}),
        ("vision", {"operation": "ocr"}),
        ("evaluation", {"dataset": "d", "version": "1", "metric": "m", "score": float("nan")}),
        ("tool_routing", {"available": 3, "offered": [], "seconds": -1.0, "fallback": False}),
        (
            "vision",
            {"operation": "ocr", "engine": "x", "status": "success", "seconds": float("nan")},
        ),
    ],
)
def test_malformed_event_disturbs_nobody_and_is_counted(name, data, registry):
    handler = PrometheusCallbackHandler(registry=registry)
    answer = reporting(name, data).invoke(HI, {"callbacks": [handler]})
    assert answer["messages"][-1].text == "done"
    labels = {"event": "on_custom_event"}
    assert registry.get_sample_value("callback_handler_errors_total", labels) == 1
    labels = {"agent_type": "calc", "status": "success"}
    assert registry.get_sample_value("agent_requests_total", labels) == 1


# Limits


def test_names_cannot_fill_the_memory(registry):
    handler = PrometheusCallbackHandler(registry=registry, max_series=600)
    handler.raise_error = True
    for i in range(1000):
        name = f'{i}-\n"\\é'
        status = ("success", "error")[i % 2]
        model = FakeChatModel(
            model_name=f"model{name}",
            usage=USAGE,
            replies=[ConnectionError() if status == "error" else "one two"],
        )
        with contextlib.suppress(ConnectionError):
            list(model.stream("Hi", {"callbacks": [handler]}))
        handler.metrics.tools[f"tool{name}"]
        handler.record_quality(0.5, agent_type=f"agent{name}")
        handler.record_evaluation(0.5, dataset=name, version=name, metric=name)
    handler.flush(30)
    assert len(series(registry)) <= 600
    total = sum(
        sample.value
        for metric in registry.collect()
        if metric.name == "llm_requests"
        for sample in metric.samples
        if sample.name.endswith("_total")
    )
    assert total == 1000
    dropped = registry.get_sample_value("label_values_dropped_total", {"label": "model"})
    assert dropped > 900


@pytest.mark.parametrize(
    ("name", "label"),
    [("a\ud800b", "a?b"), ("x" * 257, "other"), ("x" * 256, "x" * 256)],
    ids=["half a surrogate pair", "too long", "long"],
)
def test_no_name_spoils_the_scrape(name, label, registry, handler):
    for _ in range(2):
        handler.record_quality(1, agent_type=name)
        FakeChatModel(model_name=name).invoke("Hi", {"callbacks": [handler]})
        handler.record_evaluation(1, dataset=name, version="1", metric="m")
    text = generate_latest(registry).decode()
    assert f'agent_quality_ratings_count{{agent_type="{label}"}} 2.0' in text
    assert f'llm_request_duration_seconds_count{{model="{label}"}} 2.0' in text
    assert f'dataset="{label}"' in text


def test_values_per_label_are_limited(registry):
    handler = PrometheusCallbackHandler(registry=registry, max_label_values=2)
    for i in range(5):
        handler.record_quality(i / 10, agent_type=f"agent{i}")
    value = registry.get_sample_value
    assert value("agent_quality_score", {"agent_type": "agent1"}) == 0.1
    assert value("agent_quality_score", {"agent_type": "agent2"}) is None
    assert value("agent_quality_ratings_count", {"agent_type": "other"}) == 3
    assert value("label_values_dropped_total", {"label": "agent_type"}) == 3


def test_rare_pairs_lose_their_agent(registry):
    handler = PrometheusCallbackHandler(
        registry=registry, max_label_values=3, prices={"fake-model": {"input": 1000}}
    )
    for i in range(5):
        create_agent(FakeChatModel(usage=USAGE), [], name=f"agent{i}").invoke(
            HI, {"callbacks": [handler]}
        )
    handler.flush(30)
    labels = {"model": "fake-model", "kind": "input"}
    value = registry.get_sample_value
    assert value("llm_cost_usd_total", {**labels, "agent_type": "agent0"}) == 1
    assert value("llm_cost_usd_total", {**labels, "agent_type": "other"}) == 2


@pytest.mark.parametrize("limits", [{"max_series": 300}, {"max_label_values": 0}])
def test_limits_that_leave_no_room(limits, registry):
    with pytest.raises(ValueError, match=r"must exceed|start at 1"):
        PrometheusCallbackHandler(registry=registry, **limits)


# Counting waits for a batch, or for a reader


def test_counts_are_complete_whenever_they_are_read(registry, handler):
    labels = {
        "model": "fake-model",
        "provider": "fakechatmodel",
        "status": "success",
        "error_type": "none",
    }
    for calls in range(1, 200):
        FakeChatModel().invoke("Hi", {"callbacks": [handler]})
        assert registry.get_sample_value("llm_requests_total", labels) == calls


def test_counts_are_complete_where_one_family_alone_is_read(registry, handler):
    FakeChatModel().invoke("Hi", {"callbacks": [handler]})
    (family,) = registry.restricted_registry(["llm_request_duration_seconds_count"]).collect()
    assert [sample.value for sample in family.samples] == [1]


def test_open_runs_are_in_flight_when_read(registry, handler):
    seen = []

    @tool
    def look() -> str:
        """Look."""
        seen.append(in_flight(registry))
        return "seen"

    made = create_agent(FakeChatModel(replies=[call("look"), "done"]), [look], name="calc")
    made.invoke(HI, {"callbacks": [handler]})
    assert seen == [{"agent_requests_in_flight{calc}": 1, "tool_executions_in_flight{look}": 1}]


def test_counting_that_fails_is_counted_and_disturbs_nobody(registry, caplog):
    handler = PrometheusCallbackHandler(registry=registry)
    del handler.metrics.llm_duration
    answer = create_agent(FakeChatModel(), [], name="calc").invoke(HI, {"callbacks": [handler]})
    assert answer["messages"][-1].text == "ok"
    assert counters(registry, "callback_handler_errors", "agent_requests") == {
        "callback_handler_errors{count_model_calls}": 1,
        "agent_requests{calc,success}": 1,
    }
    assert "llm_duration" in caplog.text


def test_many_threads_lose_no_count(registry, handler):
    def work():
        for _ in range(100):
            FakeChatModel().invoke("Hi", {"callbacks": [handler]})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        generate_latest(registry)
    assert list(counters(registry, "llm_requests").values()) == [800]


# Runs that never end


class Ends(RunTracker):
    def __init__(self, table):
        super().__init__(table=table)
        self.ended = []

    def _run_ended(self, run, payload):
        self.ended.append((run.name, run.status))


def start(tracker, model):
    """A call whose end is never reported, as when its caller vanishes."""
    tracker.on_chat_model_start({}, [[]], run_id=uuid4(), metadata={"ls_model_name": model})


def test_oldest_run_makes_room():
    tracker = Ends(RunTable(max_roots=2))
    for i in range(4):
        start(tracker, f"m{i}")
    assert tracker.ended == [("m0", "cancelled"), ("m1", "cancelled")]


def test_silent_run_is_given_up():
    tracker = Ends(RunTable(ttl=0.01))
    start(tracker, "m0")
    threading.Event().wait(0.05)
    start(tracker, "m1")
    assert tracker.ended == [("m0", "cancelled")]


class Hanging(FakeChatModel):
    """Never answers; the time that it has, if that is told, is over as soon as it is asked."""

    limit: Any = None

    async def _agenerate(self, messages, stop=None, run_manager=None, **kwargs):
        if self.limit is not None:
            self.limit.reschedule(asyncio.get_running_loop().time())
        await asyncio.sleep(3600)


async def settled():
    """Let LangChain's own tasks notice that they were cancelled."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_call_that_timed_out_inside_its_task_is_over_when_read(handler, registry):
    """`asyncio.timeout` cancels a call without cancelling the task around it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as limit:
            await Hanging(limit=limit).ainvoke("Hi", {"callbacks": [handler]})
    await settled()
    assert in_flight(registry) == {}
    labels = "fake-model,hanging,cancelled,none"
    assert counters(registry, "llm_requests") == {f"llm_requests{{{labels}}}": 1}


async def test_call_that_timed_out_is_over_when_the_next_one_starts():
    tracker = Ends(RunTable())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(None) as limit:
            await Hanging(limit=limit).ainvoke("Hi", {"callbacks": [tracker]})
    await settled()
    assert tracker.ended == []
    await FakeChatModel(model_name="next").ainvoke("Hi", {"callbacks": [tracker]})
    assert tracker.ended == [("fake-model", "cancelled"), ("next", "success")]


async def test_runs_left_behind_by_a_finished_task_are_given_up_soon():
    """Whoever keeps the exception of a call keeps the call's frames, and so its id."""
    tracker = Ends(RunTable(ttl=3600))
    kept = []

    async def impatient():
        try:
            async with asyncio.timeout(None) as limit:
                await Hanging(limit=limit).ainvoke("Hi", {"callbacks": [tracker]})
        except TimeoutError as error:
            kept.append(error)

    await asyncio.create_task(impatient())
    await asyncio.sleep(0)
    (left,) = tracker._table.runs.values()
    assert left.touched < left.started - 3000
    assert tracker._table.surplus(left.started + 61) == [left]


async def test_cancelled_runs_leave_nothing(handler):
    model = Hanging()
    for _ in range(20):
        tasks = [
            asyncio.create_task(model.ainvoke("Hi", {"callbacks": [handler]})) for _ in range(10)
        ]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    assert handler._table.runs == {}
    assert handler._table._roots == {}
