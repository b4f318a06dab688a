"""What happened when a tool was called for a question."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)

from langchain_phase5.storage.database import Database, metadata

_outcomes = Table(
    "tool_outcomes",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("query", Text, nullable=False),
    Column("tool_name", String(256), nullable=False, index=True),
    Column("success", Boolean, nullable=False),
    Column("recorded_at", Float, nullable=False),
    Column("embeddings", String(256)),
    Column("vector", LargeBinary),
    Column("routed_rank", Integer),
)

_SET_VECTOR = (
    update(_outcomes)
    .where(_outcomes.c.id == bindparam("row"))
    .values(embeddings=bindparam("model"), vector=bindparam("embedded"))
)


@dataclass(frozen=True, kw_only=True)
class ToolOutcome:
    """One call of a tool: what had been asked, and whether the call succeeded.

    Example:
        >>> ToolOutcome(query="rain?", tool_name="get_weather", success=True).vector is None
        True
    """

    query: str
    tool_name: str
    success: bool
    recorded_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    embeddings: str | None = None
    """Name of the model that made `vector`."""

    vector: bytes | None = None
    """The embedded query as little-endian float16, so that a restart embeds nothing anew."""

    routed_rank: int | None = None
    """Where the router had put the tool for this query: 1 is first, 0 is out of sight; None if the
    query had not been routed with `top_k="auto"`."""

    id: int | None = field(default=None, compare=False)
    """Its row, once it was read from a database."""


class OutcomeStore:
    """Tool outcomes in a database, oldest dropped first.

    Args:
        storage: A database, or its URL.

    Example:
        >>> store = OutcomeStore("sqlite://")
        >>> store.add([ToolOutcome(query="rain?", tool_name="get_weather", success=True)])
        >>> [outcome.tool_name for outcome in store.latest(10)]
        ['get_weather']
    """

    def __init__(self, storage: Database | str) -> None:
        self._database = Database(storage) if isinstance(storage, str) else storage
        self._database.create_tables(_outcomes)
        self._add_rank_column()

    def add(self, outcomes: Sequence[ToolOutcome]) -> None:
        """Save new outcomes, and the vectors of those that were read from here; all or nothing.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: The database is locked or gone; nothing was saved.
        """
        new = [_to_row(outcome) for outcome in outcomes if outcome.id is None]
        known = [
            {"row": o.id, "model": o.embeddings, "embedded": o.vector}
            for o in outcomes
            if o.id is not None
        ]
        with self._database.begin() as connection:
            if new:
                connection.execute(insert(_outcomes), new)
            if known:
                connection.execute(_SET_VECTOR, known)

    def latest(self, limit: int) -> list[ToolOutcome]:
        """Read the newest `limit` outcomes, oldest first."""
        newest = select(_outcomes).order_by(_outcomes.c.id.desc()).limit(limit)
        with self._database.begin() as connection:
            rows = connection.execute(newest).all()
        return [
            ToolOutcome(
                query=row.query,
                tool_name=row.tool_name,
                success=row.success,
                recorded_at=datetime.fromtimestamp(row.recorded_at, UTC),
                embeddings=row.embeddings,
                vector=row.vector,
                routed_rank=row.routed_rank,
                id=row.id,
            )
            for row in reversed(rows)
        ]

    def count(self) -> int:
        """Count the outcomes kept."""
        with self._database.begin() as connection:
            return int(connection.execute(select(func.count()).select_from(_outcomes)).scalar_one())

    def prune(self, *, keep: int) -> int:
        """Delete all but the newest `keep` outcomes and say how many went."""
        edge = select(_outcomes.c.id).order_by(_outcomes.c.id.desc()).offset(keep).limit(1)
        with self._database.begin() as connection:
            oldest_kept = connection.execute(edge).scalar()
            if oldest_kept is None:
                return 0
            return connection.execute(
                delete(_outcomes).where(_outcomes.c.id <= oldest_kept)
            ).rowcount

    def _add_rank_column(self) -> None:
        """Extend a table that was made before ranks were kept."""
        with self._database.begin() as connection:
            columns = inspect(connection).get_columns(_outcomes.name)
            if all(column["name"] != "routed_rank" for column in columns):
                connection.execute(text("ALTER TABLE tool_outcomes ADD COLUMN routed_rank INTEGER"))


def _to_row(outcome: ToolOutcome) -> dict[str, object]:
    return {
        "query": outcome.query,
        "tool_name": outcome.tool_name,
        "success": outcome.success,
        "recorded_at": outcome.recorded_at.timestamp(),
        "embeddings": outcome.embeddings,
        "vector": outcome.vector,
        "routed_rank": outcome.routed_rank,
    }
