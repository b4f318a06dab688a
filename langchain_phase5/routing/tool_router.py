"""Pick the few tools that fit a question, out of many, and learn which worked."""

import asyncio
import logging
from collections import Counter, OrderedDict
from collections.abc import Sequence
from threading import RLock
from typing import Literal

import numpy as np
import numpy.typing as npt
from langchain_core.embeddings import Embeddings
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.stores import ByteStore

from langchain_phase5.routing.clauses import clauses
from langchain_phase5.routing.conversation import Conversation, Question, read_conversation
from langchain_phase5.routing.coverage import rank_by_coverage
from langchain_phase5.routing.embedder import Embedder
from langchain_phase5.routing.embedding_choice import choose_embeddings, embeddings_name
from langchain_phase5.routing.outcome_index import OutcomeIndex
from langchain_phase5.routing.scored_tool import ScoredTool, Tool
from langchain_phase5.routing.sync_or_async import Course, arun_course, run_course
from langchain_phase5.routing.tool_history import ToolHistory
from langchain_phase5.routing.tool_index import ToolIndex
from langchain_phase5.storage.database import Database
from langchain_phase5.storage.outcomes import ToolOutcome

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]

_TOOL_LISTS = 8
_MAX_CONTEXT_SCORE = np.float32(2)
_OUTCOMES_AT_ONCE = 2_000


class ToolRouter:
    """Ranks tools for a question by meaning, by words and by what worked before.

    Every tool is embedded once, whatever list it comes in. The router never raises because of its
    embedding model or its history: it goes on with what is left, logs it and counts it in
    `failures`. It may be shared by threads and tasks.

    Args:
        embeddings: Any LangChain embedding model; "auto" picks OpenAI if `OPENAI_API_KEY` is set,
            else the local MiniLM of the `local` extra, else none; None searches by words only.
            `embeddings_name` says which it is.
        top_k: How many tools to return.
        history: Where outcomes are kept: a `ToolHistory`, a database or its URL. By default they
            are forgotten with the router.
        min_score: Tools below are left out, so that nothing may be returned.
        vector_store: Keeps the vectors of tool texts over restarts, e.g. a `LocalFileStore`.

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
            model, self.embeddings_name = choose_embeddings()
        else:
            model, self.embeddings_name = embeddings, embeddings_name(embeddings)
        self.history = history if isinstance(history, ToolHistory) else ToolHistory(history)
        self.failures: Counter[str] = Counter()
        """How often the router had to go on without something: `embedding`."""
        self._embedder = Embedder(
            model, name=self.embeddings_name, store=vector_store, failures=self.failures
        )
        self._indexes: OrderedDict[int, ToolIndex] = OrderedDict()
        self._outcomes = OutcomeIndex(
            max_questions=self.history.max_outcomes,
            half_life_seconds=self.history.half_life.total_seconds(),
        )
        self._outcomes_read = 0
        self._lock = RLock()

    @property
    def embeddings(self) -> Embeddings | None:
        """The embedding model in use."""
        return self._embedder.model

    def route(
        self, query: Question, tools: Sequence[Tool], *, top_k: int | None = None
    ) -> list[ScoredTool]:
        """Return the best tools for a question or a conversation, best first.

        Args:
            query: Text, or messages; of these the last ones count.
            tools: What to choose from. Taken as immutable: replace a tool to change it.
            top_k: Overrides the router's own.

        Raises:
            ValueError: `query` is neither, or `top_k` is less than 1.
        """
        return run_course(self._route(query, tools, top_k))

    async def aroute(
        self, query: Question, tools: Sequence[Tool], *, top_k: int | None = None
    ) -> list[ScoredTool]:
        """Like `route`, with the embedding model's own `async` calls."""
        return await arun_course(self._route(query, tools, top_k))

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
        vector = self._embedder.question(text)
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
    ) -> Course[list[ScoredTool]]:
        k = self.top_k if top_k is None else _positive(top_k)
        conversation = read_conversation(query)
        if not tools:
            return []
        parts = clauses(conversation.last)
        vectors = yield from self._embedder.embed_questions([*conversation.texts, *parts])
        index = yield from self._index(tools, vectors[0])
        yield from self._read_outcomes()
        ranked = self._rank(conversation, parts, vectors, index, k)
        return [
            ScoredTool(tool=index.tools[place], score=score)
            for place, score in ranked
            if self.min_score is None or score >= self.min_score
        ]

    def _rank(
        self,
        conversation: Conversation,
        parts: Sequence[str],
        vectors: Sequence[Floats | None],
        index: ToolIndex,
        count: int,
    ) -> list[tuple[int, float]]:
        """Score every text by itself, join the conversation, cover the parts."""
        texts = conversation.texts
        scores = [
            self._score(text, vector, index)
            for text, vector in zip([*texts, *parts], vectors, strict=True)
        ]
        weights = np.array(conversation.weights, dtype=np.float32)
        whole = weights[0] * scores[0]
        for weight, earlier in zip(weights[1:], scores[1:], strict=False):
            whole += weight * np.minimum(earlier, _MAX_CONTEXT_SCORE)
        of_parts = scores[len(texts) :]
        shape = (len(of_parts), len(index))
        return rank_by_coverage(whole, np.array(of_parts).reshape(shape), count=count)

    def _score(self, text: str, vector: Floats | None, index: ToolIndex) -> Floats:
        scores = index.scores(text, vector)
        evidence = self._outcomes.evidence(text, vector)
        if len(evidence):
            tools = self._outcomes.tools
            of_history, here = index.places_of(tools, count=len(evidence))
            scores[here] += evidence[of_history]
        return scores

    def _index(self, tools: Sequence[Tool], question: Floats | None) -> Course[ToolIndex]:
        """Find the index of this list or build it, embedding only texts never seen."""
        with self._lock:
            index = next((i for i in reversed(self._indexes.values()) if i.is_for(tools)), None)
            if index is None:
                newest = next(reversed(self._indexes.values()), None)
                index = ToolIndex(tools, previous=newest)
            self._indexes[id(index)] = index
            self._indexes.move_to_end(id(index))
            while len(self._indexes) > _TOOL_LISTS:
                self._indexes.popitem(last=False)
        if question is not None and index.dimensions != len(question):
            yield from self._embedder.embed_tool_texts(index.texts())
            index.embed(self._embedder.tool_texts)
        return index

    def _read_outcomes(self) -> Course[None]:
        """Take in outcomes recorded since the last route."""
        with self._lock:
            new = self.history.since(self._outcomes_read)
            self._outcomes_read = self.history.total
        for batch in (
            new[i : i + _OUTCOMES_AT_ONCE] for i in range(0, len(new), _OUTCOMES_AT_ONCE)
        ):
            vectors = [_saved_vector(outcome, self.embeddings_name) for outcome in batch]
            unknown = [o.query for o, vector in zip(batch, vectors, strict=True) if vector is None]
            fetched = iter((yield from self._embedder.embed_questions(unknown)))
            self._outcomes.add(batch, [next(fetched) if v is None else v for v in vectors])


def _saved_vector(outcome: ToolOutcome, name: str) -> Floats | None:
    if outcome.vector is None or outcome.embeddings != name:
        return None
    return np.frombuffer(outcome.vector, dtype="<f2").astype(np.float32)


def _positive(top_k: int) -> int:
    if top_k < 1:
        msg = f"top_k must be at least 1, not {top_k}"
        raise ValueError(msg)
    return top_k
