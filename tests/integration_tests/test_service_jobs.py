"""Evaluations by the real service: killed, restarted, spread over two workers."""

import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from proxy import proxy
from s3 import KEYS, s3_server
from service import Served, png
from waiting import until

pytest.importorskip("uvicorn", reason="the server extra is not installed")
pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.xdist_group("postgres"),
    # moto and botocore still call what Python 3.12 deprecates.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

API = "/api/v1/eval"
AGENT = """
import os, time
from pathlib import Path

calls = Path({calls!r})

def agent(inputs):
    with calls.open("a") as file:
        file.write(f"{{os.getpid()}} {{inputs['query']}}\\n")
    time.sleep(0.04)
    while len({{line.split()[0] for line in calls.read_text().splitlines()}}) < {workers}:
        time.sleep(0.04)  # until the others have begun too
    return inputs["query"]
"""
EXAMPLES, CONCURRENCY, JOBS_AT_A_TIME = 25, 2, 2
IN_FLIGHT = CONCURRENCY * JOBS_AT_A_TIME
SETTINGS = {
    "agents": {"slow": "slow:agent"},
    "job_lease_seconds": 12,  # no process may stand still that long
    "max_concurrent_jobs": JOBS_AT_A_TIME,
    "ocr": False,
    "rate_limit": "1000000/minute",
}


class Client:
    """Asks again where an answer did not come, as clients of a load balancer do."""

    def __init__(self, url, calls):
        self._calls = calls
        self._http = httpx.Client(base_url=url, headers={"Connection": "close"}, timeout=60)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._http.close()

    def ask(self, method, path, **options):
        deadline = time.monotonic() + 60
        while True:
            try:
                answer = self._http.request(method, path, **options)
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                assert answer.is_success, answer.text
                return answer

    def start(self, name):
        examples = [{"query": f"{name}-{i}", "answer": f"{name}-{i}"} for i in range(EXAMPLES)]
        self.ask("POST", f"{API}/datasets", json={"name": name, "examples": examples})
        asked = {"agent": "slow", "dataset": {"name": name}, "concurrency": CONCURRENCY}
        key = {"Idempotency-Key": name}
        return self.ask("POST", f"{API}/run", json=asked, headers=key).json()["id"]

    def report(self, job_id):
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            found = self.ask("GET", f"{API}/results/{job_id}").json()
            if found["state"] not in {"queued", "running"}:
                assert found["state"] == "succeeded", found
                return self.ask("GET", f"{API}/results/{job_id}/report").json()
            time.sleep(0.2)
        raise AssertionError(found)

    def calls(self):
        """What the agents were asked: (process, question), in order."""
        text = self._calls.read_text() if self._calls.exists() else ""
        return [tuple(line.split()) for line in text.splitlines()]

    def wait_for_calls(self, enough):
        until(lambda: enough(self.calls()), seconds=120)


def served(tmp_path, name, *, workers=1, **settings):
    folder = tmp_path / name
    folder.mkdir()
    calls = tmp_path / "calls.txt"
    (folder / "slow.py").write_text(AGENT.format(calls=str(calls), workers=workers))
    return Served(folder, **SETTINGS | settings)


def check(client, jobs, *, killed):
    """Every accepted job is whole, and only what was in flight at a kill was asked again."""
    for name, job_id in jobs.items():
        results = client.report(job_id)["results"]
        assert sorted(result["outputs"] for result in results) == sorted(
            f"{name}-{i}" for i in range(EXAMPLES)
        )
        assert all(result["scores"] == {"exact_match": 1.0} for result in results)
    times = Counter(question for _, question in client.calls())
    assert len(times) == len(jobs) * EXAMPLES
    assert times.total() <= len(times) + IN_FLIGHT
    first = {}
    for process, question in client.calls():
        first.setdefault(question, process)
    assert {first[question] for question, count in times.items() if count > 1} <= {str(killed)}


def test_nothing_accepted_is_lost_when_the_service_is_killed(tmp_path):
    with served(tmp_path, "one") as server, Client(server.url, tmp_path / "calls.txt") as client:
        jobs = {name: client.start(name) for name in ("a", "b", "c")}
        client.wait_for_calls(lambda calls: len(calls) > EXAMPLES)
        jobs["d"] = client.start("d")
        killed = server.process.pid
        server.kill()
        server.start()
        assert {name: client.start(name) for name in jobs} == jobs
        check(client, jobs, killed=killed)
        assert client.ask("GET", f"{API}/results").json()["total"] == len(jobs)


def test_two_workers_share_the_jobs_and_one_finishes_what_a_killed_one_began(
    tmp_path, postgres_url
):
    with ExitStack() as stack:
        _, endpoint = stack.enter_context(s3_server())
        shared = {
            "database": postgres_url,
            "images": "s3://pictures/kept",
            "image_options": {"endpoint": endpoint, "region": "us-east-1", **KEYS},
        }
        servers = [served(tmp_path, name, workers=2, **shared) for name in ("one", "two")]
        with ThreadPoolExecutor() as threads:  # both meet a database without a single table
            list(threads.map(stack.enter_context, servers))
        url = stack.enter_context(proxy([server.port for server in servers]))
        client = stack.enter_context(Client(url, tmp_path / "calls.txt"))
        pictures = [
            client.ask("POST", "/api/v1/images", files={"image": png(color)}).json()["image_id"]
            for color in ("red", "green", "blue")
        ]
        jobs = {name: client.start(name) for name in "abcdefgh"}
        workers = {str(server.process.pid) for server in servers}
        client.wait_for_calls(lambda calls: len(calls) > 60 and {p for p, _ in calls} == workers)
        killed = servers[0].process.pid
        servers[0].kill()
        check(client, jobs, killed=killed)
        by_job = defaultdict(set)
        for process, question in client.calls():
            by_job[question[0]].add(process)
        # At most the jobs that the killed one had begun were worked on by both.
        assert sum(len(processes) > 1 for processes in by_job.values()) <= JOBS_AT_A_TIME
        for image_id in pictures:
            assert client.ask("GET", f"/api/v1/images/{image_id}/content").content[:4] == b"\x89PNG"
