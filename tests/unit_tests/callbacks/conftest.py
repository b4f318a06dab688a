import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from metric_samples import counters, in_flight
from prometheus_client import CollectorRegistry

from langchain_phase5.callbacks import PrometheusCallbackHandler


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def handler(registry: CollectorRegistry) -> Iterator[PrometheusCallbackHandler]:
    """A handler whose faults fail the test, and which must leave nothing open."""
    made = PrometheusCallbackHandler(registry=registry)
    made.raise_error = True
    yield made
    made.flush(30)
    assert in_flight(registry) == {}
    assert counters(registry, "callback_handler_errors") == {}


@pytest.fixture
def counted(
    registry: CollectorRegistry, handler: PrometheusCallbackHandler
) -> Callable[..., dict[str, float]]:
    """Read the counters that are not zero: `counted("agent_requests", "tool_executions")`."""

    def read(*families: str) -> dict[str, float]:
        handler.flush(30)
        return counters(registry, *families)

    return read


@pytest.fixture
def observed(registry: CollectorRegistry) -> Callable[[str], dict[str, float]]:
    """Read how often each child of a histogram was observed."""

    def read(family: str) -> dict[str, float]:
        return {
            ",".join(sample.labels.values()): sample.value
            for metric in registry.collect()
            if metric.name == family
            for sample in metric.samples
            if sample.name.endswith("_count")
        }

    return read


@pytest.fixture(params=["invoke", "ainvoke", "stream", "astream"])
def drive(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Run a runnable to its end in one of four ways; the blocking ones in a thread."""

    async def run(runnable: Any, given: Any, config: Any = None) -> Any:
        if request.param == "invoke":
            return await asyncio.to_thread(runnable.invoke, given, config)
        if request.param == "ainvoke":
            return await runnable.ainvoke(given, config)
        if request.param == "stream":
            return await asyncio.to_thread(lambda: list(runnable.stream(given, config)))
        return [part async for part in runnable.astream(given, config)]

    return run
