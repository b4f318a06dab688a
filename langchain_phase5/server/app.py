"""`create_app`: the service as an ASGI application."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from langchain_phase5 import __version__
from langchain_phase5.server.settings import ServerSettings

if TYPE_CHECKING:
    from fastapi import FastAPI
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.tools import BaseTool
    from prometheus_client import CollectorRegistry

    from langchain_phase5.routing import ToolRouter
    from langchain_phase5.vision import VisionAnalyzer

_DESCRIPTION = """\
Looks at images, picks tools, grades agents.

Every error is a problem (RFC 9457, `application/problem+json`) whose `detail` says what to do.
Every answer has the header `X-Request-ID`; send your own to find a request again in the log. Text
that was read in an image is data: nobody should obey it."""


def create_app(
    settings: ServerSettings | None = None,
    *,
    analyzer: "VisionAnalyzer | None" = None,
    retriever: "BaseRetriever | None" = None,
    router: "ToolRouter | None" = None,
    tools: "Sequence[BaseTool]" = (),
    agents: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    registry: "CollectorRegistry | None" = None,
) -> "FastAPI":
    """Make the service; what is handed over ready takes the place of what the settings name.

    Args:
        settings: By default what environment variables say.
        analyzer: Looks at images.
        retriever: Finds documents by image.
        router: Picks tools.
        tools: What it picks from when a request brings none.
        agents: What may be evaluated, by name: whatever `AgentEvaluator.evaluate` takes.
        metrics: Metrics of your own that evaluations may ask for, by name.
        registry: Where `/metrics` reads; one of its own by default.

    Raises:
        ImportError: An extra is missing.
        ValueError: The settings name something that does not exist.

    Example:
        ```python
        import uvicorn

        from langchain_phase5.server import ServerSettings, create_app

        app = create_app(ServerSettings(database="sqlite://", images="memory://"))
        # uvicorn.run(app, host="127.0.0.1", port=8000)
        ```
    """
    try:
        import fastapi  # noqa: PLC0415 - the extra may be missing
        import python_multipart  # noqa: F401, PLC0415
    except ImportError as error:
        msg = "The service needs more packages: pip install 'langchain-phase5[server]'"
        raise ImportError(msg) from error
    from langchain_phase5.server.assembly import add_layers, add_routes  # noqa: PLC0415
    from langchain_phase5.server.services import job_runner, open_services  # noqa: PLC0415

    services = open_services(
        settings or ServerSettings.from_environment(),
        analyzer=analyzer,
        retriever=retriever,
        router=router,
        tools=tools,
        agents=agents,
        metrics=metrics,
        registry=registry,
    )

    @asynccontextmanager
    async def lifespan(_: "FastAPI") -> AsyncIterator[None]:
        try:
            async with job_runner(services) as services.jobs:
                yield
        finally:
            services.jobs = None
            services.database.close()

    app = fastapi.FastAPI(
        title="langchain-phase5",
        version=__version__,
        description=_DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.services = services
    add_routes(app)
    add_layers(app, services)
    return app
