"""`/`: the web page, its files, and the summary of metrics that it shows."""

import asyncio
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from langchain_phase5.callbacks.serving import served_registry
from langchain_phase5.server.page.found_thumbnail import found_thumbnail
from langchain_phase5.server.page.metrics_summary import MetricsSummary, summarize
from langchain_phase5.server.page.page_files import page_file
from langchain_phase5.server.problems import NotFound
from langchain_phase5.server.services import ServicesOfApp

router = APIRouter()


@router.get("/", include_in_schema=False)
def page(request: Request) -> Response:
    """The page. It holds no data: what it shows it asks for, with the visitor's key."""
    return _file(request, "index.html")


@router.get("/page/{name}", include_in_schema=False)
def part_of_page(request: Request, name: str) -> Response:
    """A style sheet, a script or the icon."""
    return _file(request, name)


@router.get("/api/v1/metrics/summary", tags=["operation"])
async def metrics_summary(services: ServicesOfApp) -> MetricsSummary:
    """The key metrics since the service started; `/metrics` has all of them."""
    registry = served_registry(services.registry)
    return await asyncio.to_thread(lambda: summarize(registry.collect()))


@router.get(
    "/api/v1/vision/found/{document_id}/thumbnail",
    tags=["vision"],
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}}, "description": "The picture."}},
)
async def thumbnail_of_found(
    document_id: Annotated[str, Path(max_length=200, pattern=r"^[^\x00-\x1f/]+$")],
    services: ServicesOfApp,
) -> Response:
    """A small picture of an image that `rag` found; a JPEG of at most 128 by 128 pixels."""
    made = await services.work.run(
        lambda: asyncio.to_thread(found_thumbnail, services.retriever, document_id)
    )
    if made is None:
        msg = (
            f"The index has no picture of {document_id[:80]!r}. POST /api/v1/vision/rag finds some."
        )
        raise NotFound(msg)
    return Response(
        made, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"}
    )


def _file(request: Request, name: str) -> Response:
    found = page_file(request, name)
    if found is None:
        msg = f"The page has no file {name[:80]!r}. Open / to see it."
        raise NotFound(msg)
    return found
