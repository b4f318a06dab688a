"""Pick the few tools that fit a question, out of many, and learn which worked."""

import asyncio
import logging
import math
from collections import Counter, OrderedDict
from collections.abc import Sequence
from threading import RLock
from typing import Literal

import numpy as np
import numpy.typing as npt
from langchain_core.embeddings import Embeddings
from langchain_core.language_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_core.stores import ByteStore

from langchain_phase5.routing.embedding_choice import choose_embeddings, embeddings_name
from langchain_phase5.routing.history.rank_calibration import RankCalibration
from langchain_phase5.routing.history.tool_history import ToolHistory
from langchain_phase5.routing.ranking.embedder import Embedder
from langchain_phase5.routing.ranking.tool_ranking import ToolRanking
from langchain_phase5.routing.scored_tool import ScoredTool, Tool
from langchain_phase5.routing.selection_check import SelectionCheck
from langchain_phase5.routing.text.conversation import Question, read_conversation
from langchain_phase5.routing.text.identifiers import without_identifiers
from langchain_phase5.storage.database import Database
from langchain_phase5.storage.outcomes import ToolOutcome
from langchain_phase5.sync_or_async import Steps, arun_steps, run_steps

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]
TopK = int | Literal["auto"]

_QUESTIONS_KEPT = 256


class ToolRouter:
    """Ranks tools for a question by meaning, by words and by what worked before.

    Every tool is embedded once, whatever list it comes in. The router never raises because of its
    embedding model or its history: it goes on with what is left, logs it and counts it in
    `failures` (and in `history.failures`). It may be shared by threads and tasks. 100,000 tools
    take about 0.8 GB at 384 dimensions.

    Args:
        embeddings: Any LangChain embedding model; "auto" picks OpenAI if `OPENAI_API_KEY` is set,
            else the local MiniLM of the `local` extra, else none; None searches by words only.
            `embeddings_name` says which it is.
        top_k: How many tools to return. "auto" returns as many as hold the wanted one with the
            chance `coverage`, as learned from successes recorded for questions routed before; kept
            in `history`.
        max_k: Upper bound for "auto".
        coverage: The chance for "auto".
        history: Where outcomes are kept: a `ToolHistory`, a database or its URL. By default they
            are forgotten with the router.
        min_score: Tools below are left out, so that nothing may be returned.
        validator: A chat model that looks over every selection, in one call; where that fails, the
            ranking stands.
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
        top_k: int | Literal["auto"] = 3,
        max_k: int = 10,
        coverage: float = 0.9,
        history: ToolHistory | Database | str | None = None,
        min_score: float | None = None,
        validator: BaseChatModel | None = None,
        vector_store: ByteStore | None = None,
    ) -> None:
        self._top_k = _checked(top_k)
        if max_k < 1:
            msg = f"max_k must be at least 1, not {max_k}"
            raise ValueError(msg)
        self.max_k = max_k
        self.min_score = min_score
        if embeddings == "auto":
            model, self.embeddings_name = choose_embeddings()
        else:
            model, self.embeddings_name = embeddings, embeddings_name(embeddings)
        self.history = history if isinstance(history, ToolHistory) else ToolHistory(history)
        self.failures: Counter[str] = Counter()
        """How often the router had to go on without something: `embedding` or `validation`."""
        self._embedder = Embedder(
            model, name=self.embeddings_name, store=vector_store, failures=self.failures
        )
        self._ranking = ToolRanking(self._embedder, self.history)
        self._ranks = RankCalibration(coverage=coverage)
        self._routed: OrderedDict[str, dict[str, int]] = OrderedDict()
        self._check = None if validator is None else SelectionCheck(validator)
        self._lock = RLock()

    @property
    def top_k(self) -> int:
        """The most tools that a route returns."""
        return self.max_k if self._top_k == "auto" else self._top_k

    @property
    def embeddings(self) -> Embeddings | None:
        """The embedding model in use."""
        return self._embedder.model

    def route(
        self, query: Question, tools: Sequence[Tool], *, top_k: TopK | None = None
    ) -> list[ScoredTool]:
        """Return the best tools for a question or a conversation, best first.

        Args:
            query: Text, or messages; of these the last ones count.
            tools: What to choose from. Taken as immutable: replace a tool to change it.
            top_k: Overrides the router's own.

        Raises:
            ValueError: `query` is neither, or `top_k` is less than 1.
        """
        return run_steps(self._route(query, tools, top_k))

    async def aroute(
        self, query: Question, tools: Sequence[Tool], *, top_k: TopK | None = None
    ) -> list[ScoredTool]:
        """Like `route`, with the embedding model's own `async` calls."""
        return await arun_steps(self._route(query, tools, top_k))

    def prepare(self, tools: Sequence[Tool] = ()) -> None:
        """Do now what the first routes would take time for: embed `tools` and the history.

        Only questions of the history that another embedding model had seen are embedded anew.
        Without this call every route embeds 16 of them, the newest first, and the others say
        nothing until their turn comes.
        """
        run_steps(self._ranking.prepare(tools))

    async def aprepare(self, tools: Sequence[Tool] = ()) -> None:
        """Like `prepare`, with the embedding model's own `async` calls."""
        await arun_steps(self._ranking.prepare(tools))

    def select_tools(
        self, query: Question, tools: Sequence[Tool], *, top_k: TopK | None = None
    ) -> list[ScoredTool]:
        """Do what `route` does, under another name."""
        return self.route(query, tools, top_k=top_k)

    def route_batch(
        self, queries: Sequence[Question], tools: Sequence[Tool], *, top_k: TopK | None = None
    ) -> list[list[ScoredTool]]:
        """Route many questions over one list of tools."""
        return [self.route(query, tools, top_k=top_k) for query in queries]

    async def aroute_batch(
        self, queries: Sequence[Question], tools: Sequence[Tool], *, top_k: TopK | None = None
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
        ranks = self._routed.get(text)
        vector = self._embedder.question(without_identifiers(text))
        self.history.record(
            ToolOutcome(
                query=text,
                tool_name=tool_name,
                success=success,
                embeddings=None if vector is None else self.embeddings_name,
                vector=None if vector is None else vector.astype("<f2").tobytes(),
                routed_rank=None if ranks is None else ranks.get(tool_name, 0),
            )
        )

    def _route(
        self, query: Question, tools: Sequence[Tool], top_k: TopK | None
    ) -> Steps[list[ScoredTool]]:
        wanted = self._top_k if top_k is None else _checked(top_k)
        conversation = read_conversation(query)
        if not tools:
            return []
        count = self.max_k if wanted == "auto" else wanted
        ranking = yield from self._ranking.rank(conversation, tools, count=count)
        if wanted == "auto":
            self._remember(conversation.last, ranking)
        return (yield from self._validated(conversation.last, self._cut(ranking, wanted)))

    def _cut(self, ranking: list[ScoredTool], wanted: TopK) -> list[ScoredTool]:
        """Take the first ones, as many as wanted, calibrated or above the least score."""
        if wanted == "auto":
            self._ranks.learn_from(self.history)
        k = self._ranks.k(self.max_k) if wanted == "auto" else wanted
        least = -math.inf if self.min_score is None else self.min_score
        return [scored for scored in ranking[:k] if scored.score >= least]

    def _remember(self, question: str, ranking: Sequence[ScoredTool]) -> None:
        """Keep where each tool stood, for `record` to learn from."""
        with self._lock:
            self._routed[question] = {s.name: rank for rank, s in enumerate(ranking, start=1)}
            self._routed.move_to_end(question)
            while len(self._routed) > _QUESTIONS_KEPT:
                self._routed.popitem(last=False)

    def _validated(self, question: str, ranking: list[ScoredTool]) -> Steps[list[ScoredTool]]:
        if self._check is None or not ranking:
            return ranking
        try:
            return self._check.keep((yield self._check.ask(question, ranking)), ranking)
        except Exception as error:  # noqa: BLE001 - the ranking stands whatever the model does
            self.failures["validation"] += 1
            logger.warning("Tool routing goes on without validation: %r", error)
            return ranking


def _checked(top_k: TopK) -> TopK:
    if top_k != "auto" and top_k < 1:
        msg = f'top_k must be at least 1 or "auto", not {top_k}'
        raise ValueError(msg)
    return top_k
