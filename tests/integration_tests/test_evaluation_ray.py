"""Runs on a Ray cluster give the scores of a local one, also when a worker dies."""

import json
import os
import subprocess
import sys

import pytest

pytest.importorskip("ray", reason="the ray extra is not installed")

SCRIPT = """
import asyncio, json, os, sys
import ray
from langchain_core.runnables import RunnableLambda
from langchain_phase5.evaluation import AgentEvaluator, RayTarget

folder, killing = sys.argv[1:3]
examples = [
    {"id": f"e{i}", "inputs": {"i": i}, "outputs": {"answer": i}} for i in range(40)
]

def build():
    def answer(inputs):
        marker = os.path.join(folder, "killed")
        if killing == "kill" and inputs["i"] == 20 and not os.path.exists(marker):
            open(marker, "w").close()
            os._exit(1)
        if inputs["i"] == 5:
            raise ValueError("five")
        return inputs["i"] if inputs["i"] % 3 else -1
    return RunnableLambda(answer)

ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
evaluator = AgentEvaluator(concurrency=4)
there = evaluator.evaluate(
    RayTarget(build, workers=2, num_cpus=0.5), examples, journal=os.path.join(folder, "j.jsonl")
)
killing = "no"
here = evaluator.evaluate(build(), examples)
with open(os.path.join(folder, "found.json"), "w") as file: json.dump({
    "same": [r.scores for r in there.results] == [r.scores for r in here.results],
    "scored": there.accuracy.n,
    "errors": [r.error.type for r in there.failed],
    "lines": len(open(os.path.join(folder, "j.jsonl")).readlines()),
}, file)
ray.shutdown()
"""


@pytest.mark.parametrize("killing", ["kill", "calm"])
def test_scores_are_those_of_a_local_run(tmp_path, killing):
    found = subprocess.run(  # noqa: S603
        [sys.executable, "-c", SCRIPT, str(tmp_path), killing],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONWARNINGS": "ignore"},
    )
    assert found.returncode == 0, found.stderr[-3000:]
    assert json.loads((tmp_path / "found.json").read_text()) == {
        "same": True,
        "scored": 39,
        "errors": ["ValueError"],
        "lines": 41,
    }
    assert (tmp_path / "killed").exists() == (killing == "kill")
