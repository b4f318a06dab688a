"""Routers that have seen past requests: all of them, few, wrong ones."""

import random
from collections.abc import Sequence

from langchain_core.embeddings import Embeddings

from langchain_phase5.routing.benchmark.data import RoutingDataset, RoutingRequest
from langchain_phase5.routing.history.tool_history import ToolHistory
from langchain_phase5.routing.tool_router import ToolRouter

_POISONED = 0.2
_CALIBRATION = 300


def taught_router(model: Embeddings | None, history: Sequence[RoutingRequest]) -> ToolRouter:
    """Make a router that saw `history` succeed."""
    router = ToolRouter(model, history=ToolHistory(max_outcomes=50_000))
    for request in history:
        for name in request.relevant:
            router.record(list(request.messages), name, success=True)
    return router


def calibrated_router(dataset: RoutingDataset, model: Embeddings) -> ToolRouter:
    """Make a router that saw all train requests succeed and had routed the last of them."""
    train = random.Random(0).sample(dataset.train, len(dataset.train))  # noqa: S311 - no secret
    router = taught_router(model, train[:-_CALIBRATION])
    for request in train[-_CALIBRATION:]:
        messages = list(request.messages)
        router.route(messages, list(dataset.tools), top_k="auto")
        for name in request.relevant:
            router.record(messages, name, success=True)
    return router


def at_most(dataset: RoutingDataset, limit: int) -> list[RoutingRequest]:
    """Take train requests in random order, no more than `limit` for any tool."""
    shuffled = random.Random(0).sample(dataset.train, len(dataset.train))  # noqa: S311 - no secret
    counts: dict[str, int] = {}
    taken = []
    for request in shuffled:
        if all(counts.get(name, 0) < limit for name in request.relevant):
            taken.append(request)
            for name in request.relevant:
                counts[name] = counts.get(name, 0) + 1
    return taken


def poisoned(dataset: RoutingDataset) -> list[RoutingRequest]:
    """Give a fifth of the train requests tools drawn at random."""
    draw = random.Random(0)  # noqa: S311 - no secret
    names = [tool["name"] for tool in dataset.tools]
    return [
        RoutingRequest(messages=request.messages, relevant=[draw.choice(names)], alternatives={})
        if draw.random() < _POISONED
        else request
        for request in dataset.train
    ]
