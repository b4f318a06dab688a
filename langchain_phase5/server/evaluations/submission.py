"""From a request to a job: only names that are known, only work that has an end."""

from typing import Any

from langchain_phase5.evaluation.metrics import METRICS
from langchain_phase5.server.evaluations.dataset_routes import find_dataset
from langchain_phase5.server.evaluations.evaluation_models import MAX_RUNS, RunRequest
from langchain_phase5.server.evaluations.job_runner import JobRunner
from langchain_phase5.server.problems import Busy, NotFound, Unprocessable
from langchain_phase5.server.services import Services
from langchain_phase5.storage import IdempotencyError, Job

MAX_QUEUED = 1_000


def submit(
    services: Services,
    jobs: JobRunner,
    wanted: RunRequest,
    *,
    owner: str,
    idempotency_key: str | None,
) -> Job:
    """Queue what a request asks for, or find what the same request started before.

    Raises:
        Busy: Too many are waiting.
        NotFound: There is no such agent, dataset or metric.
        Unprocessable: It is too large, or the key was used for something else.
    """
    asked = wanted.model_dump()
    known = _known(jobs, idempotency_key, owner, asked)
    if known is not None:
        return known
    _check_names(jobs, wanted)
    dataset = find_dataset(services, wanted.dataset.name, wanted.dataset.version)
    total = len(dataset) * wanted.repeats
    if total > MAX_RUNS:
        msg = f"{total:,} runs are too many; at most {MAX_RUNS:,}. Ask for fewer repeats."
        raise Unprocessable(msg)
    if jobs.store.page(state="queued", limit=1)[1] >= MAX_QUEUED:
        msg = f"{MAX_QUEUED:,} evaluations are waiting. Try again in a minute, or cancel some."
        raise Busy(msg, headers={"Retry-After": "60"})
    fixed = {
        "dataset": {"name": dataset.name, "version": dataset.version},
        "metrics": list(dict.fromkeys(wanted.metrics)),
    }
    return jobs.submit(
        asked | fixed, total=total, owner=owner, idempotency_key=idempotency_key, request=asked
    )


def _known(jobs: JobRunner, key: str | None, owner: str, asked: dict[str, Any]) -> Job | None:
    if key is None:
        return None
    try:
        return jobs.store.find(key, owner=owner, request=asked)
    except IdempotencyError:
        msg = "This Idempotency-Key was used for another request. Choose a new one."
        raise Unprocessable(msg) from None


def _check_names(jobs: JobRunner, wanted: RunRequest) -> None:
    if wanted.agent not in jobs.agents:
        msg = (
            f"No agent {wanted.agent} is registered. GET /api/v1/eval/agents lists those that are; "
            "the operator adds one with `create_app(agents=...)` or the setting `agents`."
        )
        raise NotFound(msg)
    unknown = [each for each in wanted.metrics if each not in METRICS and each not in jobs.metrics]
    if unknown:
        msg = f"There is no metric {unknown[0]}. GET /api/v1/eval/metrics lists those there are."
        raise NotFound(msg)
