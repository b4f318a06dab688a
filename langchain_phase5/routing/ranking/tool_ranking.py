"""Score every tool of a list for a conversation."""

from collections import OrderedDict
from collections.abc import Sequence
from threading import RLock

import numpy as np
import numpy.typing as npt

from langchain_phase5.routing.history.outcome_index import OutcomeIndex
from langchain_phase5.routing.history.tool_history import ToolHistory
from langchain_phase5.routing.ranking.coverage import rank_by_coverage
from langchain_phase5.routing.ranking.embedder import Embedder
from langchain_phase5.routing.ranking.tool_index import ToolIndex
from langchain_phase5.routing.scored_tool import ScoredTool, Tool
from langchain_phase5.routing.text.clauses import clauses
from langchain_phase5.routing.text.conversation import Conversation
from langchain_phase5.routing.text.identifiers import without_identifiers
from langchain_phase5.storage.outcomes import ToolOutcome
from langchain_phase5.sync_or_async import Steps

Floats = npt.NDArray[np.float32]

_TOOL_LISTS = 8
_MAX_CONTEXT_SCORE = np.float32(2)
_OUTCOMES_AT_ONCE = 2_000
_BACKLOG_PER_ROUTE = 16
_ANY_QUESTION = "tools"


class ToolRanking:
    """What a router knows about tools: their indexes and what the history says.

    Args:
        embedder: Embeds questions and tools.
        history: Read before every ranking for what is new. What it held before and another
            embedding model had seen is embedded anew little by little, the newest first.
    """

    def __init__(self, embedder: Embedder, history: ToolHistory) -> None:
        self._embedder = embedder
        self._history = history
        self._indexes: OrderedDict[int, ToolIndex] = OrderedDict()
        self._outcomes = OutcomeIndex(
            max_questions=history.max_outcomes,
            half_life_seconds=history.half_life.total_seconds(),
            rate_half_life_seconds=history.rate_half_life.total_seconds(),
        )
        self._loaded, self._outcomes_read = history.since(0)
        self._backlog: list[ToolOutcome] = []
        if embedder.model is not None:
            known = [_saved_vector(outcome, embedder.name) is not None for outcome in self._loaded]
            self._backlog = [o for o, has in zip(self._loaded, known, strict=True) if not has]
            self._loaded = [o for o, has in zip(self._loaded, known, strict=True) if has]
        self._lock = RLock()

    def prepare(self, tools: Sequence[Tool]) -> Steps[None]:
        """Embed `tools` and all of the history."""
        (vector,) = yield from self._embedder.embed_questions([_ANY_QUESTION])
        if tools:
            yield from self._index(tools, vector)
        yield from self._read_outcomes(backlog=len(self._backlog))

    def rank(
        self, conversation: Conversation, tools: Sequence[Tool], *, count: int
    ) -> Steps[list[ScoredTool]]:
        """Return the best `count` tools, best first."""
        parts = clauses(conversation.last)
        texts = [*conversation.texts, *parts]
        vectors = yield from self._embedder.embed_questions(texts)
        index = yield from self._index(tools, vectors[0])
        yield from self._read_outcomes(backlog=0 if vectors[0] is None else _BACKLOG_PER_ROUTE)
        scores = index.scores(texts, vectors)
        yield from self._add_evidence(scores, texts, vectors, index)
        weights = np.array(conversation.weights, dtype=np.float32)
        whole = weights[0] * scores[0]
        for weight, earlier in zip(weights[1:], scores[1:], strict=False):
            whole += weight * np.minimum(earlier, _MAX_CONTEXT_SCORE)
        return [
            ScoredTool(tool=index.tools[place], score=score)
            for place, score in rank_by_coverage(whole, scores[len(weights) :], count=count)
        ]

    def _add_evidence(
        self,
        scores: Floats,
        texts: Sequence[str],
        vectors: Sequence[Floats | None],
        index: ToolIndex,
    ) -> Steps[None]:
        tools = self._outcomes.tools
        if not tools:
            return
        if vectors[0] is not None:  # else the model has just failed and is not asked again
            asked = [without_identifiers(text) for text in texts]
            vectors = yield from self._embedder.embed_questions(asked)
        for row, text, vector in zip(scores, texts, vectors, strict=True):
            evidence = self._outcomes.evidence(text, vector)
            of_history, here = index.places_of(tools, count=len(evidence))
            row[here] += evidence[of_history]

    def _index(self, tools: Sequence[Tool], question: Floats | None) -> Steps[ToolIndex]:
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
            yield from self._embedder.embed_tool_texts(index.texts(), dimensions=len(question))
            index.embed(self._embedder.tool_texts)
        return index

    def _read_outcomes(self, *, backlog: int) -> Steps[None]:
        """Take in what was recorded since the last route, and so many of the backlog."""
        with self._lock:
            new, self._outcomes_read = self._history.since(self._outcomes_read)
            start = max(0, len(self._backlog) - backlog)
            due = [*self._backlog[start:], *self._loaded, *new]
            del self._backlog[start:]
            self._loaded = []
        try:
            while due:
                yield from self._learn(due[:_OUTCOMES_AT_ONCE])
                del due[:_OUTCOMES_AT_ONCE]
        finally:  # of a route that was cancelled meanwhile, the next one takes in the rest
            with self._lock:
                self._loaded = [*due, *self._loaded]

    def _learn(self, batch: Sequence[ToolOutcome]) -> Steps[None]:
        vectors = [_saved_vector(outcome, self._embedder.name) for outcome in batch]
        unknown = [o for o, vector in zip(batch, vectors, strict=True) if vector is None]
        asked = [without_identifiers(outcome.query) for outcome in unknown]
        embedded = yield from self._embedder.embed_questions(asked)
        self._history.save_vectors(unknown, embedded, embeddings=self._embedder.name)
        fetched = iter(embedded)
        self._outcomes.add(batch, [next(fetched) if v is None else v for v in vectors])


def _saved_vector(outcome: ToolOutcome, name: str) -> Floats | None:
    if outcome.vector is None or outcome.embeddings != name:
        return None
    return np.frombuffer(outcome.vector, dtype="<f2").astype(np.float32)
