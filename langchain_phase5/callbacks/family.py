"""One metric family, quick to count in."""

from bisect import bisect_left
from typing import Any, Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

Metric = TypeVar("Metric", Counter, Gauge, Histogram)


class _Counter(Counter):
    """Skips the checks of `Counter.inc`: a `Family` hands out children only.

    Amounts must not be negative, and there are no exemplars.
    """

    def inc(self, amount: float = 1, exemplar: dict[str, str] | None = None) -> None:
        self._value.inc(amount)


class _Gauge(Gauge):
    """Skips the same checks."""

    def inc(self, amount: float = 1) -> None:
        self._value.inc(amount)

    def dec(self, amount: float = 1) -> None:
        self._value.inc(-amount)


class _Histogram(Histogram):
    """Skips the same checks, and finds its bucket by bisection."""

    def observe(self, amount: float, exemplar: dict[str, str] | None = None) -> None:
        self._sum.inc(amount)
        self._buckets[bisect_left(self._upper_bounds, amount)].inc(1)


class Family(dict[tuple[str, ...], Metric], Generic[Metric]):
    """A metric's children by label values: a `dict` lookup is six times faster than `.labels`."""

    def __init__(self, metric: Metric) -> None:
        super().__init__()
        self._metric: Metric = metric

    def __missing__(self, labels: tuple[str, ...]) -> Metric:
        child: Metric = self._metric.labels(*labels) if labels else self._metric
        self[labels] = child
        return child


class Breakdown(dict[tuple[str, ...], tuple[Counter, ...]]):
    """Counters that differ in their last label only, to count in all of them at once."""

    def __init__(self, counter: Counter, parts: tuple[str, ...]) -> None:
        super().__init__()
        self._counter = counter
        self._parts = parts

    def __missing__(self, labels: tuple[str, ...]) -> tuple[Counter, ...]:
        children = tuple(self._counter.labels(*labels, part) for part in self._parts)
        self[labels] = children
        return children

    def inc(self, labels: tuple[str, ...], amounts: tuple[float, ...]) -> None:
        """Count one amount per part; what is not positive is left out."""
        for child, amount in zip(self[labels], amounts, strict=True):
            if amount > 0:
                child.inc(amount)


class FamilyMaker:
    """Makes families on one registry."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        self._place: dict[str, Any] = {"registry": registry, "namespace": namespace}

    def counter(self, name: str, about: str, *labels: str) -> Family[Counter]:
        """Make a counter."""
        return Family(_Counter(name, about, labels, **self._place))

    def breakdown(self, name: str, about: str, parts: tuple[str, ...], *labels: str) -> Breakdown:
        """Make a counter whose last label has these values."""
        return Breakdown(_Counter(name, about, labels, **self._place), parts)

    def histogram(
        self, name: str, about: str, buckets: tuple[float, ...], *labels: str
    ) -> Family[Histogram]:
        """Make a histogram with these upper bounds."""
        return Family(_Histogram(name, about, labels, buckets=buckets, **self._place))

    def gauge(self, name: str, about: str, mode: Any, *labels: str) -> Family[Gauge]:
        """Make a gauge; `mode` says how several processes' values become one."""
        return Family(_Gauge(name, about, labels, multiprocess_mode=mode, **self._place))
