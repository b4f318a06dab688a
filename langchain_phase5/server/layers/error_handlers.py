"""Which problem an error of the features is for a client."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from langchain_phase5 import retrievers
from langchain_phase5.server import problems
from langchain_phase5.server.problems import FieldProblem, Problem, problem_response
from langchain_phase5.vision import (
    ImageError,
    ImageNotAllowedError,
    ImageNotFoundError,
    ImageTooLargeError,
    TesseractNotFoundError,
    UnreadableChartError,
    UnreadableImageError,
    VisionModelError,
)

_PROBLEMS: dict[type[Exception], type[Problem]] = {
    ImageNotAllowedError: problems.Forbidden,
    ImageNotFoundError: problems.NotFound,
    ImageTooLargeError: problems.BodyTooLarge,
    UnreadableImageError: problems.Unprocessable,
    ImageError: problems.Unprocessable,
    retrievers.UnreadableImageError: problems.Unprocessable,
    UnreadableChartError: problems.Unprocessable,
    VisionModelError: problems.ModelFailed,
    TesseractNotFoundError: problems.NotConfigured,
    ImportError: problems.NotConfigured,
}
_NOT_ALLOWED = 405
_HINTS = {
    404: "There is nothing at this address. GET /openapi.json lists what there is.",
    405: "This address does not take that method; the header Allow says which it takes.",
    400: "The request could not be read. Check its headers and body against GET /openapi.json.",
}


def add_error_handlers(app: FastAPI) -> None:
    """Make every error leave `app` as a problem."""
    for kind, problem in _PROBLEMS.items():
        app.add_exception_handler(kind, _translated(problem))
    app.add_exception_handler(HTTPException, _answered)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(OperationalError, _database_gone)


def _answer(request: Request, error: HTTPException) -> Response:
    return problem_response(error, request_id=request.state.request_id)


def _translated(problem: type[Problem]) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def handle(request: Request, error: Exception) -> Response:
        return _answer(request, problem(str(error)))

    return handle


async def _answered(request: Request, error: Any) -> Response:
    if not isinstance(error, Problem) and error.status_code in _HINTS:
        headers = _allowed(request) if error.status_code == _NOT_ALLOWED else error.headers
        hint = _HINTS[error.status_code]
        error = HTTPException(error.status_code, hint, headers=headers or error.headers)
    return _answer(request, error)


def _allowed(request: Request) -> dict[str, str]:
    """Every method of an address; the router knows only those of the first route it tried."""
    path = getattr(request.scope.get("route"), "path", "")
    methods = request.app.openapi()["paths"].get(path)
    return {"Allow": ", ".join(sorted(method.upper() for method in methods))} if methods else {}


async def _database_gone(request: Request, _: Exception) -> Response:
    msg = "The database cannot be reached. Try again shortly; GET /ready says what is wrong."
    return _answer(request, problems.Busy(msg, headers={"Retry-After": "5"}))


async def _invalid(request: Request, error: Any) -> Response:
    found = field_problems(error.errors())
    if any(one["type"] == "json_invalid" for one in error.errors()):
        msg = f"The body is no JSON: {found[0].detail}. Send what GET /openapi.json describes."
        return _answer(request, HTTPException(400, msg))
    return _answer(request, invalid(found))


def invalid(found: list[FieldProblem]) -> problems.Unprocessable:
    """The problem of a request with wrong fields."""
    first = "; ".join(f"{one.pointer}: {one.detail}" for one in found[:3])
    more = f"; and {len(found) - 3} more" if len(found) > 3 else ""  # noqa: PLR2004 - those shown
    msg = f"The request does not fit: {first}{more}. GET /openapi.json describes what does."
    return problems.Unprocessable(msg, errors=found)


def field_problems(errors: Iterable[Mapping[str, Any]]) -> list[FieldProblem]:
    """What pydantic found, without the values, which may be large or secret."""
    return [
        FieldProblem(pointer=_pointer(error["loc"]), detail=str(error["msg"])[:200])
        for error in list(errors)[:20]
    ]


def _pointer(place: Iterable[Any]) -> str:
    where, *rest = [str(part)[:80] for part in place] or ["body"]
    return "/" + "/".join(rest) if where == "body" else "/".join([where, *rest])
