"""Completes the OpenAPI description: every error, the request id, the key."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from langchain_phase5.server.layers.access_control import OPEN_PATHS
from langchain_phase5.server.problems import MEDIA_TYPE, ProblemDetails

_EVERYWHERE = {
    400: "The request cannot be read.",
    401: "There is no API key, or a wrong one.",
    403: "Refused: a page of another site, or an image that may not be read.",
    404: "There is nothing there.",
    405: "The address takes other methods.",
    408: "The body did not arrive in time.",
    413: "The body or the image is too large.",
    415: "The body is of another type than is described here.",
    421: "The request is for another host.",
    422: "The request does not fit, or cannot be fulfilled.",
    429: "Too many requests; `Retry-After` says how long to wait.",
    500: "Something unexpected; the log has it under the request id.",
    502: "The model behind the service gave no usable answer.",
    503: "Busy, or not set up; where waiting helps, `Retry-After` says how long.",
    504: "The answer took too long.",
}
_METHODS = frozenset({"get", "post", "put", "patch", "delete"})
_KEY_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "Where keys are required."},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}


def describe(app: FastAPI) -> None:
    """Replace `app.openapi` by one whose operations list every error they may answer with."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(
                get_openapi(
                    title=app.title,
                    version=app.version,
                    description=app.description,
                    routes=app.routes,
                ),
                needs_key=app.state.services.settings.require_key,
            )
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way


def _completed(document: dict[str, Any], *, needs_key: bool) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = ProblemDetails.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["ProblemDetails"] = problem
    components["securitySchemes"] = _KEY_SCHEMES if needs_key else {}
    for path, operations in document["paths"].items():
        for method in _METHODS & operations.keys():
            operation = operations[method]
            _add_errors(operation)
            if needs_key and path not in OPEN_PATHS:
                operation["security"] = [{name: []} for name in _KEY_SCHEMES]
    return document


def _add_errors(operation: dict[str, Any]) -> None:
    responses = operation.setdefault("responses", {})
    for status, description in _EVERYWHERE.items():
        if status == HTTPStatus.UNPROCESSABLE_ENTITY or str(status) not in responses:
            responses[str(status)] = {
                "description": description,
                "content": {
                    MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}
                },
            }
    for response in responses.values():
        response.setdefault("headers", {})["X-Request-ID"] = {
            "description": "Names this request in the log.",
            "schema": {"type": "string"},
        }
