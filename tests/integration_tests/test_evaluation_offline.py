"""Nothing that is evaluated leaves the machine, whatever the environment says."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import asyncio, json, os, socket, sys, time
tries = []
def refused(self, address, *rest):
    tries.append(address)
    raise ConnectionRefusedError(111, "refused")
socket.socket.connect = socket.socket.connect_ex = refused
def unknown(host, *rest, **more):
    tries.append(host)
    raise socket.gaierror(-2, "unknown")
socket.getaddrinfo = unknown

from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langchain_core.runnables import RunnableLambda
from langchain.agents import create_agent
from langchain_phase5.evaluation import AgentEvaluator

def target(inputs): return {"answer": inputs["query"]}
async def atarget(inputs): return target(inputs)
def deep(inputs): return RunnableLambda(target).invoke(inputs)
model = GenericFakeChatModel(messages=(AIMessage("hi") for _ in iter(int, 1)))
targets = {
    "sync": target, "async": atarget, "runnable": RunnableLambda(target), "nested": deep,
    "model": model, "agent": create_agent(model, []),
}
examples = [
    {"inputs": {"query": f"SECRET {i}"}, "outputs": {"answer": f"SECRET {i}"}} for i in range(5)
]
upload = sys.argv[1] == "upload"
for name, each in targets.items():
    report = AgentEvaluator(upload_traces=upload).evaluate(each, examples)
    assert not report.failed, report.failed
if upload:
    late = time.monotonic() + 120
    while not tries and time.monotonic() < late:
        time.sleep(0.05)
else:
    from langchain_core.tracers.langchain import wait_for_all_tracers
    wait_for_all_tracers()
    time.sleep(0.5)
print(json.dumps(len(tries)), flush=True)
os._exit(0)  # a refused upload is tried again for many seconds
"""


def connection_tries(tmp_path, mode):
    environment = os.environ | {
        "LANGSMITH_TRACING": "true",
        "LANGCHAIN_TRACING_V2": "true",
        "LANGSMITH_API_KEY": "lsv2_pt_made_up",
        "LANGSMITH_ENDPOINT": "http://127.0.0.1:9",
        "PYTHONWARNINGS": "ignore",
    }
    found = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SCRIPT, mode],
        capture_output=True,
        text=True,
        env=environment,
        cwd=tmp_path,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-3000:]
    return int(found.stdout.splitlines()[-1])


def test_no_connection_is_even_tried(tmp_path):
    assert connection_tries(tmp_path, "offline") == 0


def test_the_probe_sees_uploads_when_they_are_asked_for(tmp_path):
    assert connection_tries(tmp_path, "upload") > 0


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_works_inside_a_running_loop(tmp_path, loop):
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    script = f"""
import asyncio
from langchain_phase5.evaluation import AgentEvaluator
examples = [{{"inputs": {{"query": "a"}}, "outputs": {{"answer": "a"}}}}]
async def main():
    evaluator = AgentEvaluator()
    twin = evaluator.evaluate(lambda inputs: "a", examples)
    report = await evaluator.run_evaluation(examples, lambda inputs: "a")
    assert twin.accuracy.value == report.accuracy.value == 1.0
if {loop!r} == "uvloop":
    import uvloop
    uvloop.run(main())
else:
    asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", script], check=True, cwd=tmp_path, timeout=300)  # noqa: S603
