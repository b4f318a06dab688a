"""What happens around every request: its id, its line in the log, its metrics, its last resort."""

import logging
import re
import time
import uuid
from contextvars import ContextVar

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from langchain_phase5.server.layers.http_metrics import HttpMetrics
from langchain_phase5.server.problems import problem_response

logger = logging.getLogger(__name__)

REQUEST_ID: ContextVar[str] = ContextVar("langchain_phase5_request_id", default="-")
"""The id of the request that is being answered, for log records."""

_ACCEPTED_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"no-store"),
]
"""Set where a route has not set its own."""


class RequestContext:
    """The outermost layer: whatever happens inside, an answer with an id leaves, and is counted.

    A client may name its request by `X-Request-ID`; what is no plain word is replaced.
    """

    def __init__(self, app: ASGIApp, *, metrics: HttpMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request, come what may."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        token = REQUEST_ID.set(request_id)
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _completed(message["headers"], request_id)
            await send(message)

        self._metrics.started()
        try:
            await self._app(scope, receive, send_with_headers)
        except HTTPException as error:
            if status == 0:
                answer = problem_response(error, request_id=request_id)
                await answer(scope, receive, send_with_headers)
        except Exception:
            logger.exception("request %s failed", request_id)
            if status == 0:
                answer = problem_response(_unexpected(request_id), request_id=request_id)
                await answer(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - started
            self._metrics.ended(scope, status=status, seconds=seconds)
            _log(scope, status=status, seconds=seconds, request_id=request_id)
            REQUEST_ID.reset(token)


class RequestIdFilter(logging.Filter):
    """Gives every log record the attribute `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let it pass."""
        record.request_id = REQUEST_ID.get()
        return True


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ACCEPTED_ID.fullmatch(value):
            return str(value, "ascii")
    return uuid.uuid4().hex


def _completed(headers: list[tuple[bytes, bytes]], request_id: str) -> list[tuple[bytes, bytes]]:
    given = {name.lower() for name, _ in headers}
    missing = [header for header in _SECURITY if header[0] not in given]
    return [*headers, *missing, (b"x-request-id", request_id.encode())]


def _unexpected(request_id: str) -> HTTPException:
    return HTTPException(
        500,
        "Something went wrong here that should not have. Try again; if it happens again, tell "
        f"the operator the request id {request_id}, under which the log has the details.",
    )


def _log(scope: Scope, *, status: int, seconds: float, request_id: str) -> None:
    """Write one line without query string and headers, where secrets are."""
    logger.info(
        "%s %s %d %.1f ms key=%s request=%s",
        scope["method"],
        scope["path"].encode("unicode_escape").decode("ascii")[:200],
        status,
        1000 * seconds,
        scope["state"].get("key_id", "-"),
        request_id,
    )
