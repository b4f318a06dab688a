"""The dashboard to look at first."""

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.source import names
from dashboards.source.frame import board, leading_to
from dashboards.source.panels import (
    NO_ERRORS,
    Column,
    Query,
    bars_per_day,
    rows,
    single_value,
    time_series,
)
from dashboards.source.promql import (
    increase,
    mean_over,
    quantile,
    quantile_over,
    rate,
    share,
    total,
)
from dashboards.source.thresholds import (
    AGENT_SECONDS,
    ERROR_SHARE,
    NONE_EXPECTED,
    QUALITY,
    STATUS_COLORS,
)

DAY = "24h"


def dashboard() -> Dashboard:
    """Is the service up, good, fast and affordable, and does the monitoring itself work?"""
    return board(
        names.OVERVIEW,
        "LangChain agents / Overview",
        "Are the agents up, right, fast and affordable, and does the monitoring itself work?",
        (4, _today()),
        (8, [_requests(), _errors()]),
        (8, [_latency(), _in_flight()]),
        (8, [_cost_per_day(), _model_errors()]),
        (8, [_alerts(), _monitoring(), _versions()]),
    )


def _today() -> list[Panel]:
    requests = increase("agent_requests_total", over=DAY)
    failed = increase("agent_requests_total", 'status="error"', over=DAY)
    decided = increase("agent_requests_total", names.DECIDED, over=DAY)
    cost = increase("llm_cost_usd_total", over=DAY)
    return [
        leading_to(
            single_value(
                "Requests in 24 h",
                "Agent runs that ended in the last 24 hours, nested agents included.",
                requests,
                unit="short",
            ),
            names.AGENTS,
            "Agent performance",
        ),
        leading_to(
            single_value(
                "Average quality in 24 h",
                "Mean of all quality ratings of the last 24 hours, from 0 to 1.",
                mean_over("agent_quality_ratings", over=DAY),
                unit="percentunit",
                thresholds=QUALITY,
            ),
            names.AGENTS,
            "Agent performance",
        ),
        leading_to(
            single_value(
                "Error rate in 24 h",
                "Share of agent runs that failed, among those that failed or succeeded. "
                "Cancelled and interrupted runs and hand-offs are neither.",
                share(failed, decided),
                unit="percentunit",
                thresholds=ERROR_SHARE,
            ),
            names.AGENTS,
            "Agent performance",
        ),
        leading_to(
            single_value(
                "P95 latency in 24 h",
                "95 % of agent runs took at most this long; an estimate from buckets.",
                quantile_over(0.95, "agent_request_duration_seconds", over=DAY),
                unit="s",
                thresholds=AGENT_SECONDS,
            ),
            names.AGENTS,
            "Agent performance",
        ),
        leading_to(
            single_value(
                "Cost in 24 h",
                "Price of all model calls of the last 24 hours whose price is known.",
                cost,
                unit="currencyUSD",
            ),
            names.COSTS,
            "Cost analysis",
        ),
    ]


def _requests() -> Panel:
    return time_series(
        "Requests",
        "Agent runs that ended per second, by how they ended.",
        Query(rate("agent_requests_total", by="status"), "{{status}}"),
        unit="reqps",
        stacked=True,
        colors=STATUS_COLORS,
    )


def _errors() -> Panel:
    failed = rate("agent_requests_total", 'status="error"', by="agent_type")
    decided = rate("agent_requests_total", names.DECIDED, by="agent_type")
    return time_series(
        "Error rate by agent",
        "Share of runs that failed, among those that failed or succeeded. "
        "The alerts' error budget is 1 %.",
        Query(share(failed, decided), "{{agent_type}}"),
        unit="percentunit",
        thresholds=ERROR_SHARE,
    )


def _latency() -> Panel:
    histogram = "agent_request_duration_seconds"
    return time_series(
        "Latency",
        "Active time of agent runs: half, 95 % and 99 % of them took at most this long.",
        Query(quantile(0.5, histogram), "P50"),
        Query(quantile(0.95, histogram), "P95"),
        Query(quantile(0.99, histogram), "P99"),
        unit="s",
        thresholds=AGENT_SECONDS,
    )


def _in_flight() -> Panel:
    return time_series(
        "In flight",
        "Agent runs, model calls and tool calls open at that moment.",
        Query(total("agent_requests_in_flight"), "agent runs"),
        Query(total("llm_requests_in_flight"), "model calls"),
        Query(total("tool_executions_in_flight"), "tool calls"),
        unit="short",
    )


def _cost_per_day() -> Panel:
    return bars_per_day(
        "Cost per day",
        "Price of model calls in the 24 hours before each bar, by model.",
        Query(increase("llm_cost_usd_total", by="model", over="1d"), "{{model}}"),
        unit="currencyUSD",
    )


def _model_errors() -> Panel:
    failed = rate("llm_requests_total", 'status="error"', by="error_type")
    return time_series(
        "Model errors by kind",
        "Model calls that failed per second, those included that a retry or fallback made good.",
        Query(failed, "{{error_type}}"),
        unit="reqps",
        stacked=True,
        nothing=NO_ERRORS,
    )


def _alerts() -> Panel:
    return rows(
        "Alerts firing",
        "Alerts of Prometheus that fire now; dashboards/RUNBOOK.md says what to do.",
        Column(
            'sum by (alertname, severity) (ALERTS{job=~"$job", alertstate="firing"})',
            "Series",
            "short",
        ),
        labels={"alertname": "Alert", "severity": "Severity"},
        nothing="No alert fires",
    )


def _monitoring() -> Panel:
    lost = rate("interactions_total", 'outcome!="recorded"')
    return time_series(
        "Monitoring's own losses",
        "Callback events that could not be handled, label values reported as `other`, and "
        "interactions that were not recorded. All should be 0.",
        Query(_or_zero(rate("callback_handler_errors_total")), "events failed"),
        Query(_or_zero(rate("label_values_dropped_total")), "label values dropped"),
        Query(_or_zero(lost), "interactions lost"),
        unit="cps",
        thresholds=NONE_EXPECTED,
    )


def _or_zero(expression: str) -> str:
    return f"{expression} or 0 * {total('langchain_phase5_build_info')}"


def _versions() -> Panel:
    labels = "version, langchain_version, langgraph_version"
    return rows(
        "Versions",
        "Processes by what they run.",
        Column(total("langchain_phase5_build_info", by=labels), "Processes", "short"),
        labels={
            "version": "langchain-phase5",
            "langchain_version": "langchain",
            "langgraph_version": "langgraph",
        },
    )
