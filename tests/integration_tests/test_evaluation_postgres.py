"""Datasets, runs and jobs on a real PostgreSQL server, under eight writers."""

import threading

import pytest
from sqlalchemy import text

from langchain_phase5.evaluation import AgentEvaluator, TestDatasetManager, compare_versions
from langchain_phase5.storage import JobStore, LeaseLostError
from langchain_phase5.storage.database import Database

pytestmark = [pytest.mark.enable_socket, pytest.mark.xdist_group("postgres")]


@pytest.fixture
def database(postgres_url):
    with Database(postgres_url) as database:
        yield database


def in_eight_threads(work):
    errors = []

    def run(number):
        try:
            work(number)
        except Exception as error:  # noqa: BLE001 - told below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_datasets_runs_and_comparisons(database):
    manager = TestDatasetManager(database)
    dataset = manager.create_dataset("d", [f"q{i} ä 北" for i in range(20)], ["a"] * 20)
    assert manager.get_dataset("d") == dataset
    evaluator = AgentEvaluator(storage=database)
    evaluator.evaluate(lambda inputs: "a", "d", version="v1")
    evaluator.evaluate(lambda inputs: "b", "d", version="v2")
    assert compare_versions("v1", "v2", "d", storage=database).verdict == "regression"
    assert manager.delete_dataset("d") == 1


def test_eight_writers(database):
    manager = TestDatasetManager(database)

    def write(writer):
        for i in range(5):
            manager.create_dataset("busy", [f"{writer} {i}"])
            manager.create_dataset("busy", ["the same"])

    in_eight_threads(write)
    assert len(manager.list_datasets("busy")) == 41


def test_eight_workers_take_each_job_once(database):
    store = JobStore(database)
    ids = [store.submit({"n": i}, target="agent", total=2).id for i in range(40)]
    taken = []

    def work(_):
        while (lease := store.claim(["agent"])) is not None:
            for step in ("a", "b"):
                lease.record(step, {"said": "\x00 \ud800 北"})
            lease.finish("succeeded", run_id=lease.job.id, error="\x00 \ud800")
            taken.append(lease.job.id)

    in_eight_threads(work)
    assert sorted(taken) == sorted(ids)
    jobs, total = store.page(state="succeeded", limit=100)
    assert (total, {job.done for job in jobs}) == (40, {2})


def test_a_worker_passes_over_a_job_that_another_is_taking(database):
    store = JobStore(database)
    first, second = (store.submit({}, target="agent", total=1).id for _ in range(2))
    with database.begin() as connection:
        connection.execute(text("select 1 from jobs where id = :id for update"), {"id": first})
        assert store.claim(["agent"]).job.id == second  # without waiting for the lock
    assert store.claim(["agent"]).job.id == first


def test_a_lease_runs_out_by_the_clock_of_the_database(database, monkeypatch):
    store = JobStore(database, lease_seconds=60)
    store.submit({}, target="agent", total=1)
    lease = store.claim(["agent"])
    monkeypatch.setattr("langchain_phase5.storage.job_lease.time.time", lambda: 4e9)
    assert store.claim(["agent"]) is None
    with database.begin() as connection:
        connection.execute(text("update jobs set lease_until = lease_until - 61"))
    taken = store.claim(["agent"])
    assert (taken.job.id, taken.job.attempts) == (lease.job.id, 2)
    with pytest.raises(LeaseLostError):
        lease.record("a", {})


def test_the_same_key_at_the_same_moment_starts_one_job(database):
    store, ids = JobStore(database), []

    def ask(_):
        ids.append(store.submit({}, target="agent", total=1, idempotency_key="k").id)

    in_eight_threads(ask)
    assert len(set(ids)) == 1
    assert store.page()[1] == 1


def test_several_processes_may_start_on_a_new_database(postgres_url):
    together = threading.Barrier(8)

    def start(_):
        with Database(postgres_url) as own:
            together.wait()
            JobStore(own).page()

    in_eight_threads(start)
