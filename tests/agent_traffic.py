"""Agents at work, as a process to scrape: every metric of the package gets values.

Prints the port of its metrics, then runs until its input is closed. Run by hand:
`python tests/agent_traffic.py`.
"""

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import Any

from fakes import FakeChatModel, call
from langchain.agents import create_agent
from langchain.agents.middleware import (
    ModelFallbackMiddleware,
    ModelRetryMiddleware,
    SummarizationMiddleware,
    ToolRetryMiddleware,
)
from langchain.agents.structured_output import ToolStrategy
from langchain_core.caches import InMemoryCache
from langchain_core.callbacks import dispatch_custom_event
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import AIMessage
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import ToolException, tool
from prometheus_client import REGISTRY
from pydantic import BaseModel

from langchain_phase5.callbacks import (
    InteractionRecorder,
    PrometheusCallbackHandler,
    start_metrics_server,
)
from langchain_phase5.routing import ToolRouter, ToolRouterMiddleware

USAGE = {
    "input_tokens": 1000,
    "output_tokens": 200,
    "total_tokens": 1200,
    "input_token_details": {"cache_read": 400, "cache_creation": 100},
    "output_token_details": {"reasoning": 50},
}
RATES = {"input": 1.0, "output": 4.0, "cache_read": 0.1, "cache_write": 1.25}
PRICES = dict.fromkeys(("fake-model", "second", "small"), RATES)
LABEL_VALUES = 20
HI = {"messages": [("user", "Hi")]}

Scenario = Callable[[PrometheusCallbackHandler], None]


@tool
def search(query: str) -> str:
    """Search the web."""
    return query


@tool
def broken(query: str) -> str:
    """Look something up where nothing can be found."""
    msg = "no such thing"
    raise ToolException(msg)


@tool
def look(query: str) -> str:
    """Look at a picture."""
    event = {"operation": "ocr", "engine": "tesseract", "seconds": 0.02, "status": "success"}
    dispatch_custom_event("vision", event)
    dispatch_custom_event("quality", {"score": 0.9})
    return query


broken.handle_tool_error = True


class Shelf(BaseRetriever):
    def _get_relevant_documents(self, query: str, *, run_manager: Any) -> list[Document]:
        return [Document(query)]


class Answer(BaseModel):
    number: int


def agent(*replies: Any, name: str = "helper", **options: Any) -> Any:
    model = FakeChatModel(replies=[*replies, "done"], usage=USAGE)
    tools = options.pop("tools", [search, broken, look])
    return create_agent(model, tools, name=name, **options)


def run(agent: Any, handler: PrometheusCallbackHandler, *others: Any) -> None:
    agent.invoke(HI, {"callbacks": [handler, *others]})


def recorded(recorder: InteractionRecorder) -> Scenario:
    return lambda handler: run(agent(call("search", query="a")), handler, recorder)


def failing_tools(handler: PrometheusCallbackHandler) -> None:
    retry = ToolRetryMiddleware(max_retries=1, initial_delay=0, jitter=False)
    run(agent(call("broken", query="a"), call("made_up"), middleware=[retry]), handler)
    tries: list[str] = []

    @tool
    def flaky(query: str) -> str:
        """Fail once."""
        tries.append(query)
        if len(tries) == 1:
            raise ConnectionError
        return query

    run(agent(call("flaky", query="a"), tools=[flaky], middleware=[retry]), handler)


def failing_models(handler: PrometheusCallbackHandler) -> None:
    second = FakeChatModel(model_name="second", usage=USAGE)
    run(agent(ConnectionError(), middleware=[ModelFallbackMiddleware(second)]), handler)
    retry = ModelRetryMiddleware(max_retries=1, initial_delay=0, jitter=False)
    run(agent(ConnectionError(), middleware=[retry]), handler)
    with suppress(TimeoutError):
        run(agent(TimeoutError(), name="fragile"), handler)


def pictures(handler: PrometheusCallbackHandler) -> None:
    run(agent(call("look", query="a")), handler)


def streams(handler: PrometheusCallbackHandler) -> None:
    for _ in FakeChatModel(replies=["one two three"], usage=USAGE).stream(
        "Hi", {"callbacks": [handler]}
    ):
        pass


def odd_models(handler: PrometheusCallbackHandler) -> None:
    FakeChatModel(model_name="mute").invoke("Hi", {"callbacks": [handler]})
    FakeChatModel(model_name="unpriced", usage=USAGE).invoke("Hi", {"callbacks": [handler]})
    cached = FakeChatModel(usage=USAGE, cache=InMemoryCache())
    for _ in range(2):
        cached.invoke("Hi", {"callbacks": [handler]})


def structured(handler: PrometheusCallbackHandler) -> None:
    replies = (call("Answer", number="three"), call("Answer", number=3))
    run(agent(*replies, response_format=ToolStrategy(Answer)), handler)


def summaries(handler: PrometheusCallbackHandler) -> None:
    small = FakeChatModel(model_name="small", replies=["summary"], usage=USAGE)
    summarize = SummarizationMiddleware(
        small, trigger=("messages", 2), keep=("messages", 1), trim_tokens_to_summarize=None
    )
    history = {"messages": [("user", "one"), ("ai", "two"), ("user", "three")]}
    agent(middleware=[summarize]).invoke(history, {"callbacks": [handler]})


def searches(handler: PrometheusCallbackHandler) -> None:
    Shelf().invoke("a", {"callbacks": [handler]})


def routing() -> Scenario:
    router = ToolRouter(DeterministicFakeEmbedding(size=16))
    tools = [tool_named(f"tool_{number}") for number in range(12)]

    def route(handler: PrometheusCallbackHandler) -> None:
        model = FakeChatModel(usage=USAGE, answer=lambda messages: next(replies))
        replies = iter([call("tool_0"), call("tool_1"), call("tool_2"), AIMessage("done")])
        middleware = ToolRouterMiddleware(router, top_k=3)
        run(create_agent(model, tools, name="router", middleware=[middleware]), handler)

    return route


def tool_named(name: str) -> Any:
    def answer() -> str:
        return "ok"

    return tool(name, description=f"Do what {name} does.")(answer)


def evaluations(handler: PrometheusCallbackHandler) -> None:
    for version in range(LABEL_VALUES + 5):
        handler.record_evaluation(0.8, dataset="qa", version=str(version), metric="correct")
    handler.record_quality(0.7, agent_type="helper")


def malformed(handler: PrometheusCallbackHandler) -> None:
    @tool
    def careless() -> str:
        """Report nonsense."""
        dispatch_custom_event("vision", {"operation": "ocr"})
        return "ok"

    run(agent(call("careless"), tools=[careless]), handler)


def main() -> None:
    handler = PrometheusCallbackHandler(prices=PRICES, max_label_values=LABEL_VALUES)
    server, _ = start_metrics_server(0)
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    closed = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), closed.set()), daemon=True).start()
    with (
        TemporaryDirectory() as folder,  # in memory the records would grow with every run
        InteractionRecorder(
            f"sqlite:///{folder}/runs.db", flush_seconds=0.1, registry=REGISTRY
        ) as recorder,
    ):
        scenarios = [
            recorded(recorder),
            failing_tools,
            failing_models,
            pictures,
            streams,
            odd_models,
            structured,
            summaries,
            searches,
            routing(),
            evaluations,
            malformed,
        ]
        while not closed.is_set():
            for scenario in scenarios:
                scenario(handler)
            closed.wait(0.2)
    server.shutdown()


if __name__ == "__main__":
    main()
