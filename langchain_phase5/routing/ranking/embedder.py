"""Embed tools and questions, each once, and go on without where the model fails."""

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from typing import Any

from langchain_core.embeddings import Embeddings
from langchain_core.stores import ByteStore

from langchain_phase5.routing.vectors.vector_cache import Floats, VectorCache
from langchain_phase5.sync_or_async import Call, Steps

logger = logging.getLogger(__name__)

_MAX_TOOL_TEXTS = 250_000
_MAX_QUESTIONS = 4_096


class Embedder:
    """An embedding model with two caches: tool texts, kept long, and recent questions.

    Args:
        model: None embeds nothing.
        name: Of the model, for the byte store.
        store: Where the vectors of tool texts outlive the process.
        failures: The count under `embedding` rises whenever the model or the store failed.
    """

    def __init__(
        self,
        model: Embeddings | None,
        *,
        name: str,
        store: ByteStore | None,
        failures: Counter[str],
    ) -> None:
        self.model = model
        self.name = name
        self.tool_texts = VectorCache(namespace=name, store=store, max_vectors=_MAX_TOOL_TEXTS)
        self._questions = VectorCache(namespace=name, max_vectors=_MAX_QUESTIONS)
        self._failures = failures

    def question(self, text: str) -> Floats | None:
        """Look up a question embedded before."""
        return self._questions.get(text)

    def embed_tool_texts(self, texts: Sequence[str], *, dimensions: int) -> Steps[bool]:
        """Bring vectors of that many dimensions into `tool_texts`; say whether that worked."""
        if self.model is None:
            return False
        self.tool_texts.expect(dimensions)
        embed, aembed = self.model.embed_documents, self.model.aembed_documents
        return (yield from self._fetch(texts, self.tool_texts, embed, aembed))

    def embed_questions(self, texts: Sequence[str]) -> Steps[list[Floats | None]]:
        """Embed questions as such, which some models do unlike documents; None where it failed."""
        if self.model is None:
            return [None] * len(texts)
        yield from self._fetch(
            [text for text in texts if text.strip()],
            self._questions,
            partial(_embed_queries, self.model),
            partial(_aembed_queries, self.model),
        )
        return [self._questions.get(text) for text in texts]

    def _fetch(
        self, texts: Sequence[str], cache: VectorCache, embed: Any, aembed: Any
    ) -> Steps[bool]:
        try:
            missing = cache.missing(texts)
            if missing:
                vectors = yield Call(now=partial(embed, missing), later=partial(aembed, missing))
                cache.put(missing, vectors)
        except Exception as error:  # noqa: BLE001 - any model's fault is answered by word search
            self._failures["embedding"] += 1
            logger.warning("Tool routing goes on without embeddings: %r", error)
            return False
        return True


def _embed_queries(model: Embeddings, texts: Sequence[str]) -> list[list[float]]:
    return [model.embed_query(text) for text in texts]


async def _aembed_queries(model: Embeddings, texts: Sequence[str]) -> list[list[float]]:
    return await asyncio.gather(*map(model.aembed_query, texts))
