"""What the evaluation endpoints take and answer with."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from langchain_phase5.evaluation.paired_test import Verdict
from langchain_phase5.storage import Job
from langchain_phase5.storage.job import JobState

MAX_RUNS = 100_000
"""Examples times repeats of one evaluation."""

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Line = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{4,64}$")]

_ID = "8c1d2f0b6a3e4f5d9b7a0c2e4d6f8a1b"
_ESTIMATE: dict[str, Any] = {"value": 0.9, "low": 0.86, "high": 0.93, "n": 200}


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class DatasetReference(_Request):
    """Which dataset."""

    name: Name
    version: Version | None = Field(
        None, description="Or its first digits; the newest by default. It is fixed when you ask."
    )


class RunRequest(_Request):
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
    repeats: int = Field(1, ge=1, le=20, description="Runs of each example")
    concurrency: int = Field(8, ge=1, le=32, description="Examples in flight at once")
    timeout_seconds: float = Field(120, gt=0, le=3600, description="For one answer of the agent")


class Progress(BaseModel):
    """How far an evaluation is."""

    done: int
    """Finished runs of examples."""
    total: int
    failed: int
    """Those of `done` in which the agent gave no answer."""


class EstimateAnswer(BaseModel):
    """A number with its 95 % interval; null where there is nothing to measure."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ESTIMATE]})

    value: float | None
    low: float | None
    high: float | None
    n: int
    """Independent examples behind it."""


class CostAnswer(BaseModel):
    """US dollars, where prices are known."""

    total: float | None
    unpriced_runs: int
    per_run: EstimateAnswer


class TokensAnswer(BaseModel):
    """Tokens of all model calls."""

    input: int
    output: int


class Summary(BaseModel):
    """The headline numbers of a run."""

    scores: dict[str, EstimateAnswer]
    """By metric."""
    error_rate: EstimateAnswer
    latency_seconds: dict[str, EstimateAnswer]
    cost_usd: CostAnswer
    tokens: TokensAnswer


class Run(BaseModel):
    """A finished run, wherever it was made."""

    run_id: str
    dataset: str
    dataset_version: str
    target: str
    """What was graded."""
    target_version: str
    started_at: datetime
    summary: Summary
    report: str
    """Where the whole report is."""

    @classmethod
    def of(cls, row: dict[str, Any]) -> "Run":
        """Read what `RunStore` keeps."""
        link = f"/api/v1/eval/results/{row['run_id']}/report"
        return cls(**row | {"started_at": _time(row["started_at"]), "report": link})


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
    def of(cls, job: Job, run: dict[str, Any] | None = None) -> "Evaluation":
        """Say how a job stands."""
        moments = ("created_at", "started_at", "finished_at")
        return cls(
            id=job.id,
            state=job.state,
            progress=Progress(done=job.done, total=job.total, failed=job.failed),
            cancel_requested=job.cancel_requested,
            error=job.error,
            result=Run.of(run) if run else None,
            **job.payload,
            **{name: _time(getattr(job, name)) for name in moments},
        )


class Page(BaseModel):
    """A part of a list."""

    total: int
    """How many there are."""
    limit: int
    offset: int


class Evaluations(Page):
    """Evaluations, the newest first."""

    evaluations: list[Evaluation]


class Runs(Page):
    """Finished runs, the newest first."""

    runs: list[Run]


class CompareRequest(_Request):
    """Two runs over the same examples."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"baseline": "2026-11-15", "candidate": _ID, "threshold": 0.05}]
        }
    )

    baseline: Name = Field(description="Id of a run, or a version: then the newest run of it")
    candidate: Name = Field(description="The run to judge, named alike")
    dataset: Name | None = Field(None, description="The dataset whose runs are meant")
    threshold: float = Field(0.05, ge=0, le=1, description="A drop that would be tolerated")
    ratio_threshold: float = Field(
        0.1, gt=0, le=10, description="A growth of latency or cost that would be tolerated"
    )
    alpha: float = Field(0.05, ge=0.001, le=0.5, description="Chance of a false alarm")


class Finding(BaseModel):
    """How one number changed, and what may be said about it."""

    metric: str
    kind: Literal["score", "errors", "latency", "cost"]
    category: str
    """The part of the dataset it is about; empty for all of it."""
    verdict: Verdict
    baseline: float
    current: float
    drop: float
    """How much worse; of latency and cost the log of the ratio, as are its bounds."""
    low: float | None
    high: float | None
    """One-sided 95 % bounds of `drop`."""
    p_value: float | None
    adjusted_p: float | None
    n: int
    threshold: float
    minimum_detectable_drop: float | None
    needed: int | None
    """Examples that would show a drop of `threshold`."""
    rule: str
    message: str


class ComparedRun(Summary):
    """One side."""

    name: str


class Comparison(BaseModel):
    """What changed between two runs, paired by example."""

    verdict: Verdict
    threshold: float
    alpha: float
    paired: int
    """Examples with the same content on both sides; no other is compared."""
    regressions: list[Finding]
    """Those of `findings` that are regressions."""
    findings: list[Finding]
    flipped: dict[str, list[float]]
    """Score before and after of each example where the first metric changed, worst losses first."""
    baseline: ComparedRun
    candidate: ComparedRun


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
