"""One metric family, quick to count in."""

from typing import Any, Generic, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

Metric = TypeVar("Metric", Counter, Gauge, Histogram)


class Family(dict[tuple[str, ...], Metric], Generic[Metric]):
    """A metric's children by label values: a `dict` lookup is six times faster than `.labels`."""

    def __init__(self, metric: Metric) -> None:
        super().__init__()
        self._metric: Metric = metric

    def __missing__(self, labels: tuple[str, ...]) -> Metric:
        child: Metric = self._metric.labels(*labels) if labels else self._metric
        self[labels] = child
        return child


class FamilyMaker:
    """Makes families on one registry."""

    def __init__(self, registry: CollectorRegistry, namespace: str) -> None:
        self._place: dict[str, Any] = {"registry": registry, "namespace": namespace}

    def counter(self, name: str, about: str, *labels: str) -> Family[Counter]:
        """Make a counter."""
        return Family(Counter(name, about, labels, **self._place))

    def histogram(
        self, name: str, about: str, buckets: tuple[float, ...], *labels: str
    ) -> Family[Histogram]:
        """Make a histogram with these upper bounds."""
        return Family(Histogram(name, about, labels, buckets=buckets, **self._place))

    def gauge(self, name: str, about: str, mode: Any, *labels: str) -> Family[Gauge]:
        """Make a gauge; `mode` says how several processes' values become one."""
        return Family(Gauge(name, about, labels, multiprocess_mode=mode, **self._place))
