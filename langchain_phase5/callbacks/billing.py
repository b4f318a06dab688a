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
        self._pending = 0

    def price(self, run: Run, then: Callable[[Run, Cost | None], None]) -> None:
        """Call `then` with the call and the cost of a model call that has usage, now or soon."""
        tier = run.usage.service_tier if run.usage else None
        key = (run.response_model, run.name, run.provider, tier)
        expires, rates = self._rates.get(key, (0.0, None))
        if time.monotonic() < expires:
            then(run, _cost(rates, run))
        elif self._pending >= _MOST_PENDING:
            then(run, None)
        else:
            self._pending += 1
            self._worker().submit(self._look_up, key, run, then)

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

    def _look_up(self, key: _Key, run: Run, then: Callable[[Run, Cost | None], None]) -> None:
        try:
            cost = _cost(self._find(key), run)
        finally:
            self._pending -= 1
        then(run, cost)

    def _find(self, key: _Key) -> PriceRates | None:
        dated, named, provider, tier = key
        rates = find_rates(
            (dated, named), provider=provider, service_tier=tier, prices=self._prices
        )
        if len(self._rates) >= _KEPT:
            self._rates.clear()
        self._rates[key] = (time.monotonic() + _FRESH_SECONDS, rates)
        return rates


def _cost(rates: PriceRates | None, run: Run) -> Cost | None:
    return rates.cost(run.usage) if rates is not None and run.usage is not None else None
