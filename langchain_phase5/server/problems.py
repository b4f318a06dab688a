"""What goes wrong, told as problem details for HTTP APIs (RFC 9457).

Problem
├── Unauthorized        401  no key, or a wrong one
├── Forbidden           403  another site's page, or a source that may not be read
├── NotFound            404
├── Conflict            409
├── TooSlow             408  the body did not arrive in time
├── BodyTooLarge        413
├── WrongMediaType      415
├── WrongHost           421  asked for by a name that is not this service's
├── Unprocessable       422  understood, and impossible
├── TooManyRequests     429
├── ModelFailed         502
├── Busy                503  try again later
├── NotConfigured       503  the operator did not switch this on
├── NotReady            503  something that requests need is missing
└── TimeLimit           504
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:langchain-phase5:problem:"


class FieldProblem(BaseModel):
    """What is wrong with one part of a request."""

    pointer: str
    """Where it is: a JSON pointer into the body, or `query/NAME`, `path/NAME`, `header/NAME`."""
    detail: str


class ProblemDetails(BaseModel):
    """The body of every answer that is an error."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": f"{_TYPE}not-found",
                    "title": "Not Found",
                    "status": 404,
                    "detail": "No image 3f2a is stored. It may have been deleted.",
                    "request_id": "8c1d2f0b6a3e4f5d9b7a",
                }
            ]
        },
    )

    type: str
    """Which problem it is, for programs."""
    title: str
    status: int
    detail: str
    """What happened and what to do about it, for people."""
    request_id: str
    """The same as in the header `X-Request-ID` and in the server's log."""
    errors: list[FieldProblem] = Field(default_factory=list)


class Problem(HTTPException):
    """An error whose text says what to do.

    Args:
        detail: What happened and what to do about it.
        headers: Sent with the answer.
        errors: The parts of the request that are wrong.

    Example:
        >>> NotFound("There is no such dataset. GET /api/v1/eval/datasets lists them.").status_code
        404
    """

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"

    def __init__(
        self,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[FieldProblem] = (),
    ) -> None:
        super().__init__(self.status, detail, headers)
        self.errors = list(errors)


class Unauthorized(Problem):
    """There is no key, or a wrong one."""

    status, slug = 401, "unauthorized"


class Forbidden(Problem):
    """What is asked for is refused, whoever asks."""

    status, slug = 403, "forbidden"


class NotFound(Problem):
    """There is nothing there."""

    status, slug = 404, "not-found"


class TooSlow(Problem):
    """The body did not arrive in time."""

    status, slug = 408, "body-too-slow"


class Conflict(Problem):
    """It cannot be done in the state things are in."""

    status, slug = 409, "conflict"


class BodyTooLarge(Problem):
    """More was sent than is accepted."""

    status, slug = 413, "too-large"


class WrongMediaType(Problem):
    """The body is of a type that is not understood here."""

    status, slug = 415, "wrong-media-type"


class WrongHost(Problem):
    """The request is for another host than this."""

    status, slug = 421, "wrong-host"


class Unprocessable(Problem):
    """The request is understood and cannot be fulfilled."""

    status, slug = 422, "unprocessable"


class TooManyRequests(Problem):
    """This client's share is used up."""

    status, slug = 429, "rate-limited"


class ModelFailed(Problem):
    """The model behind the service gave no usable answer."""

    status, slug = 502, "model-failed"


class Busy(Problem):
    """There is too much to do at the moment."""

    status, slug = 503, "busy"


class NotConfigured(Problem):
    """The operator has not set up what this takes."""

    status, slug = 503, "not-configured"


class NotReady(Problem):
    """Something that requests need is missing."""

    status, slug = 503, "not-ready"


class TimeLimit(Problem):
    """The answer took too long."""

    status, slug = 504, "time-limit"


def problem_response(error: HTTPException, *, request_id: str) -> JSONResponse:
    """The answer that tells a client about `error`."""
    slug = error.slug if isinstance(error, Problem) else _slug(error.status_code)
    body: dict[str, Any] = {
        "type": _TYPE + slug,
        "title": HTTPStatus(error.status_code).phrase,
        "status": error.status_code,
        "detail": str(error.detail),
        "request_id": request_id,
    }
    if isinstance(error, Problem) and error.errors:
        body["errors"] = [one.model_dump() for one in error.errors]
    return JSONResponse(
        body,
        status_code=error.status_code,
        headers=dict(error.headers or {}),
        media_type=MEDIA_TYPE,
    )


def _slug(status: int) -> str:
    return HTTPStatus(status).phrase.lower().replace(" ", "-")
