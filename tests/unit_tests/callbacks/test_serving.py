"""Metrics inside an application, and of several processes."""

import os
import subprocess
import sys
import textwrap

import httpx
import pytest
from fakes import FakeChatModel
from prometheus_client.parser import text_string_to_metric_families

from langchain_phase5.callbacks import metrics_app


async def get(app):
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get("/metrics")


async def test_asgi_app_answers_with_the_metrics(registry, handler):
    FakeChatModel().invoke("Hi", {"callbacks": [handler]})
    answer = await get(metrics_app(registry=registry))
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'llm_requests_total{error_type="none",model="fake-model"' in answer.text


def test_folder_that_does_not_exist(monkeypatch, registry):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "/does/not/exist")
    with pytest.raises(ValueError, match="must name a directory"):
        metrics_app(registry=registry)


WORKERS = """
import asyncio, os, signal, sys
sys.path.insert(0, {tests!r})
import httpx
from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_phase5.callbacks import PrometheusCallbackHandler, metrics_app

USAGE = {{"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}}


@tool
def add(a: int, b: int) -> int:
    "Add."
    return a + b


def script(messages):
    return "done" if messages[-1].type == "tool" else call("add", a=1, b=2)


handler = PrometheusCallbackHandler(prices={{"fake-model": {{"input": 1, "output": 1}}}})
agent = create_agent(FakeChatModel(answer=script, usage=USAGE), [add], name="calc")


def work(runs):
    for _ in range(runs):
        agent.invoke({{"messages": "Hi"}}, {{"callbacks": [handler]}})
    handler.record_quality(0.5, agent_type="calc")
    handler.flush(30)


async def scrape():
    transport = httpx.ASGITransport(app=metrics_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return (await client.get("/")).text


def spawn(job):
    pid = os.fork()
    if pid == 0:
        job()
        os._exit(0)
    return pid
"""


def several_processes(body, tmp_path):
    folder = tmp_path / "metrics"
    folder.mkdir()
    tests = os.path.dirname(sys.modules["fakes"].__file__)  # noqa: PTH120
    done = subprocess.run(  # noqa: S603  (our own)
        [sys.executable, "-c", WORKERS.format(tests=tests) + textwrap.dedent(body)],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(folder)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [
        {
            (sample.name, *sorted(sample.labels.values())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }
        for text in done.stdout.split("=====\n")
    ]


def test_four_workers_add_up_and_a_killed_one_leaves_nothing_in_flight(tmp_path):
    body = """
    pids = [spawn(lambda: work(5)) for _ in range(3)]

    read, write = os.pipe()

    def hang():
        work(5)

        def answer(messages):
            os.write(write, b"x")
            signal.pause()

        stuck = create_agent(FakeChatModel(answer=answer), [], name="calc")
        stuck.invoke({"messages": "Hi"}, {"callbacks": [handler]})

    victim = spawn(hang)
    os.read(read, 1)
    for pid in pids:
        os.waitpid(pid, 0)
    print(asyncio.run(scrape()))
    print("=====")
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)
    print(asyncio.run(scrape()))
    """
    before, after = several_processes(body, tmp_path)
    for samples in (before, after):
        assert samples["agent_requests_total", "calc", "success"] == 20
        assert samples["agent_request_duration_seconds_count", "calc"] == 20
        assert samples["tool_executions_total", "add", "success"] == 20
        assert samples["agent_tokens_total", "fake-model", "input"] == 400
        cost = samples["llm_cost_usd_total", "calc", "fake-model", "input"]
        assert cost == pytest.approx(400e-6)
        assert samples["agent_quality_score", "calc"] == 0.5
        assert samples["agent_quality_ratings_count", "calc"] == 4
    assert before["agent_requests_in_flight", "calc"] == 1
    assert before["llm_requests_in_flight", "fake-model"] == 1
    assert after.get(("agent_requests_in_flight", "calc"), 0) == 0
    assert after.get(("llm_requests_in_flight", "fake-model"), 0) == 0


def test_price_thread_starts_again_in_a_forked_worker(tmp_path):
    body = """
    handler = PrometheusCallbackHandler()
    real = FakeChatModel(model_name="gpt-4o", usage=USAGE)
    real.invoke("Hi", {"callbacks": [handler], "metadata": {"ls_provider": "x"}})
    handler.flush(30)

    def job():
        real.invoke("Hi", {"callbacks": [handler]})
        FakeChatModel(model_name="gpt-5", usage=USAGE).invoke("Hi", {"callbacks": [handler]})
        handler.flush(30)

    os.waitpid(spawn(job), 0)
    print(asyncio.run(scrape()))
    """
    (samples,) = several_processes(body, tmp_path)
    unknown = {name[1]: value for name, value in samples.items() if "llm_cost_unknown" in name[0]}
    assert unknown == {"gpt-4o": 2, "gpt-5": 1}
