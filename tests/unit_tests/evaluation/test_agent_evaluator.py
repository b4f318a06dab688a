"""Running targets of every kind, and what is kept of errors."""

import asyncio
import json
import subprocess
import sys
import threading
import time

import pytest
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda
from langchain_core.tools import tool

from langchain_phase5.evaluation import AgentEvaluator, Dataset, Example, TestDatasetManager


def sums(count=6):
    return Dataset(
        name="sums",
        examples=[
            Example(
                inputs={"a": i, "b": 1},
                reference_outputs={"answer": i + 1},
                category="even" if i % 2 == 0 else "odd",
            )
            for i in range(count)
        ],
    )


def add(inputs):
    return {"answer": inputs["a"] + inputs["b"]}


async def async_add(inputs):
    return add(inputs)


class Adder:
    async def __call__(self, inputs):
        return add(inputs)


@tool
def weather(city: str) -> str:
    """Weather of a city."""
    return f"Sun in {city}."


def weather_agent(**fields):
    replies = [call("weather", city="Rome"), "Sun in Rome."]
    return create_agent(FakeChatModel(replies=replies, **fields), [weather], name="forecaster")


@pytest.fixture(params=["sync", "async", "in_loop"])
def evaluate(request):
    """Evaluate by each of the three ways in."""

    def run(target, dataset, metrics, **options):
        settings = {k: options.pop(k) for k in list(options) if k in _SETTINGS}
        evaluator = AgentEvaluator(**settings)
        if request.param == "sync":
            return evaluator.evaluate(target, dataset, metrics, **options)
        if request.param == "async":
            return asyncio.run(evaluator.run_evaluation(dataset, target, metrics, **options))

        async def notebook():
            return evaluator.evaluate(target, dataset, metrics, **options)

        return asyncio.run(notebook())

    return run


_SETTINGS = {"timeout", "retries", "callbacks", "storage"}


@pytest.mark.parametrize(
    "target",
    [add, async_add, Adder(), RunnableLambda(add), RunnableLambda(async_add)],
    ids=["function", "coroutine", "object", "runnable", "async-runnable"],
)
def test_grades_every_kind_of_target(evaluate, target):
    report = evaluate(target, sums(), ["exact_match"])
    assert (report.accuracy.value, report.accuracy.n) == (1.0, 6)
    assert [result.example_id for result in report.results] == [e.id for e in report.dataset]
    assert all(result.seconds >= 0 for result in report.results)


def test_an_agent_gets_messages_and_its_tool_calls_are_scored(evaluate):
    dataset = Dataset(
        name="weather",
        examples=[
            Example(
                inputs={"query": "Weather in Rome?"},
                reference_outputs={
                    "answer": "sun",
                    "tool_calls": [{"name": "weather", "args": {"city": "Rome"}}],
                },
            )
        ],
    )
    usage = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
    report = evaluate(weather_agent(usage=usage), dataset, ["contains", "tool_call_accuracy"])
    [result] = report.results
    assert result.scores == {"contains": 1.0, "tool_call_accuracy": 1.0}
    assert [(step["kind"], step["name"]) for step in result.steps][1] == ("tool", "weather")
    assert (result.input_tokens, result.output_tokens) == (20, 10)
    assert result.cost is None, "the price of a made-up model is unknown, not zero"
    assert report.unpriced == 1
    assert report.target == "forecaster"


def test_an_agent_may_be_given_as_its_configuration(evaluate):
    model = FakeChatModel(replies=["4"])
    report = evaluate(
        {"model": model, "tools": [], "name": "calculator"},
        [{"inputs": {"query": "2 + 2"}, "outputs": {"answer": "4"}}],
        ["exact_match"],
    )
    assert report.accuracy.value == 1.0
    assert report.target == "calculator"
    assert model.seen[0][-1].content == "2 + 2"


def test_a_chat_model_and_a_chain_are_targets(evaluate):
    examples = [{"inputs": {"query": "2 + 2"}, "outputs": {"answer": "4"}}]
    model = FakeChatModel(replies=["4"])
    chain = ChatPromptTemplate.from_messages([("human", "Compute {query}")]) | model
    assert evaluate(model, examples, ["exact_match"]).accuracy.value == 1.0
    assert evaluate(chain, examples, ["exact_match"]).accuracy.value == 1.0


class OpenAILike(FakeChatModel):
    def _get_ls_params(self, stop=None, **kwargs):
        return {"ls_provider": "openai", "ls_model_name": self.model_name, "ls_model_type": "chat"}


def test_the_cost_of_a_known_model_is_known(evaluate):
    usage = {"input_tokens": 1_000_000, "output_tokens": 0, "total_tokens": 1_000_000}
    model = OpenAILike(replies=["4"], model_name="gpt-4o-mini", usage=usage)
    report = evaluate(model, [{"inputs": {"query": "2 + 2"}}], ["exact_match"])
    assert report.results[0].steps[0]["name"] == "gpt-4o-mini"
    assert report.results[0].cost > 0
    assert report.total_cost == report.results[0].cost
    assert report.unpriced == 0


def test_a_plain_function_that_uses_langchain_inside_is_seen_through(evaluate):
    model = FakeChatModel(replies=["4"], usage=_USAGE)
    report = evaluate(lambda inputs: model.invoke("x").content, sums(1), ["exact_match"])
    assert report.results[0].steps[0]["kind"] == "model"
    assert report.tokens == (3, 2)


_USAGE = {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}


def test_errors_are_kept_whole_and_are_no_zeros(evaluate):
    def fragile(inputs):
        if inputs["a"] % 3 == 0:
            raise KeyError("no such order")
        return add(inputs)

    report = evaluate(fragile, sums(9), ["exact_match"])
    assert (report.accuracy.value, report.accuracy.n) == (1.0, 6)
    assert (report.error_rate.value, report.error_rate.n) == (pytest.approx(1 / 3), 9)
    failure = report.failed[0].error
    assert failure.type == "KeyError"
    assert "no such order" in failure.message
    assert "in fragile" in failure.trace


def test_when_everything_fails_there_is_no_score(evaluate):
    report = evaluate(lambda inputs: 1 / 0, sums(), ["exact_match"])
    assert report.accuracy.value is None
    assert report.error_rate.value == 1.0
    assert report.latency(0.5).value is None
    assert json.loads(report.to_json())["summary"]["scores"]["exact_match"]["value"] is None
    assert "unknown" in report.to_markdown()


def test_a_slow_answer_is_cut_off(evaluate, loop_clock):
    async def slow(inputs):
        if inputs["a"] == 0:
            loop_clock.let_pass(1)
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        return add(inputs)

    report = evaluate(slow, sums(3), ["exact_match"], timeout=0.2, concurrency=1)
    assert [result.error.type for result in report.failed] == ["TimeoutError"]
    assert report.failed[0].error.message == "no answer within 0.2 s"


def test_the_call_that_hung_is_among_the_steps(evaluate, loop_clock):
    @tool
    async def hanging() -> str:
        """Never answer."""
        loop_clock.let_pass(1)
        await asyncio.Event().wait()
        return ""

    async def target(inputs):
        await weather.ainvoke({"city": "Rome"})
        await hanging.ainvoke({})

    report = evaluate(target, sums(1), ["exact_match"], timeout=0.2)
    told, hung = report.results[0].steps
    assert (told["name"], told["output"]) == ("weather", "Sun in Rome.")
    assert hung["name"] == "hanging"
    assert "output" not in hung


def test_an_answer_from_langchains_cache_costs_nothing(evaluate):
    usage = {"input_tokens": 1_000_000, "output_tokens": 0, "total_tokens": 1_000_000}
    model = OpenAILike(replies=["4"], model_name="gpt-4o-mini", usage=usage, cache=InMemoryCache())
    same = [{"id": name, "inputs": {"query": "2 + 2"}} for name in ("first", "again")]
    first, again = evaluate(model, same, ["exact_match"], concurrency=1).results
    assert first.cost > 0
    assert again.cost == 0


def test_a_hanging_function_holds_up_neither_the_others_nor_the_end(evaluate, loop_clock):
    release, released = threading.Event(), []
    both = threading.Barrier(2, action=lambda: loop_clock.let_pass(1), timeout=60)

    def hanging(inputs):
        if inputs["a"] < 2:
            both.wait()
            release.wait(60)
            released.append(inputs["a"])
        return add(inputs)

    report = evaluate(hanging, sums(6), ["exact_match"], timeout=0.2, concurrency=2)
    assert released == []
    release.set()
    assert [result.error.type for result in report.failed] == ["TimeoutError"] * 2
    assert report.accuracy.n == 4


def test_a_sync_function_in_a_runnable_is_given_up_too(loop_clock):
    release, released = threading.Event(), []
    both = threading.Barrier(2, action=lambda: loop_clock.let_pass(1), timeout=60)

    def hanging(inputs):
        if inputs["a"] < 2:
            both.wait()
            release.wait(60)
            released.append(inputs["a"])
        return add(inputs)

    evaluator = AgentEvaluator(timeout=0.2, concurrency=2)
    report = evaluator.evaluate(RunnableLambda(hanging), sums(6), ["exact_match"])
    assert released == []
    release.set()
    assert [result.error.type for result in report.failed] == ["TimeoutError"] * 2
    assert report.accuracy.n == 4


def test_a_hundred_hanging_calls_end_with_the_reason(evaluate):
    release = threading.Event()
    options = {"timeout": 0.05, "concurrency": 8}
    report = evaluate(lambda inputs: release.wait(60), sums(100), ["exact_match"], **options)
    release.set()
    messages = {result.error.message for result in report.failed}
    assert len(report.failed) == 100
    assert messages == {
        "no answer within 0.05 s",
        "no answer within 0.05 s; not even asked, because earlier calls hang in all threads",
    }


@pytest.mark.parametrize("wrapped", ["hang", "RunnableLambda(hang)"])
def test_the_process_ends_although_a_function_hangs(wrapped):
    code = f"""
import threading
from langchain_core.runnables import RunnableLambda
from langchain_phase5.evaluation import AgentEvaluator
def hang(inputs):
    threading.Event().wait()
report = AgentEvaluator(timeout=2).evaluate({wrapped}, [{{"inputs": {{"q": 1}}}}])
print(report.failed[0].error.message)
"""
    command = [sys.executable, "-c", code]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)  # noqa: S603
    assert ended.stdout == "no answer within 2 s\n"


class RateLimitError(Exception):
    def __init__(self, wait):
        super().__init__("slow down")
        self.status_code = 429
        self.response = type("Response", (), {"headers": {"retry-after": str(wait)}})()


def test_rate_limits_are_waited_for_and_the_wait_is_no_latency(evaluate):
    tries = {}

    async def limited(inputs):
        tries[inputs["a"]] = tries.get(inputs["a"], 0) + 1
        if tries[inputs["a"]] < 3:
            raise RateLimitError(0.3)
        return add(inputs)

    started = time.perf_counter()
    report = evaluate(limited, sums(2), ["exact_match"])
    whole = time.perf_counter() - started
    assert report.accuracy.value == 1.0
    assert [result.attempts for result in report.results] == [3, 3]
    assert max(result.seconds for result in report.results) < whole - 0.59


def test_retries_end_and_leave_the_error(evaluate):
    async def limited(inputs):
        raise RateLimitError(0)

    report = evaluate(limited, sums(1), ["exact_match"], retries=2)
    assert report.results[0].attempts == 3
    assert report.results[0].error.type == "RateLimitError"


def test_other_errors_are_not_tried_again(evaluate):
    calls = []

    def wrong(inputs):
        calls.append(inputs)
        raise ValueError("bad input")

    evaluate(wrong, sums(2), ["exact_match"])
    assert len(calls) == 2


def test_repeats_count_examples_not_runs(evaluate):
    answers = iter([2, 0, 2, 2, 2, 2, 0, 2])
    report = evaluate(
        lambda inputs: next(answers),
        Dataset(
            name="flaky",
            examples=[Example(inputs={"i": i}, reference_outputs={"answer": 2}) for i in range(2)],
        ),
        ["exact_match"],
        repeats=4,
        concurrency=1,
    )
    assert (report.accuracy.value, report.accuracy.n) == (0.75, 2)
    assert len(report.results) == 8


@pytest.mark.parametrize(
    ("returned", "answer"),
    [
        (None, None),
        (b"\x89PNG" * 1000, {"type": "binary"}),
        ({"answer": float("nan")}, {"answer": "nan"}),
        ({"huge": "x" * 200_000}, {"huge": "x" * 200_000}),
        ({("a", 1): {1, 2}}, {"('a', 1)": [1, 2]}),
        (object, None),
    ],
    ids=["none", "binary", "nan", "huge", "odd-keys", "class"],
)
def test_whatever_comes_back_can_be_written(evaluate, tmp_path, returned, answer):
    report = evaluate(lambda inputs: returned, sums(2), ["exact_match"], journal=tmp_path / "j")
    assert not report.failed
    assert "NaN" not in report.to_json()
    assert report.to_html(tmp_path / "page.html")
    if isinstance(answer, dict):
        assert report.results[0].outputs.items() >= answer.items()


def test_results_come_in_the_datasets_order_and_equal_answers_give_equal_bytes(evaluate):
    async def jumbled(inputs):
        await asyncio.sleep(0.01 if inputs["a"] % 2 else 0)
        return add(inputs)

    first, second = (evaluate(jumbled, sums(8), ["exact_match"]) for _ in range(2))
    assert first.to_json(timings=False) == second.to_json(timings=False)


def test_concurrency_is_limited(evaluate):
    running, most, full = 0, 0, asyncio.Event()

    async def watched(inputs):
        nonlocal running, most
        running += 1
        most = max(most, running)
        if running == 3:
            full.set()
        await asyncio.wait_for(full.wait(), 60)
        await asyncio.sleep(0.01)
        running -= 1
        return add(inputs)

    evaluate(watched, sums(12), ["exact_match"], concurrency=3)
    assert most == 3


def test_sync_functions_run_side_by_side(evaluate):
    waiting = []

    def blocking(inputs):
        waiting.append(inputs["a"])
        deadline = time.monotonic() + 60
        while len(waiting) < 4 and time.monotonic() < deadline:
            time.sleep(0.005)
        return len(waiting)

    report = evaluate(blocking, sums(4), ["exact_match"], concurrency=4)
    assert {result.outputs for result in report.results} == {4}


class Listener(BaseCallbackHandler):
    def __init__(self):
        self.events = []

    def on_custom_event(self, name, data, **kwargs):
        self.events.append((name, data))


def test_callbacks_hear_the_score_of_each_metric(evaluate):
    listener = Listener()
    evaluate(add, sums(), ["exact_match", "numeric_match"], callbacks=[listener], version="v7")
    assert listener.events == [
        (
            "evaluation",
            {"dataset": "sums", "version": "v7", "metric": metric, "score": 1.0},
        )
        for metric in ("exact_match", "numeric_match")
    ]


def test_a_dataset_is_looked_up_by_name(evaluate, tmp_path):
    url = f"sqlite:///{tmp_path / 'd.db'}"
    TestDatasetManager(url).create_dataset("capitals", ["France?"], ["Paris"])
    assert evaluate(lambda i: "Paris", "capitals", "exact_match", storage=url).accuracy.value == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"target": 7}, "cannot evaluate 7"),
        ({"dataset": "capitals"}, "give AgentEvaluator a storage"),
        ({"dataset": [{"question": "?"}]}, "'inputs' dict"),
        ({"metrics": ["exactly"]}, "no metric 'exactly'; there are: "),
        ({"metrics": ["contains", "contains"]}, "two metrics are named 'contains'"),
        ({"metrics": [3]}, "a metric is a name or a function"),
        ({"repeats": 0}, "repeats must be at least 1"),
        ({"concurrency": -1}, "concurrency must be at least 1"),
    ],
)
def test_what_makes_no_sense_is_refused(evaluate, arguments, message):
    given = {"target": add, "dataset": sums(), "metrics": ["exact_match"]} | arguments
    with pytest.raises(ValueError, match=message):
        evaluate(given.pop("target"), given.pop("dataset"), given.pop("metrics"), **given)


def test_an_empty_dataset_gives_an_empty_report(evaluate, tmp_path):
    report = evaluate(add, [], ["exact_match"])
    assert report.accuracy.value is None
    assert report.metrics == ["exact_match"]
    assert "0 examples" in report.to_html()


def test_a_progress_bar_can_be_shown(capsys):
    AgentEvaluator(progress=True).evaluate(add, sums(), ["exact_match"])
    assert "sums" in capsys.readouterr().err
