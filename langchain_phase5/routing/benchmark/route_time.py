"""How long a route takes beside the query embedding."""

import random
import time
from collections.abc import Sequence

import numpy as np
from langchain_core.embeddings import Embeddings

from langchain_phase5.routing.benchmark.data import RoutingDataset
from langchain_phase5.routing.benchmark.figures import Figure
from langchain_phase5.routing.tool_router import ToolRouter

_TIMED_ROUTES = 60


def route_time(datasets: Sequence[RoutingDataset], size: int) -> Figure:
    """Time routes beside the query embedding, in CPU milliseconds, every question new.

    Args:
        datasets: Their tools are repeated, under new names, until there are enough.
        size: How many tools to choose from.
    """
    texts = [tool for dataset in datasets for tool in dataset.tools]
    tools = [
        {**texts[i % len(texts)], "name": f"{texts[i % len(texts)]['name'][:50]}_{i}"}
        for i in range(size)
    ]
    router = ToolRouter(RandomEmbeddings())
    requests = [request.question for dataset in datasets for request in dataset.test]
    questions = random.Random(0).sample(requests, min(_TIMED_ROUTES, len(requests)))  # noqa: S311
    times = []
    router.route("warm up", tools)
    for question in questions:
        began = time.process_time()
        router.route(question, tools)
        times.append(1_000 * (time.process_time() - began))
    low, middle, high = np.percentile(times, [5, 50, 95])
    return Figure(
        dataset=f"{size} tools",
        measure="route, CPU time (median, 5th to 95th percentile)",
        value=float(middle),
        low=float(low),
        high=float(high),
        unit="ms",
    )


class RandomEmbeddings(Embeddings):
    """Random unit vectors of 384 dimensions, at no cost to speak of."""

    def __init__(self) -> None:
        self._random = np.random.default_rng(0)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Draw a vector for each."""
        return self._random.standard_normal((len(texts), 384), dtype=np.float32)  # type: ignore[return-value] # an array will do

    def embed_query(self, text: str) -> list[float]:
        """Draw a vector."""
        return self._random.standard_normal(384, dtype=np.float32)  # type: ignore[return-value] # an array will do
