"""The tracker on events alone: how long runs are remembered, and what is forgotten."""

import asyncio
import gc
import weakref
from itertools import count
from threading import Event, Thread
from types import SimpleNamespace
from uuid import UUID

import pytest
from langchain_core.documents import Document
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult
from metric_samples import counters, in_flight
from prometheus_client import generate_latest

from langchain_phase5.callbacks.backlog import Backlog
from langchain_phase5.callbacks.run import Run
from langchain_phase5.callbacks.run_table import RunTable
from langchain_phase5.callbacks.tracker import RunTracker

IDS = (UUID(int=number) for number in count(1))


class Journal(RunTracker):
    """Writes down what it is told about runs."""

    def __init__(self, table=None, **options):
        super().__init__(table=table, **options)
        self.begun = []
        self.ended = []
        self.results = []
        self.billed_late = []

    def _run_started(self, run, payload):
        self.begun.append((run.kind, payload))

    def _run_ended(self, run, payload):
        self.ended.append((run.name, run.status))
        self.results.append(payload)
        self.last = run
        self.last_error = run.error

    def _usage_arrived_late(self, run):
        self.billed_late.append(run.name)


def model_starts(tracker, name, parent=None):
    run_id = next(IDS)
    metadata = {"ls_model_name": name}
    tracker.on_chat_model_start({}, [[]], run_id=run_id, parent_run_id=parent, metadata=metadata)
    return run_id


def chain_starts(tracker, parent=None, **details):
    run_id = next(IDS)
    tracker.on_chain_start(None, {}, run_id=run_id, parent_run_id=parent, **details)
    return run_id


def answer():
    usage = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
    return LLMResult(generations=[[ChatGeneration(message=AIMessage("ok", usage_metadata=usage))]])


def test_every_open_descendant_is_closed_with_its_ancestor():
    tracker = Journal()
    root = chain_starts(tracker)
    node = chain_starts(tracker, root)
    model_starts(tracker, "first", node)
    model_starts(tracker, "second", root)
    tracker.on_chain_end({}, run_id=root)
    assert tracker.ended == [("first", "cancelled"), ("second", "cancelled")]
    assert tracker._table.runs == {}


def test_a_late_answer_is_billed_once():
    tracker = Journal()
    root = chain_starts(tracker)
    model = model_starts(tracker, "slow", root)
    tracker.on_chain_end({}, run_id=root)
    for _ in range(2):
        tracker.on_llm_end(answer(), run_id=model)
    assert tracker.billed_late == ["slow"]
    assert tracker.ended == [("slow", "cancelled")]


def test_late_answers_are_expected_for_the_last_thousand_calls_only():
    tracker = Journal()
    root = chain_starts(tracker)
    models = [model_starts(tracker, f"m{i}", root) for i in range(1_001)]
    tracker.on_chain_end({}, run_id=root)
    for model in models:
        tracker.on_llm_end(answer(), run_id=model)
    assert tracker.billed_late == [f"m{i}" for i in range(1, 1_001)]


def test_a_call_that_ended_gets_no_late_bill():
    tracker = Journal()
    model = model_starts(tracker, "quick")
    for _ in range(2):
        tracker.on_llm_end(answer(), run_id=model)
    assert tracker.ended == [("quick", "success")]
    assert tracker.billed_late == []


@pytest.fixture
def clock(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("langchain_phase5.callbacks.lifecycle.perf_counter", lambda: now[0])
    return now


def test_a_tree_that_shows_life_is_not_given_up(clock):
    tracker = Journal(RunTable(ttl=60))
    busy = chain_starts(tracker)
    model_starts(tracker, "silent")
    clock[0] += 50
    model_starts(tracker, "child", chain_starts(tracker, busy))
    clock[0] += 10
    tracker.sweep()
    assert tracker.ended == []
    clock[0] += 1
    tracker.sweep()
    assert tracker.ended == [("silent", "cancelled")]
    clock[0] += 50
    tracker.sweep()
    assert tracker.ended == [("silent", "cancelled"), ("child", "cancelled")]


def test_silent_trees_are_looked_for_sixty_times_in_a_lifetime(clock):
    tracker = Journal(RunTable(ttl=60))
    started = clock[0]
    model_starts(tracker, "silent")
    clock[0] = started + 59.5
    tracker.sweep()
    clock[0] = started + 60.49  # old enough, but the last look was less than a second ago
    tracker.sweep()
    assert tracker.ended == []
    clock[0] = started + 60.5
    tracker.sweep()
    assert tracker.ended == [("silent", "cancelled")]


@pytest.mark.parametrize(("ttl", "kept", "gone"), [(3600, 60, 120), (60, 60, 61)])
async def test_a_run_whose_task_ended_has_a_minute_left(clock, ttl, kept, gone):
    tracker = Journal(RunTable(ttl=ttl))
    started = clock[0]

    async def leaves_it_open():
        return model_starts(tracker, "left")

    left = await asyncio.create_task(leaves_it_open())
    await asyncio.sleep(0)
    clock[0] = started + kept
    tracker.sweep()
    assert left.int in tracker._table.runs
    clock[0] = started + gone
    tracker.sweep()
    assert tracker.ended == [("left", "cancelled")]


async def test_a_long_task_does_not_keep_its_runs():
    tracker = RunTracker()
    run_id = model_starts(tracker, "m")
    gone = weakref.ref(tracker._table.runs[run_id.int])
    tracker.on_llm_end(answer(), run_id=run_id)
    gc.collect()
    assert gone() is None


def test_a_long_run_does_not_keep_those_that_ended_below_it():
    tracker = RunTracker()
    run_id = model_starts(tracker, "m", chain_starts(tracker))
    gone = weakref.ref(tracker._table.runs[run_id.int])
    tracker.on_llm_end(answer(), run_id=run_id)
    gc.collect()
    assert gone() is None


def test_whoever_is_told_of_a_start_is_told_what_was_asked():
    tracker = Journal()
    tracker.on_chain_start(None, {"messages": []}, run_id=next(IDS), metadata=in_agent("a"))
    tracker.on_chat_model_start({}, [["Hi"]], run_id=next(IDS))
    tracker.on_llm_start({}, ["Hi"], run_id=next(IDS))
    tracker.on_tool_start({}, "{'a': 1}", run_id=next(IDS), inputs={"a": 1})
    tracker.on_tool_start({}, "1", run_id=next(IDS))
    tracker.on_tool_start({}, "", run_id=next(IDS), inputs={})
    tracker.on_retriever_start({}, "Where?", run_id=next(IDS))
    assert tracker.begun == [
        ("agent", {"messages": []}),
        ("llm", [["Hi"]]),
        ("llm", ["Hi"]),
        ("tool", {"a": 1}),
        ("tool", "1"),
        ("tool", {}),
        ("retriever", "Where?"),
    ]


def test_whoever_is_told_of_an_end_is_told_what_came_of_it():
    tracker = Journal()
    agent = chain_starts(tracker, metadata=in_agent("a"))
    for start, end, result in (
        (tracker.on_chat_model_start, tracker.on_llm_end, answer()),
        (tracker.on_tool_start, tracker.on_tool_end, "4 degrees"),
        (tracker.on_retriever_start, tracker.on_retriever_end, [Document("x")]),
    ):
        run_id = next(IDS)
        start({}, "", run_id=run_id, parent_run_id=agent)
        end(result, run_id=run_id)
        assert tracker.results.pop() is result
    outputs = {"messages": []}
    tracker.on_chain_end(outputs, run_id=agent)
    assert tracker.results.pop() is outputs


def test_every_kind_of_run_is_told_its_error_and_its_agent():
    tracker = Journal()
    agent = chain_starts(tracker, metadata=in_agent("a"))
    for start, fail in (
        (tracker.on_chat_model_start, tracker.on_llm_error),
        (tracker.on_llm_start, tracker.on_llm_error),
        (tracker.on_tool_start, tracker.on_tool_error),
        (tracker.on_retriever_start, tracker.on_retriever_error),
    ):
        run_id, error = next(IDS), OSError()
        start({}, "", run_id=run_id, parent_run_id=agent)
        assert tracker._table.runs[run_id.int].agent is tracker._table.runs[agent.int]
        fail(error, run_id=run_id)
        assert tracker.last_error is error


def test_an_interrupt_of_nobody_knows_whom_is_left_alone():
    tracker = Journal()
    agent = chain_starts(tracker, metadata=in_agent("a"))
    for run_id in (None, next(IDS)):
        tracker.on_interrupt(SimpleNamespace(run_id=run_id))
    tracker.on_chain_end({}, run_id=agent)
    assert tracker.ended == [("a", "success")]


def test_an_error_belongs_to_the_run_it_rose_from():
    tracker = Journal()
    root = chain_starts(tracker)
    model = model_starts(tracker, "m", root)
    error = ConnectionError()
    tracker.on_llm_error(error, run_id=model)
    assert tracker.last_error is error
    again = model_starts(tracker, "m", root)
    assert tracker._table.runs[again.int].retried
    assert tracker._table.runs[again.int].fallback_from is None
    third = model_starts(tracker, "other", root)
    assert not tracker._table.runs[third.int].retried
    assert tracker._table.runs[third.int].fallback_from is None


@pytest.mark.parametrize("status", ["error", "cancelled"])
def test_only_a_failure_is_tried_again(status):
    tracker = Journal()
    root = chain_starts(tracker)
    error = ConnectionError() if status == "error" else KeyboardInterrupt()
    tracker.on_llm_error(error, run_id=model_starts(tracker, "m", root))
    following = tracker._table.runs[model_starts(tracker, "n", root).int]
    assert following.fallback_from == ("m" if status == "error" else None)
    assert tracker.ended == [("m", status)]


def tool_starts(tracker, name, parent=None, call_id=None):
    run_id = next(IDS)
    tracker.on_tool_start(
        {"name": name}, "", run_id=run_id, parent_run_id=parent, tool_call_id=call_id
    )
    return run_id


@pytest.mark.parametrize("call_id", ["call-1", None])
def test_a_tool_is_tried_again_under_the_same_call(call_id):
    tracker = Journal()
    root = chain_starts(tracker)
    tracker.on_tool_error(OSError(), run_id=tool_starts(tracker, "search", root, call_id))
    other = tracker._table.runs[tool_starts(tracker, "add", root, "call-2").int]
    again = tracker._table.runs[tool_starts(tracker, "search", root, call_id).int]
    assert (other.retried, again.retried) == (False, True)


def test_a_tools_failure_keeps_its_kind_as_it_rises():
    tracker = Journal()
    root = chain_starts(tracker, metadata={"ls_integration": "langchain_create_agent"})
    node = chain_starts(tracker, root, tags=["graph:step:1"])
    error = OSError()
    tracker.on_tool_error(error, run_id=tool_starts(tracker, "search", node))
    assert tracker.last.error_type == "tool"
    tracker.on_chain_error(error, run_id=node)
    tracker.on_chain_error(error, run_id=root)
    assert (tracker.last.kind, tracker.last.error_type) == ("agent", "tool")


def test_another_failure_after_a_tools_is_judged_by_itself():
    tracker = Journal()
    root = chain_starts(tracker, metadata={"ls_integration": "langchain_create_agent"})
    tracker.on_tool_error(OSError(), run_id=tool_starts(tracker, "search", root))
    assert tracker.last.agent is tracker._table.runs[root.int]
    tracker.on_chain_error(OSError(), run_id=root)
    assert (tracker.last.kind, tracker.last.error_type) == ("agent", "other")


def test_a_start_told_twice_is_one_run():
    tracker = Journal()
    run_id = model_starts(tracker, "m")
    first = tracker._table.runs[run_id.int]
    tracker.on_chat_model_start({}, [[]], run_id=run_id, metadata={"ls_model_name": "m"})
    assert tracker._table.runs[run_id.int] is first


def test_an_end_that_nobody_started_is_left_alone():
    tracker = Journal()
    for end in (tracker.on_llm_error, tracker.on_tool_error, tracker.on_chain_error):
        end(OSError(), run_id=next(IDS))
    tracker.on_chain_end({}, run_id=next(IDS))
    tracker.on_tool_end("", run_id=next(IDS))
    assert tracker.ended == []


@pytest.mark.parametrize("later", [2, 61], ids=["between two looks at all", "at one"])
def test_an_abandoned_run_is_closed_by_the_next_sweep_and_only_once(clock, later):
    tracker = Journal()
    run = tracker._table.runs[model_starts(tracker, "m").int]
    tracker._table.abandon(run)
    tracker._table.abandon(run)
    clock[0] += later
    tracker.sweep()
    assert tracker.ended == [("m", "cancelled")]
    assert tracker.last.seconds == later


def test_the_next_outermost_run_sweeps():
    tracker = Journal(RunTable(max_roots=1))
    model_starts(tracker, "first")
    model_starts(tracker, "second")
    assert tracker.ended == [("first", "cancelled")]


def test_an_exception_is_not_kept_until_its_run_is_counted(handler):
    class OwnError(Exception):
        pass

    error = OwnError()
    gone = weakref.ref(error)
    root = chain_starts(handler)
    model = model_starts(handler, "m", root)
    handler.on_llm_error(error, run_id=model)
    handler.on_chain_error(error, run_id=root)
    del error
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("read_between", [False, True])
def test_a_bill_that_arrives_late_is_counted_once(read_between, handler, registry):
    root = chain_starts(handler)
    model = model_starts(handler, "m", root)
    handler.on_chain_end({}, run_id=root)
    if read_between:
        generate_latest(registry)
    handler.on_llm_end(answer(), run_id=model)
    handler.flush(30)
    assert counters(registry, "llm_requests", "agent_tokens", "llm_cost_unknown") == {
        "llm_requests{m,unknown,cancelled,none}": 1,
        "agent_tokens{m,input}": 3,
        "agent_tokens{m,output}": 2,
        "llm_cost_unknown{m}": 1,
    }


def test_a_failed_call_with_a_bill_has_no_token_rate(handler, registry):
    model = model_starts(handler, "m")
    handler.on_llm_error(ValueError(), run_id=model, response=answer())
    assert counters(registry, "llm_requests", "agent_tokens") == {
        "llm_requests{m,unknown,error,other}": 1,
        "agent_tokens{m,input}": 3,
        "agent_tokens{m,output}": 2,
    }
    text = generate_latest(registry).decode()
    assert 'llm_request_duration_seconds_count{model="m"} 1.0' in text
    assert "llm_output_tokens_per_second_count" not in text


def test_a_cancelled_retrieval_has_no_duration(handler, registry):
    root = chain_starts(handler)
    handler.on_retriever_start({"name": "r"}, "q", run_id=next(IDS), parent_run_id=root)
    handler.on_chain_end({}, run_id=root)
    assert counters(registry, "retriever_requests") == {"retriever_requests{r,cancelled}": 1}
    assert "retriever_request_duration_seconds_count" not in generate_latest(registry).decode()


def test_what_waits_to_be_counted_is_bounded(handler, registry):
    for _ in range(200):
        handler.on_llm_end(answer(), run_id=model_starts(handler, "m"))
        assert len(handler.metrics.backlog._waiting) < 64
    assert list(counters(registry, "llm_requests").values()) == [200]


def test_with_files_shared_by_processes_nothing_waits(registry, monkeypatch):
    from langchain_phase5.callbacks import PrometheusCallbackHandler  # noqa: PLC0415

    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "read by others at any time")
    handler = PrometheusCallbackHandler(registry=registry)
    model = model_starts(handler, "m")
    (level,) = handler.metrics.llm_in_flight.values()
    assert level.get() == 1
    handler.on_llm_end(answer(), run_id=model)
    assert level.get() == 0
    assert in_flight(registry) == {}


def test_nobody_waits_for_another_thread_that_counts():
    done, at_work, go_on = [], Event(), Event()
    backlog = Backlog(1, on_failure=lambda job, runs: done.append((job, runs)))

    def slow(runs):
        at_work.set()
        done.append(go_on.wait(60))

    run = Run(1, "llm", "m", None, 0.0)
    thread = Thread(target=backlog.add, args=(slow, run))
    thread.start()
    try:
        assert at_work.wait(60)
        backlog.add(lambda runs: done.extend(each.name for each in runs), run)
    finally:
        go_on.set()
        thread.join()
    assert done == [True, "m"]


def test_counting_that_fails_is_told_by_name_and_stops_nothing_else(caplog):
    told = []
    backlog = Backlog(4, on_failure=lambda job, runs: told.append((job, runs)))

    def _count(runs):
        raise ZeroDivisionError

    def names(runs):
        told.append([run.name for run in runs])

    for job, name in ((_count, "a"), (_count, "b"), (names, "c"), (names, "d")):
        backlog.add(job, Run(1, "llm", name, None, 0.0))
    assert told == [("count", 2), ["c", "d"]]
    assert "Counting 2 runs failed" in caplog.text
    assert "ZeroDivisionError" in caplog.text


def test_what_is_open_is_counted_when_somebody_looks_and_only_once(handler, registry):
    first = model_starts(handler, "m")
    for _ in range(2):
        assert in_flight(registry) == {"llm_requests_in_flight{m}": 1}
    second = model_starts(handler, "m")
    assert in_flight(registry) == {"llm_requests_in_flight{m}": 2}
    for run_id in (first, second):
        handler.on_llm_end(answer(), run_id=run_id)
    assert in_flight(registry) == {}


@pytest.mark.parametrize("looked", [True, False])
def test_a_further_attempt_is_counted_once_whoever_looks(handler, registry, looked):
    root = chain_starts(handler)
    handler.on_llm_error(ConnectionError(), run_id=model_starts(handler, "m", root))
    again = model_starts(handler, "m", root)
    if looked:
        assert list(counters(registry, "llm_retries").values()) == [1]
    handler.on_llm_end(answer(), run_id=again)
    handler.on_chain_end({}, run_id=root)
    assert list(counters(registry, "llm_retries").values()) == [1]


def in_agent(name):
    return {"ls_integration": "langchain_create_agent", "lc_agent_name": name}


@pytest.mark.parametrize(
    ("around", "kind"), [(in_agent("outer"), "agent"), (in_agent("inner"), "chain"), ({}, "agent")]
)
def test_a_graph_is_an_agent_from_its_start_where_the_name_changes(around, kind):
    tracker = Journal()
    root = chain_starts(tracker, metadata=around)
    node = chain_starts(tracker, root, tags=["graph:step:1"], metadata=around)
    graph = chain_starts(tracker, node, metadata=in_agent("inner"))
    assert tracker._table.runs[graph.int].kind == kind
    model = model_starts(tracker, "m", graph)
    called_by = tracker._table.runs[model.int].agent
    assert called_by is tracker._table.runs[(graph if kind == "agent" else root).int]


def test_nothing_in_flight_is_zero_and_not_a_gap(handler, registry):
    handler.on_llm_end(answer(), run_id=model_starts(handler, "m"))
    handler.on_tool_end("", run_id=tool_starts(handler, "t"))
    agent = chain_starts(handler, metadata=in_agent("a"))
    handler.on_chain_end({}, run_id=agent)
    levels = {
        f"{kind}_in_flight": registry.get_sample_value(f"{kind}_in_flight", {label: value})
        for kind, label, value in [
            ("llm_requests", "model", "m"),
            ("tool_executions", "tool_name", "t"),
            ("agent_requests", "agent_type", "a"),
        ]
    }
    assert set(levels.values()) == {0.0}


def test_another_call_of_a_tool_that_failed_is_no_further_attempt():
    tracker = Journal()
    root = chain_starts(tracker)
    tracker.on_tool_error(OSError(), run_id=tool_starts(tracker, "search", root, "call-1"))
    other = tracker._table.runs[tool_starts(tracker, "search", root, "call-2").int]
    assert (other.retried, other.tool_call_id) == (False, "call-2")


@pytest.mark.parametrize(
    ("serialized", "details", "name"),
    [
        ({"name": "Kind"}, {"name": "docs"}, "docs"),
        ({"name": "Kind"}, {}, "Kind"),
        (None, {}, "unknown"),
    ],
)
def test_a_retriever_goes_by_its_own_name_or_its_kind(serialized, details, name):
    tracker = Journal()
    run_id = next(IDS)
    tracker.on_retriever_start(serialized, "Where?", run_id=run_id, **details)
    tracker.on_retriever_end([], run_id=run_id)
    assert (tracker.last.kind, tracker.last.name, tracker.last.status) == (
        "retriever",
        name,
        "success",
    )


@pytest.mark.parametrize(("options", "kind"), [({}, "chain"), ({"include_graphs": True}, "agent")])
def test_a_plain_graph_is_an_agent_only_if_wanted(options, kind):
    tracker = Journal(**options)
    graph = chain_starts(tracker, name="part", metadata={"ls_integration": "langgraph"})
    assert tracker._table.runs[graph.int].kind == kind


@pytest.mark.parametrize(("name", "shown"), [("part", "part"), (None, "agent")])
def test_a_graph_goes_by_its_name_if_it_has_one(name, shown):
    tracker = Journal(include_graphs=True)
    graph = chain_starts(tracker, name=name, metadata={"ls_integration": "langgraph"})
    assert tracker._table.runs[graph.int].name == shown


def test_a_graph_straight_below_an_agent_is_a_part_of_it():
    tracker = Journal(include_graphs=True)
    agent = chain_starts(tracker, metadata=in_agent("a"))
    graph = chain_starts(tracker, agent, name="part", metadata={"ls_integration": "langgraph"})
    assert tracker._table.runs[graph.int].kind == "chain"


@pytest.mark.parametrize(
    ("serialized", "details", "name"),
    [({"name": "add"}, {}, "add"), (None, {"name": "add"}, "add"), (None, {}, "unknown")],
)
def test_a_tool_goes_by_whichever_name_there_is(serialized, details, name):
    tracker = Journal()
    run_id = next(IDS)
    tracker.on_tool_start(serialized, "", run_id=run_id, **details)
    tracker.on_tool_end("", run_id=run_id)
    assert tracker.ended == [(name, "success")]


def test_the_first_content_alone_ends_the_wait_for_the_first_token():
    """As in streams of LangChain's newer protocol; a greeting holds no content."""
    tracker = Journal()
    model = model_starts(tracker, "chatty")
    seen = []
    for name in (
        "message-start",
        "content-block-start",
        *["content-block-delta"] * 2,
        "message-end",
    ):
        tracker.on_stream_event({"event": name}, run_id=model)
        seen.append(tracker._table.runs[model.int].first_token)
    tracker.on_stream_event({"event": "content-block-delta"}, run_id=next(IDS))
    greeting, begun, first, second, last = seen
    assert not greeting
    assert not begun
    assert 0 < first == second == last


def test_a_token_of_a_text_model_ends_the_wait_but_an_empty_one_does_not():
    tracker = Journal()
    model = next(IDS)
    tracker.on_llm_start({}, ["Hi"], run_id=model)
    run = tracker._table.runs[model.int]
    tracker.on_llm_new_token("", run_id=model)
    assert not run.first_token
    tracker.on_llm_new_token("one", run_id=model)
    first = run.first_token
    assert first
    tracker.on_llm_new_token("two", run_id=model)
    assert run.first_token == first


def test_what_a_call_used_before_it_broke_off_is_known():
    tracker = Journal()
    broken, lost = model_starts(tracker, "streams"), model_starts(tracker, "refuses")
    tracker.on_llm_error(ConnectionError("reset"), run_id=broken, response=answer())
    assert (tracker.last.usage.input, tracker.last.usage.output) == (3, 2)
    tracker.on_llm_error(ConnectionError("refused"), run_id=lost)
    assert tracker.last.usage is None
    assert tracker.ended == [("streams", "error"), ("refuses", "error")]
    tracker.on_llm_error(ConnectionError("reset"), run_id=next(IDS), response=answer())


def test_places_in_a_sequence_are_no_tags_of_an_agent():
    tracker = Journal()
    agent = chain_starts(tracker, metadata=in_agent("a"), tags=["seq:step:1", "nightly"])
    assert tracker._table.runs[agent.int].tags == ("nightly",)
