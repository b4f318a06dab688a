"""Every agent run ends up in the database, and no agent waits for it."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from queue import Queue

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain.agents.structured_output import ToolStrategy
from langchain_core.callbacks import dispatch_custom_event
from langchain_core.tools import tool
from langgraph.graph import START, StateGraph
from prometheus_client import CollectorRegistry
from pydantic import BaseModel
from waiting import until

from langchain_phase5.callbacks import InteractionRecorder
from langchain_phase5.storage import Database, Interaction, InteractionStore

HI = {"messages": "What is 1 + 2?"}
USAGE = {
    "input_tokens": 100,
    "output_tokens": 20,
    "total_tokens": 120,
    "input_token_details": {"cache_read": 40, "cache_creation": 10},
    "output_token_details": {"reasoning": 5},
}


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@tool
def rate() -> str:
    """Rate this very run."""
    dispatch_custom_event("quality", {"score": 0.75})
    return "rated"


def agent(*replies, tools=(add, rate), **kwargs):
    model = FakeChatModel(replies=[*replies, "It is 3."], usage=USAGE)
    return create_agent(model, tools, name="calc", **kwargs)


@pytest.fixture
def database(tmp_path):
    with Database(f"sqlite:///{tmp_path}/phase5.db") as opened:
        yield opened


@pytest.fixture
def registry():
    return CollectorRegistry()


@pytest.fixture
def recording(database, registry):
    made = []

    def make(storage=database, **kwargs):
        made.append(InteractionRecorder(storage, registry=registry, **kwargs))
        made[-1].raise_error = True
        return made[-1]

    yield make
    for recorder in made:
        recorder.close()


def only(recorder) -> Interaction:
    recorder.flush(30)
    (interaction,) = recorder.store.find()
    return interaction


async def test_everything_about_a_run(drive, recording):
    recorder = recording(
        agent_version="v2", tags=["shop"], prices={"fake-model": {"input": 1, "output": 2}}
    )
    before = datetime.now(UTC)
    made = agent(call("add", a=1, b=2), call("nope"), call("rate"))
    await drive(made, HI, {"callbacks": [recorder], "tags": ["nightly", "shop"]})
    found = only(recorder)
    assert found.agent_type == "calc"
    assert found.agent_version == "v2"
    assert found.status == "success"
    assert found.input == "What is 1 + 2?"
    assert found.output == "It is 3."
    assert before <= found.started_at <= datetime.now(UTC)
    assert found.tags == ("shop", "nightly")
    assert found.model == "fake-model"
    assert found.model_calls == 4
    assert (found.input_tokens, found.output_tokens) == (400, 80)
    assert (found.cache_read_tokens, found.cache_write_tokens) == (160, 40)
    assert found.reasoning_tokens == 20
    assert found.cost_usd == pytest.approx(4 * (100 * 1 + 20 * 2) / 1e6)
    assert found.quality == 0.75
    assert [(use.name, use.status, use.error_type) for use in found.tools] == [
        ("add", "success", "none"),
        ("unknown", "error", "validation"),
        ("rate", "success", "none"),
    ]
    assert found.tools[0].arguments == '{"a": 1, "b": 2}'
    assert found.tools[0].output == "3"
    assert found.tools[0].seconds > 0
    assert found.parent_id is None


async def test_failed_run_and_unknown_price(drive, recording):
    recorder = recording()
    with pytest.raises(ConnectionError):
        await drive(agent(ConnectionError()), HI, {"callbacks": [recorder]})
    found = only(recorder)
    assert (found.status, found.error_type, found.output) == ("error", "server", "")


async def test_price_that_nobody_knows_is_not_zero(recording):
    recorder = recording()
    agent().invoke(HI, {"callbacks": [recorder]})
    assert only(recorder).cost_usd is None


async def test_content_can_be_left_out(recording):
    recorder = recording(record_content=False)
    agent(call("add", a=1, b=2)).invoke(HI, {"callbacks": [recorder]})
    found = only(recorder)
    assert (found.input, found.output) == ("", "")
    assert (found.tools[0].name, found.tools[0].arguments, found.tools[0].output) == ("add", "", "")
    assert found.input_tokens == 200


def test_content_is_redacted_before_it_is_stored(recording):
    recorder = recording(redact=lambda found: replace(found, input=found.input.replace("1", "*")))
    agent().invoke(HI, {"callbacks": [recorder]})
    assert only(recorder).input == "What is * + 2?"


def test_redaction_can_reject_a_run(recording):
    recorder = recording(redact=lambda found: None)
    agent().invoke(HI, {"callbacks": [recorder]})
    recorder.flush(30)
    assert recorder.store.count() == 0


def test_run_whose_redaction_fails_is_not_stored(recording, registry):
    def redact(found):
        if "1" in found.input:
            raise KeyError
        return found

    recorder = recording(redact=redact)
    for text in ("2", "1", "3"):
        agent().invoke({"messages": text}, {"callbacks": [recorder]})
    recorder.flush(30)
    assert {found.input for found in recorder.store.find()} == {"2", "3"}
    assert registry.get_sample_value("interactions_total", {"outcome": "failed"}) == 1
    assert registry.get_sample_value("interactions_total", {"outcome": "recorded"}) == 2


def test_quality_given_afterwards(recording):
    recorder = recording()
    agent().invoke(HI, {"callbacks": [recorder]})
    run_id = only(recorder).id
    recorder.record_quality(run_id, 0.25)
    assert only(recorder).quality == 0.25
    with pytest.raises(ValueError, match="from 0 to 1"):
        recorder.record_quality(run_id, 2)


def test_nested_agent_has_a_row_of_its_own(recording):
    inner = create_agent(FakeChatModel(usage=USAGE), [], name="inner")

    @tool
    def delegate(task: str) -> str:
        """Ask another agent."""
        return inner.invoke({"messages": task})["messages"][-1].text

    recorder = recording()
    agent(call("delegate", task="x"), tools=[delegate]).invoke(HI, {"callbacks": [recorder]})
    recorder.flush(30)
    (outer,) = recorder.store.find(outermost=True)
    (nested,) = recorder.store.find(agent_type="inner")
    assert nested.parent_id == outer.id
    assert (nested.input, nested.input_tokens, outer.input_tokens) == ("x", 100, 200)


def test_two_recorders_store_a_run_once(recording):
    first, second = recording(), recording()
    agent().invoke(HI, {"callbacks": [first, second]})
    first.flush(30)
    second.flush(30)
    assert first.store.count() == 1


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"messages": "plain"}, "plain"),
        ({"messages": ["one", ("user", "two")]}, "two"),
        ({"messages": [{"role": "user", "content": "three"}]}, "three"),
        ({"messages": [("user", "x" * 30_000)]}, "x" * 20_000),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "look"}]}]},
            '{"messages": [{"role": "user", "content": [{"type": "text", "text": "look"}]}]}',
        ),
    ],
)
def test_questions_in_every_form(given, text, recording):
    recorder = recording()
    agent().invoke(given, {"callbacks": [recorder]})
    assert only(recorder).input == text


def test_structured_answer_is_kept_as_json(recording):
    class Answer(BaseModel):
        number: int

    recorder = recording()
    made = agent(call("Answer", number=3), response_format=ToolStrategy(Answer))
    made.invoke(HI, {"callbacks": [recorder]})
    assert only(recorder).output == '{"number": 3}'


def test_graph_with_a_state_of_its_own(recording):
    recorder = recording(include_graphs=True)
    graph = StateGraph(dict).add_node("work", lambda state: {"done": {1, 2}})
    graph.add_edge(START, "work").compile().invoke({"todo": 1}, {"callbacks": [recorder]})
    found = only(recorder)
    assert (found.input, found.output) == ('{"todo": 1}', '{"done": "{1, 2}"}')


def test_full_queue_drops_and_counts(recording, registry):
    blocked = threading.Event()

    def redact(found):
        blocked.wait(60)
        return found

    recorder = recording(redact=redact, queue_size=2, flush_seconds=0)
    made = agent()
    for _ in range(10):
        made.invoke(HI, {"callbacks": [recorder]})
    dropped = registry.get_sample_value("interactions_total", {"outcome": "dropped"})
    blocked.set()
    recorder.flush(30)
    assert dropped > 0
    assert recorder.store.count() == 10 - dropped


def test_flush_that_takes_too_long(recording):
    blocked = threading.Event()
    recorder = recording(redact=lambda found: blocked.wait(60) and found, flush_seconds=0)
    agent().invoke(HI, {"callbacks": [recorder]})
    with pytest.raises(TimeoutError, match="waiting"):
        recorder.flush(0.05)
    blocked.set()


def test_database_that_is_gone_is_counted_and_disturbs_nobody(recording, registry, tmp_path):
    recorder = recording(f"sqlite:///{tmp_path}/other.db")
    with recorder.store.database.begin() as connection:
        connection.exec_driver_sql("DROP TABLE interactions")
    for _ in range(5):
        agent().invoke(HI, {"callbacks": [recorder]})
    recorder.flush(30)
    assert registry.get_sample_value("interactions_total", {"outcome": "failed"}) == 5


def test_closed_recorder_starts_again(recording):
    recorder = recording()
    with recorder:
        agent().invoke(HI, {"callbacks": [recorder]})
    assert recorder.store.count() == 1
    agent().invoke(HI, {"callbacks": [recorder]})
    recorder.flush(30)
    assert recorder.store.count() == 2
    recorder.close()
    recorder.close()


def test_what_comes_while_it_is_closed_is_written_too(recording, monkeypatch):
    """As when another thread records an agent at the moment at which the service ends."""
    recorder, empty = recording(), Queue.empty
    agent().invoke(HI, {"callbacks": [recorder]})

    def late(queue):
        answer = empty(queue)
        if queue is recorder._writer._queue:
            monkeypatch.setattr(Queue, "empty", empty)
            other = threading.Thread(target=agent().invoke, args=(HI, {"callbacks": [recorder]}))
            others.append(other)
            other.start()
            other.join(0.5)  # it may have to wait
        return answer

    others = []
    monkeypatch.setattr(Queue, "empty", late)
    recorder.close()
    (other,) = others
    other.join()
    until(lambda: recorder.store.count() == 2)
    recorder.close()


def test_old_interactions_are_pruned(recording):
    recorder = recording()
    agent().invoke(HI, {"callbacks": [recorder]})
    recorder.flush(30)
    assert recorder.prune(older_than=timedelta(days=1)) == 0
    assert recorder.prune(older_than=timedelta(0)) == 1
    assert recorder.store.count() == 0


@pytest.mark.parametrize("wrong", [{"queue_size": 0}, {"flush_seconds": -1}])
def test_senseless_sizes(wrong, recording):
    with pytest.raises(ValueError, match="positive"):
        recording(**wrong)


SCRIPT = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from fakes import FakeChatModel
from langchain.agents import create_agent
from prometheus_client import CollectorRegistry
from langchain_phase5.callbacks import InteractionRecorder

recorder = InteractionRecorder({url!r}, registry=CollectorRegistry(), flush_seconds=0.01)
agent = create_agent(FakeChatModel(), [], name="calc")
"""


def child(body, tmp_path):
    url = f"sqlite:///{tmp_path}/child.db"
    tests = os.path.dirname(sys.modules["fakes"].__file__)  # noqa: PTH120
    source = SCRIPT.format(url=url, tests=tests) + textwrap.dedent(body)
    done = subprocess.run(  # noqa: S603  (our own)
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=300, check=False
    )
    return done, InteractionStore(url)


def test_everything_is_written_when_the_process_ends(tmp_path):
    done, store = child(
        """
        recorder._writer._batch_seconds = 60
        for i in range(20):
            agent.invoke({"messages": str(i)}, {"callbacks": [recorder]})
        """,
        tmp_path,
    )
    assert (done.returncode, store.count()) == (0, 20), done.stderr


def test_killed_process_loses_nothing_that_was_written(tmp_path):
    done, store = child(
        """
        for i in range(30):
            agent.invoke({"messages": str(i)}, {"callbacks": [recorder]})
            if i == 19:
                recorder.flush()
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        tmp_path,
    )
    assert done.returncode == -signal.SIGKILL
    assert 20 <= store.count() <= 30
    with store.database.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_forked_worker_records_too(tmp_path):
    done, store = child(
        """
        agent.invoke({"messages": "parent"}, {"callbacks": [recorder]})
        recorder.flush()
        pid = os.fork()
        agent.invoke({"messages": "child" if pid == 0 else "again"}, {"callbacks": [recorder]})
        recorder.flush()
        if pid == 0:
            os._exit(0)
        assert os.waitpid(pid, 0)[1] == 0
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert {found.input for found in store.find()} == {"parent", "child", "again"}
