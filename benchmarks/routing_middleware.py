"""Measure `ToolRouterMiddleware` in agents: prompt prefix stability, and time per model call.

    python benchmarks/routing_middleware.py

Stability: agents answer test questions of MetaTool (199 tools; a made-up set where the data is not
there). In each loop the model calls the right tool if it is offered, else `search_tools`, then a
neighbor, then answers. A model call "keeps its prefix" if its tool list starts with that of the
call before it in the same loop: only then can a provider's prompt cache be used. Compared with
asking the same router, which learns from each outcome, again before each model call.

Time: CPU milliseconds that a model call takes longer than with a middleware that does nothing (fake
model, word search only, so without the embedding of the query).
"""

import json
import sys
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from langchain.agents import create_agent
from langchain.agents.middleware import AgentMiddleware
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_core.tools import BaseTool, StructuredTool
from rich.console import Console
from rich.table import Table

from langchain_phase5.routing import LocalEmbeddings, ToolRouter, ToolRouterMiddleware

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from fakes import FakeChatModel, call

DATA = Path(__file__).parents[2] / "shared/data/routing/metatool"
QUESTIONS = 300
CALLS = 40


def main() -> None:
    """Print both tables."""
    print_stability()
    print_times()


def print_stability() -> None:
    """Share of model calls that keep the prefix of the call before, with Wilson intervals."""
    tools, questions = _load()
    router = ToolRouter(LocalEmbeddings(), top_k=3)
    kept: dict[str, list[bool]] = {"middleware": [], "routed before each model call": []}
    for text, wanted in questions[:QUESTIONS]:
        model = _Scripted(wanted=wanted, router=router, tools=tools)
        middleware = ToolRouterMiddleware(router, search=True)
        create_agent(model, tools, middleware=[middleware]).invoke({"messages": [("user", text)]})
        kept["middleware"] += _keeps_prefix(model.bound)
        kept["routed before each model call"] += _keeps_prefix(model.routed_again)
    table = Table("tool list", "model calls", "keep their prefix, %")
    for name, values in kept.items():
        table.add_row(name, str(len(values)), _wilson(values))
    Console(width=100).print(table)


def print_times() -> None:
    """What the middleware costs the first and the next model calls of a question."""
    table = Table("tools", "first call of a question, ms", "later calls, ms")
    for count in (200, 2_000, 10_000):
        tools = [_tool(f"tool_{i}", f"do the thing number {i}") for i in range(count)]
        bare, routed = _loop_times(tools, _Idle(), ToolRouterMiddleware(ToolRouter()))
        added = routed - bare
        table.add_row(str(count), _median(added[:, 0]), _median(added[:, 1:].ravel()))
    Console(width=100).print(table)


class _Scripted(FakeChatModel):
    """Calls the wanted tool, searching for it if need be, then a neighbor, then answers."""

    wanted: str
    router: Any
    tools: list[Any]
    routed_again: list[list[str]] = []  # noqa: RUF012 - pydantic copies it

    def _next(self, messages: list[BaseMessage]) -> AIMessage:
        question = [m for m in messages if isinstance(m, HumanMessage)]
        again = {scored.name for scored in self.router.route(question, self.tools)}
        self.routed_again.append([tool.name for tool in self.tools if tool.name in again])
        offered, step = self.bound[-1], len(messages)
        if self.wanted in offered and step < 6:
            return call(self.wanted, f"c{step}")
        if step == 1:
            return call("search_tools", f"c{step}", query=question[-1].text)
        if step < 6:
            return call(offered[-1], f"c{step}")
        return AIMessage("done")


def _load() -> tuple[list[BaseTool], list[tuple[str, str]]]:
    if not DATA.exists():
        tools = [_tool(f"tool_{i}", f"do the thing number {i}") for i in range(200)]
        return tools, [(f"please do thing number {i}", f"tool_{i}") for i in range(200)]
    rows = [json.loads(line) for line in (DATA / "tools.jsonl").read_text().splitlines()]
    tools = [_tool(row["name"], row["description"]) for row in rows]
    asked = [json.loads(line) for line in (DATA / "queries.jsonl").read_text().splitlines()]
    test = [(row["query"], row["relevant"][0]) for row in asked if row["split"] == "test"]
    return tools, [test[i] for i in np.random.default_rng(0).permutation(len(test))]


def _tool(name: str, description: str) -> BaseTool:
    return StructuredTool.from_function(lambda: "done", name=name, description=description)


def _keeps_prefix(lists: Sequence[list[str]]) -> list[bool]:
    return [later[: len(earlier)] == earlier for earlier, later in pairwise(lists)]


def _wilson(values: Sequence[bool]) -> str:
    """95 % score interval of a share (Wilson, 1927)."""
    n, share, z = len(values), float(np.mean(values)), 1.96
    center = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return f"{100 * share:.1f} [{100 * (center - half):.1f}, {100 * (center + half):.1f}]"


class _Idle(AgentMiddleware):
    """Hands everything on."""

    def wrap_model_call(self, request: Any, handler: Any) -> Any:
        return handler(request)

    def wrap_tool_call(self, request: Any, handler: Any) -> Any:
        return handler(request)


class _Clocked(FakeChatModel):
    """Notes the CPU time when it is reached; three tool calls, then an answer."""

    times: list[float] = []  # noqa: RUF012 - pydantic copies it

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        return self

    def _next(self, messages: list[BaseMessage]) -> AIMessage:
        self.times.append(time.process_time())
        step = len(messages)
        return call("tool_7", f"c{step}") if step < 6 else AIMessage("done")


def _loop_times(tools: list[BaseTool], *middleware: AgentMiddleware) -> list[np.ndarray]:
    """CPU milliseconds up to each model call, for agents in turns: each loops x calls."""
    models = [_Clocked() for _ in middleware]
    agents = [
        create_agent(model, tools, middleware=[each])
        for model, each in zip(models, middleware, strict=True)
    ]
    rows: list[list[np.ndarray]] = [[] for _ in agents]
    for i in range(CALLS + 2):
        for model, agent, kept in zip(models, agents, rows, strict=True):
            model.times.clear()
            start = time.process_time()
            agent.invoke({"messages": [("user", f"please do the thing number {i}")]})
            kept.append(np.diff([start, *model.times]) * 1e3)
    return [np.array(kept[2:]) for kept in rows]  # the first ones build the index


def _median(values: np.ndarray) -> str:
    samples = np.random.default_rng(0).choice(values, (2_000, len(values)))
    low, middle, high = np.percentile(np.median(samples, axis=1), (2.5, 50, 97.5))
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main()
