"""Jobs that many workers share."""

import threading

import pytest

from langchain_phase5.storage import Database, IdempotencyError, JobStore, LeaseLostError

SILENT = 0.0
"""A lease that is over as soon as it begins, as that of a dead worker is a little later."""


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/jobs.db"


@pytest.fixture
def store(url):
    with Database(url) as database:
        yield JobStore(database)


def submit(store, **options):
    return store.submit({"dataset": "sums"}, **({"target": "agent", "total": 3} | options))


def test_a_job_is_done_once_and_its_result_is_found(store):
    asked = submit(store)
    assert (asked.state, asked.done, asked.payload) == ("queued", 0, {"dataset": "sums"})
    lease = store.claim(["agent"])
    assert (lease.job.id, lease.job.state, lease.job.attempts) == (asked.id, "running", 1)
    assert store.claim(["agent"]) is None
    lease.record("a", {"n": 1})
    lease.record("b", {"n": 2}, failed=True)
    now = lease.renew()
    assert (now.done, now.failed, now.attempts) == (2, 1, 0)
    lease.finish("succeeded", run_id="run")
    over = store.get(lease.job.id)
    assert (over.state, over.run_id, over.error) == ("succeeded", "run", None)
    assert over.created_at <= over.started_at <= over.finished_at
    assert store.claim(["agent"]) is None


def test_the_oldest_job_that_a_worker_can_do_comes_first(store):
    first, second, third = (submit(store, target=name) for name in ("a", "b", "a"))
    assert store.claim([]) is None
    assert [store.claim(["a"]).job.id, store.claim(["a", "b"]).job.id] == [first.id, second.id]
    assert store.claim(["a"]).job.id == third.id


def test_a_silent_worker_loses_its_job_but_not_what_it_had_finished(url):
    with Database(url) as database:
        slow, other = JobStore(database, lease_seconds=SILENT), JobStore(database)
        submit(slow)
        lost = slow.claim(["agent"])
        lost.journal({"run_id": "r"})
        lost.record("a", {"n": 1})
        taken = other.claim(["agent"])
        assert (taken.job.id, taken.job.done, taken.job.started_at) == (
            lost.job.id,
            1,
            lost.job.started_at,
        )
        for late in (
            lambda: lost.record("b", {"n": 2}),
            lost.renew,
            lambda: lost.journal({}),
            lost.release,
            lambda: lost.finish("failed"),
        ):
            with pytest.raises(LeaseLostError):
                late()
        assert taken.journal({"run_id": "another"}) == ({"run_id": "r"}, [{"n": 1}])
        assert other.get(taken.job.id).state == "running"


def test_attempts_without_progress_are_counted(url):
    store = JobStore(url, lease_seconds=SILENT)
    submit(store)
    assert [store.claim(["agent"]).job.attempts for _ in range(3)] == [1, 2, 3]
    lease = store.claim(["agent"])
    lease.release()
    assert (store.get(lease.job.id).state, store.get(lease.job.id).attempts) == ("queued", 3)


def test_cancel(store):
    queued = submit(store)
    assert store.cancel(queued.id).state == "cancelled"
    assert store.get(queued.id).finished_at is not None
    submit(store)
    lease = store.claim(["agent"])
    assert (store.cancel(lease.job.id).state, lease.renew().cancel_requested) == ("running", True)
    lease.finish("cancelled")
    assert store.cancel(lease.job.id).state == "cancelled"
    assert store.cancel("unknown") is None


def test_a_cancelled_job_that_is_given_back_is_over(store):
    submit(store)
    lease = store.claim(["agent"])
    store.cancel(lease.job.id)
    lease.release()
    over = store.get(lease.job.id)
    assert (over.state, over.finished_at is None) == ("cancelled", False)
    assert store.claim(["agent"]) is None


def test_a_failed_job_goes_on_with_what_it_had(store):
    submit(store)
    lease = store.claim(["agent"])
    lease.record("a", {"n": 1})
    lease.finish("failed", error="disk full")
    assert store.get(lease.job.id).error == "disk full"
    assert store.resume(lease.job.id).state == "queued"
    again = store.claim(["agent"])
    assert (again.job.id, again.job.done, again.job.error) == (lease.job.id, 1, None)
    assert again.journal({})[1] == [{"n": 1}]
    assert store.resume(lease.job.id).state == "running"


def test_the_same_key_starts_one_job(store):
    first = submit(store, idempotency_key="k", owner="ann")
    assert submit(store, idempotency_key="k", owner="ann").id == first.id
    assert submit(store, idempotency_key="k", owner="bob").id != first.id
    assert submit(store).id != submit(store).id
    assert store.find("k", owner="ann", request={"dataset": "sums"}).id == first.id
    assert store.find("other", owner="ann", request={}) is None
    with pytest.raises(IdempotencyError, match="another request"):
        store.submit({"dataset": "x"}, target="a", total=1, owner="ann", idempotency_key="k")


def test_pages(store):
    ids = [submit(store).id for _ in range(3)]
    store.cancel(ids[0])
    page, total = store.page(limit=2)
    assert ([job.id for job in page], total) == ([ids[2], ids[1]], 3)
    page, total = store.page(state="cancelled", limit=2)
    assert ([job.id for job in page], total) == ([ids[0]], 1)
    assert store.page(limit=2, offset=2)[0][0].id == ids[0]


def test_whatever_a_target_said_can_be_kept(store):
    submit(store)
    lease = store.claim(["agent"])
    entry = {"outputs": "\x00 \ud800 ä 北"}
    lease.record("\ud800", entry)
    assert lease.journal({})[1] == [entry]


def test_eight_workers_take_each_job_once(url):
    with Database(url) as database:
        store = JobStore(database)
        ids = [submit(store).id for _ in range(24)]
        taken, errors = [], []

        def work():
            try:
                while (lease := store.claim(["agent"])) is not None:
                    lease.record("a", {})
                    lease.finish("succeeded")
                    taken.append(lease.job.id)
            except Exception as error:  # noqa: BLE001 - told below
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not errors
        assert sorted(taken) == sorted(ids)


def test_whatever_an_error_says_can_be_kept(store):
    submit(store)
    lease = store.claim(["agent"])
    lease.finish("failed", error="\x00\ud800 " + "a" * 10_000)
    error = store.get(lease.job.id).error
    assert error.startswith("? aaa")
    assert len(error) == 4_003
