"""The history of runs in the database."""

import pytest

from langchain_phase5.storage.database import Database
from langchain_phase5.storage.runs import RunStore


def report(run_id, version, started_at, dataset="d"):
    return {
        "run_id": run_id,
        "target": "agent",
        "target_version": version,
        "started_at": started_at,
        "summary": {"scores": {}},
        "dataset": {"name": dataset, "version": "abc"},
        "results": [],
    }


@pytest.fixture
def store():
    return RunStore(Database("sqlite://"))


def test_the_newest_run_of_a_version_is_loaded(store):
    store.save(report("r1", "v1", 1.0))
    store.save(report("r2", "v1", 2.0))
    store.save(report("r3", "v1", 3.0, dataset="other"))
    assert store.load("v1", dataset="d")["run_id"] == "r2"
    assert store.load("v1")["run_id"] == "r3"
    assert store.load("r1")["run_id"] == "r1"
    assert store.load("v2") is None


def test_history_lists_summaries_newest_first(store):
    store.save(report("r1", "v1", 1.0))
    store.save(report("r2", "v2", 2.0))
    store.save(report("r2", "v2 again", 2.0))
    assert [run["target_version"] for run in store.history("d")] == ["v2 again", "v1"]
    assert "report" not in store.history()[0]
    assert store.history("unknown") == []


def test_history_comes_in_pages(store):
    for number in range(3):
        store.save(report(f"r{number}", "v", float(number), dataset="e" if number else "d"))
    runs, total = store.page(limit=1, offset=1)
    assert ([run["run_id"] for run in runs], total) == (["r1"], 3)
    assert store.page("e", limit=5)[1] == 2
    assert store.headlines(["r0", "r9"]) == {"r0": store.history("d")[0]}


def test_whatever_an_agent_said_can_be_kept(store):
    said = report("r1", "v1", 1.0) | {"results": [{"outputs": "\x00 \ud800 北"}]}
    store.save(said)
    assert store.load("r1") == said
