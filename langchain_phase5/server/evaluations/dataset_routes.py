"""`/api/v1/eval/datasets`: keep questions with the answers one hopes for."""

import asyncio
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from langchain_phase5.evaluation import Dataset, TestDatasetManager
from langchain_phase5.server.evaluations.dataset_models import (
    DatasetPage,
    Datasets,
    DatasetVersion,
    KeptDataset,
    NamedDataset,
)
from langchain_phase5.server.evaluations.dataset_upload import described, read_dataset_body
from langchain_phase5.server.evaluations.report_format import ascii_json
from langchain_phase5.server.problems import NotFound
from langchain_phase5.server.request_types import Limit, Name, Offset, Version
from langchain_phase5.server.services import Services, ServicesOfApp

router = APIRouter(prefix="/api/v1/eval/datasets", tags=["evaluation"])


@router.post("", status_code=201, openapi_extra=described())
async def create_dataset(
    request: Request, response: Response, services: ServicesOfApp
) -> KeptDataset:
    """Keep a dataset: a new version of its name, or the old one again if nothing changed.

    It comes as JSON, or as a file of JSON lines (`application/jsonl`, or a form with a `file`)
    whose questions and answers may have any of their usual names.
    """
    dataset = await read_dataset_body(request)
    kept = await asyncio.to_thread(_saved, services, dataset)
    response.headers["Location"] = (
        f"/api/v1/eval/datasets/{quote(kept.name, safe='')}?version={kept.version}"
    )
    return kept


@router.get("")
def list_datasets(services: ServicesOfApp, limit: Limit = 50, offset: Offset = 0) -> Datasets:
    """List the datasets with their versions, the one saved last first."""
    versions: dict[str, list[DatasetVersion]] = {}
    for stored in TestDatasetManager(services.database).list_datasets():
        versions.setdefault(stored.name, []).append(DatasetVersion.of(stored))
    page = list(versions.items())[offset : offset + limit]
    return Datasets(
        datasets=[NamedDataset(name=name, versions=found) for name, found in page],
        total=len(versions),
        limit=limit,
        offset=offset,
    )


@router.get("/{name:path}", response_model=DatasetPage)
def read_dataset(
    services: ServicesOfApp,
    name: Annotated[Name, Path()],
    version: Annotated[Version | None, Query(description="The newest by default")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Read the examples of a dataset."""
    dataset = find_dataset(services, name, version)
    return ascii_json(
        {
            "name": dataset.name,
            "version": dataset.version,
            "description": dataset.description,
            "tags": dataset.tags,
            "examples": [each.as_dict() for each in dataset.examples[offset : offset + limit]],
            "total": len(dataset),
            "limit": limit,
            "offset": offset,
        }
    )


def find_dataset(services: Services, name: str, version: str | None) -> Dataset:
    """Fetch a dataset.

    Raises:
        NotFound: There is none of that name, or no such version.
    """
    try:
        return TestDatasetManager(services.database).get_dataset(name, version)
    except ValueError:
        wanted = name if version is None else f"{name}@{version}"
        msg = f"There is no dataset {wanted}. GET /api/v1/eval/datasets lists what there is."
        raise NotFound(msg) from None


def _saved(services: Services, dataset: Dataset) -> KeptDataset:
    manager = TestDatasetManager(services.database)
    manager.save(dataset)
    stored = next(
        each for each in manager.list_datasets(dataset.name) if each.version == dataset.version
    )
    return KeptDataset(name=dataset.name, **DatasetVersion.of(stored).model_dump())
