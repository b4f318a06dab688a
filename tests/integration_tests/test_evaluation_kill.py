"""A run that is killed loses nothing that was finished."""

import os
import signal
import subprocess
import sys
import time

SCRIPT = """
import asyncio, os, sys
from langchain_phase5.evaluation import AgentEvaluator, Dataset, Example
journal, log = sys.argv[1:3]
dataset = Dataset(name="d", examples=[
    Example(inputs={"i": i}, reference_outputs={"answer": i}) for i in range(200)
])
async def target(inputs):
    await asyncio.sleep(0.01)
    with open(log, "a") as file:
        file.write(f"{inputs['i']}\\n")
    return inputs["i"]
report = AgentEvaluator(concurrency=4).evaluate(target, dataset, journal=journal)
print(report.accuracy.value, len(report.results))
"""


def start(journal, log):
    return subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", SCRIPT, journal, log], stdout=subprocess.PIPE, text=True
    )


def test_killed_three_times_and_resumed(tmp_path):
    journal, log = tmp_path / "run.jsonl", tmp_path / "calls.txt"
    for share in (40, 90, 140):
        process = start(journal, log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if log.exists() and len(log.read_text().splitlines()) >= share:
                break
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()
        lines = journal.read_bytes()
        journal.write_bytes(lines + b'{"example_id":"torn')
    process = start(journal, log)
    out, _ = process.communicate(timeout=300)
    assert out.split() == ["1.0", "200"]
    calls = log.read_text().splitlines()
    assert set(calls) == {str(i) for i in range(200)}
    # At each kill at most the four answers in flight had not been written yet.
    assert len(calls) <= 200 + 3 * 4
