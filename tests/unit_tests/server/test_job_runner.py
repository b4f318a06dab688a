"""Evaluations that run beside the requests, and survive their worker."""

import asyncio
import sys
import threading

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from waiting import until

from langchain_phase5.evaluation import EvaluationReport, TestDatasetManager
from langchain_phase5.server.evaluations.job_runner import JobRunner
from langchain_phase5.storage import Database, JobLease, JobStore
from langchain_phase5.storage.job import JOBS
from langchain_phase5.storage.runs import RunStore

QUICK = {"poll_seconds": 0.02, "shutdown_seconds": 60.0}


@pytest.fixture
def database(tmp_path):
    with Database(f"sqlite:///{tmp_path}/jobs.db") as database:
        yield database


@pytest.fixture
def asked(database):
    data = TestDatasetManager(database).create_dataset(
        "letters", [str(i) for i in range(6)], [str(i) for i in range(6)]
    )
    return {
        "agent": "echo",
        "dataset": {"name": "letters", "version": data.version},
        "concurrency": 1,
    }


class Echo:
    """Answers with the question, and waits at the third until it may go on."""

    def __init__(self, stay=False):
        self.calls, self.reached, self.go_on = [], threading.Event(), threading.Event()
        if not stay:
            self.go_on.set()

    def __call__(self, inputs):
        self.calls.append(inputs["query"])
        if len(self.calls) == 3:
            self.reached.set()
            assert self.go_on.wait(60)
        return inputs["query"]


def runner(database, agent, **options):
    return JobRunner(database, agents={"echo": agent}, **(QUICK | options))


def ended(running, job_id):
    until(lambda: running.store.get(job_id).state not in {"queued", "running"})
    return running.store.get(job_id)


def report_of(database, job):
    return EvaluationReport.from_dict(RunStore(database).load(job.run_id))


def test_a_job_becomes_a_run_of_the_same_id(database, asked):
    with runner(database, Echo()) as running:
        job = running.submit(asked | {"version": "v1", "repeats": 2}, total=12)
        over = ended(running, job.id)
    assert (over.state, over.done, over.failed, over.run_id) == ("succeeded", 12, 0, job.id)
    report = report_of(database, over)
    assert (report.accuracy.value, report.target_version, len(report.results)) == (1.0, "v1", 12)


def test_errors_of_the_agent_are_counted_and_do_not_fail_the_job(database, asked):
    def broken(inputs):
        if inputs["query"] == "3":
            raise ValueError("three")
        return inputs["query"]

    with runner(database, broken) as running:
        over = ended(running, running.submit(asked, total=6).id)
    assert (over.state, over.done, over.failed) == ("succeeded", 6, 1)
    assert report_of(database, over).accuracy.n == 5


def test_own_metrics_are_found_by_name(database, asked):
    def length(*, outputs, **_):
        return {"key": "length", "score": len(outputs)}

    with runner(database, Echo(), metrics={"length": length}) as running:
        over = ended(running, running.submit(asked | {"metrics": ["length"]}, total=6).id)
    assert report_of(database, over).score("length").value == 1


def test_shutdown_gives_an_unfinished_job_back_and_the_next_start_goes_on(database, asked):
    first, second = Echo(stay=True), Echo()
    with runner(database, first) as running:
        job = running.submit(asked, total=6)
        assert first.reached.wait(60)
        (working,) = running._running
        threading.Thread(target=lambda: working.stop.wait(60) and first.go_on.set()).start()
    given_back = JobStore(database).get(job.id)
    assert (given_back.state, given_back.done, given_back.lease) == ("queued", 3, None)
    with runner(database, second) as running:
        over = ended(running, job.id)
    assert over.state == "succeeded"
    assert first.calls + second.calls == ["0", "1", "2", "3", "4", "5"]
    assert len(report_of(database, over).results) == 6


def test_shutdown_does_not_wait_for_ever(database, asked):
    hanging = Echo(stay=True)
    with runner(database, hanging, shutdown_seconds=0.05) as running:
        job = running.submit(asked, total=6)
        assert hanging.reached.wait(60)
    hanging.go_on.set()
    given_back = JobStore(database).get(job.id)
    assert (given_back.state, given_back.done) == ("queued", 2)


def test_cancel_a_running_and_a_queued_job(database, asked):
    echo = Echo(stay=True)
    with runner(database, echo, concurrent_jobs=1) as running:
        job, waiting = running.submit(asked, total=6), running.submit(asked, total=6)
        assert echo.reached.wait(60)
        assert running.cancel(waiting.id).state == "cancelled"
        assert running.cancel(job.id).cancel_requested
        assert ended(running, job.id).state == "cancelled"
        echo.go_on.set()
        assert running.resume(job.id).state == "queued"
        over = ended(running, job.id)
    assert (over.state, over.done) == ("succeeded", 6)
    assert sorted(set(echo.calls)) == ["0", "1", "2", "3", "4", "5"]


def test_another_worker_goes_on_where_a_dead_one_was(database, asked):
    dead = JobStore(database, lease_seconds=0)
    job = dead.submit(asked, target="echo", total=6)
    claimed = dead.claim(["echo"])
    claimed.journal({"run_id": job.id} | header(asked))
    for number in "012":
        example = TestDatasetManager(database).get_dataset("letters").examples[int(number)]
        result = {"example_id": example.id, "outputs": number, "scores": {"exact_match": 1.0}}
        claimed.record(number, result)
    echo = Echo()
    with runner(database, echo) as running:
        over = ended(running, job.id)
    assert (over.state, over.done, echo.calls) == ("succeeded", 6, ["3", "4", "5"])
    assert report_of(database, over).started_at == 7.0


def header(asked):
    return {
        "dataset": "letters",
        "version": asked["dataset"]["version"],
        "repeats": 1,
        "metrics": ["exact_match"],
        "target": "echo",
        "target_version": "",
        "started_at": 7.0,
    }


def test_who_has_lost_a_job_stops(database, asked):
    echo = Echo(stay=True)
    with runner(database, echo, lease_seconds=0.0, concurrent_jobs=1) as running:
        job = running.submit(asked, total=6)
        assert echo.reached.wait(60)
        thief = JobStore(database)
        until(lambda: thief.claim(["echo"]) is not None)
        until(lambda: not running._running)
        echo.go_on.set()
        assert thief.get(job.id).state == "running"
    assert echo.calls == ["0", "1", "2"]


def test_a_job_that_kills_its_workers_is_given_up(database, asked):
    store = JobStore(database, lease_seconds=0)
    job = store.submit(asked, target="echo", total=6)
    for _ in range(3):
        store.claim(["echo"])
    echo = Echo()
    with runner(database, echo) as running:
        over = ended(running, job.id)
    assert (over.state, echo.calls) == ("failed", [])
    assert "3 times" in over.error


def test_a_job_that_was_cancelled_while_its_worker_was_dead(database, asked):
    store = JobStore(database, lease_seconds=0)
    job = store.submit(asked, target="echo", total=6)
    store.claim(["echo"])
    store.cancel(job.id)
    with runner(database, Echo()) as running:
        assert ended(running, job.id).state == "cancelled"


def test_what_cannot_run_fails_and_says_why(database, asked):
    with runner(database, Echo()) as running:
        job = running.submit(asked | {"dataset": {"name": "gone", "version": "1"}}, total=6)
        over = ended(running, job.id)
    assert over.state == "failed"
    assert "no dataset 'gone@1'" in over.error


@pytest.mark.parametrize("is_async", [True, False])
def test_an_agent_that_wants_to_end_the_process_ends_its_job(database, asked, is_async):
    async def leave(inputs):
        sys.exit(3)

    with runner(database, leave if is_async else lambda inputs: sys.exit(3)) as running:
        over = ended(running, running.submit(asked, total=6).id)
        assert (over.state, over.error) == ("failed", "SystemExit: 3")
        running.agents["echo"] = Echo()
        assert ended(running, running.submit(asked, total=6).id).state == "succeeded"


def test_an_agent_that_blocks_the_loop_does_not_lose_its_lease(database, asked):
    def held_until():
        with database.begin() as connection:
            return connection.execute(select(JOBS.c.lease_until)).scalar_one()

    async def blocking(inputs):
        if inputs["query"] == "0":
            first = held_until()
            until(lambda: held_until() > first + 1)
        return inputs["query"]

    with runner(database, blocking) as running:
        job = running.submit(asked, total=6)
        over = ended(running, job.id)
    assert (over.state, over.done, over.failed) == ("succeeded", 6, 0)


def test_a_database_that_is_away_for_a_moment_costs_nothing(database, asked, monkeypatch):
    away = [True] * 3

    def claim(store, targets, real=JobStore.claim):
        if away:
            away.pop()
            raise OperationalError("select", {}, Exception("away"))
        return real(store, targets)

    def record(lease, *arguments, real=JobLease.record, **options):
        if not failed:
            failed.append(True)
            raise OperationalError("insert", {}, Exception("away"))
        real(lease, *arguments, **options)

    failed = []
    monkeypatch.setattr(JobStore, "claim", claim)
    monkeypatch.setattr(JobLease, "record", record)
    with runner(database, Echo(), lease_seconds=1.0) as running:
        over = ended(running, running.submit(asked, total=6).id)
    assert (over.state, over.done, away, failed) == ("succeeded", 6, [], [True])


def test_agents_that_this_worker_does_not_have_are_left_to_others(database, asked):
    with runner(database, Echo()) as running:
        other = running.submit(asked | {"agent": "another"}, total=6)
        ended(running, running.submit(asked, total=6).id)
        assert running.store.get(other.id).state == "queued"


async def test_it_lives_in_an_application_that_may_start_twice(database, asked):
    running = runner(database, Echo())
    for _ in range(2):
        async with running:
            job = running.submit(asked, total=6)
            over = await asyncio.to_thread(ended, running, job.id)
        assert over.state == "succeeded"
