"""How a run ended, from the exception that ended it."""

import asyncio
import concurrent.futures
from typing import Any, Literal, NamedTuple

from langchain_core.exceptions import ContextOverflowError, OutputParserException
from langgraph.errors import GraphBubbleUp, GraphRecursionError, ParentCommand
from pydantic import ValidationError

Status = Literal["success", "error", "cancelled", "interrupted", "handoff"]

NO_ERROR = "none"
ERROR_TYPES = (
    "rate_limit",
    "timeout",
    "auth",
    "context_length",
    "bad_request",
    "server",
    "tool",
    "validation",
    "recursion",
    "other",
)
"""Every value the label `error_type` can have, besides `none` where nothing failed."""

_CANCELLED = (
    asyncio.CancelledError,
    concurrent.futures.CancelledError,
    GeneratorExit,
    KeyboardInterrupt,
)
_BY_CLASS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (ContextOverflowError, "context_length"),
    ((ValidationError, OutputParserException), "validation"),
    (GraphRecursionError, "recursion"),
    (TimeoutError, "timeout"),
    (ConnectionError, "server"),
)
# Provider packages share these names without sharing a base class; LangChain's own are here too
# where importing them would cost a second. The first match wins.
_BY_NAME = (
    ("ToolInvocation", "validation"),
    ("StructuredOutput", "validation"),
    ("ToolException", "tool"),
    ("RateLimit", "rate_limit"),
    ("ResourceExhausted", "rate_limit"),
    ("Throttl", "rate_limit"),
    ("Timeout", "timeout"),
    ("DeadlineExceeded", "timeout"),
    ("Authentication", "auth"),
    ("PermissionDenied", "auth"),
    ("Unauthorized", "auth"),
    ("Forbidden", "auth"),
    ("BadRequest", "bad_request"),
    ("InvalidRequest", "bad_request"),
    ("InvalidArgument", "bad_request"),
    ("UnprocessableEntity", "bad_request"),
    ("NotFoundError", "bad_request"),
    ("InternalServer", "server"),
    ("ServiceUnavailable", "server"),
    ("Overloaded", "server"),
    ("APIConnection", "server"),
    ("ModelConnection", "server"),
    ("ModelAPIError", "server"),
    ("ConnectError", "server"),
)
_BY_STATUS = {401: "auth", 403: "auth", 408: "timeout", 429: "rate_limit", 504: "timeout"}
_TOO_LONG = (
    "context_length_exceeded",
    "context length",
    "context window",
    "prompt is too long",
    "too many tokens",
    "input is too long",
)
_CLIENT_ERROR, _SERVER_ERROR, _LAST_STATUS = 400, 500, 600


class Ending(NamedTuple):
    """How a run ended; `error_type` is `none` unless `status` is `error`."""

    status: Status
    error_type: str = NO_ERROR


def ending_of(error: BaseException, *, unknown: str = "other") -> Ending:
    """Tell failures from control flow.

    An interrupt, a hand-off to another agent and a cancellation arrive as exceptions, and are not
    errors. Later kinds of LangGraph control flow share the base class and count as interrupts.

    Args:
        error: What ended the run.
        unknown: The `error_type` of a failure of no known kind.
    """
    if isinstance(error, ParentCommand):
        return Ending("handoff")
    if isinstance(error, GraphBubbleUp):
        return Ending("interrupted")
    if isinstance(error, _CANCELLED):
        return Ending("cancelled")
    return Ending("error", _error_type(error) or unknown)


def _error_type(error: BaseException) -> str | None:
    for classes, error_type in _BY_CLASS:
        if isinstance(error, classes):
            return error_type
    found = _from_http_status(_http_status(error)) or _from_name(type(error))
    if found == "bad_request" and any(words in str(error).lower() for words in _TOO_LONG):
        return "context_length"
    return found


def _http_status(error: BaseException) -> int | None:
    """Read the HTTP status off the shapes of openai, anthropic, httpx, google and boto errors."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict):
        response = response.get("ResponseMetadata") or {}
        found = response.get("HTTPStatusCode")
    else:
        found = getattr(error, "status_code", None) or getattr(response, "status_code", None)
    found = found if found is not None else getattr(error, "code", None)
    return found if isinstance(found, int) else None


def _from_http_status(status: int | None) -> str | None:
    if status is None or not _CLIENT_ERROR <= status < _LAST_STATUS:
        return None
    return _BY_STATUS.get(status) or ("server" if status >= _SERVER_ERROR else "bad_request")


def _from_name(error_class: type[BaseException]) -> str | None:
    # Built-in names mean something else: FileNotFoundError is no HTTP 404.
    names = [parent.__name__ for parent in error_class.__mro__ if parent.__module__ != "builtins"]
    for part, error_type in _BY_NAME:
        if any(part in name for name in names):
            return error_type
    return None
