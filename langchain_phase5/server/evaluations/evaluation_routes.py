"""`/api/v1/eval`: grade agents in the background, compare runs."""

import asyncio
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response

from langchain_phase5.evaluation.metrics import METRICS
from langchain_phase5.server.evaluations.evaluation_models import (
    Agent,
    Agents,
    Evaluation,
    Evaluations,
    MetricDescription,
    Metrics,
    RunRequest,
)
from langchain_phase5.server.evaluations.report_format import described, preferred
from langchain_phase5.server.evaluations.run_routes import Accept, Id, written_report
from langchain_phase5.server.evaluations.running_jobs import RunningJobs
from langchain_phase5.server.evaluations.submission import submit
from langchain_phase5.server.problems import Conflict, NotFound
from langchain_phase5.server.request_types import Limit, Offset
from langchain_phase5.server.services import ServicesOfApp
from langchain_phase5.storage import Job, JobStore
from langchain_phase5.storage.job import JobState
from langchain_phase5.storage.runs import RunStore

router = APIRouter(prefix="/api/v1/eval", tags=["evaluation"])

IdempotencyKey = Annotated[
    str | None,
    Header(
        pattern=r"^[\x21-\x7e]{1,255}$",
        description="Chosen by you: asking again with the same key starts nothing new",
    ),
]


@router.post("/run", status_code=202)
def run(
    wanted: RunRequest,
    *,
    request: Request,
    response: Response,
    services: ServicesOfApp,
    jobs: RunningJobs,
    idempotency_key: IdempotencyKey = None,
) -> Evaluation:
    """Start an evaluation and return at once; `Location` is where it can be followed.

    Once this answers, the evaluation is kept: it survives restarts, and what it has finished is
    not done again. With `Idempotency-Key` this request can be repeated safely.
    """
    owner = str(getattr(request.state, "key_id", ""))
    job = submit(services, jobs, wanted, owner=owner, idempotency_key=idempotency_key)
    response.headers["Location"] = f"/api/v1/eval/results/{job.id}"
    return _evaluation(job, RunStore(services.database))


@router.get("/results")
def list_results(
    services: ServicesOfApp,
    jobs: RunningJobs,
    state: JobState | None = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Evaluations:
    """List the evaluations that were asked for, the newest first."""
    page, total = jobs.store.page(state=state, limit=limit, offset=offset)
    runs = RunStore(services.database).headlines([job.run_id for job in page if job.run_id])
    return Evaluations(
        evaluations=[Evaluation.of(job, runs.get(job.run_id or "")) for job in page],
        total=total,
        limit=limit,
        offset=offset,
    )


@router.get("/results/{job_id}", response_model=Evaluation, responses=described("html"))
async def result(
    job_id: Id, services: ServicesOfApp, jobs: RunningJobs, accept: Accept = None
) -> Any:
    """Say how an evaluation stands and, once it has succeeded, what it found.

    A browser, which prefers `text/html`, gets the report's page as soon as there is one.
    """
    job = await asyncio.to_thread(_job, jobs.store, job_id)
    if job.run_id and preferred(accept) == "html":
        return await written_report(services, job.run_id, "html")
    return await asyncio.to_thread(_evaluation, job, RunStore(services.database))


@router.post("/results/{job_id}/cancel", status_code=202)
def cancel(job_id: Id, services: ServicesOfApp, jobs: RunningJobs) -> Evaluation:
    """Stop an evaluation; what it has finished is kept for `resume`. Asking twice is fine."""
    _job(jobs.store, job_id)
    job = jobs.cancel(job_id)
    if job is None or job.state in {"succeeded", "failed"}:
        msg = "This evaluation is over already, so there is nothing to cancel."
        raise Conflict(msg)
    return _evaluation(job, RunStore(services.database))


@router.post("/results/{job_id}/resume", status_code=202)
def resume(job_id: Id, services: ServicesOfApp, jobs: RunningJobs) -> Evaluation:
    """Go on with a cancelled or failed evaluation; only what is not finished is run."""
    _job(jobs.store, job_id)
    job = jobs.resume(job_id)
    if job is None or job.state == "succeeded":
        msg = "This evaluation has succeeded; start a new one to run its examples again."
        raise Conflict(msg)
    return _evaluation(job, RunStore(services.database))


@router.get("/agents")
def list_agents(jobs: RunningJobs) -> Agents:
    """List what may be evaluated; the operator registers it when the service starts."""
    registered = sorted(jobs.agents.items())
    return Agents(agents=[Agent(name=name, kind=type(at).__name__) for name, at in registered])


@router.get("/metrics")
def list_metrics(jobs: RunningJobs) -> Metrics:
    """List how answers can be graded."""
    known = sorted((METRICS | jobs.metrics).items())
    return Metrics(
        metrics=[
            MetricDescription(name=name, description=_first_line(metric)) for name, metric in known
        ]
    )


def _job(store: JobStore, job_id: str) -> Job:
    job = store.get(job_id)
    if job is None:
        msg = "There is no such evaluation. GET /api/v1/eval/results lists what was asked for."
        raise NotFound(msg)
    return job


def _evaluation(job: Job, runs: RunStore) -> Evaluation:
    found = runs.headlines([job.run_id] if job.run_id else [])
    return Evaluation.of(job, found.get(job.run_id or ""))


def _first_line(metric: Any) -> str:
    if isinstance(metric, partial):
        options = ", ".join(f"{name} {value}" for name, value in metric.keywords.items())
        return f"{_first_line(metric.func)} ({options})"
    return (getattr(metric, "__doc__", None) or "").strip().partition("\n")[0]
