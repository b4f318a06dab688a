"""Puts the application together: routes inside, layers around them."""

from fastapi import FastAPI

from langchain_phase5.server import health_routes, images_routes, tools_routes, vision_routes
from langchain_phase5.server.evaluations import dataset_routes, evaluation_routes, run_routes
from langchain_phase5.server.layers.access_control import AccessControl
from langchain_phase5.server.layers.error_handlers import add_error_handlers
from langchain_phase5.server.layers.http_metrics import HttpMetrics
from langchain_phase5.server.layers.rate_limit import RateLimit
from langchain_phase5.server.layers.request_context import RequestContext
from langchain_phase5.server.layers.request_limits import RequestLimits
from langchain_phase5.server.openapi import describe
from langchain_phase5.server.page import page_routes
from langchain_phase5.server.services import Services


def add_routes(app: FastAPI) -> None:
    """Add every endpoint, and their description."""
    for module in (
        vision_routes,
        images_routes,
        tools_routes,
        evaluation_routes,
        run_routes,
        dataset_routes,
        health_routes,
        page_routes,
    ):
        app.include_router(module.router)
    add_error_handlers(app)
    describe(app)


def add_layers(app: FastAPI, services: Services) -> None:
    """Wrap the endpoints; a request passes the last one first."""
    settings = services.settings
    limit = RateLimit(settings.rate_limit, storage=settings.rate_limit_storage)
    app.add_middleware(RequestLimits, settings=settings)
    app.add_middleware(AccessControl, settings=settings, keys=services.keys, limit=limit)
    app.add_middleware(RequestContext, metrics=HttpMetrics(services.registry))
