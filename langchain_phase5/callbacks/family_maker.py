"""Make metric families that are quick to count in and right when read."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

from langchain_phase5.callbacks.family import Breakdown, Distribution, Family, Value

_Made = TypeVar("_Made", bound="_UpToDate")


class _UpToDate(MetricWrapperBase):
    """Catches up with what waits to be counted before it is read."""

    before_reading: Callable[[], None]

    def collect(self) -> Iterable[Any]:
        self.before_reading()
        return super().collect()


# Counting goes past the client's own checks, which cost more than the counting.
# Amounts must not be negative, and there are no exemplars.


class _Counter(_UpToDate, Counter):
    @property
    def meter(self) -> Value:
        value: Value = self._value
        return value


class _Level(_UpToDate, Gauge):
    @property
    def meter(self) -> Value:
        value: Value = self._value
        return value


class _Gauge(_UpToDate, Gauge):
    @property
    def meter(self) -> Gauge:
        return self


class _Histogram(_UpToDate, Histogram):
    @property
    def meter(self) -> Distribution:
        return Distribution(self._upper_bounds, self._buckets, self._sum)


class FamilyMaker:
    """Makes families on one registry.

    Args:
        registry: Where they are read.
        namespace: Put before every name.
        before_reading: Called before a family is read.
    """

    def __init__(
        self, registry: CollectorRegistry, namespace: str, *, before_reading: Callable[[], None]
    ) -> None:
        self._place: dict[str, Any] = {"registry": registry, "namespace": namespace}
        self._before_reading = before_reading

    def counter(self, name: str, about: str, *labels: str) -> Family[Value]:
        """Make a counter."""
        made = self._ready(_Counter(name, about, labels, **self._place))
        return Family(lambda values: made.labels(*values).meter)

    def breakdown(self, name: str, about: str, parts: tuple[str, ...], *labels: str) -> Breakdown:
        """Make a counter whose last label has these values."""
        made = self._ready(_Counter(name, about, labels, **self._place))
        return Breakdown(lambda values: tuple(made.labels(*values, part).meter for part in parts))

    def histogram(
        self, name: str, about: str, buckets: tuple[float, ...], *labels: str
    ) -> Family[Distribution]:
        """Make a histogram with these upper bounds."""
        made = self._ready(_Histogram(name, about, labels, buckets=buckets, **self._place))
        return Family(lambda values: (made.labels(*values) if values else made).meter)

    def in_flight(self, name: str, about: str, label: str) -> Family[Value]:
        """Make a gauge that goes up and down; those of several processes add up."""
        made = self._ready(
            _Level(name, about, (label,), multiprocess_mode="livesum", **self._place)
        )
        return Family(lambda values: made.labels(*values).meter)

    def gauge(self, name: str, about: str, *labels: str) -> Family[Gauge]:
        """Make a gauge that is set; of several processes the latest one counts."""
        made = self._ready(
            _Gauge(name, about, labels, multiprocess_mode="mostrecent", **self._place)
        )
        return Family(lambda values: made.labels(*values).meter)

    def _ready(self, metric: _Made) -> _Made:
        metric.before_reading = self._before_reading
        return metric
