"""Price model calls without letting the agent wait for the price table."""

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from langchain_phase5.callbacks.records import find_rates
from langchain_phase5.callbacks.run import Run
from langchain_phase5.prices import Cost, Overrides, PriceRates

_KEPT = 1_024
_MOST_PENDING = 10_000
_FRESH_SECONDS = 900

_Key = tuple[str, str, str, str | None]
_Then = Callable[[list[Run], list[Cost | None]], None]


class Billing:
    """Knows the rates of the models seen lately; looks up new ones on a thread of its own.

    The price table takes a second to load and milliseconds per new model, so the first calls of a
    model are priced a moment later; after that it takes a few microseconds, in place.

    Args:
        prices: Own prices, see `langchain_phase5.prices`.
    """

    def __init__(self, prices: Overrides | None = None) -> None:
        self._prices = prices
        self._rates: dict[_Key, tuple[float, PriceRates | None]] = {}
        self._executor: ThreadPoolExecutor | None = None
        self._executor_pid = 0
        self._handed_in = 0
        self._looked_up = 0
        """Two numbers, as each is changed by one thread at a time: by who counts, by the worker."""

    def price(self, calls: list[Run], then: _Then) -> None:
        """Call `then` with model calls that have usage and their costs, now or soon.

        Args:
            calls: Of one model and one service tier.
            then: Called with the calls and one cost each, `None` where it is not known.
        """
        one = calls[0]
        tier = one.usage.service_tier if one.usage else None
        key = (one.response_model, one.name, one.provider, tier)
        expires, rates = self._rates.get(key, (0.0, None))
        if time.monotonic() < expires:
            then(calls, _costs(rates, calls))
        elif self._handed_in - self._looked_up + len(calls) > _MOST_PENDING:
            then(calls, [None] * len(calls))
        else:
            self._handed_in += len(calls)
            self._worker().submit(self._look_up, key, calls, then)

    def flush(self, timeout: float | None = None) -> None:
        """Wait until every call handed in so far is priced.

        Raises:
            TimeoutError: It took longer than `timeout` seconds.
        """
        if self._executor is not None and self._executor_pid == os.getpid():
            self._executor.submit(int).result(timeout)

    def _worker(self) -> ThreadPoolExecutor:
        if self._executor is None or self._executor_pid != os.getpid():
            # Threads do not survive a fork; nor does what waited for them.
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="langchain-phase5-prices")
            self._executor_pid = os.getpid()
        return self._executor

    def _look_up(self, key: _Key, calls: list[Run], then: _Then) -> None:
        try:
            costs = _costs(self._find(key), calls)
        finally:
            self._looked_up += len(calls)
        then(calls, costs)

    def _find(self, key: _Key) -> PriceRates | None:
        dated, named, provider, tier = key
        rates = find_rates(
            (dated, named), provider=provider, service_tier=tier, prices=self._prices
        )
        if len(self._rates) >= _KEPT:
            self._rates.clear()
        self._rates[key] = (time.monotonic() + _FRESH_SECONDS, rates)
        return rates


def _costs(rates: PriceRates | None, calls: list[Run]) -> list[Cost | None]:
    return [rates.cost(call.usage) if rates and call.usage else None for call in calls]
