"""The tour: one agent, seen by every part of the package in turn."""

import contextlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import AIMessage
from prometheus_client.core import Metric as MetricFamily
from rich import box
from rich.console import Console
from rich.table import Table

from langchain_phase5.callbacks import start_metrics_server
from langchain_phase5.demo.questions import GRADED, ROUTING, VISION, Question
from langchain_phase5.demo.stage import AGENT, ALBUM_SIZE, Stage, draw_example, set_stage
from langchain_phase5.evaluation import (
    AgentEvaluator,
    ComparisonReport,
    Dataset,
    TestDatasetManager,
    compare_versions,
)

METRICS = ("contains", "tool_call_accuracy")
_OFFERED, _CALLED = "offered, with scores", "called"
_NAMES = {_OFFERED, _CALLED, "metric family"}


def run_tour(
    folder: Path, *, model_name: str | None, console: Console, serve_on: int | None = None
) -> ComparisonReport:
    """Show everything, in about two pages.

    Args:
        folder: Where pictures, database and report go.
        model_name: A real model; see `set_stage`.
        console: Where to print.
        serve_on: Port of 127.0.0.1 on which `/metrics` is served meanwhile.

    Returns:
        The agent's grades without and with the router; `folder` has them as `report.html`.
    """
    with console.status("drawing pictures, indexing images, loading the embedding model"):
        stage = set_stage(folder, model_name=model_name)
    with contextlib.closing(stage), _served(stage, serve_on, console):
        introduce(stage, console)
        show_routing(stage, console)
        show_vision(stage, console)
        show_search(stage, console)
        comparison = show_grading(stage, console)
        show_metrics(stage, console)
    return comparison


def introduce(stage: Stage, console: Console) -> None:
    """Say what is real here and what is not."""
    model = stage.model_name
    console.print(
        f"One agent with [b]{len(stage.tools())} tools[/b], in {stage.folder}. "
        f"Tool embeddings: {stage.router.embeddings_name}. Chat model: [b]{model}[/b]."
    )
    if model == "scripted":
        console.print(
            "No key was found, so a scripted stand-in picks among the tools it is offered by "
            "simple rules;\nwherever it speaks, it says 'scripted'. Everything else is real. "
            "For a real model: --model openai:gpt-4o",
            style="dim",
        )


def show_routing(stage: Stage, console: Console) -> None:
    """Ask six questions; show what was offered and what was called."""
    title = f"1  Routing: {len(stage.tools())} tools, at most 3 offered"
    table = _table(title, "question", _OFFERED, _CALLED, f"answer ({stage.model_name})")
    for question in ROUTING:
        state = _ask(stage, question)
        offered = [
            f"{tool['name']} {tool['score']:.2f}" for tool in state["routed_tools"]["scores"]
        ]
        table.add_row(question.text, "\n".join(offered), _called(state), _answer(state))
    console.print(table)


def show_vision(stage: Stage, console: Console) -> None:
    """Ask about pictures that were drawn a moment ago."""
    table = _table("2  Vision: images", "question", _CALLED, f"answer ({stage.model_name})")
    for question in VISION:
        state = _ask(stage, question)
        table.add_row(question.text, _called(state), _answer(state))
    console.print(table)
    console.print(f"   the pictures: {stage.pictures}", style="dim")


def show_search(stage: Stage, console: Console) -> None:
    """Find drawings by text and by an image that is not among them."""
    example, path = draw_example(stage.folder)
    queries: dict[str, Any] = {
        "two purple circles": "two purple circles",
        "a pie chart": "a pie chart",
        "an invoice": "an invoice",
        f"{path.name}: {example}": path,
    }
    title = f"3  Image search: {ALBUM_SIZE} drawings, CLIP model tiny-drawings"
    table = _table(title, "query", "found, with cosine similarity")
    for name, query in queries.items():
        found = stage.retriever.invoke(query)
        rows = [f"{_file(hit)} {hit.metadata['score']:.2f}" for hit in found]
        table.add_row(name, "\n".join(rows))
    console.print(table)


def show_grading(stage: Stage, console: Console) -> ComparisonReport:
    """Grade the agent twice, router off and on, and compare."""
    dataset = graded_dataset(stage)
    evaluator = AgentEvaluator(storage=stage.database, callbacks=stage.callbacks, concurrency=1)
    off, on = (
        evaluator.evaluate(stage.agent(routed=routed), dataset, METRICS, version=version)
        for routed, version in ((False, "all tools"), (True, "router"))
    )
    comparison = compare_versions(off, on, dataset)
    console.print(f"\n[b]4  Evaluation: {len(dataset)} questions, all tools against router[/b]")
    console.print(comparison)
    estimated = " (estimated)" if stage.model_name == "scripted" else ""
    console.print(
        f"   prompt tokens{estimated}: {off.tokens[0]:,} with all tools, {on.tokens[0]:,} with the "
        "router",
        highlight=False,
    )
    path = stage.folder / "report.html"
    comparison.to_html(path)
    console.print(f"   the report: {path}", style="dim")
    return comparison


def show_metrics(stage: Stage, console: Console) -> None:
    """Print what a Prometheus server would scrape, a line per family."""
    table = _table("5  Monitoring: what the callback handler saw", "metric family", "value")
    for family in sorted(stage.registry.collect(), key=lambda family: family.name):
        if value := _summary(family):
            table.add_row(family.name, value)
    console.print(table)


def graded_dataset(stage: Stage) -> Dataset:
    """Keep the twelve questions with what a right answer contains and which tool knows it."""
    return TestDatasetManager(stage.database).create_dataset(
        AGENT,
        [question.text for question in GRADED],
        [{"answer": list(q.answers), "tool_calls": [q.tool]} for q in GRADED],
        [question.category for question in GRADED],
    )


@contextlib.contextmanager
def _served(stage: Stage, port: int | None, console: Console) -> Iterator[None]:
    if port is None:
        yield
        return
    server, _ = start_metrics_server(port, registry=stage.registry)
    console.print(f"Metrics: http://127.0.0.1:{server.server_port}/metrics")
    yield
    with contextlib.suppress(KeyboardInterrupt):
        console.print("Still serving them; Ctrl-C ends it.")
        Event().wait()
    server.shutdown()


def _ask(stage: Stage, question: Question) -> dict[str, Any]:
    state: dict[str, Any] = stage.assistant.invoke(
        {"messages": [("user", question.text)]}, {"callbacks": stage.callbacks}
    )
    return state


def _called(state: dict[str, Any]) -> str:
    messages = [m for m in state["messages"] if isinstance(m, AIMessage)]
    return "\n".join(call["name"] for m in messages for call in m.tool_calls) or "(none)"


def _answer(state: dict[str, Any]) -> str:
    return str(state["messages"][-1].text)


def _summary(family: MetricFamily) -> str:
    """Add up a counter, average a histogram, and show the last values of a gauge."""
    values = {sample.name.removeprefix(family.name): 0.0 for sample in family.samples}
    for sample in family.samples:
        values[sample.name.removeprefix(family.name)] += sample.value
    if family.type == "histogram":
        count = values.get("_count", 0)
        return f"{count:,.0f} observations, mean {values['_sum'] / count:.3g}" if count else ""
    if family.type == "counter":
        parts = defaultdict[str, float](float)
        for sample in family.samples:
            if sample.name.endswith("_total"):
                parts[sample.labels.get("status") or sample.labels.get("type") or ""] += (
                    sample.value
                )
        named = ", ".join(f"{value:,.0f} {name}" for name, value in parts.items() if name and value)
        total = sum(parts.values())
        return named or (f"{total:,.0f}" if total else "")
    shown = [s for s in family.samples if s.value and not family.name.endswith("_in_flight")]
    return ", ".join(f"{sample.value:.3g}" for sample in shown)


def _file(hit: Document) -> str:
    return Path(str(hit.metadata["source"])).name


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in columns:
        table.add_column(column, no_wrap=column in _NAMES)
    return table
