"""Evaluations as they are asked for, and how they stand."""

from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from langchain_phase5.server.evaluations.run_models import Run
from langchain_phase5.server.request_types import (
    Line,
    Name,
    Page,
    StrictRequest,
    Version,
    WholeNumber,
)
from langchain_phase5.storage import Job
from langchain_phase5.storage.job import JobState

MAX_RUNS = 100_000
"""Examples times repeats of one evaluation."""

_ID = "8c1d2f0b6a3e4f5d9b7a0c2e4d6f8a1b"


class DatasetReference(StrictRequest):
    """Which dataset."""

    name: Name
    version: Version | None = Field(
        None, description="Or its first digits; the newest by default. It is fixed when you ask."
    )


class RunRequest(StrictRequest):
    """What to evaluate: only names, of things that are registered or stored here."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "agent": "support",
                    "dataset": {"name": "refunds"},
                    "metrics": ["exact_match", "token_f1"],
                    "version": "2026-11-22",
                    "repeats": 3,
                }
            ]
        }
    )

    agent: Name = Field(description="`GET /api/v1/eval/agents` lists them")
    dataset: DatasetReference
    metrics: list[Name] = Field(
        ["exact_match"],
        min_length=1,
        max_length=10,
        description="`GET /api/v1/eval/metrics` lists them; the first is the `accuracy`",
    )
    version: Line = Field("", description="Of the agent, to compare it by: a tag, a commit, a date")
    repeats: WholeNumber = Field(1, ge=1, le=20, description="Runs of each example")
    concurrency: WholeNumber = Field(8, ge=1, le=32, description="Examples in flight at once")
    timeout_seconds: float = Field(120, gt=0, le=3600, description="For one answer of the agent")


class Progress(BaseModel):
    """How far an evaluation is."""

    done: int
    """Finished runs of examples."""
    total: int
    failed: int
    """Those of `done` in which the agent gave no answer."""


class Evaluation(BaseModel):
    """An evaluation that was asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ID,
                    "state": "running",
                    "agent": "support",
                    "dataset": {"name": "refunds", "version": "0b6a3e4f5d9b"},
                    "metrics": ["exact_match"],
                    "version": "2026-11-22",
                    "repeats": 1,
                    "concurrency": 8,
                    "timeout_seconds": 120,
                    "progress": {"done": 40, "total": 200, "failed": 1},
                    "cancel_requested": False,
                    "created_at": "2026-11-22T10:00:00Z",
                    "started_at": "2026-11-22T10:00:01Z",
                    "finished_at": None,
                    "error": None,
                    "result": None,
                }
            ]
        }
    )

    id: str
    state: JobState
    agent: str
    dataset: DatasetReference
    metrics: list[str]
    version: str
    repeats: int
    concurrency: int
    timeout_seconds: float
    progress: Progress
    cancel_requested: bool
    """Whether it was cancelled; its examples in flight may still be running."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str | None
    """Why it failed."""
    result: Run | None
    """Once it has succeeded."""

    @classmethod
    def of(cls, job: Job, run: dict[str, Any] | None = None) -> Self:
        """Say how a job stands."""
        moments = ("created_at", "started_at", "finished_at")
        return cls(
            id=job.id,
            state=job.state,
            progress=Progress(done=job.done, total=job.total, failed=job.failed),
            cancel_requested=job.cancel_requested,
            error=job.error and job.error.encode("utf-8", "replace").decode(),
            result=Run.of(run) if run else None,
            **job.payload,
            **{name: _time(getattr(job, name)) for name in moments},
        )


class Evaluations(Page):
    """Evaluations, the newest first."""

    evaluations: list[Evaluation]


class Agent(BaseModel):
    """Something that the operator registered for evaluation."""

    name: str
    kind: str
    """Its type."""


class Agents(BaseModel):
    """What may be evaluated."""

    agents: list[Agent]


class MetricDescription(BaseModel):
    """A way to grade an answer; higher is better."""

    name: str
    description: str


class Metrics(BaseModel):
    """What may be measured."""

    metrics: list[MetricDescription]


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
