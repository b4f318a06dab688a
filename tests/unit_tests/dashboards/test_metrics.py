"""Everything exported is looked at, and everything looked at is exported."""

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry

from dashboards.check import panel_queries
from dashboards.source.promql import families_in, metrics_in
from langchain_phase5.callbacks import PrometheusCallbackHandler

RULES = Path(__file__).parents[3] / "dashboards" / "prometheus" / "rules"
OF_PROMETHEUS = {"up", "ALERTS"}
ADDED_BY_PROMETHEUS = {"job", "instance", "alertname", "alertstate", "severity"}


def exported() -> dict[str, set[str]]:
    """Return every sample name and its labels."""
    registry = CollectorRegistry()
    PrometheusCallbackHandler(registry=registry)
    samples = {}
    for metric in registry._collector_to_names:
        labels = set(metric._labelnames)
        if metric._type == "histogram":
            samples[f"{metric._name}_bucket"] = labels | {"le"}
            samples |= {f"{metric._name}_{part}": labels for part in ("sum", "count")}
        else:
            samples[metric._name + "_total" * (metric._type == "counter")] = labels
    return samples


def rules() -> list[dict]:
    return [
        rule
        for file in sorted(RULES.glob("*.yml"))
        for group in yaml.safe_load(file.read_text())["groups"]
        for rule in group["rules"]
    ]


def expressions() -> list[str]:
    return [query.expression for query in panel_queries()] + [rule["expr"] for rule in rules()]


def test_every_exported_family_is_on_a_panel():
    on_panels = set().union(*(families_in(query.expression) for query in panel_queries()))
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in exported()}
    assert families - on_panels == set()


def test_every_metric_of_a_panel_or_rule_exists():
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    known = set(exported()) | recorded | OF_PROMETHEUS
    used = set().union(*map(metrics_in, expressions()))
    assert used - known == set()


def test_every_label_that_is_matched_exists():
    labels = exported()
    for expression in expressions():
        for metric, matchers in re.findall(r"([a-z_]\w*)\{([^}]*)\}", expression):
            used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", re.sub(r'"[^"]*"', '""', matchers)))
            assert used <= labels.get(metric, used) | ADDED_BY_PROMETHEUS, expression


def test_every_recorded_series_is_read_by_a_rule_or_is_an_alias():
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    used = set().union(*map(metrics_in, expressions()))
    unread = {name for name in recorded - used if not name.startswith("gen_ai_")}
    assert unread == set()


@pytest.mark.parametrize(
    ("expression", "metrics"),
    [
        ("a_total", {"a_total"}),
        ('sum by (le) (rate(a_bucket{b="c, d{e}"}[5m]))', {"a_bucket"}),
        ("a / on (job) group_left (b) c offset 1d", {"a", "c"}),
        ("(a > 1e3) or vector(0) unless 2 * b:c:rate5m", {"a", "b:c:rate5m"}),
        ("avg_over_time(a[7d:1h]) == bool NaN and Inf < b", {"a", "b"}),
        ("sum without (x) (a) * 5", {"a"}),
    ],
)
def test_metrics_are_found_in_an_expression(expression, metrics):
    assert metrics_in(expression) == metrics
