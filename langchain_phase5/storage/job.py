"""One piece of work that outlives the request that asked for it, and where it is kept."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from langchain_phase5.storage.database import metadata

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job as it stood when it was read. Times are Unix seconds."""

    id: str
    target: str
    """Which of the things that only some workers may have it needs."""
    state: JobState
    payload: Mapping[str, Any]
    created_at: float
    total: int
    """Steps it takes; `done` of them are finished, of which `failed` with an error."""
    started_at: float | None = None
    finished_at: float | None = None
    done: int = 0
    failed: int = 0
    attempts: int = 0
    """How often it was taken up since a step was last finished."""
    cancel_requested: bool = False
    error: str | None = None
    run_id: str | None = None
    """Where the result is, once it has succeeded."""
    lease: str | None = field(default=None, repr=False)
    """Proof of the worker that runs it."""


class LeaseLostError(RuntimeError):
    """Another worker has taken the job, or it is over: what this one found out no longer counts."""


class IdempotencyError(ValueError):
    """The same idempotency key came with another request."""


JOBS = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("target", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("lease", String(32)),
    Column("lease_until", Float),
    Column("journal", Text),
    Column("error", Text),
    Column("run_id", String(64)),
    Column("owner", String(64), nullable=False),
    Column("idempotency_key", String(255)),
    Column("request_digest", String(64), nullable=False),
    UniqueConstraint("owner", "idempotency_key"),
    Index("jobs_by_state", "state", "created_at"),
)
ENTRIES = Table(
    "job_entries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job_id", String(32), nullable=False),
    Column("key", String(64), nullable=False),
    Column("entry", Text, nullable=False),
    UniqueConstraint("job_id", "key"),
)
"""Finished steps of jobs that are not over."""


def job_of(row: RowMapping) -> Job:
    """Read a row of `JOBS`."""
    fields = {name: row[name] for name in Job.__dataclass_fields__}
    return Job(**fields | {"payload": json.loads(row["payload"])})
