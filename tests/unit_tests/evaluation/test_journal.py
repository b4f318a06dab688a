"""What a run leaves on disk, and how it goes on from there."""

import asyncio
import errno
import json
import os
import threading
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from langchain_phase5.evaluation import AgentEvaluator, Dataset, Example


def sums(count=6, name="sums"):
    return Dataset(
        name=name,
        examples=[
            Example(inputs={"a": i}, reference_outputs={"answer": i + 1}) for i in range(count)
        ],
    )


class Counting:
    def __init__(self, fail_at=None):
        self.calls, self.fail_at = [], fail_at

    async def __call__(self, inputs):
        await asyncio.sleep(0)
        if inputs["a"] == self.fail_at:
            raise KeyboardInterrupt
        self.calls.append(inputs["a"])
        return inputs["a"] + 1


def run(target, journal, dataset=None, metrics=("exact_match",), **options):
    return AgentEvaluator(concurrency=1).evaluate(
        target, dataset or sums(), list(metrics), journal=journal, **options
    )


def test_an_interrupted_run_goes_on_where_it_was(tmp_path):
    journal = tmp_path / "deep" / "run.jsonl"
    first, second = Counting(fail_at=4), Counting()
    with pytest.raises(KeyboardInterrupt):
        run(first, journal, version="v1")
    report = run(second, journal, version="v1")
    assert (first.calls, second.calls) == ([0, 1, 2, 3], [4, 5])
    assert (report.accuracy.value, report.accuracy.n) == (1.0, 6)


def test_a_finished_run_is_only_read(tmp_path):
    journal = tmp_path / "run.jsonl"
    before = run(Counting(), journal, repeats=2)
    again = Counting()
    after = run(again, journal, repeats=2)
    assert again.calls == []
    assert after.to_json() == before.to_json()


@pytest.mark.parametrize("cut", [1, 7, 40])
def test_a_torn_last_line_is_run_again(tmp_path, cut):
    journal = tmp_path / "run.jsonl"
    run(Counting(), journal)
    journal.write_bytes(journal.read_bytes()[:-cut])
    again = Counting()
    report = run(again, journal)
    assert again.calls == [5]
    assert len(report.results) == 6
    assert all(json.loads(line) for line in journal.read_text().splitlines())


def test_errors_stay_as_they_were(tmp_path):
    journal = tmp_path / "run.jsonl"

    def fragile(inputs):
        return 1 / (inputs["a"] - 2)

    before = run(fragile, journal)
    after = run(Counting(), journal)
    assert after.failed == before.failed
    assert after.failed[0].error.type == "ZeroDivisionError"


def test_failed_evaluators_stay_as_they_were(tmp_path):
    def broken(outputs):
        raise RuntimeError("cannot judge")

    journal = tmp_path / "run.jsonl"
    before = run(Counting(), journal, metrics=[broken])
    after = run(Counting(), journal, metrics=[broken])
    assert after.results == before.results
    assert after.results[0].metric_errors["broken"].message == "cannot judge"


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": sums(7)},
        {"dataset": sums(name="other")},
        {"metrics": ["contains"]},
        {"repeats": 2},
    ],
    ids=["examples", "name", "metrics", "repeats"],
)
def test_another_run_may_not_write_into_it(tmp_path, change):
    journal = tmp_path / "run.jsonl"
    run(Counting(), journal)
    with pytest.raises(ValueError, match="holds another run"):
        run(Counting(), journal, **change)


def test_two_runs_at_once_are_refused(tmp_path):
    journal = tmp_path / "run.jsonl"

    def nested(inputs):
        run(Counting(), journal)

    report = run(nested, journal)
    assert {result.error.type for result in report.results} == {"RuntimeError"}
    assert "another run is writing" in report.results[0].error.message


def test_files_that_are_no_journal_are_left_alone(tmp_path):
    other = tmp_path / "notes.jsonl"
    other.write_text('{"note": 1}\n')
    with pytest.raises(ValueError, match="not a journal"):
        run(Counting(), other)
    other.write_text("{damaged\n{}\n")
    with pytest.raises(ValueError, match="damaged at byte 0"):
        run(Counting(), other)


def test_a_full_disk_stops_the_run_and_keeps_what_is_written(tmp_path, monkeypatch):
    journal = tmp_path / "run.jsonl"
    write, written = os.write, []

    def filling(file, data):
        if len(written) == 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(data)
        return write(file, data)

    with monkeypatch.context() as patch:
        patch.setattr("langchain_phase5.evaluation.journal.os.write", filling)
        with pytest.raises(OSError, match="No space left"):
            run(Counting(), journal)
    again = Counting()
    run(again, journal, fsync=True)
    assert again.calls == [3, 4, 5]


async def test_a_cancelled_run_can_be_resumed(tmp_path):
    journal, reached = tmp_path / "run.jsonl", asyncio.Event()

    async def hanging(inputs):
        if inputs["a"] == 3:
            reached.set()
            await asyncio.Event().wait()
        return inputs["a"] + 1

    evaluator = AgentEvaluator(concurrency=1)
    task = asyncio.create_task(
        evaluator.run_evaluation(sums(), hanging, ["exact_match"], journal=journal)
    )
    await asyncio.wait_for(reached.wait(), 60)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    again = Counting()
    report = await evaluator.run_evaluation(sums(), again, ["exact_match"], journal=journal)
    assert again.calls == [3, 4, 5]
    assert report.accuracy.value == 1.0


@pytest.mark.parametrize("odd", ["bad \ud800 text", 2**100, -(2**63) - 1, 1e300])
def test_what_few_parsers_take_survives(tmp_path, odd):
    journal = tmp_path / "run.jsonl"
    run(lambda inputs: odd, journal)
    report = run(Counting(), journal)
    assert report.results[0].outputs == odd
    assert "<table" in report.to_html()
    report.to_json(tmp_path / "report.json")


def test_a_run_that_is_asked_to_stop_finishes_what_it_has_begun(tmp_path):
    journal, stop = tmp_path / "run.jsonl", threading.Event()
    calls = []

    async def target(inputs):
        calls.append(inputs["a"])
        if len(calls) == 2:
            stop.set()
        await asyncio.sleep(0.01)
        return inputs["a"] + 1

    with pytest.raises(RuntimeError, match="stopped after 2 of 6"):
        AgentEvaluator(concurrency=2).evaluate(target, sums(), journal=journal, stop=stop)
    assert calls == [0, 1]
    report = run(target, journal)
    assert (sorted(calls), report.accuracy.n) == ([0, 1, 2, 3, 4, 5], 6)


def test_a_stop_that_comes_after_the_last_example_changes_nothing():
    stop = threading.Event()

    def target(inputs):
        stop.set()
        return inputs["a"] + 1

    report = AgentEvaluator(concurrency=1).evaluate(target, sums(1), stop=stop)
    assert report.accuracy.value == 1.0


def test_a_journal_of_ones_own(tmp_path):
    kept = {}

    @contextmanager
    def opened(header):
        kept.setdefault("header", header)
        yield SimpleNamespace(
            header=kept["header"],
            finished=list(kept.setdefault("results", [])),
            append=kept["results"].append,
        )

    with pytest.raises(KeyboardInterrupt):
        run(Counting(fail_at=4), opened)
    again = Counting()
    report = run(again, opened)
    assert again.calls == [4, 5]
    assert (report.accuracy.n, report.run_id) == (6, kept["header"]["run_id"])


@pytest.mark.parametrize("answer", [{}, [], "", 0, 0.0, False, None])
def test_an_empty_answer_is_still_an_answer(tmp_path, answer):
    asked = []

    def target(inputs):
        asked.append(inputs)
        return answer

    def run():
        return AgentEvaluator().evaluate(target, [{"inputs": {"q": 1}}], journal=tmp_path / "j")

    first, again = run(), run()
    assert first.results[0].outputs == again.results[0].outputs == answer
    assert type(again.results[0].outputs) is type(answer)
    assert len(asked) == 1
