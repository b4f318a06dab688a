"""Bounds how much is computed at once."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from langchain_phase5.server.problems import Busy

Result = TypeVar("Result")


class WorkSlots:
    """So many at a time; the others wait a while, and then are told to come back.

    Threads cannot be stopped, so a request that is cut off keeps its slot until its work has
    really ended: whoever gives up early gains nothing by asking again.

    Args:
        slots: How many at a time.
        queue_seconds: How long one waits for its turn.
    """

    def __init__(self, slots: int, *, queue_seconds: float) -> None:
        self._slots = asyncio.Semaphore(slots)
        self._queue_seconds = queue_seconds

    async def run(self, work: Callable[[], Awaitable[Result]]) -> Result:
        """Do it when there is a free slot.

        Raises:
            Busy: There was none in time.
        """
        try:
            async with asyncio.timeout(self._queue_seconds):
                await self._slots.acquire()
        except TimeoutError:
            wait = max(1, round(self._queue_seconds))
            msg = f"All workers are busy. Try again in {wait} s."
            raise Busy(msg, headers={"Retry-After": str(wait)}) from None
        task = asyncio.ensure_future(work())
        task.add_done_callback(self._free)
        return await asyncio.shield(task)

    def _free(self, task: "asyncio.Future[Result]") -> None:
        self._slots.release()
        if not task.cancelled():
            task.exception()  # looked at, or Python complains where nobody waits any more
