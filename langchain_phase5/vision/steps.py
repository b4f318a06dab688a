"""Run a computation that waits for models and files on the way, with or without `await`.

The computation is a generator. It yields a `Call`, which can be made in both ways, and gets back
what the call returned or raised. So one piece of code serves `analyze_image` and its sync twin.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Call:
    """Something to wait for."""

    now: Callable[[], Any]
    later: Callable[[], Awaitable[Any]]
    """The same without blocking the event loop."""


Steps = Generator[Call, Any, Result]


def work(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Call:
    """A call that computes; asynchronously it runs in a thread."""
    bound = partial(function, *args, **kwargs)
    return Call(bound, partial(asyncio.to_thread, bound))


def run_steps(steps: Steps[Result]) -> Result:
    """Make every call in turn and return the result."""
    answer: Any = None
    failure: Exception | None = None
    while True:
        try:
            call = steps.send(answer) if failure is None else steps.throw(failure)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the generator's return value
        answer, failure = None, None
        try:
            answer = call.now()
        except Exception as error:  # noqa: BLE001 - raised again inside the steps  # raised again inside the steps
            failure = error


async def arun_steps(steps: Steps[Result]) -> Result:
    """Like `run_steps`, without blocking the event loop."""
    answer: Any = None
    failure: Exception | None = None
    while True:
        try:
            call = steps.send(answer) if failure is None else steps.throw(failure)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # the generator's return value
        answer, failure = None, None
        try:
            answer = await call.later()
        except Exception as error:  # noqa: BLE001 - raised again inside the steps  # raised again inside the steps
            failure = error
