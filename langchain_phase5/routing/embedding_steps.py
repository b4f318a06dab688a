"""Run a computation that asks for embeddings on the way, with or without `await`.

The computation is a generator: it yields an `EmbeddingRequest` and gets back the vectors, or None
if the model failed. So the same code serves `route` and `aroute`.
"""

import asyncio
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from langchain_core.embeddings import Embeddings

Result = TypeVar("Result")
Vectors = Sequence[Sequence[float]]


@dataclass(frozen=True, kw_only=True)
class EmbeddingRequest:
    """Texts to embed: as documents in one batch, or as queries one by one."""

    texts: Sequence[str]
    as_queries: bool


EmbeddingSteps = Generator[EmbeddingRequest, Vectors | Exception, Result]
"""The answer to a request is the exception where the model raised one."""


def run_steps(steps: EmbeddingSteps[Result], embeddings: Embeddings | None) -> Result:
    """Answer every request with `embeddings` and return the result."""
    try:
        request = next(steps)
        while True:
            request = steps.send(_embed(request, embeddings))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return] # the generator's return value


async def arun_steps(steps: EmbeddingSteps[Result], embeddings: Embeddings | None) -> Result:
    """Like `run_steps`, without blocking the event loop."""
    try:
        request = next(steps)
        while True:
            request = steps.send(await _aembed(request, embeddings))
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return] # the generator's return value


def _embed(request: EmbeddingRequest, embeddings: Embeddings | None) -> Vectors | Exception:
    if embeddings is None:
        return RuntimeError("no embedding model")
    try:
        if request.as_queries:
            return [embeddings.embed_query(text) for text in request.texts]
        return embeddings.embed_documents(list(request.texts))
    except Exception as error:  # noqa: BLE001 - any model's fault is answered by word search
        return error


async def _aembed(request: EmbeddingRequest, embeddings: Embeddings | None) -> Vectors | Exception:
    if embeddings is None:
        return RuntimeError("no embedding model")
    try:
        if request.as_queries:
            return await asyncio.gather(*map(embeddings.aembed_query, request.texts))
        return await embeddings.aembed_documents(list(request.texts))
    except Exception as error:  # noqa: BLE001 - any model's fault is answered by word search
        return error
