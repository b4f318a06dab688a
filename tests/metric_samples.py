"""What a registry counts, in a form to compare with."""

from prometheus_client import CollectorRegistry


def counters(registry: CollectorRegistry, *families: str) -> dict[str, float]:
    return {
        f"{metric.name}{{{','.join(sample.labels.values())}}}": sample.value
        for metric in registry.collect()
        if not families or metric.name in families
        for sample in metric.samples
        if sample.name.endswith("_total") and sample.value
    }


def in_flight(registry: CollectorRegistry) -> dict[str, float]:
    return {
        f"{metric.name}{{{','.join(sample.labels.values())}}}": sample.value
        for metric in registry.collect()
        if metric.name.endswith("_in_flight")
        for sample in metric.samples
        if sample.value
    }
