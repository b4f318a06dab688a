"""Measure the router on data sets: quality, learning, wrong calls, tokens and speed.

Every share stands with a 95 % bootstrap interval over the test requests. Nothing is tuned on the
data: all sets use the router's defaults.
"""

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from langchain_core.embeddings import Embeddings

from langchain_phase5.routing.benchmark.curves import draw_curves
from langchain_phase5.routing.benchmark.data import (
    RoutingDataset,
    RoutingRequest,
    load_routing_datasets,
)
from langchain_phase5.routing.benchmark.figures import (
    Figure,
    bootstrapped_figure,
    share_figure,
)
from langchain_phase5.routing.benchmark.histories import (
    at_most,
    calibrated_router,
    poisoned,
    taught_router,
)
from langchain_phase5.routing.benchmark.route_time import route_time
from langchain_phase5.routing.benchmark.wrong_calls import DistractibleModel, relative_saving
from langchain_phase5.routing.embedding_choice import choose_embeddings
from langchain_phase5.routing.tool_router import ToolRouter
from langchain_phase5.written import write_whole

_SUCCESSES_PER_TOOL = (0, 1, 3, 10, 30)
_MIN_PER_TOOL = 30
_OFFERED = (1, 3, 5)
_CHARACTERS_PER_TOKEN = 4


def run_benchmark(
    data: str | Path,
    output: str | Path | None = None,
    *,
    embeddings: Embeddings | Literal["auto"] | None = "auto",
    sizes: Sequence[int] = (200, 10_000, 100_000),
    say: Callable[[str], object] = print,
) -> list[Figure]:
    """Measure everything on every data set under `data`.

    Args:
        data: Folder of data sets, as `load_routing_datasets` reads them.
        output: Where to write `routing.json` and the curves as PNG (needs matplotlib).
        embeddings: As for `ToolRouter`.
        sizes: Numbers of tools to time.
        say: Called with every line of the report.

    Raises:
        ValueError: There is no data set in `data`.
    """
    datasets = load_routing_datasets(data)
    model, name = choose_embeddings() if embeddings == "auto" else (embeddings, "given")
    say(f"Embeddings: {name}. 95 % intervals by bootstrap over test requests.")
    say("| data set | measure | value | 95 % interval |\n|---|---|---|---|")
    memo = None if model is None else RememberedEmbeddings(model)
    figures: list[Figure] = []
    for figure in _measure(datasets, memo, sizes):
        figures.append(figure)
        say(
            f"| {figure.dataset} | {figure.measure} | {figure.value:.2f} {figure.unit} "
            f"| {figure.low:.2f} to {figure.high:.2f} |"
        )
    if output is not None:
        folder = Path(output)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "routing.json", json.dumps([asdict(f) for f in figures], indent=1))
        draw_curves([asdict(figure) for figure in figures], folder)
    return figures


class RememberedEmbeddings(Embeddings):
    """Keeps every vector, because the same questions are routed under many conditions."""

    def __init__(self, model: Embeddings) -> None:
        self._model = model
        self._documents: dict[str, npt.NDArray[np.float32]] = {}
        self._queries: dict[str, npt.NDArray[np.float32]] = {}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Embed what is new."""
        new = [text for text in dict.fromkeys(texts) if text not in self._documents]
        vectors = np.asarray(self._model.embed_documents(new), np.float32) if new else ()
        self._documents.update(zip(new, vectors, strict=True))
        return [self._documents[text] for text in texts]  # type: ignore[misc] # arrays will do

    def embed_query(self, text: str) -> list[float]:
        """Embed it the first time."""
        if text not in self._queries:
            self._queries[text] = np.asarray(self._model.embed_query(text), np.float32)
        return self._queries[text]  # type: ignore[return-value] # an array will do


def _measure(
    datasets: Sequence[RoutingDataset], model: Embeddings | None, sizes: Sequence[int]
) -> Iterator[Figure]:
    for dataset in datasets:
        yield from _quality(dataset, model, "", dataset.train)
        if model is not None:
            yield from _quality(dataset, None, ", words only", dataset.train)
        yield from _learning(dataset, datasets, model)
        yield from _wrong_calls(dataset, model)
        yield _tokens(dataset)
    for size in sizes:
        yield route_time(datasets, size)


def _quality(
    dataset: RoutingDataset,
    model: Embeddings | None,
    how: str,
    history: Sequence[RoutingRequest],
) -> Iterator[Figure]:
    for what, known in (("zero-shot", ()), ("history", history)):
        if what == "zero-shot" or known:
            rankings = _rank(dataset, taught_router(model, known))
            for k in (1, 3, 5, 10):
                yield _recall(dataset, f"recall@{k} {what}{how}", rankings, k)


def _learning(
    dataset: RoutingDataset, datasets: Sequence[RoutingDataset], model: Embeddings | None
) -> Iterator[Figure]:
    """Thin, poisoned and foreign histories."""

    def recall(measure: str, history: Sequence[RoutingRequest]) -> Figure:
        return _recall(dataset, measure, _rank(dataset, taught_router(model, history)), 3)

    if len(dataset.train) >= _MIN_PER_TOOL * len(dataset.tools):
        for limit in _SUCCESSES_PER_TOOL:
            yield recall(f"recall@3 after {limit} successes per tool", at_most(dataset, limit))
    if dataset.train:
        yield recall("recall@3 history, 20 % wrong labels", poisoned(dataset))
    others = [request for other in datasets if other is not dataset for request in other.train]
    if others:
        foreign = random.Random(0).sample(others, min(2_000, len(others)))  # noqa: S311 - no secret
        yield recall("recall@3 foreign history", foreign)


def _wrong_calls(dataset: RoutingDataset, model: Embeddings | None) -> Iterator[Figure]:
    if model is None:
        return
    caller = DistractibleModel(dataset, model)
    before = caller.wrong_with_all()
    yield share_figure(dataset.name, "wrong calls, all tools offered", before)
    for what, history in (("zero-shot", ()), ("history", dataset.train)):
        if what == "zero-shot" or history:
            rankings = _rank(dataset, taught_router(model, history))
            for k in _OFFERED:
                after = caller.wrong([names[:k] for names in rankings])
                how = f"{k} offered, {what}"
                yield share_figure(dataset.name, f"wrong calls, {how}", after)
                both = np.stack([before, after])
                measure = f"fewer wrong calls, {how}"
                yield bootstrapped_figure(dataset.name, measure, both, relative_saving)
    if dataset.train:
        yield from _adaptive(dataset, model, caller)


def _adaptive(
    dataset: RoutingDataset, model: Embeddings, caller: DistractibleModel
) -> Iterator[Figure]:
    """How many tools `top_k="auto"` offers after a history, what they hold and what they save."""
    router, tools = calibrated_router(dataset, model), list(dataset.tools)
    rankings = [
        [scored.name for scored in router.route(list(r.messages), tools, top_k="auto")]
        for r in dataset.test
    ]
    count = len(rankings[0])
    yield _recall(dataset, f'recall history, top_k="auto" ({count} offered)', rankings, count)
    both = np.stack([caller.wrong_with_all(), caller.wrong(rankings)])
    measure = f'fewer wrong calls, top_k="auto" ({count} offered), history'
    yield bootstrapped_figure(dataset.name, measure, both, relative_saving)


def _tokens(dataset: RoutingDataset) -> Figure:
    """Prompt tokens for tools, at four characters of JSON each: three tools against all."""
    sizes = np.array([len(json.dumps(tool)) / _CHARACTERS_PER_TOKEN for tool in dataset.tools])
    draws = np.random.default_rng(0).choice(sizes, (1_000, 3)).sum(axis=1)
    saved = 100 * (1 - draws / sizes.sum())
    return Figure(
        dataset=dataset.name,
        measure=f"tool tokens saved by 3 of {len(sizes)} tools",
        value=float(saved.mean()),
        low=float(np.percentile(saved, 2.5)),
        high=float(np.percentile(saved, 97.5)),
    )


def _rank(dataset: RoutingDataset, router: ToolRouter) -> list[list[str]]:
    tools = list(dataset.tools)
    return [
        [scored.name for scored in router.route(list(request.messages), tools, top_k=10)]
        for request in dataset.test
    ]


def _recall(
    dataset: RoutingDataset, measure: str, rankings: Sequence[Sequence[str]], k: int
) -> Figure:
    pairs = zip(dataset.test, rankings, strict=True)
    return share_figure(
        dataset.name, measure, np.array([request.recall(names[:k]) for request, names in pairs])
    )
