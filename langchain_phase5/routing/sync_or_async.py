"""Write a course of actions once, for callers with and without `await`.

The course is a generator that yields an `Action` wherever it has to call something that exists in
two forms, and is sent the result, or has the exception raised at that place.
"""

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Action:
    """One call in its two forms; the driver makes whichever fits."""

    run: Callable[[], Any]
    arun: Callable[[], Awaitable[Any]]


Course = Generator[Action, Any, Result]


def run_course(course: Course[Result]) -> Result:
    """Take every action by its plain form and return what the course returns."""
    try:
        action = next(course)
        while True:
            try:
                answer = action.run()
            except Exception as error:  # noqa: BLE001 - it is raised inside the course
                action = course.throw(error)
            else:
                action = course.send(answer)
    except StopIteration as stop:
        result: Result = stop.value
        return result


async def arun_course(course: Course[Result]) -> Result:
    """Take every action by its awaitable form and return what the course returns."""
    try:
        action = next(course)
        while True:
            try:
                answer = await action.arun()
            except Exception as error:  # noqa: BLE001 - it is raised inside the course
                action = course.throw(error)
            else:
                action = course.send(answer)
    except StopIteration as stop:
        result: Result = stop.value
        return result
