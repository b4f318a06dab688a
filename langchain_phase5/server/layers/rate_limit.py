"""So many requests per client and time."""

import math
import time

from langchain_phase5.server.problems import TooManyRequests


class RateLimit:
    """Counts requests in a sliding window, by the `limits` library.

    Args:
        rate: In that library's words, such as `600/minute`.
        storage: Its URI of where to count, such as `async+memory://`.

    Raises:
        ImportError: The extra is missing.
        ValueError: The rate or the URI makes no sense.
    """

    def __init__(self, rate: str, *, storage: str) -> None:
        try:
            from limits import parse  # noqa: PLC0415 - the extra may be missing
            from limits.aio.strategies import SlidingWindowCounterRateLimiter  # noqa: PLC0415
            from limits.errors import ConfigurationError  # noqa: PLC0415
            from limits.storage import storage_from_string  # noqa: PLC0415
        except ImportError as error:
            msg = "The service needs more packages: pip install 'langchain-phase5[server]'"
            raise ImportError(msg) from error
        try:
            self._item = parse(rate)
            self._limiter = SlidingWindowCounterRateLimiter(storage_from_string(storage))
        except (ValueError, ConfigurationError) as error:
            msg = f"{error}; write a rate like 600/minute and a storage like async+memory://"
            raise ValueError(msg) from error

    async def check(self, client: str) -> None:
        """Count one request of this client.

        Raises:
            TooManyRequests: It had as many as it may have.
        """
        if await self._limiter.hit(self._item, client):
            return
        stats = await self._limiter.get_window_stats(self._item, client)
        wait = max(1, math.ceil(stats.reset_time - time.time()))
        msg = f"More than {self._item} were sent. Try again in {wait} s."
        raise TooManyRequests(msg, headers={"Retry-After": str(wait)})
