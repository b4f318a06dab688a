"""The few numbers that a person looks at first, out of everything that `/metrics` exports."""

import time
from collections.abc import Callable, Iterable
from typing import Literal

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample
from pydantic import BaseModel

Unit = Literal["count", "seconds", "usd", "share"]
_FAILED = frozenset({"error", "failed"})
_SERVER_ERROR = "5"
_Families = dict[str, list[Sample]]


class KeyMetric(BaseModel):
    """One number."""

    name: str
    value: float | None
    """None where there is nothing to measure yet."""
    unit: Unit
    detail: str = ""


class MetricGroup(BaseModel):
    """Numbers about one thing."""

    title: str
    values: list[KeyMetric]


class MetricsSummary(BaseModel):
    """Key metrics since the service started."""

    time: float
    """Unix seconds."""
    groups: list[MetricGroup]


def summarize(metrics: Iterable[Metric]) -> MetricsSummary:
    """Sum up what a registry collects.

    Durations are means: quantiles over the whole life of a service say little, and Prometheus has
    those of any hour.

    Example:
        >>> from prometheus_client import CollectorRegistry, Counter
        >>> registry = CollectorRegistry()
        >>> Counter("tool_executions_total", "", ["status"], registry=registry).labels(
        ...     "error"
        ... ).inc()
        >>> groups = {group.title: group for group in summarize(registry.collect()).groups}
        >>> [metric.value for metric in groups["Tools"].values[:2]]
        [1.0, 1.0]
    """
    families: _Families = {metric.name: list(metric.samples) for metric in metrics}
    groups = [
        MetricGroup(title="Requests to this service", values=_requests(families)),
        MetricGroup(
            title="Images",
            values=_work(families, "vision_operations", "vision_operation_duration_seconds"),
        ),
        MetricGroup(
            title="Agents",
            values=_work(families, "agent_requests", "agent_request_duration_seconds"),
        ),
        MetricGroup(
            title="Models",
            values=[
                *_work(families, "llm_requests", "llm_request_duration_seconds"),
                *_bill(families),
            ],
        ),
        MetricGroup(
            title="Tools",
            values=_work(families, "tool_executions", "tool_execution_duration_seconds"),
        ),
        MetricGroup(title="Tool routing", values=_routing(families)),
    ]
    return MetricsSummary(time=time.time(), groups=groups)


def _requests(families: _Families) -> list[KeyMetric]:
    def failed(labels: dict[str, str]) -> bool:
        return labels.get("status", "").startswith(_SERVER_ERROR)

    return [
        *_counted(families, "http_requests", failed),
        _mean_seconds(families, "http_request_duration_seconds"),
        KeyMetric(
            name="Under way", value=_total(families, "http_requests_in_flight"), unit="count"
        ),
    ]


def _work(families: _Families, counter: str, histogram: str) -> list[KeyMetric]:
    def failed(labels: dict[str, str]) -> bool:
        return labels.get("status") in _FAILED

    return [*_counted(families, counter, failed), _mean_seconds(families, histogram)]


def _counted(
    families: _Families, counter: str, failed: Callable[[dict[str, str]], bool]
) -> list[KeyMetric]:
    number = _total(families, f"{counter}_total")
    errors = _total(families, f"{counter}_total", failed)
    share = errors / number if number else None
    return [
        KeyMetric(name="Number", value=number, unit="count"),
        KeyMetric(name="Errors", value=share, unit="share", detail=f"{errors:,.0f} in all"),
    ]


def _mean_seconds(families: _Families, histogram: str) -> KeyMetric:
    number = _total(families, f"{histogram}_count")
    seconds = _total(families, f"{histogram}_sum")
    return KeyMetric(name="Mean time", value=seconds / number if number else None, unit="seconds")


def _bill(families: _Families) -> list[KeyMetric]:
    unknown = _total(families, "llm_cost_unknown_total")
    tokens = {
        kind: _total(families, "agent_tokens_total", lambda labels, k=kind: labels.get("type") == k)  # type: ignore[misc]
        for kind in ("input", "output")
    }
    return [
        KeyMetric(
            name="Tokens",
            value=sum(tokens.values()),
            unit="count",
            detail=f"{tokens['input']:,.0f} read, {tokens['output']:,.0f} written",
        ),
        KeyMetric(
            name="Cost",
            value=_total(families, "llm_cost_usd_total"),
            unit="usd",
            detail=f"without {unknown:,.0f} calls of unknown price" if unknown else "",
        ),
    ]


def _routing(families: _Families) -> list[KeyMetric]:
    decisions = _total(families, "routing_decisions_total")
    misses = _total(families, "routing_misses_total")
    return [
        KeyMetric(name="Number", value=decisions, unit="count"),
        KeyMetric(
            name="Missed",
            value=misses / decisions if decisions else None,
            unit="share",
            detail="calls of a tool that was not offered",
        ),
        _mean_seconds(families, "routing_selection_duration_seconds"),
    ]


def _total(
    families: _Families, sample: str, wanted: Callable[[dict[str, str]], bool] = lambda _: True
) -> float:
    """Sum the samples of a name over all labels that are wanted."""
    return sum(
        each.value
        for samples in families.values()
        for each in samples
        if each.name == sample and wanted(each.labels)
    )
