"""`/api/v1/eval`: finished runs, their reports, and how two of them compare."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query
from starlette.responses import Response

from langchain_phase5.evaluation import ComparisonReport, EvaluationReport, RunHistory
from langchain_phase5.server.evaluations.report_format import (
    Format,
    FormatQuery,
    described,
    page,
    preferred,
    written,
)
from langchain_phase5.server.evaluations.run_models import CompareRequest, Comparison, Run, Runs
from langchain_phase5.server.problems import Conflict, NotFound
from langchain_phase5.server.request_types import Limit, Name, Offset
from langchain_phase5.server.services import Services, ServicesOfApp
from langchain_phase5.storage import JobStore
from langchain_phase5.storage.runs import RunStore

router = APIRouter(prefix="/api/v1/eval", tags=["evaluation"])

Id = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="What `/eval/run` returned")]
Accept = Annotated[str | None, Header(include_in_schema=False)]


@router.get("/results/{run_id}/report", responses=described("json", "html", "markdown", "junit"))
async def report(
    run_id: Id,
    services: ServicesOfApp,
    form: Annotated[FormatQuery, Query(alias="format")] = None,
    accept: Accept = None,
) -> Response:
    """The whole report, with every example and the trace of every failure.

    Runs that were made outside of this service have one too, under their run id.
    """
    return await written_report(services, run_id, preferred(accept, form))


@router.post("/compare", response_model=Comparison, responses=described("html", "markdown"))
async def compare(
    wanted: CompareRequest, services: ServicesOfApp, accept: Accept = None
) -> Response:
    """Compare two runs, example by example: what got worse, what did not, what is not known.

    The verdict is `regression`, `pass` (no worse within the threshold) or `inconclusive`; every
    finding has its interval and the number of examples it rests on.
    """
    form = preferred(accept)
    return await services.work.run(lambda: asyncio.to_thread(_compared, services, wanted, form))


@router.get("/runs", response_model=Runs, responses=described("html"))
def list_runs(
    services: ServicesOfApp,
    dataset: Annotated[Name | None, Query(description="Only runs over this dataset")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    accept: Accept = None,
) -> Runs | Response:
    """List the finished runs, the newest first, wherever they were made.

    Where one dataset and `text/html` are asked for, this is a page that draws how every metric
    went from run to run.
    """
    if dataset is not None and preferred(accept) == "html":
        return page(RunHistory(dataset, storage=services.database))
    rows, total = RunStore(services.database).page(dataset, limit=limit, offset=offset)
    return Runs(runs=[Run.of(row) for row in rows], total=total, limit=limit, offset=offset)


async def written_report(services: Services, run_id: str, form: Format) -> Response:
    """The report of a run.

    Raises:
        Conflict: It is not finished.
        NotFound: There is none of that id.
    """

    def work() -> Response:
        return written(_loaded(services, run_id), form)

    return await services.work.run(lambda: asyncio.to_thread(work))


def _loaded(services: Services, name: str, dataset: str | None = None) -> EvaluationReport:
    form = RunStore(services.database).load(name, dataset=dataset)
    if form is not None:
        return EvaluationReport.from_dict(form)
    job = JobStore(services.database).get(name)
    if job is not None:
        msg = f"This evaluation is {job.state}, so there is no report (yet)."
        raise Conflict(msg)
    where = f" over {dataset}" if dataset else ""
    msg = f"There is no run {name}{where}. GET /api/v1/eval/runs lists the finished ones."
    raise NotFound(msg)


def _compared(services: Services, wanted: CompareRequest, form: Format) -> Response:
    sides = (
        _loaded(services, name, wanted.dataset) for name in (wanted.baseline, wanted.candidate)
    )
    baseline, candidate = sides
    try:
        found = ComparisonReport(
            baseline=baseline,
            candidate=candidate,
            threshold=wanted.threshold,
            ratio_threshold=wanted.ratio_threshold,
            alpha=wanted.alpha,
        )
    except ValueError as error:
        msg = f"These runs cannot be compared: {error}."
        raise Conflict(msg) from None
    return written(found, form)
