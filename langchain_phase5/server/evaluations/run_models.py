"""Finished runs and how they compare."""

from datetime import UTC, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from langchain_phase5.evaluation.paired_test import Verdict
from langchain_phase5.server.request_types import Name, Page, StrictRequest

_ID = "8c1d2f0b6a3e4f5d9b7a0c2e4d6f8a1b"
_ESTIMATE: dict[str, Any] = {"value": 0.9, "low": 0.86, "high": 0.93, "n": 200}


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
    def of(cls, row: dict[str, Any]) -> Self:
        """Read what `RunStore` keeps."""
        link = f"/api/v1/eval/results/{row['run_id']}/report"
        moment = datetime.fromtimestamp(row["started_at"], UTC)
        return cls(**row | {"started_at": moment, "report": link})


class Runs(Page):
    """Finished runs, the newest first."""

    runs: list[Run]


class CompareRequest(StrictRequest):
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
