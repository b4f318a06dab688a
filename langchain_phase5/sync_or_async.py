"""Write a course of actions once, for callers with and without `await`.

The course is a generator. Wherever it has to wait for something, it yields a `Call`, which exists
in both forms, and is sent what the call returned, or has the call's exception raised at that place.
"""

import asyncio
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Call:
    """One call in its two forms; the driver makes whichever fits."""

    now: Callable[[], Any]
    later: Callable[[], Awaitable[Any]]
    """The same without blocking the event loop."""


Steps = Generator[Call, Any, Result]


def work(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Call:
    """Make a call that computes; asynchronously it runs in a thread."""
    bound = partial(function, *args, **kwargs)
    return Call(bound, partial(asyncio.to_thread, bound))


def run_steps(steps: Steps[Result]) -> Result:
    """Make every call by its plain form and return what the steps return.

    Example:
        >>> def double() -> Steps[int]:
        ...     number = yield work(int, "21")
        ...     return 2 * number
        >>> run_steps(double())
        42
    """
    try:
        call = next(steps)
        while True:
            try:
                answer = call.now()
            except Exception as error:  # noqa: BLE001 - it is raised inside the steps
                call = steps.throw(error)
            else:
                call = steps.send(answer)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    finally:
        steps.close()  # at once, also where whoever keeps the exception keeps the steps


async def arun_steps(steps: Steps[Result]) -> Result:
    """Make every call by its awaitable form and return what the steps return."""
    try:
        call = next(steps)
        while True:
            try:
                answer = await call.later()
            except Exception as error:  # noqa: BLE001 - it is raised inside the steps
                call = steps.throw(error)
            else:
                call = steps.send(answer)
    except StopIteration as stop:
        result: Result = stop.value
        return result
    finally:
        steps.close()  # at once, also where whoever keeps the exception keeps the steps
