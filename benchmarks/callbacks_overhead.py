"""What the metrics handler costs, against no handler, three trivial ones, and OpenTelemetry's.

Figures are medians over shuffled rounds, with their 95 % interval:

- `replay`: the handler alone. The events of one recorded agent run (model, tool, model: 14 events)
  are played to it again and again, with fresh run ids and no framework in the loop.
- `sync`, `async`, `stream`: CPU time of a whole agent run with the handler, divided by that of the
  same round without one. Each block runs in a fork, because OpenTelemetry's instrumentation
  patches LangChain globally.

On a busy machine forks are noisy; `--interleave` alternates blocks in one process instead, which is
steadier but must leave OpenTelemetry's out. A block is never a single run: the handler counts in
batches, and a median over single runs would not see them.

Where the time goes: the trivial handlers are the floor. `idle` does nothing, and costs what
LangChain does for any handler. `keeps` appends each event's payload to a list and clears it now and
then. `minimal` is what a first attempt looks like: five Prometheus metrics (ours are 40), no nested
agents, no errors, no prices, and nothing that bounds labels or open runs. In a whole run each costs
several times what it costs in the replay: the code and data of a handler are pushed out of the
processor's caches by LangChain's own work between two events.

OpenTelemetry's is measured where `opentelemetry-instrumentation-genai-langchain` and
`opentelemetry-sdk` are installed.

Run: python benchmarks/callbacks_overhead.py [--mode replay|sync|async|stream]
    [--rounds 40] [--runs 20] [--interleave]
"""

import argparse
import asyncio
import gc
import json
import math
import os
import random
import statistics
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain.agents import create_agent
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.tools import tool
from prometheus_client import CollectorRegistry, Counter, Histogram

from langchain_phase5.callbacks import PrometheusCallbackHandler
from langchain_phase5.prices import rates_of

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from fakes import FakeChatModel, call

HI = {"messages": "Hi"}
USAGE = {
    "input_tokens": 100,
    "output_tokens": 20,
    "total_tokens": 120,
    "input_token_details": {"cache_read": 40, "cache_creation": 10},
    "output_token_details": {"reasoning": 5},
}
EVENTS = [
    f"on_{kind}_{what}" for kind in ("chain", "llm", "tool") for what in ("start", "end", "error")
] + ["on_chat_model_start", "on_llm_new_token"]
Handlers = list[BaseCallbackHandler]


class Model(FakeChatModel):
    """A model with a price."""

    def _get_ls_params(self, stop: Any = None, **kwargs: Any) -> Any:
        return super()._get_ls_params(stop=stop, **kwargs) | {"ls_provider": "openai"}


class Idle(BaseCallbackHandler):
    """Does nothing, in place."""

    run_inline = True


class Keeps(BaseCallbackHandler):
    """Keeps what it is told, and forgets it again: the least that a useful handler can do."""

    run_inline = True

    def __init__(self) -> None:
        self.kept: list[Any] = []

    def keep(self, *args: Any, **details: Any) -> None:
        """Append one event, or forget them all."""
        self.kept.append((args, details))
        if len(self.kept) > 200:
            self.kept.clear()


class Minimal(BaseCallbackHandler):
    """Counts agents, tools and tokens in the plainest way."""

    run_inline = True

    def __init__(self) -> None:
        place = {"registry": CollectorRegistry()}
        self.agents = Counter("agents", "-", ["agent", "status"], **place)
        self.agent_seconds = Histogram("agent_seconds", "-", ["agent"], **place)
        self.tools = Counter("tools", "-", ["tool", "status"], **place)
        self.tool_seconds = Histogram("tool_seconds", "-", ["tool"], **place)
        self.tokens = Counter("tokens", "-", ["model", "type"], **place)
        self.open: dict[uuid.UUID, tuple[str, float]] = {}

    def on_chain_start(self, *_: Any, run_id: Any, parent_run_id: Any = None, **rest: Any) -> None:
        """Note when an outermost run started."""
        if parent_run_id is None:
            self.open[run_id] = (rest.get("name") or "agent", time.perf_counter())

    def on_chain_end(self, outputs: Any, *, run_id: Any, **_: Any) -> None:
        """Count it."""
        if run_id in self.open:
            agent, started = self.open.pop(run_id)
            self.agents.labels(agent, "success").inc()
            self.agent_seconds.labels(agent).observe(time.perf_counter() - started)

    def on_chat_model_start(self, *_: Any, run_id: Any, metadata: Any, **rest: Any) -> None:
        """Note the model's name."""
        self.open[run_id] = (metadata["ls_model_name"], time.perf_counter())

    def on_llm_end(self, response: Any, *, run_id: Any, **_: Any) -> None:
        """Count its tokens."""
        model, _started = self.open.pop(run_id)
        usage = response.generations[0][0].message.usage_metadata
        self.tokens.labels(model, "input").inc(usage["input_tokens"])
        self.tokens.labels(model, "output").inc(usage["output_tokens"])

    def on_tool_start(self, serialized: Any, *_: Any, run_id: Any, **rest: Any) -> None:
        """Note when a tool started."""
        self.open[run_id] = (serialized["name"], time.perf_counter())

    def on_tool_end(self, output: Any, *, run_id: Any, **_: Any) -> None:
        """Count it."""
        name, started = self.open.pop(run_id)
        self.tools.labels(name, "success").inc()
        self.tool_seconds.labels(name).observe(time.perf_counter() - started)


class Tape(BaseCallbackHandler):
    """Records what it is told."""

    run_inline = True

    def __init__(self) -> None:
        self.events: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []


def _listen(event: str) -> Callable[..., None]:
    def record(self: Any, *args: Any, **kwargs: Any) -> None:
        self.events.append((event, args, kwargs))

    return record


def _ignore(*args: Any, **kwargs: Any) -> None:
    """Do nothing."""


for _event in EVENTS:
    setattr(Tape, _event, _listen(_event))
    setattr(Idle, _event, _ignore)
    setattr(Keeps, _event, Keeps.keep)


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def bench_agent(tokens: int) -> Any:
    """One model call, one tool call, one model call that answers with so many words."""

    def answer(messages: list[Any]) -> Any:
        done = messages[-1].type == "tool"
        return " ".join(["word"] * tokens) if done else call("add", a=1, b=2)

    model = Model(model_name="gpt-4o-mini", answer=answer, usage=USAGE)
    return create_agent(model, [add], name="bench")


def run_agent(mode: str, agent: Any, runs: int, handlers: Handlers) -> None:
    """Run the agent `runs` times, one after the other."""
    config = {"callbacks": handlers}
    if mode == "sync":
        for _ in range(runs):
            agent.invoke(HI, config)
    elif mode == "stream":
        for _ in range(runs):
            for _ in agent.stream(HI, config, stream_mode="messages"):
                pass
    else:

        async def main() -> None:
            for _ in range(runs):
                await agent.ainvoke(HI, config)

        asyncio.run(main())


def subjects() -> dict[str, Callable[[], Handlers]]:
    """Return what to compare: a name, and how to make its handlers inside the fork."""
    made: dict[str, Callable[[], Handlers]] = {
        "none": list,
        "idle": lambda: [Idle()],
        "keeps": lambda: [Keeps()],
        "minimal": lambda: [Minimal()],
        "ours": lambda: [PrometheusCallbackHandler(registry=CollectorRegistry())],
    }
    try:
        import opentelemetry.instrumentation.genai.langchain  # noqa: PLC0415
        import opentelemetry.sdk.metrics  # noqa: F401, PLC0415
    except ImportError:
        print("OpenTelemetry's instrumentation is not installed: left out")
    else:
        made["otel genai, metrics only"] = otel_handlers
    return made


def otel_handlers() -> Handlers:
    """Instrument LangChain for OpenTelemetry's metrics, without spans."""
    from opentelemetry.instrumentation.genai.langchain import LangChainInstrumentor  # noqa: PLC0415
    from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader  # noqa: PLC0415
    from opentelemetry.trace import NoOpTracerProvider  # noqa: PLC0415

    instrumentor = LangChainInstrumentor()
    instrumentor.instrument(
        tracer_provider=NoOpTracerProvider(),
        meter_provider=MeterProvider(metric_readers=[InMemoryMetricReader()]),
        skip_dep_check=True,
    )
    return [instrumentor._callback_handler]  # noqa: SLF001  (there is no public way to it)


def replayed(events: Any, handler: Any, runs: int) -> float:
    """Return microseconds of CPU per run of the handler alone."""
    ids = {kwargs["run_id"] for _, _, kwargs in events}
    plays = []
    for _ in range(runs):
        fresh: dict[Any, Any] = {each: uuid.uuid4() for each in ids}
        for name, args, kwargs in events:
            own = {
                "run_id": fresh[kwargs["run_id"]],
                "parent_run_id": fresh.get(kwargs.get("parent_run_id")),
            }
            plays.append((getattr(handler, name), args, {**kwargs, **own}))
    gc.collect()
    started = time.process_time()
    for method, args, kwargs in plays:
        method(*args, **kwargs)
    return (time.process_time() - started) / runs * 1e6


def measured(mode: str, agent: Any, make: Callable[[], Handlers], runs: int) -> float:
    """Return microseconds of CPU per run, measured in a fork after a few runs to warm up."""
    if mode == "replay":
        tape = Tape()
        agent.invoke(HI, {"callbacks": [tape]})
        handler = (make() or [Idle()])[0]
        replayed(tape.events, handler, 50)
        time.sleep(0.05)  # prices are looked up on another thread
        return replayed(tape.events, handler, runs)
    # An instrumentation attaches itself: passing its handler too would count twice.
    ours = Idle | Keeps | Minimal | PrometheusCallbackHandler
    handlers = [each for each in make() if isinstance(each, ours)]
    run_agent(mode, agent, 5, handlers)
    time.sleep(0.05)
    gc.collect()
    started = time.process_time()
    run_agent(mode, agent, runs, handlers)
    return (time.process_time() - started) / runs * 1e6


def in_fork(job: Callable[[], float]) -> float:
    """Return what `job` returns in a child process."""
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, json.dumps(job()).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as pipe:
        answer = pipe.read()
    os.wait()
    return float(json.loads(answer))


def interleaved(
    mode: str, agent: Any, makers: dict[str, Callable[[], Handlers]], *, rounds: int, runs: int
) -> dict[str, list[float]]:
    """Return microseconds of CPU per run, of blocks in one process, in shuffled turns."""
    handlers = {name: make() for name, make in makers.items() if not name.startswith("otel")}
    for each in handlers.values():
        run_agent(mode, agent, 10, each)
    time.sleep(0.3)
    gc.collect()
    gc.freeze()
    shuffled = random.Random(7)  # noqa: S311  (no secret)
    times: dict[str, list[float]] = {name: [] for name in handlers}
    for _ in range(rounds):
        for name in shuffled.sample(list(handlers), len(handlers)):
            started = time.process_time()
            run_agent(mode, agent, runs, handlers[name])
            times[name].append((time.process_time() - started) / runs * 1e6)
    return times


def spread(values: list[float], digits: int) -> str:
    """Median, with its 95 % interval from the ranks around it (normal approximation)."""
    ordered = sorted(values)
    half = 1.96 * math.sqrt(len(ordered)) / 2
    low = ordered[max(0, math.floor(len(ordered) / 2 - half))]
    high = ordered[min(len(ordered) - 1, math.ceil(len(ordered) / 2 + half))]
    median = statistics.median(ordered)
    return f"{median:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})"


def main() -> None:
    """Measure one mode and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mode", choices=["replay", "sync", "async", "stream"], default="replay")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--tokens", type=int, default=100, help="words per streamed answer")
    parser.add_argument("--interleave", action="store_true", help="blocks in one process")
    options = parser.parse_args()
    rates_of("gpt-4o-mini", provider="openai")  # load the price table once, before the forks
    agent = bench_agent(options.tokens if options.mode == "stream" else 1)
    if options.mode != "async":
        run_agent("sync", agent, 10, [])
    makers = subjects()
    if options.interleave:
        times = interleaved(options.mode, agent, makers, rounds=options.rounds, runs=options.runs)
    else:
        times = forked(options.mode, agent, makers, rounds=options.rounds, runs=options.runs)
    print_table(f"{options.mode}: {options.rounds} rounds", times)


def forked(
    mode: str, agent: Any, makers: dict[str, Callable[[], Handlers]], *, rounds: int, runs: int
) -> dict[str, list[float]]:
    """Return microseconds of CPU per run, of blocks in forks, in shuffled turns."""
    times: dict[str, list[float]] = {name: [] for name in makers}
    shuffled = random.Random(7)  # noqa: S311  (no secret)
    for _ in range(rounds):
        for name in shuffled.sample(list(makers), len(makers)):
            make = makers[name]
            times[name].append(in_fork(lambda m=make: measured(mode, agent, m, runs)))
    return times


def print_table(title: str, times: dict[str, list[float]]) -> None:
    """Print each subject's times, and its ratio to the run of the same round without a handler."""
    print(title)
    print(f"{'':26}{'us CPU per run':>32}{'ratio to none':>32}")
    for name, each in times.items():
        ratios = [one / base for one, base in zip(each, times["none"], strict=True)]
        print(f"{name:26}{spread(each, 1):>32}{spread(ratios, 3):>32}")


if __name__ == "__main__":
    main()
