"""The callback handler that writes each agent run to the database."""

import atexit
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self

from prometheus_client import REGISTRY, CollectorRegistry

from langchain_phase5.callbacks.families import MetricFamilies
from langchain_phase5.callbacks.interaction_text import to_interaction
from langchain_phase5.callbacks.record_keeper import RecordKeeper
from langchain_phase5.callbacks.records import AgentRecord
from langchain_phase5.callbacks.writer import BackgroundWriter
from langchain_phase5.prices import Overrides
from langchain_phase5.storage.database import Database
from langchain_phase5.storage.interactions import Interaction, InteractionStore

Redact = Callable[[Interaction], Interaction | None]


@dataclass(frozen=True)
class _Rating:
    interaction_id: str
    score: float


class InteractionRecorder(RecordKeeper):
    """Records what agents were asked, did and answered, without making them wait.

    Finished runs go through a bounded queue to one writer thread, which writes them in batches,
    each in a transaction: a process that is killed loses at most what it had not written yet, and
    one that ends normally loses nothing. When the queue is full, runs are dropped and counted.

    Args:
        storage: A `Database`, or the URL of one.
        agent_version: Stored with every run, to compare versions by.
        tags: Stored with every run, besides those in the run's own config.
        record_content: `False` leaves questions, answers, and tool arguments and outputs out.
        redact: Called on the writer thread with each interaction; returns what to store instead,
            e.g. from `dataclasses.replace`, or `None` to store nothing. If it raises, the
            interaction is not stored.
        prices: Own prices in USD per million tokens, see `langchain_phase5.prices`.
        include_graphs: Record outermost LangGraph graphs of any kind, not only agents.
        queue_size: Finished runs that may wait.
        flush_seconds: How long a run may wait for others to share its transaction.
        registry: Where `interactions_total` is counted.

    Example:
        >>> from langchain_phase5.storage import Database
        >>> recorder = InteractionRecorder(Database("sqlite://"), agent_version="2026-11")
        >>> # agent.invoke({"messages": "Hi"}, {"callbacks": [recorder]})
        >>> recorder.flush()
        >>> recorder.store.count()
        0
        >>> recorder.close()
    """

    def __init__(
        self,
        storage: Database | str,
        *,
        agent_version: str | None = None,
        tags: Sequence[str] = (),
        record_content: bool = True,
        redact: Redact | None = None,
        prices: Overrides | None = None,
        include_graphs: bool = False,
        queue_size: int = 10_000,
        flush_seconds: float = 0.5,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        super().__init__(prices=prices, include_graphs=include_graphs)
        self.store = InteractionStore(storage)
        self._agent_version = agent_version
        self._tags = tuple(tags)
        self._record_content = record_content
        self._redact = redact
        self._outcomes = MetricFamilies.on(registry).interactions
        self._writer = BackgroundWriter(
            self._write,
            on_failure=self._failed,
            queue_size=queue_size,
            batch_seconds=flush_seconds,
            after_fork=lambda: self.store.database.engine.dispose(close=False),
        )
        atexit.register(_close, weakref.ref(self))

    def record_quality(self, interaction_id: str, score: float) -> None:
        """Rate a run from 0 to 1, also one that is not written yet.

        Inside a run, dispatch the custom event `quality` instead.

        Args:
            interaction_id: The agent run's id.
            score: From 0 (useless) to 1 (perfect).

        Raises:
            ValueError: The score is out of range.
        """
        if not 0 <= score <= 1:
            msg = f"A quality score is a number from 0 to 1; got {score!r}"
            raise ValueError(msg)
        self._put(_Rating(str(interaction_id), score))

    def prune(self, *, older_than: timedelta) -> int:
        """Delete what started longer ago than `older_than`, and return how many."""
        return self.store.prune(older_than=older_than)

    def flush(self, timeout: float | None = None) -> None:
        """Wait until everything recorded so far is written.

        Raises:
            TimeoutError: It took longer than `timeout` seconds.
        """
        self._writer.flush(timeout)

    def close(self, timeout: float | None = 30.0) -> None:
        """Write what is left and stop; what is recorded afterwards starts a new writer."""
        self._writer.close(timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _agent_recorded(self, record: AgentRecord) -> None:
        self._put(record)

    def _put(self, item: AgentRecord | _Rating) -> None:
        if not self._writer.put(item):
            self._outcomes[("dropped",)].inc(1)

    def _write(self, items: Sequence[Any]) -> None:
        """Write a batch, on the writer's thread."""
        prepared = [self._prepare(item) for item in items if isinstance(item, AgentRecord)]
        new = self.store.add(interaction for interaction in prepared if interaction is not None)
        for item in items:
            if isinstance(item, _Rating):
                self.store.set_quality(item.interaction_id, item.score)
        self._outcomes[("recorded",)].inc(new)

    def _prepare(self, record: AgentRecord) -> Interaction | None:
        interaction = to_interaction(
            record,
            agent_version=self._agent_version,
            tags=self._tags,
            content=self._record_content,
        )
        return self._redact(interaction) if self._redact is not None else interaction

    def _failed(self, items: Sequence[Any]) -> None:
        self._outcomes[("failed",)].inc(len(items))


def _close(recorder: "weakref.ref[InteractionRecorder]") -> None:
    alive = recorder()
    if alive is not None:
        alive.close()
