"""Pick the few tools that fit a question, out of many, and learn which worked."""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Generator, Sequence
from threading import RLock
from typing import Literal

import numpy as np
import numpy.typing as npt
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.stores import ByteStore

from langchain_phase5.routing.clauses import clauses
from langchain_phase5.routing.conversation import Conversation, Question, read_conversation
from langchain_phase5.routing.embedding_choice import choose_embeddings, embeddings_name
from langchain_phase5.routing.embedding_steps import (
    EmbeddingRequest,
    EmbeddingSteps,
    arun_steps,
    run_steps,
)
from langchain_phase5.routing.outcome_index import OutcomeIndex
from langchain_phase5.routing.scored_tool import ScoredTool, Tool
from langchain_phase5.routing.tool_history import ToolHistory
from langchain_phase5.routing.tool_index import ToolIndex
from langchain_phase5.routing.vector_cache import VectorCache
from langchain_phase5.storage.database import Database
from langchain_phase5.storage.outcomes import ToolOutcome

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]

_LEXICAL_WEIGHT = 0.5
_HISTORY_WEIGHT = 1.0
_CLAUSE_PENALTY = 0.05
_DECAY = 0.5
_TOOL_LISTS = 8
_QUERY = "query\0"


class ToolRouter:
    """Ranks tools for a question by meaning, by words and by what worked before.

    Every tool is embedded once, whatever list it comes in. The router never raises because of its
    embedding model or its history: it goes on with what is left, logs it and counts it in
    `failures`. It may be shared by threads and tasks.

    Args:
        embeddings: Any LangChain embedding model; "auto" picks OpenAI if `OPENAI_API_KEY` is set,
            else the local MiniLM of the `local` extra, else none; None searches by words only.
        top_k: How many tools to return.
        history: Where outcomes are kept: a `ToolHistory`, a database or its URL. By default they
            are forgotten with the router.
        min_score: Tools below are left out, so that nothing may be returned.
        vector_store: Keeps embedding vectors over restarts, e.g. a `LocalFileStore`.

    Example:
        >>> from langchain_core.tools import tool
        >>> @tool
        ... def get_weather(city: str) -> str:
        ...     '''Say what the weather is like in a city.'''
        ...     return "sunny"
        >>> @tool
        ... def send_mail(to: str, text: str) -> str:
        ...     '''Send an e-mail.'''
        ...     return "sent"
        >>> router = ToolRouter(top_k=1)
        >>> [scored.name for scored in router.route("weather in Oslo?", [send_mail, get_weather])]
        ['get_weather']
        >>> router.record("is it warm outside?", "get_weather", success=True)
    """

    def __init__(
        self,
        embeddings: Embeddings | Literal["auto"] | None = None,
        *,
        top_k: int = 3,
        history: ToolHistory | Database | str | None = None,
        min_score: float | None = None,
        vector_store: ByteStore | None = None,
    ) -> None:
        self.top_k = _positive(top_k)
        self.min_score = min_score
        if embeddings == "auto":
            self.embeddings, self.embeddings_name = choose_embeddings()
        else:
            self.embeddings = embeddings
            self.embeddings_name = embeddings_name(self.embeddings)
        self.history = history if isinstance(history, ToolHistory) else ToolHistory(history)
        self.failures: Counter[str] = Counter()
        """How often the router had to go on without something: `embedding`."""
        self._vectors = VectorCache(namespace=self.embeddings_name, store=vector_store)
        self._indexes: OrderedDict[int, ToolIndex] = OrderedDict()
        self._outcomes = OutcomeIndex(max_outcomes=self.history.max_outcomes)
        self._outcomes_read = 0
        self._lock = RLock()

    def route(
        self, query: Question, tools: Sequence[Tool], *, top_k: int | None = None
    ) -> list[ScoredTool]:
        """Return the best tools for a question or a conversation, best first.

        Args:
            query: Text, or messages; of these the user's last ones count.
            tools: What to choose from. Taken as immutable: replace a tool to change it.
            top_k: Overrides the router's own.

        Raises:
            ValueError: `query` is neither, or `top_k` is less than 1.
        """
        return run_steps(self._route(query, tools, top_k), self.embeddings)

    async def aroute(
        self, query: Question, tools: Sequence[Tool], *, top_k: int | None = None
    ) -> list[ScoredTool]:
        """Like `route`, with the embedding model's own `async` calls."""
        return await arun_steps(self._route(query, tools, top_k), self.embeddings)

    def select_tools(
        self, query: Question, tools: Sequence[Tool], *, top_k: int | None = None
    ) -> list[ScoredTool]:
        """Do what `route` does, under another name."""
        return self.route(query, tools, top_k=top_k)

    def route_batch(
        self, queries: Sequence[Question], tools: Sequence[Tool], *, top_k: int | None = None
    ) -> list[list[ScoredTool]]:
        """Route many questions over one list of tools."""
        return [self.route(query, tools, top_k=top_k) for query in queries]

    async def aroute_batch(
        self, queries: Sequence[Question], tools: Sequence[Tool], *, top_k: int | None = None
    ) -> list[list[ScoredTool]]:
        """Route many questions at once over one list of tools."""
        return list(
            await asyncio.gather(*(self.aroute(query, tools, top_k=top_k) for query in queries))
        )

    def as_runnable(self, tools: Sequence[Tool]) -> Runnable[Question, list[Tool]]:
        """Make a `Runnable` from a question or messages to the tools to bind."""

        def select(query: Question) -> list[Tool]:
            return [scored.tool for scored in self.route(query, tools)]

        async def aselect(query: Question) -> list[Tool]:
            return [scored.tool for scored in await self.aroute(query, tools)]

        return RunnableLambda(select, afunc=aselect, name="ToolRouter")

    def record(self, query: Question, tool_name: str, *, success: bool) -> None:
        """Learn from a call: it was made for `query` and worked or not; counts at once.

        Raises:
            ValueError: `query` is neither text nor messages.
        """
        text = read_conversation(query).last
        if not text.strip():
            return
        vector = self._vectors.get(_QUERY + text)
        self.history.record(
            ToolOutcome(
                query=text,
                tool_name=tool_name,
                success=success,
                embeddings=None if vector is None else self.embeddings_name,
                vector=None if vector is None else vector.astype("<f2").tobytes(),
            )
        )

    def _route(
        self, query: Question, tools: Sequence[Tool], top_k: int | None
    ) -> EmbeddingSteps[list[ScoredTool]]:
        k = self.top_k if top_k is None else _positive(top_k)
        conversation = read_conversation(query)
        if not tools:
            return []
        index = yield from self._index(tools)
        scores = yield from self._scores(conversation, index)
        best = np.argsort(-scores.round(6), kind="stable")[:k]
        return [
            ScoredTool(tool=index.tools[index.order[i]], score=float(scores[i]))
            for i in best
            if self.min_score is None or scores[i] >= self.min_score
        ]

    def _index(self, tools: Sequence[Tool]) -> EmbeddingSteps[ToolIndex]:
        """Find the index of this list or build it, embedding only texts never seen."""
        with self._lock:
            for key, index in reversed(self._indexes.items()):
                if index.is_for(tools):
                    self._indexes.move_to_end(key)
                    break
            else:
                newest = next(reversed(self._indexes.values()), None)
                index = ToolIndex(tools, previous=newest)
                self._indexes[id(index)] = index
                while len(self._indexes) > _TOOL_LISTS:
                    self._indexes.popitem(last=False)
        if index.dimensions is None and self.embeddings is not None:
            texts = index.texts()
            if (yield from self._embed(texts, as_queries=False)):
                index.embed(self._vectors)
        return index

    def _scores(self, conversation: Conversation, index: ToolIndex) -> EmbeddingSteps[Floats]:
        last, earlier = conversation.last, conversation.earlier
        parts = clauses(last)
        texts = [last, *earlier, *parts]
        if self.embeddings is not None:
            yield from self._embed([_QUERY + text for text in texts], as_queries=True)
            yield from self._read_outcomes()
        by_text = {text: self._score_one(text, index) for text in texts}
        scores = by_text[last]
        if earlier:
            talk = sum(
                (_DECAY ** (i + 1) * by_text[text] for i, text in enumerate(earlier)), scores
            ) / np.float32(sum(_DECAY**i for i in range(len(earlier) + 1)))
            scores = np.maximum(scores, talk)
        for part in parts:
            scores = np.maximum(scores, by_text[part] - np.float32(_CLAUSE_PENALTY))
        return scores

    def _score_one(self, text: str, index: ToolIndex) -> Floats:
        scores = np.float32(_LEXICAL_WEIGHT) * index.lexical(text)
        vector = self._vectors.get(_QUERY + text)
        if vector is None or index.dimensions != len(vector):
            return scores
        scores = scores + index.dense(vector)
        votes = self._outcomes.votes(vector)
        if votes:
            scores += np.array(
                [_HISTORY_WEIGHT * votes.get(name, 0.0) for name in index.names], dtype=np.float32
            )
        return scores

    def _embed(
        self, keys: Sequence[str], *, as_queries: bool
    ) -> Generator[EmbeddingRequest, Sequence[Sequence[float]] | Exception, bool]:
        """Bring vectors into the cache; False (counted, logged) if the model failed."""
        missing = [key for key in self._vectors.missing(keys) if key.removeprefix(_QUERY).strip()]
        if not missing:
            return True
        texts = [key.removeprefix(_QUERY) for key in missing]
        answer = yield EmbeddingRequest(texts=texts, as_queries=as_queries)
        try:
            if not isinstance(answer, Exception):
                self._vectors.put(missing, answer)
                return True
        except (TypeError, ValueError) as error:
            answer = error
        self.failures["embedding"] += 1
        logger.warning("Tool routing goes on without embeddings: %r", answer)
        return False

    def _read_outcomes(self) -> EmbeddingSteps[None]:
        """Take in outcomes recorded since the last route."""
        total = self.history.total
        new = self.history.since(self._outcomes_read)
        self._outcomes_read = total
        if not new:
            return
        yield from self._embed([_QUERY + outcome.query for outcome in new], as_queries=True)
        found = [(outcome, self._vectors.get(_QUERY + outcome.query)) for outcome in new]
        known = [(outcome, vector) for outcome, vector in found if vector is not None]
        self._outcomes.add([outcome for outcome, _ in known], [vector for _, vector in known])


def _positive(top_k: int) -> int:
    if top_k < 1:
        msg = f"top_k must be at least 1, not {top_k}"
        raise ValueError(msg)
    return top_k
