"""What the endpoints work with, opened once when the service starts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import BaseTool
from prometheus_client import CollectorRegistry

from langchain_phase5.callbacks import PrometheusCallbackHandler
from langchain_phase5.evaluation.commands import load_attribute
from langchain_phase5.routing import ToolRouter
from langchain_phase5.server.evaluations.job_runner import JobRunner
from langchain_phase5.server.settings import ServerSettings
from langchain_phase5.server.work_slots import WorkSlots
from langchain_phase5.storage.api_keys import ApiKeyStore
from langchain_phase5.storage.database import Database
from langchain_phase5.vision import (
    ImageFetcher,
    ImageLimits,
    ImageStore,
    OCREngine,
    TesseractNotFoundError,
    VisionAnalyzer,
)


@dataclass(kw_only=True)
class Services:
    """Everything that requests share; found at `app.state.services`."""

    settings: ServerSettings
    database: Database
    images: ImageStore
    analyzer: VisionAnalyzer
    ocr: OCREngine | None
    """None where no text can be read."""
    retriever: BaseRetriever | None
    router: ToolRouter
    tools: Sequence[BaseTool]
    agents: Mapping[str, Any]
    """What may be evaluated, by the names that requests use."""
    evaluation_metrics: Mapping[str, Any]
    """The operator's own metrics, likewise."""
    keys: ApiKeyStore
    registry: CollectorRegistry
    metrics: PrometheusCallbackHandler
    """Attach it to runs, so that `/metrics` counts them."""
    work: WorkSlots
    jobs: JobRunner | None = None
    """Runs evaluations; there while the application is up."""


def open_services(
    settings: ServerSettings,
    *,
    analyzer: VisionAnalyzer | None = None,
    retriever: BaseRetriever | None = None,
    router: ToolRouter | None = None,
    tools: Sequence[BaseTool] = (),
    agents: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    registry: CollectorRegistry | None = None,
) -> Services:
    """Open what the settings name, except where the caller hands over something ready.

    Raises:
        ImportError: An extra is missing.
        ValueError: An import path, a URL or the index makes no sense.
    """
    limits = ImageLimits(max_bytes=settings.max_body_bytes, max_pixels=settings.max_pixels)
    images = ImageStore(settings.images, limits=limits, options=settings.image_options)
    fetcher = ImageFetcher(allowed_hosts=settings.image_hosts or None)
    sources: dict[str, Any] = {
        "store": images,
        "retriever": retriever or _retriever(settings),
        "fetcher": fetcher if settings.fetch_urls else None,
    }
    ocr, no_ocr = _ocr(settings, limits, store=images, fetcher=sources["fetcher"])
    if analyzer is None:
        analyzer = VisionAnalyzer(settings.model, ocr=ocr, limits=limits, **sources)
        analyzer.no_ocr = no_ocr
    else:
        analyzer = analyzer.with_sources(**sources)
    database = Database(settings.database)
    registry = registry or CollectorRegistry()
    return Services(
        settings=settings,
        database=database,
        images=images,
        analyzer=analyzer,
        ocr=ocr,
        retriever=analyzer.retriever,
        router=router or ToolRouter(history=database),
        tools=[*tools, *_tools(settings)],
        agents={**_loaded(settings.agents), **(agents or {})},
        evaluation_metrics={**_loaded(settings.metrics), **(metrics or {})},
        keys=ApiKeyStore(database),
        registry=registry,
        metrics=PrometheusCallbackHandler(registry=registry),
        work=WorkSlots(settings.max_concurrent_work, queue_seconds=settings.queue_seconds),
    )


def job_runner(services: Services) -> JobRunner:
    """What runs evaluations, to be entered while the application is up."""
    settings = services.settings
    return JobRunner(
        services.database,
        agents=services.agents,
        metrics=services.evaluation_metrics,
        callbacks=[services.metrics],
        concurrent_jobs=settings.max_concurrent_jobs,
        lease_seconds=settings.job_lease_seconds,
        shutdown_seconds=settings.shutdown_seconds,
    )


def services(request: Request) -> Services:
    """The services of the application that this request came to."""
    found: Services = request.app.state.services
    return found


ServicesOfApp = Annotated[Services, Depends(services)]
"""As the type of an endpoint's argument, it is given the services."""


def _ocr(
    settings: ServerSettings,
    limits: ImageLimits,
    *,
    store: ImageStore,
    fetcher: ImageFetcher | None,
) -> tuple[OCREngine | None, str]:
    """The engine, or the reason why there is none."""
    if not settings.ocr:
        return None, "the operator switched it off"
    seconds = settings.request_seconds / 2
    try:
        engine = OCREngine(limits=limits, store=store, fetcher=fetcher, max_seconds=seconds)
    except (ImportError, TesseractNotFoundError) as error:
        return None, str(error)
    return engine, ""


def _retriever(settings: ServerSettings) -> BaseRetriever | None:
    if settings.retriever is not None:
        found: BaseRetriever = load_attribute(settings.retriever)
        return found
    if settings.index is None:
        return None
    from langchain_phase5.retrievers import (  # noqa: PLC0415 - PyTorch takes seconds
        CLIPImageRetriever,
        OpenCLIPEmbeddings,
        open_index,
    )

    model = settings.clip_model
    if model is None:
        embeddings = OpenCLIPEmbeddings()
    elif Path(model).is_dir():
        embeddings = OpenCLIPEmbeddings.from_local(model)
    else:
        name, _, pretrained = model.partition("/")
        embeddings = OpenCLIPEmbeddings(name, pretrained=pretrained)
    return CLIPImageRetriever(vectorstore=open_index(settings.index, embeddings=embeddings))


def _loaded(paths: Mapping[str, str]) -> dict[str, Any]:
    return {name: load_attribute(path) for name, path in paths.items()}


def _tools(settings: ServerSettings) -> list[BaseTool]:
    found: list[BaseTool] = []
    for path in settings.tools:
        tool = load_attribute(path)
        found.extend(tool if isinstance(tool, list | tuple) else [tool])
    return found
