"""The outcomes of past tool calls: kept in memory, written behind to a database."""

import atexit
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Condition, RLock, Thread

import numpy as np
import numpy.typing as npt
from sqlalchemy.exc import SQLAlchemyError

from langchain_phase5.storage.database import Database
from langchain_phase5.storage.outcomes import OutcomeStore, ToolOutcome

logger = logging.getLogger(__name__)

Floats = npt.NDArray[np.float32]

_PRUNE_EVERY = 1_000
_RETRY_SECONDS = 1.0


class ToolHistory:
    """Which tool was called for which question, and did it work: what a router learns from.

    Reading and recording never touch the database, which is written by a thread of its own. While
    it is locked or gone, outcomes wait in a queue (bounded by `max_outcomes`) and learning goes on.

    Args:
        storage: A database or its URL to survive a restart; without one, memory only.
        max_outcomes: The newest that many are kept, here and in the database.
        half_life: After this time it counts half that a tool answered a question.
        rate_half_life: After this time a call counts half for how often its tool works; short, as
            an outage says little about the week after.

    Example:
        >>> history = ToolHistory()
        >>> history.record(ToolOutcome(query="rain?", tool_name="get_weather", success=True))
        >>> len(history)
        1
    """

    def __init__(
        self,
        storage: Database | str | None = None,
        *,
        max_outcomes: int = 20_000,
        half_life: timedelta = timedelta(days=90),
        rate_half_life: timedelta = timedelta(days=1),
    ) -> None:
        if max_outcomes < 1:
            msg = "max_outcomes must be at least 1"
            raise ValueError(msg)
        self.max_outcomes = max_outcomes
        self.half_life = half_life
        self.rate_half_life = rate_half_life
        self.failures = 0
        """Times that the database could not be read or written."""
        self._outcomes: deque[ToolOutcome] = deque(maxlen=max_outcomes)
        self._total = 0
        self._lock = RLock()
        self._storage = Database(storage) if isinstance(storage, str) else storage
        self._store: OutcomeStore | None = None
        self._waiting: deque[ToolOutcome] = deque(maxlen=max_outcomes)
        self._writing: list[ToolOutcome] = []
        self._changed = Condition()
        self._writer: Thread | None = None
        self._closed = False
        self._load()

    def record(self, outcome: ToolOutcome) -> None:
        """Keep an outcome; it counts from the next route on."""
        with self._lock:
            self._outcomes.append(outcome)
            self._total += 1
        if self._storage is not None:
            self._write_behind(self._storage, outcome)

    def save_vectors(
        self, outcomes: Sequence[ToolOutcome], vectors: Sequence[Floats | None], *, embeddings: str
    ) -> None:
        """Write behind how another model embeds the questions of outcomes read from the database.

        Args:
            outcomes: Those without an `id` are passed over.
            vectors: One for each; None where the model failed.
            embeddings: Name of the model.
        """
        if self._storage is None:
            return
        for outcome, vector in zip(outcomes, vectors, strict=True):
            if outcome.id is not None and vector is not None:
                saved = vector.astype("<f2").tobytes()
                self._write_behind(
                    self._storage, replace(outcome, embeddings=embeddings, vector=saved)
                )

    def since(self, total: int) -> tuple[list[ToolOutcome], int]:
        """List the outcomes recorded after `total` was this, oldest first, and say what it is now.

        Both at once, so that what another thread records in between is neither lost nor read twice.
        """
        with self._lock:
            new = min(self._total - total, len(self._outcomes))
            places = range(len(self._outcomes) - new, len(self._outcomes))
            return [self._outcomes[place] for place in places], self._total

    def flush(self, *, timeout: float = 10.0) -> bool:
        """Wait up to `timeout` seconds until all is written; say whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: not (self._waiting or self._writing), timeout)

    def close(self, *, timeout: float = 10.0) -> None:
        """Write what waits, within `timeout` seconds, and stop the writing thread."""
        self.flush(timeout=timeout)
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        atexit.unregister(self.close)

    def __len__(self) -> int:
        return len(self._outcomes)

    def _load(self) -> None:
        if self._storage is None:
            return
        try:
            self._store = OutcomeStore(self._storage)
            self._outcomes.extend(self._store.latest(self.max_outcomes))
        except SQLAlchemyError as error:
            self._count_failure("read", error)
        self._total = len(self._outcomes)

    def _write_behind(self, storage: Database, outcome: ToolOutcome) -> None:
        with self._changed:
            self._waiting.append(outcome)
            self._changed.notify_all()
            if self._closed or self._writer is None:
                atexit.register(self.close)
            self._closed = False
            if self._writer is None:
                self._writer = Thread(
                    target=self._write, args=(storage,), name="tool-outcomes", daemon=True
                )
                self._writer.start()

    def _write(self, storage: Database) -> None:
        written = 0
        while self._take():
            try:
                self._store = self._store or OutcomeStore(storage)
                self._store.add(self._writing)
                written += len(self._writing)
                if written >= _PRUNE_EVERY:
                    self._store.prune(keep=self.max_outcomes)
                    written = 0
            except SQLAlchemyError as error:
                self._count_failure("write", error)
                self._put_back()
            else:
                with self._changed:
                    self._writing = []
                    self._changed.notify_all()

    def _take(self) -> bool:
        """Wait for outcomes and move them to `_writing`; False once closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                self._writer = None
                return False
            self._writing = list(self._waiting)
            self._waiting.clear()
            return True

    def _put_back(self) -> None:
        with self._changed:
            newest = [*self._writing, *self._waiting][-self.max_outcomes :]
            self._waiting = deque(newest, maxlen=self.max_outcomes)
            self._writing = []
            self._changed.wait_for(lambda: self._closed, _RETRY_SECONDS)

    def _count_failure(self, what: str, error: SQLAlchemyError) -> None:
        self.failures += 1
        logger.warning("Cannot %s the tool history, routing goes on without: %s", what, error)
