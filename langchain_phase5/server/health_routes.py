"""`/health`, `/ready` and `/metrics`: what an operator's machinery asks."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text
from starlette.types import Receive, Scope, Send

from langchain_phase5 import __version__
from langchain_phase5.callbacks import metrics_app
from langchain_phase5.server.problems import FieldProblem, NotReady
from langchain_phase5.server.services import Services, ServicesOfApp
from langchain_phase5.vision import ImageNotFoundError

router = APIRouter(tags=["operation"])

_SECONDS = 5.0


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"
    version: str = __version__


class Readiness(BaseModel):
    """Everything that requests need can be reached."""

    status: Literal["ready"] = "ready"
    checks: dict[str, str]
    """Each part: `ok`, or `not configured`."""


@router.get("/health")
async def health() -> Health:
    """Whether the process is alive; restart it if this does not answer."""
    return Health()


@router.get("/ready")
async def ready(services: ServicesOfApp) -> Readiness:
    """Whether requests can be served; send none while this says 503."""
    names = list(_CHECKS)
    found = await asyncio.gather(*(_checked(_CHECKS[name], services) for name in names))
    states = dict(zip(names, found, strict=True))
    wrong = {name: state for name, state in states.items() if state not in _FINE}
    if wrong:
        msg = "Not ready: " + "; ".join(f"{name}: {state}" for name, state in wrong.items())
        raise NotReady(
            msg,
            headers={"Retry-After": "5"},
            errors=[FieldProblem(pointer=name, detail=state) for name, state in wrong.items()],
        )
    return Readiness(checks=states)


class _HandedOver(Response):
    """An answer that another application gives."""

    def __init__(self, app: Any) -> None:
        super().__init__()
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus metrics."}},
)
async def metrics(services: ServicesOfApp) -> Response:
    """Metrics for Prometheus: requests, and what agents, models, tools and images do."""
    return _HandedOver(metrics_app(registry=services.registry))


_FINE = frozenset({"ok", "not configured"})


async def _checked(check: Callable[[Services], str], services: Services) -> str:
    try:
        async with asyncio.timeout(_SECONDS):
            return await asyncio.to_thread(check, services)
    except TimeoutError:
        return f"no answer within {_SECONDS:g} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, this part is not ready
        return f"fails with {type(error).__name__}; the log of the service has more"


def _database(services: Services) -> str:
    with services.database.begin() as connection:
        connection.execute(text("SELECT 1"))
    return "ok"


def _images(services: Services) -> str:
    with suppress(ImageNotFoundError):
        services.images.describe("0" * 64)  # nobody has it; the store has to answer, though
    return "ok"


def _index(services: Services) -> str:
    return "not configured" if services.retriever is None else "ok"


def _ocr(services: Services) -> str:
    if not services.settings.ocr:
        return "not configured"
    if services.ocr is None:
        return services.analyzer.no_ocr
    return "ok"


_CHECKS: dict[str, Callable[[Services], str]] = {
    "database": _database,
    "images": _images,
    "index": _index,
    "ocr": _ocr,
}
