"""What running an evaluation costs beside the target itself.

    python benchmarks/evaluation_runner.py

Each scenario runs in a process of its own, with a journal. CPU seconds count, because wall times
depend on what else the machine does; the wall time of a waiting target is given as a ratio to the
ideal and to bare asyncio in the same process. The goals are those of the project's evaluation
requirements.
"""

import asyncio
import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SCENARIOS = ("plain", "memory", "runnable", "waiting", "importing")
CORE = "from langchain_core.runnables import RunnableLambda"


def examples(count: int) -> list[dict[str, Any]]:
    """Make questions with known answers."""
    return [
        {"id": f"e{i}", "inputs": {"q": i}, "outputs": {"a": 2 * i}, "category": f"c{i % 5}"}
        for i in range(count)
    ]


def answer(inputs: dict[str, Any]) -> dict[str, Any]:
    """Answer at once."""
    return {"a": 2 * inputs["q"]}


async def target(inputs: dict[str, Any]) -> dict[str, Any]:
    """Answer at once, asynchronously."""
    return answer(inputs)


def metric(*, outputs: Any, reference_outputs: Any, **_: Any) -> dict[str, Any]:
    """Compare."""
    return {"key": "right", "score": float(outputs["a"] == reference_outputs["a"])}


def grade(asked: Any, dataset: Any, concurrency: int = 1) -> None:
    """Run one evaluation with a journal."""
    from langchain_phase5.evaluation import AgentEvaluator  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.jsonl"
        evaluator = AgentEvaluator(concurrency=concurrency, progress=False)
        report = evaluator.evaluate(asked, dataset, [metric], journal=journal)
    assert report.accuracy.value == 1.0  # noqa: S101


def memory(key: str) -> float:
    """Read this process's memory in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key):
            return int(line.split()[1]) / 1024
    return 0.0


def plain() -> dict[str, float]:
    """CPU per example of a plain async target."""
    dataset = examples(10_000)
    started = time.process_time()
    grade(target, dataset)
    return {"CPU ms per example (goal 0.05)": (time.process_time() - started) / 10}


def peak() -> dict[str, float]:
    """Memory of 10,000 examples over the start."""
    dataset = examples(10_000)
    gc.collect()
    before = memory("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    grade(target, dataset)
    return {"MB over start, 10,000 examples (goal 15)": memory("VmHWM") - before}


def runnable() -> dict[str, float]:
    """CPU of Runnable targets against calling the Runnable alone: the median of nine rounds.

    Each round calls it alone, then grades one example at a time, then eight, the default.
    """
    from langchain_core.runnables import RunnableLambda  # noqa: PLC0415

    found = {}
    for name, function in (("sync", answer), ("async", target)):
        asked, dataset = RunnableLambda(function), examples(2000)
        grade(asked, examples(10))
        rounds = [times_alone(asked, dataset) for _ in range(9)]
        for at, ratios in zip((1, 8), zip(*rounds, strict=True), strict=True):
            what = f"{name} RunnableLambda, {at} at a time, times ainvoke alone (goal 1.2)"
            found[what] = sorted(ratios)[4]
    return found


def times_alone(asked: Any, dataset: list[dict[str, Any]]) -> tuple[float, ...]:
    """Grade a Runnable, one example at a time and eight, as multiples of calling it alone."""
    alone = cpu(lambda: asyncio.run(call_alone(asked, dataset)))
    return tuple(cpu(lambda at=at: grade(asked, dataset, at)) / alone for at in (1, 8))


def cpu(work: Callable[[], None]) -> float:
    """Measure the CPU seconds that something takes."""
    started = time.process_time()
    work()
    return time.process_time() - started


async def call_alone(asked: Any, dataset: list[dict[str, Any]]) -> None:
    """Call a Runnable on every example, with nothing around it."""
    for example in dataset:
        await asked.ainvoke(example["inputs"])


def waiting() -> dict[str, float]:
    """Wall time of a target that waits 50 ms, 32 at a time."""
    dataset = examples(640)

    async def slow(inputs: dict[str, Any]) -> dict[str, Any]:
        await asyncio.sleep(0.05)
        return await target(inputs)

    async def bare() -> None:
        limit = asyncio.Semaphore(32)

        async def one(inputs: dict[str, Any]) -> None:
            async with limit:
                await slow(inputs)

        await asyncio.gather(*(one(example["inputs"]) for example in dataset))

    best = {"ours": 9.0, "bare": 9.0}
    for _ in range(3):
        started = time.perf_counter()
        asyncio.run(bare())
        middle = time.perf_counter()
        grade(slow, dataset, concurrency=32)
        best["bare"] = min(best["bare"], middle - started)
        best["ours"] = min(best["ours"], time.perf_counter() - middle)
    return {
        "50 ms target, times ideal (goal 1.08)": best["ours"],
        "50 ms target, times bare asyncio (goal 1.03)": best["ours"] / best["bare"],
    }


def importing() -> dict[str, float]:
    """CPU of importing the package beyond langchain_core: the median of 15 processes."""
    code = (
        f"import time\n{CORE}\nstarted = time.process_time()\n"
        "import langchain_phase5.evaluation\nprint(time.process_time() - started)"
    )
    command = [sys.executable, "-c", code]
    spent = [
        float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)  # noqa: S603
        for _ in range(15)
    ]
    return {"import, CPU s beyond langchain_core (goal 0.3)": sorted(spent)[7]}


def main() -> None:
    """Run every scenario, or the one named."""
    if len(sys.argv) > 1:
        grade(target, examples(10))
        run = dict(zip(SCENARIOS, (plain, peak, runnable, waiting, importing), strict=True))
        print(json.dumps(run[sys.argv[1]]()))
        return
    print("| what | measured |\n| --- | --- |")
    for name in SCENARIOS:
        command = [sys.executable, __file__, name]
        found = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
        for what, value in json.loads(found.stdout).items():
            print(f"| {what} | {value:.3f} |")


if __name__ == "__main__":
    main()
