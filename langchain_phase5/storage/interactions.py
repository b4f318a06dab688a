"""What agents were asked, what they did, and how it went."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    DateTime,
    Float,
    Index,
    Integer,
    String,
    Table,
    Text,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)

from langchain_phase5.storage.database import Database, metadata

_INTERACTIONS = Table(
    "interactions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("parent_id", String(64)),
    Column("agent_type", String(255), nullable=False),
    Column("agent_version", String(255)),
    Column("status", String(16), nullable=False),
    Column("error_type", String(32), nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("seconds", Float, nullable=False),
    Column("input", Text, nullable=False),
    Column("output", Text, nullable=False),
    Column("tools", JSON, nullable=False),
    Column("model", String(255)),
    Column("model_calls", Integer, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cache_read_tokens", Integer, nullable=False),
    Column("cache_write_tokens", Integer, nullable=False),
    Column("reasoning_tokens", Integer, nullable=False),
    Column("cost_usd", Float),
    Column("quality", Float),
    Column("tags", JSON, nullable=False),
    Index("interactions_by_time", "started_at"),
    Index("interactions_by_agent", "agent_type", "started_at"),
)


@dataclass(frozen=True, kw_only=True)
class ToolUse:
    """One tool call of an interaction.

    Example:
        >>> ToolUse(name="get_weather", status="success", seconds=0.2).error_type
        'none'
    """

    name: str
    """The tool's; `unknown` where the model invented it."""
    status: str
    """`success`, `error`, `cancelled`, `interrupted` or `handoff`."""
    error_type: str = "none"
    seconds: float = 0.0
    arguments: str = ""
    """JSON; empty where content is not recorded."""
    output: str = ""


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """One agent run. A nested agent's is a row of its own, so that sums count nothing twice.

    Example:
        >>> asked = datetime(2026, 1, 1, tzinfo=UTC)
        >>> Interaction(id="1", agent_type="support", started_at=asked, input="Hi").status
        'success'
    """

    id: str
    """The run's id."""
    agent_type: str
    started_at: datetime
    """With a time zone."""
    parent_id: str | None = None
    """The enclosing agent's interaction."""
    agent_version: str | None = None
    status: str = "success"
    """`success`, `error`, `cancelled`, `interrupted` or `handoff`."""
    error_type: str = "none"
    seconds: float = 0.0
    input: str = ""
    """The question; empty where content is not recorded."""
    output: str = ""
    tools: tuple[ToolUse, ...] = ()
    """In the order in which they ended."""
    model: str | None = None
    """The one called most."""
    model_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    """A part of `input_tokens`, as `cache_write_tokens` is."""
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    """A part of `output_tokens`."""
    cost_usd: float | None = None
    """`None` where the price of a call is not known."""
    quality: float | None = None
    """From 0 to 1; `None` where nobody rated it."""
    tags: tuple[str, ...] = field(default=())


class InteractionStore:
    """The interactions in a database.

    Args:
        storage: A `Database`, or the URL of one.

    Example:
        >>> store = InteractionStore("sqlite://")
        >>> asked = datetime(2026, 1, 1, tzinfo=UTC)
        >>> store.add([Interaction(id="1", agent_type="support", started_at=asked, input="Hi")])
        1
        >>> [interaction.input for interaction in store.find(agent_type="support")]
        ['Hi']
    """

    def __init__(self, storage: Database | str) -> None:
        self.database = storage if isinstance(storage, Database) else Database(storage)
        self.database.create_tables(_INTERACTIONS)

    def add(self, interactions: Iterable[Interaction]) -> int:
        """Write interactions in one transaction, and return how many were new."""
        rows = {interaction.id: _to_row(interaction) for interaction in interactions}
        if not rows:
            return 0
        ids = _INTERACTIONS.c.id
        with self.database.begin() as connection:
            for known in connection.scalars(select(ids).where(ids.in_(list(rows)))):
                del rows[known]
            if rows:
                connection.execute(insert(_INTERACTIONS), list(rows.values()))
        return len(rows)

    def get(self, interaction_id: str) -> Interaction | None:
        """Return one interaction, or `None` if there is none of that id."""
        found = self._select([_INTERACTIONS.c.id == interaction_id], limit=1)
        return found[0] if found else None

    def find(
        self,
        *,
        agent_type: str | None = None,
        agent_version: str | None = None,
        status: str | None = None,
        tag: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        min_quality: float | None = None,
        max_quality: float | None = None,
        outermost: bool = False,
        limit: int = 100,
    ) -> list[Interaction]:
        """Return interactions, the newest first.

        Args:
            agent_type: Only of this agent.
            agent_version: Only of this version.
            status: Only with this status.
            tag: Only with this tag.
            since: Only those that started at this time or later.
            until: Only those that started before.
            min_quality: Only those rated at least this well.
            max_quality: Only those rated at most this well.
            outermost: Leave nested agents out.
            limit: How many at most.

        Raises:
            ValueError: `limit` is below 1, or a time has no time zone.
        """
        if limit < 1:
            msg = f"limit starts at 1; got {limit}"
            raise ValueError(msg)
        column = _INTERACTIONS.c
        wanted: list[ColumnElement[bool]] = []
        for name, value in (
            ("agent_type", agent_type),
            ("agent_version", agent_version),
            ("status", status),
        ):
            if value is not None:
                wanted.append(column[name] == value)
        if tag is not None:
            # LIKE would ignore case on SQLite; taking the tag out and comparing does not.
            tags = cast(column.tags, Text)
            wanted.append(func.replace(tags, json.dumps(tag), "") != tags)
        if since is not None:
            wanted.append(column.started_at >= _utc(since))
        if until is not None:
            wanted.append(column.started_at < _utc(until))
        if min_quality is not None:
            wanted.append(column.quality >= min_quality)
        if max_quality is not None:
            wanted.append(column.quality <= max_quality)
        if outermost:
            wanted.append(column.parent_id.is_(None))
        return self._select(wanted, limit=limit)

    def count(self) -> int:
        """Return how many interactions there are."""
        with self.database.begin() as connection:
            return connection.scalar(select(func.count()).select_from(_INTERACTIONS)) or 0

    def set_quality(self, interaction_id: str, score: float) -> bool:
        """Rate an interaction from 0 to 1; `False` if there is none of that id.

        Raises:
            ValueError: The score is out of range.
        """
        if not 0 <= score <= 1:
            msg = f"A quality score is a number from 0 to 1; got {score!r}"
            raise ValueError(msg)
        change = update(_INTERACTIONS).where(_INTERACTIONS.c.id == interaction_id)
        with self.database.begin() as connection:
            return connection.execute(change.values(quality=score)).rowcount > 0

    def prune(self, *, older_than: timedelta) -> int:
        """Delete what started longer ago than `older_than`, and return how many."""
        oldest = datetime.now(UTC) - older_than
        with self.database.begin() as connection:
            gone = connection.execute(
                delete(_INTERACTIONS).where(_INTERACTIONS.c.started_at < oldest)
            )
            return gone.rowcount

    def _select(self, wanted: Sequence[ColumnElement[bool]], *, limit: int) -> list[Interaction]:
        column = _INTERACTIONS.c
        query = select(_INTERACTIONS).where(*wanted)
        query = query.order_by(column.started_at.desc(), column.id.desc()).limit(limit)
        with self.database.begin() as connection:
            return [_from_row(dict(row)) for row in connection.execute(query).mappings()]


def _to_row(interaction: Interaction) -> dict[str, Any]:
    row = asdict(interaction)
    row["started_at"] = _utc(interaction.started_at)
    row["tools"], row["tags"] = list(row["tools"]), list(row["tags"])
    return row


def _from_row(values: dict[str, Any]) -> Interaction:
    if values["started_at"].tzinfo is None:
        # SQLite keeps no time zone; what is written is UTC.
        values["started_at"] = values["started_at"].replace(tzinfo=UTC)
    values["tools"] = tuple(ToolUse(**tool) for tool in values["tools"])
    values["tags"] = tuple(values["tags"])
    return Interaction(**values)


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        msg = f"A time needs a time zone, e.g. datetime.now(UTC); got {moment!r}"
        raise ValueError(msg)
    return moment.astimezone(UTC)
