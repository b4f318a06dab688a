"""Evaluations over HTTP."""

import threading
import time
from xml.etree import ElementTree as ET

import pytest

from langchain_phase5.evaluation import AgentEvaluator, TestDatasetManager
from langchain_phase5.server.evaluations.run_models import Comparison

API = "/api/v1/eval"
SUMS = {"name": "sums", "examples": [{"query": f"{i} + 1", "answer": str(i + 1)} for i in range(8)]}
ASKED = {"agent": "adder", "dataset": {"name": "sums"}, "version": "v1", "concurrency": 2}


class Gate:
    """An agent that waits until it is let through."""

    def __init__(self):
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self, inputs):
        self.reached.set()
        assert self.open.wait(60)
        return adder(inputs)


def adder(inputs):
    return str(sum(map(int, inputs["query"].split(" + "))))


def worse(inputs):
    """Wrong for every second sum, and silent on the last."""
    if inputs["query"].startswith("7"):
        raise LookupError("no \ud800 seven")
    right = int(adder(inputs))
    return str(right if right % 2 else right + 1)


def brevity(*, outputs, **_):
    """How short an answer is."""
    return {"key": "brevity", "score": 1 / len(outputs)}


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def client(make_client, gate):
    agents = {"adder": adder, "worse": worse, "gate": gate}
    parts = {"agents": agents, "metrics": {"brevity": brevity}}
    client = make_client(parts=parts, is_running=True)
    assert client.post(f"{API}/datasets", json=SUMS).status_code == 201
    yield client
    gate.open.set()


def start(client, **changes):
    answer = client.post(f"{API}/run", json=ASKED | changes)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def ended(client, job_id):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = client.get(f"{API}/results/{job_id}").json()
        if found["state"] not in {"queued", "running"}:
            return found
        time.sleep(0.01)
    raise AssertionError(found)


def test_run_and_result(client):
    answer = client.post(f"{API}/run", json=ASKED | {"metrics": ["exact_match", "brevity"]})
    asked = answer.json()
    assert answer.status_code == 202
    assert answer.headers["Location"] == f"{API}/results/{asked['id']}"
    assert (asked["progress"]["total"], asked["error"], asked["result"]) == (8, None, None)
    found = ended(client, asked["id"])
    assert (found["state"], found["progress"]) == (
        "succeeded",
        {"done": 8, "total": 8, "failed": 0},
    )
    assert found["dataset"]["version"] == asked["dataset"]["version"]
    result = found["result"]
    assert result["summary"]["scores"]["exact_match"]["value"] == 1
    assert result["summary"]["scores"]["brevity"]["n"] == 8
    assert (result["run_id"], result["target"], result["target_version"]) == (
        asked["id"],
        "adder",
        "v1",
    )
    assert client.get(f"{API}/runs").json()["runs"] == [result]


def test_the_dataset_is_the_one_there_was_when_it_was_asked(client, gate):
    job_id = start(client, agent="gate")
    assert gate.reached.wait(60)
    waiting = start(client)
    client.post(f"{API}/datasets", json=SUMS | {"examples": SUMS["examples"][:1]})
    gate.open.set()
    assert ended(client, job_id)["progress"]["total"] == 8
    assert ended(client, waiting)["result"]["summary"]["scores"]["exact_match"]["n"] == 8


def test_the_same_idempotency_key_starts_one_evaluation(client):
    headers = {"Idempotency-Key": "monday"}
    first = client.post(f"{API}/run", json=ASKED, headers=headers).json()["id"]
    client.post(f"{API}/datasets", json=SUMS | {"examples": SUMS["examples"][:1]})
    assert client.post(f"{API}/run", json=ASKED, headers=headers).json()["id"] == first
    other = client.post(f"{API}/run", json=ASKED | {"repeats": 2}, headers=headers)
    assert other.status_code == 422
    assert "used for another request" in other.json()["detail"]
    assert client.get(f"{API}/results").json()["total"] == 1
    ended(client, first)


@pytest.mark.parametrize(
    ("changes", "status", "said"),
    [
        ({"agent": "os:system"}, 404, "No agent os:system"),
        ({"dataset": {"name": "other"}}, 404, "no dataset other"),
        ({"dataset": {"name": "sums", "version": "ffff"}}, 404, "no dataset sums@ffff"),
        ({"metrics": ["os:system"]}, 404, "no metric os:system"),
        ({"repeats": 1_000}, 422, "/repeats"),
        ({"concurrency": 0}, 422, "/concurrency"),
        ({"timeout_seconds": 1e9}, 422, "/timeout_seconds"),
        ({"journal": "/etc/passwd"}, 422, "/journal"),
        ({"version": "a\x00b"}, 422, "/version"),
    ],
)
def test_what_cannot_be_run_is_refused(client, changes, status, said):
    answer = client.post(f"{API}/run", json=ASKED | changes)
    assert answer.status_code == status
    assert said in answer.json()["detail"]
    assert client.get(f"{API}/results").json()["total"] == 0


def test_too_much_is_refused(client, gate, monkeypatch):
    monkeypatch.setattr("langchain_phase5.server.evaluations.submission.MAX_RUNS", 15)
    assert "16 runs" in client.post(f"{API}/run", json=ASKED | {"repeats": 2}).json()["detail"]
    monkeypatch.setattr("langchain_phase5.server.evaluations.submission.MAX_QUEUED", 0)
    busy = client.post(f"{API}/run", json=ASKED)
    assert (busy.status_code, busy.headers["Retry-After"]) == (503, "60")


def test_cancel_and_resume(client, gate):
    job_id = start(client, agent="gate")
    assert gate.reached.wait(60)
    running = client.get(f"{API}/results", params={"state": "running"}).json()
    assert [each["id"] for each in running["evaluations"]] == [job_id]
    assert client.get(f"{API}/results/{job_id}/report").status_code == 409
    assert client.post(f"{API}/results/{job_id}/cancel").json()["cancel_requested"]
    assert ended(client, job_id)["state"] == "cancelled"
    assert client.post(f"{API}/results/{job_id}/cancel").status_code == 202
    gate.open.set()
    assert client.post(f"{API}/results/{job_id}/resume").json()["state"] == "queued"
    assert ended(client, job_id)["progress"]["done"] == 8
    for verb in ("cancel", "resume"):
        assert client.post(f"{API}/results/{job_id}/{verb}").status_code == 409


def test_reports_come_in_the_form_that_is_preferred(client):
    job_id = start(client, agent="worse")
    assert ended(client, job_id)["progress"]["failed"] == 1
    url = f"{API}/results/{job_id}"
    page = client.get(url, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "sandbox" in page.headers["Content-Security-Policy"]
    assert page.text.lower().startswith("<!doctype html>")
    assert client.get(f"{url}/report", params={"format": "html"}).text == page.text
    whole = client.get(f"{url}/report").json()
    (error,) = [each["error"] for each in whole["results"] if "error" in each]
    assert (error["type"], error["message"]) == ("LookupError", "no \ud800 seven")
    text = client.get(f"{url}/report", headers={"Accept": "text/markdown"}).text
    assert "exact_match" in text
    suite = ET.fromstring(client.get(f"{url}/report", params={"format": "junit"}).content)  # noqa: S314
    assert len(suite.findall(".//testcase")) == 8


def test_two_runs_are_compared(client):
    many = [{"query": f"{i} + 1", "answer": str(i + 1)} for i in range(40)]
    client.post(f"{API}/datasets", json={"name": "many", "examples": many})
    for agent, version in (("adder", "v1"), ("worse", "v2")):
        ended(client, start(client, agent=agent, version=version, dataset={"name": "many"}))
    asked = {"baseline": "v1", "candidate": "v2", "dataset": "many", "threshold": 0.1}
    answer = client.post(f"{API}/compare", json=asked)
    found = Comparison.model_validate(answer.json())
    assert (found.verdict, found.paired) == ("regression", 40)
    first = found.findings[0]
    assert (first.metric, first.verdict, first.rule) == ("exact_match", "regression", "paired test")
    assert first.low < first.drop < first.high
    assert found.regressions == [each for each in found.findings if each.verdict == "regression"]
    assert found.flipped
    page = client.post(f"{API}/compare", json=asked, headers={"Accept": "text/html"})
    assert page.text.lower().startswith("<!doctype html>")
    junit = client.post(f"{API}/compare", json=asked, headers={"Accept": "application/xml"})
    assert junit.json() == answer.json()  # there is no such form of a comparison
    same = client.post(f"{API}/compare", json=asked | {"candidate": "v1"}).json()
    assert (same["verdict"], same["regressions"]) == ("pass", [])


def test_runs_that_cannot_be_compared(client):
    ended(client, start(client))
    missing = client.post(f"{API}/compare", json={"baseline": "v1", "candidate": "v9"})
    assert (missing.status_code, "no run v9" in missing.json()["detail"]) == (404, True)
    database = client.app.state.services.database
    TestDatasetManager(database).create_dataset("other", ["?"], ["!"])
    AgentEvaluator(storage=database).evaluate(lambda inputs: "!", "other", version="v2")
    strange = client.post(f"{API}/compare", json={"baseline": "v1", "candidate": "v2"})
    assert (strange.status_code, "share no example" in strange.json()["detail"]) == (409, True)
    runs = client.get(f"{API}/runs", params={"dataset": "other"}).json()
    (run,) = runs["runs"]
    assert client.get(run["report"]).json()["run_id"] == run["run_id"]


def test_the_history_of_a_dataset_is_a_page(client):
    for version in ("v1", "v2"):
        ended(client, start(client, version=version))
    drawn = client.get(f"{API}/runs", params={"dataset": "sums"}, headers={"Accept": "text/html"})
    assert drawn.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "sandbox" in drawn.headers["Content-Security-Policy"]
    assert drawn.text.count("<circle") == 2
    listed = client.get(f"{API}/runs", headers={"Accept": "text/html"})  # no one dataset to draw
    assert listed.json()["total"] == 2


def test_what_there_is(client):
    agents = client.get(f"{API}/agents").json()["agents"]
    assert [each["name"] for each in agents] == ["adder", "gate", "worse"]
    metrics = {each["name"]: each for each in client.get(f"{API}/metrics").json()["metrics"]}
    assert "mode strict" in metrics["trajectory_strict_match"]["description"]
    assert metrics["brevity"]["description"] == "How short an answer is."
    assert all(each["description"] for each in metrics.values())
    assert "exact_match" in metrics


def test_what_is_not_there(client):
    unknown = "0" * 32
    for url in (f"/results/{unknown}", f"/results/{unknown}/report"):
        assert client.get(API + url).status_code == 404
    assert client.post(f"{API}/results/{unknown}/cancel").status_code == 404
    assert client.get(f"{API}/results/..%2fetc").status_code in {404, 422}


def test_evaluations_survive_a_restart(make_client, tmp_path, gate):
    database = f"sqlite:///{tmp_path}/kept.db"
    parts = {"agents": {"adder": adder, "gate": gate}}
    settings = {"database": database, "shutdown_seconds": 0}
    with make_client(parts=parts, **settings) as client:
        client.post(f"{API}/datasets", json=SUMS)
        job_id = start(client, agent="gate")
        assert gate.reached.wait(60)
    gate.open.set()
    with make_client(parts=parts, **settings) as client:
        found = ended(client, job_id)
    assert (found["state"], found["progress"]["done"]) == ("succeeded", 8)


def test_while_the_service_is_not_up(make_client):
    answer = make_client().post(f"{API}/run", json=ASKED)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
