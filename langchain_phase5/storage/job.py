"""One piece of work that outlives the request that asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

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
