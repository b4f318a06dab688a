"""Does anything grow without bound? Cancelled runs, and names made up by strangers.

Prints the open runs, in-flight gauges and growth of resident memory after many cancelled model
calls and agent runs, and the number of time series after as many different model, tool and agent
names.

Run: python benchmarks/callbacks_limits.py [--runs 10000]
"""

import argparse
import asyncio
import contextlib
import gc
import os
import sys
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain_core.tools import StructuredTool
from prometheus_client import CollectorRegistry, generate_latest

from langchain_phase5.callbacks import PrometheusCallbackHandler

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from fakes import FakeChatModel

HI = {"messages": "Hi"}
USAGE = {"input_tokens": 10, "output_tokens": 5, "total_tokens": 15}
PAGE = os.sysconf("SC_PAGE_SIZE")


class Hanging(FakeChatModel):
    """Never answers."""

    async def _agenerate(self, *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(3600)


def resident_mib() -> float:
    """Return this process's resident memory."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


async def cancel(runnable: Any, given: Any, handler: Any, runs: int) -> None:
    """Start runs in hundreds and cancel each of them."""
    for _ in range(0, runs, 100):
        tasks = [
            asyncio.create_task(runnable.ainvoke(given, {"callbacks": [handler]}))
            for _ in range(100)
        ]
        await asyncio.sleep(0.02)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def cancelled_runs(what: str, runnable: Any, given: Any, runs: int) -> None:
    """Print what many cancelled runs leave behind."""
    registry = CollectorRegistry()
    handler = PrometheusCallbackHandler(registry=registry)
    await cancel(runnable, given, handler, 500)  # what is imported and cached on first use
    before = resident_mib()
    await cancel(runnable, given, handler, runs)
    open_now = sum(
        sample.value
        for metric in registry.collect()
        if metric.name.endswith("_in_flight")
        for sample in metric.samples
    )
    print(
        f"{runs:,} cancelled {what}: {len(handler.metrics.runs.runs)} open runs, "
        f"in flight {open_now:g}, memory {resident_mib() - before:+.1f} MiB"
    )


def hostile_names(runs: int) -> None:
    """Print how many series as many different names make."""
    registry = CollectorRegistry()
    handler = PrometheusCallbackHandler(registry=registry)
    config = {"callbacks": [handler]}
    for i in range(runs):
        failing = i % 2
        reply = ConnectionError() if failing else "one two"
        model = FakeChatModel(model_name=f"model{i}", replies=[reply], usage=USAGE)
        tool = StructuredTool.from_function(
            (lambda: 1 // 0) if failing else (lambda: 1), name=f"tool{i}", description="x"
        )
        with contextlib.suppress(ConnectionError):
            list(model.stream("Hi", config))
        with contextlib.suppress(ZeroDivisionError):
            tool.invoke({}, config)
        handler.record_quality(0.5, agent_type=f"agent{i}")
        if i % 20 == 0:
            create_agent(FakeChatModel(), [], name=f"agent{i}").invoke(HI, config)
    handler.flush(60)
    lines = generate_latest(registry).decode().splitlines()
    series = [line for line in lines if not line.startswith("#")]
    created = sum("_created{" in line for line in series)
    print(f"{runs:,} hostile names: {len(series):,} series, {created:,} of them _created")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=10_000)
    options = parser.parse_args()
    agent = create_agent(Hanging(), [], name="calc")
    asyncio.run(cancelled_runs("model calls", Hanging(), "Hi", options.runs))
    asyncio.run(cancelled_runs("agent runs", agent, HI, options.runs))
    hostile_names(options.runs)


if __name__ == "__main__":
    main()
