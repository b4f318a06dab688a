"""Tells callback handlers about work on images, through LangChain's custom event `"vision"`."""

import time
from typing import TypeVar

from langchain_core.callbacks import adispatch_custom_event, dispatch_custom_event

from langchain_phase5.sync_or_async import Call, Steps

Result = TypeVar("Result")


def reported(operation: str, engine: str, steps: Steps[Result]) -> Steps[Result]:
    """The same steps, with an event at their end.

    Args:
        operation: `analyze`, `compare`, `chart`, `ocr`, `image_search` or `upload`.
        engine: Who does it.
        steps: The work.
    """
    started = time.perf_counter()
    try:
        result = yield from steps
    except Exception:
        yield _event(operation, engine, started, "error")
        raise
    yield _event(operation, engine, started, "success")
    return result


def _event(operation: str, engine: str, started: float, status: str) -> Call:
    event = {
        "operation": operation,
        "engine": engine,
        "seconds": time.perf_counter() - started,
        "status": status,
    }

    def now() -> None:
        try:
            dispatch_custom_event("vision", event)
        except RuntimeError:  # raised where no run is under way, so that nobody can listen
            return

    async def later() -> None:
        try:
            await adispatch_custom_event("vision", event)
        except RuntimeError:
            return

    return Call(now, later)
