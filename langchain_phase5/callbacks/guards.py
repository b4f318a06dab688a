"""Report a fault of our own before LangChain swallows it.

LangChain passes half a dozen keyword arguments with every event. The two shapes of event that
happen all the time hand the few that matter on by position: packing and unpacking all of them
once more would take an eighth of a handler's time.
"""

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast
from uuid import UUID

_Method = TypeVar("_Method", bound=Callable[..., None])


def start_event(method: Callable[..., None]) -> Callable[..., None]:
    """Call `method(payload, run_id, parent_run_id, metadata, details)`, details being the rest."""

    @functools.wraps(method)
    def event(
        self: Any,
        serialized: Any,
        payload: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        metadata: dict[str, Any] | None = None,
        **details: Any,
    ) -> None:
        try:
            details["serialized"] = serialized
            method(self, payload, run_id, parent_run_id, metadata or {}, details)
        except Exception:
            self._event_failed(method.__name__)
            raise

    return event


def end_event(method: Callable[..., None]) -> Callable[..., None]:
    """Call `method(payload, run_id)`."""

    @functools.wraps(method)
    def event(self: Any, payload: Any, *, run_id: UUID, **_details: Any) -> None:
        try:
            method(self, payload, run_id)
        except Exception:
            self._event_failed(method.__name__)
            raise

    return event


def guarded(method: _Method) -> _Method:
    """Call `method` with all it is given."""

    @functools.wraps(method)
    def event(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            method(self, *args, **kwargs)
        except Exception:
            self._event_failed(method.__name__)
            raise

    return cast("_Method", event)
